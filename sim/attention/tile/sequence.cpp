#include "sim/attention/tile/sequence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/attention/tile/elementwise.hpp"
#include "sim/attention/tile/own_kernel.hpp"
#include "sim/attention/tile/rows.hpp"
#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::AttentionParams;

constexpr std::int64_t kScoreBytes = 4;  // scores leave the first product as FP32
int ring_stages(Library library) { return library == Library::flash2 ? 1 : 2; }

double real(Bytes b) { return static_cast<double>(b.count()); }

class Sequencer {
 public:
  Sequencer(const Problem& problem, const Target& target)
      : p_(problem),
        t_(target),
        cost_(attention::cost(problem)),
        params_(problem.decode ? target.params.decode : target.params.prefill),
        library_(library_of(target.shape.family)) {
    if (p_.geometry.key_dim != p_.geometry.value_dim)
      throw ConfigError(Where{}, "model",
                        "no tile-level kernel is described for multi-head latent attention; "
                        "take fidelity event");
  }

  std::vector<SequenceKernel> run() {
    const std::int64_t a = p_.kind == KernelKind::none ? 0 : p_.anchors;
    const bool ours = p_.decode && p_.kind != KernelKind::none;
    switch (p_.kind) {
      case KernelKind::unfused:
        products(p_.attended(), 0);
        if (a > 0) {
          products(a, 3);
          pass(6, queries());
        }
        return std::move(out_);
      case KernelKind::none:
      case KernelKind::fused:
      case KernelKind::gamma_fused:
        tiled(ours ? own(call(), a) : library(with_anchors(a)), a);
        return std::move(out_);
      case KernelKind::cascade:
        tiled(ours ? cascade(a) : library(with_anchors(a)), a);
        return std::move(out_);
      case KernelKind::two_pass:
        tiled(ours ? own(call(), 0) : library(call()), 0);
        if (a > 0) {
          AttentionCall anchors = call();
          anchors.context = a;
          anchors.window = 0;
          anchors.causal = anchors.writes = false;
          tiled(ours ? own(anchors, 0) : library(anchors), a);
          pass(2, queries());
        }
        return std::move(out_);
    }
    return std::move(out_);
  }

 private:
  struct Tiled {
    AttentionCall call;
    AttentionPlan plan;
    AttentionParams params;
    int stages = 0;
  };

  std::int64_t queries() const { return p_.batch * p_.geometry.query_heads * p_.query_tokens; }

  AttentionCall call() const {
    AttentionCall c;
    c.batch = p_.batch;
    c.query_tokens = p_.query_tokens;
    c.query_heads = p_.geometry.query_heads;
    c.kv_heads = p_.geometry.kv_heads;
    c.head_dim = p_.geometry.key_dim;
    c.fp8 = p_.element == Bytes::raw(1);
    c.cold = true;
    // One new token sees what its window holds; a chunk's window moves from token to token.
    c.context = p_.decode ? p_.attended() : p_.context;
    c.window = p_.decode ? 0 : p_.window;
    return c;
  }

  // Anchors as KV before the sequence's own: every query sees them.
  AttentionCall with_anchors(std::int64_t a) const {
    AttentionCall c = call();
    c.context += a;
    if (c.window > 0) c.window += a;
    return c;
  }

  Tiled library(const AttentionCall& c) const {
    Tiled t{c, plan(c, t_.shape, library_), params_, ring_stages(library_)};
    check_tile_fits(t_.shape.sm, library_, t.plan.tile_rows, t.plan.tile_columns, c.head_dim,
                    p_.element.count(), p_.anchors > 0 ? "KV and anchor" : "KV");
    return t;
  }

  // Our kernel. A prologue is latency, which resident CTAs go through side by side: the engine
  // counts it as SM time, fitted with the residents that the library has. Partial results are
  // merged in the same launch, at the latency of a prologue instead of a second launch.
  Tiled own(const AttentionCall& c, std::int64_t anchors) const {
    const OwnKernel kernel = own_kernel(t_.shape.sm, c.head_dim, t_.architecture);
    Tiled t{c, plan_own(c, anchors, kernel, t_.shape), params_, kernel.tiling.stages};
    const auto residents = static_cast<double>(plan(c, t_.shape, library_).resident);
    const double latency = params_.prologue_us * residents;
    t.params.prologue_us = latency / static_cast<double>(t.plan.resident);
    t.params.combine_us = std::min(params_.combine_us, latency);
    // The border between KV and anchors ends a slot.
    if (p_.kind == KernelKind::gamma_fused && anchors > 0) ++t.plan.splits, ++t.plan.split_ctas;
    return t;
  }

  // Anchors of all sequences as rows of the same tiles, read once, in items of their own.
  Tiled cascade(std::int64_t a) const {
    Tiled t = own(call(), 0);
    if (a == 0) return t;
    const std::int64_t rows = ceil_div(p_.batch * t.call.group(), kernels::kRowsPerTile);
    const std::int64_t steps = ceil_div(a, kernels::kTokensPerStep);
    const std::int64_t splits =
        std::clamp<std::int64_t>(steps / kernels::kMinChunkSteps, 1, kernels::kMaxAnchorSplits);
    hardware::tile::Grid& grid = t.plan.grid;  // equal sequences: one after another is one list
    for (hardware::tile::CtaRun& run : grid.runs) run.repeat *= grid.repeats;
    grid.repeats = 1;
    const std::int64_t tiles = ceil_div(ceil_div(steps, splits), kernels::kWarps);
    grid.runs.push_back({static_cast<double>(tiles), rows * splits});
    t.plan.kv_bytes += anchor_bytes(a);
    ++t.plan.splits, ++t.plan.split_ctas;
    return t;
  }

  double anchor_bytes(std::int64_t a) const {
    return real(p_.element) * static_cast<double>(p_.geometry.cached_elements() * a);
  }

  // `a` anchors of every sequence are in the plan's bytes (but a cascade's are there once): a
  // shared set comes from device memory once and from L2 after that.
  void tiled(Tiled t, std::int64_t a) {
    const double dram = t.params.dram_share * t_.shape.dram;
    double distinct = t.plan.kv_bytes;
    if (a > 0 && !(p_.kind == KernelKind::cascade && p_.decode))
      distinct -= anchor_bytes(a) * static_cast<double>(p_.batch - p_.anchor_sets);
    t.plan.kv_bytes = std::max(distinct, t.plan.kv_bytes * dram / std::max(t_.shape.l2_rate, dram));
    SequenceKernel k;
    k.name = cost_.kernels[out_.size()].name;
    k.time = attention_time(t.plan, t.call, t_.shape, t.params);
    // The fitted floor covers the launch of the cache write, an elementwise pass.
    if (!t.call.writes) k.time.launch = std::max(0.0, k.time.launch - t_.params.quantize.launch_us);
    k.launch = attention_launch(t.plan, t.call, t_.shape, t.params);
    k.stages = t.stages;
    k.dram_bytes = distinct + t.plan.query_bytes + t.plan.output_bytes;
    k.demand = demand(t.plan, t.call, k.dram_bytes, t_.shape);
    k.tiling =
        fmt::format("{} x {} tiles, {} per SM, {} split{}", t.plan.tile_rows, t.plan.tile_columns,
                    t.plan.resident, t.plan.splits, t.plan.splits == 1 ? "" : "s");
    out_.push_back(std::move(k));
  }

  // Scores, softmax and weighted sum over `tokens`, heads in as many passes as the workspace asks.
  void products(std::int64_t tokens, std::size_t first) {
    const std::int64_t passes = cost_.kernels[first].launches;
    const std::int64_t heads = ceil_div(p_.geometry.query_heads, passes);
    GemmCall scores{p_.query_tokens, tokens, p_.geometry.key_dim, 1, true};
    scores.groups = p_.batch * heads;
    scores.output_element = kScoreBytes;
    GemmCall values{p_.query_tokens, p_.geometry.value_dim, tokens, 1, true};
    values.groups = p_.batch * heads;
    product(scores, passes);
    pass(first + 1, queries() / passes);
    product(values, passes);
  }

  void product(const GemmCall& c, std::int64_t passes) {
    const auto n = static_cast<double>(passes);
    SequenceKernel k;
    k.name = cost_.kernels[out_.size()].name;
    const GemmChoice g = gemm_time(c, t_.shape, t_.params.gemm);
    k.time = breakdown(g) * n;
    k.demand = demand(c, g, t_.shape) * n;
    k.tiling = tiling(g);
    k.dram_bytes = real(cost_.kernels[out_.size()].hbm);
    out_.push_back(std::move(k));
  }

  // A row-wise pass with the bytes of kernel `i` of the cost.
  void pass(std::size_t i, std::int64_t rows) {
    const KernelCost& c = cost_.kernels[i];
    const auto n = static_cast<double>(c.launches);
    const ElementwiseCall e{std::max<std::int64_t>(rows, 1), real(c.hbm) / n, false};
    SequenceKernel k;
    k.name = c.name;
    k.time = breakdown(elementwise_time(e, t_.shape, t_.params.quantize)) * n;
    const bool in_l2 = hardware::tile::memory_level(t_.shape, e.bytes, 1).resident;
    k.dram_bytes = in_l2 ? 0 : real(c.hbm);
    k.demand = demand(e.bytes, t_.shape) * n;
    k.demand.dram = k.dram_bytes / t_.shape.dram;
    out_.push_back(std::move(k));
  }

  const Problem& p_;
  const Target& t_;
  Cost cost_;
  AttentionParams params_;
  Library library_;
  std::vector<SequenceKernel> out_;
};

}  // namespace

std::vector<SequenceKernel> sequence(const Problem& problem, const Target& target) {
  return Sequencer(problem, target).run();
}

bool writes_cache(KernelKind kind) { return kind != KernelKind::unfused; }

std::string tiling(const GemmChoice& g) {
  return fmt::format("{} x {} tiles, {} wave{}, split-K {}", g.tile_m, g.tile_n, g.waves,
                     g.waves == 1 ? "" : "s", g.split_k);
}

Breakdown breakdown(const GemmChoice& g) {
  Breakdown b;
  b.launch = g.launch;
  b.combine = g.split;
  b.prologue = g.ends;
  b.tiles = g.pipe;
  b.memory = std::max(0.0, g.total - g.launch - g.split - g.ends - g.pipe);
  return b;
}

Breakdown breakdown(const QuantizeTime& q) {
  Breakdown b;
  b.launch = q.launch;
  b.tiles = q.sm;
  b.memory = std::max(0.0, q.total - q.launch - q.sm);
  return b;
}

Breakdown operator*(Breakdown b, double n) {
  for (double* part : {&b.launch, &b.kv_write, &b.prologue, &b.tiles, &b.memory, &b.tail,
                       &b.combine, &b.scheduling, &b.copies})
    *part *= n;
  return b;
}

Demand operator*(Demand d, double n) {
  for (double* part : {&d.dram, &d.l2, &d.matrix, &d.softmax, &d.shared_memory}) *part *= n;
  return d;
}

}  // namespace fieldsim::attention::tile
