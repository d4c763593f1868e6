#include "sim/attention/cost.hpp"

#include <algorithm>

#include "kernels/tiling.hpp"
#include "sim/base/error.hpp"

namespace fieldsim::attention {
namespace {

constexpr std::int64_t kMatrixRows = kernels::kRowsPerTile;  // decode pads its rows to a tile
constexpr std::int64_t kMinSplitTokens = kernels::kMinChunkSteps * kernels::kTokensPerStep;
constexpr std::int64_t kFp32 = 4, kFp16 = 2;  // bytes
constexpr std::int64_t kBlockTableEntry = 4;  // bytes, int32
constexpr std::int64_t kStateWords = 2;       // running maximum and sum of a softmax row
constexpr std::int64_t kPaperScoreBytes = 2;  // FP16

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The quantities the formulas share, in the notation of docs/model.md.
struct Terms {
  const Problem& p;
  std::int64_t group = p.geometry.query_heads / p.geometry.kv_heads;
  std::int64_t rows = group * p.query_tokens;
  std::int64_t queries = p.batch * p.geometry.query_heads * p.query_tokens;
  std::int64_t s = p.element.count();

  Bytes kv(std::int64_t tokens) const {
    return Bytes::raw(s * p.geometry.cached_elements()) * tokens;
  }
  Bytes query_and_output() const {
    return Bytes::raw(s * (p.geometry.key_dim + p.geometry.value_dim)) * queries;
  }
  Bytes block_table() const {
    return Bytes::raw(kBlockTableEntry) * (p.batch * ceil_div(p.attended(), p.page_tokens));
  }
  // Partial results of split KV: FP32 accumulators, maximum and sum, written and read once.
  Bytes partials(std::int64_t slots) const {
    return Bytes::raw(2 * kFp32 * (p.geometry.value_dim + kStateWords) * rows) * slots;
  }
  // Matrix operations of `pairs` (query token, key) pairs a sequence and head, rows padded to the
  // tile in decode; a prefill fills its tiles.
  Flops flops(std::int64_t pairs) const {
    const std::int64_t tile = p.decode ? kMatrixRows : 1;
    const std::int64_t padded = ceil_div(rows, tile) * tile;
    const std::int64_t per_pair = 2 * (p.geometry.key_dim + p.geometry.value_dim);
    const int128 f =
        static_cast<int128>(per_pair) * p.batch * p.geometry.query_heads * pairs * padded / rows;
    return Flops::raw(detail::narrow(f));
  }
};

std::int64_t choose_splits(const Problem& p, std::int64_t tokens) {
  if (!p.decode) return 1;
  const std::int64_t units = p.batch * p.geometry.kv_heads;
  const std::int64_t wanted = ceil_div(p.slots, units);
  return std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(1, tokens / kMinSplitTokens));
}

// One pass of a tiled kernel over `tokens` of KV and `anchors` distinct anchor tokens: scores stay
// on chip. `units` counts (sequence, KV head) pairs, `extra_slots` the partials beyond split KV.
KernelCost tiled(const Terms& t, const char* name, std::int64_t kv_tokens,
                 std::int64_t anchor_tokens, std::int64_t pairs, std::int64_t splits,
                 std::int64_t extra_slots) {
  const Problem& p = t.p;
  const std::int64_t units = p.batch * p.geometry.kv_heads;
  const std::int64_t slots = (splits > 1 ? units * splits : 0) + extra_slots;
  KernelCost k;
  k.name = name;
  k.hbm_anchors = t.kv(anchor_tokens);
  k.hbm = t.kv(kv_tokens) + k.hbm_anchors + t.query_and_output() + t.partials(slots);
  if (kv_tokens > 0) k.hbm += t.block_table();
  k.flops = t.flops(pairs);
  return k;
}

// S = Q K^T, softmax, P V as three kernels: scores go to device memory as FP32 and come back as
// FP16, each written and read, and K and V are read once for each query head of the group.
std::vector<KernelCost> unfused_stream(const Terms& t, std::int64_t tokens_per_sequence,
                                       std::int64_t distinct, std::int64_t pairs,
                                       std::int64_t passes, bool anchors) {
  const Problem& p = t.p;
  const Bytes scores = Bytes::raw(t.queries * tokens_per_sequence);
  const Bytes keys_values = t.kv(distinct) * t.group;
  const Flops half = t.flops(pairs) / 2;
  const Bytes io = t.query_and_output() / 2;
  const auto mine = [&](Bytes b) { return anchors ? b : Bytes::zero(); };
  std::vector<KernelCost> kernels = {
      {"scores", keys_values / 2 + scores * kFp32 + io, mine(keys_values / 2), half, passes},
      {"softmax", scores * (kFp32 + kFp16), Bytes::zero(), Flops::raw(5 * scores.count()), passes},
      {"weighted sum", keys_values / 2 + scores * kFp16 + io, mine(keys_values / 2), half, passes}};
  if (anchors)
    for (KernelCost& k : kernels) k.hbm_anchors = k.hbm;
  else
    kernels.front().hbm += t.block_table();
  SIM_CHECK(p.batch > 0, "an attention problem without sequences");
  return kernels;
}

Cost unfused_cost(const Terms& t, std::int64_t a) {
  const Problem& p = t.p;
  Cost c;
  const std::int64_t columns = std::max(p.attended(), a);
  const Bytes per_head = Bytes::raw(kFp32 + kFp16) * (p.batch * p.query_tokens * columns);
  const std::int64_t heads =
      std::clamp<std::int64_t>(p.workspace_limit / per_head, 1, p.geometry.query_heads);
  const std::int64_t passes = ceil_div(p.geometry.query_heads, heads);
  c.workspace = per_head * heads;
  c.kernels = unfused_stream(t, p.attended(), p.batch * p.attended(), p.pairs(), passes, false);
  if (a > 0) {
    for (KernelCost& k : unfused_stream(t, a, p.anchor_sets * a, p.query_tokens * a, passes, true))
      c.kernels.push_back(k);
    const Bytes blend = t.query_and_output() / 2 * 3;  // two outputs read, one written
    c.kernels.push_back({"blend", blend, blend, Flops::raw(3 * blend.count() / t.s), 1});
  }
  return c;
}

}  // namespace

std::string_view to_string(KernelKind kind) {
  switch (kind) {
    case KernelKind::none:
      return "none";
    case KernelKind::unfused:
      return "unfused";
    case KernelKind::fused:
      return "fused";
    case KernelKind::gamma_fused:
      return "gamma_fused";
    case KernelKind::two_pass:
      return "two_pass";
    case KernelKind::cascade:
      return "cascade";
  }
  return "";
}

std::int64_t Problem::attended() const {
  return window == 0 ? context : std::min(context, window + query_tokens - 1);
}

std::int64_t Problem::pairs() const {
  const std::int64_t n = query_tokens, before = context - n;
  // Queries before the window fills see all that precedes them.
  const std::int64_t growing = window == 0 ? n : std::clamp<std::int64_t>(window - before, 0, n);
  return growing * before + growing * (growing + 1) / 2 + (n - growing) * window;
}

Bytes Cost::hbm() const {
  Bytes b;
  for (const KernelCost& k : kernels) b += k.hbm;
  return b;
}
Bytes Cost::hbm_anchors() const {
  Bytes b;
  for (const KernelCost& k : kernels) b += k.hbm_anchors;
  return b;
}
Flops Cost::flops() const {
  Flops f;
  for (const KernelCost& k : kernels) f += k.flops;
  return f;
}
std::int64_t Cost::launches() const {
  std::int64_t n = 0;
  for (const KernelCost& k : kernels) n += k.launches;
  return n;
}

Bytes paper_nxn_bytes(std::int64_t n) { return Bytes::raw(kPaperScoreBytes) * n * n; }

Cost cost(const Problem& p) {
  SIM_CHECK(p.batch > 0 && p.query_tokens > 0 && p.context >= p.query_tokens,
            "an attention problem needs sequences, queries and their own KV");
  const Terms t{p};
  const std::int64_t a = p.kind == KernelKind::none ? 0 : p.anchors;
  const std::int64_t kv = p.batch * p.attended();
  const std::int64_t units = p.batch * p.geometry.kv_heads;
  const std::int64_t pairs = p.pairs(), anchor_pairs = p.query_tokens * a;
  Cost c;
  const auto finish = [&] {
    const std::int64_t per_slot = kFp32 * (p.geometry.value_dim + kStateWords) * t.rows;
    if (c.splits > 1) c.workspace += Bytes::raw(per_slot) * (units * c.splits);
    return c;
  };
  switch (p.kind) {
    case KernelKind::unfused:
      return unfused_cost(t, a);
    case KernelKind::none:
    case KernelKind::fused:
      c.splits = choose_splits(p, p.attended() + a);
      c.kernels = {tiled(t, "attention", kv, p.anchor_sets * a, pairs + anchor_pairs, c.splits, 0)};
      return finish();
    case KernelKind::gamma_fused:
      // The border between KV and anchors ends a slot, so each (sequence, head) has one slot more.
      c.splits = choose_splits(p, p.attended() + a) + (a > 0 && p.decode ? 1 : 0);
      c.kernels = {tiled(t, "attention", kv, p.anchor_sets * a, pairs + anchor_pairs, c.splits, 0)};
      return finish();
    case KernelKind::cascade:
      // Anchors read once for the batch; one more partial for each (sequence, head) to merge.
      c.splits = choose_splits(p, p.attended());
      c.kernels = {tiled(t, "attention", kv, a, pairs + anchor_pairs, c.splits, a > 0 ? units : 0)};
      if (a > 0) c.workspace += t.partials(units) / 2;
      return finish();
    case KernelKind::two_pass: {
      c.splits = choose_splits(p, p.attended());
      c.kernels = {tiled(t, "attention", kv, 0, pairs, c.splits, 0)};
      if (a > 0) {
        KernelCost anchors = tiled(t, "anchor attention", 0, p.anchor_sets * a, anchor_pairs, 1, 0);
        // Both passes write outputs and log-sum-exps; the merge reads both and writes the result.
        const Bytes lse = Bytes::raw(kFp32) * t.queries;
        const Bytes out = Bytes::raw(t.s * p.geometry.value_dim) * t.queries;
        c.kernels.front().hbm += lse;
        anchors.hbm += lse;
        anchors.hbm_anchors = anchors.hbm;
        const Bytes merge = (out + lse) * 2 + out;
        c.kernels.push_back(anchors);
        c.kernels.push_back({"merge", merge, merge, Flops::raw(4 * out.count() / t.s), 1});
        c.workspace += (out + lse) * 2;
      }
      return finish();
    }
  }
  return c;
}

}  // namespace fieldsim::attention
