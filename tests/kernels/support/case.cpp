#include "tests/kernels/support/case.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <sstream>

#include "kernels/emu/attention.hpp"
#include "kernels/emu/float16.hpp"
#include "kernels/plan_internal.hpp"
#include "kernels/ref/attention.hpp"

namespace fieldsim::kernels::test {
namespace {

constexpr std::uint16_t kNan = 0x7fff;
constexpr std::int32_t kNeverReadPage = 0x7ffffff0;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

// Sums of uniforms: normal enough, and the same on every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  float normal() {
    float sum = 0.0f;
    for (int i = 0; i < 12; ++i) sum += static_cast<float>(engine_() >> 40) * 0x1p-24f;
    return sum - 6.0f;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

std::string Case::name() const {
  std::ostringstream s;
  s << (dtype == DType::bf16 ? "bf16" : "f16") << " D" << head_dim << " G" << group << " Hkv"
    << kv_heads << " page" << page << " layout" << static_cast<int>(layout) << " A" << anchors
    << (mode == Mode::concat ? " concat" : " mix") << " sharing" << static_cast<int>(sharing)
    << " splits" << splits << " variant" << static_cast<int>(variant) << " sm" << device.arch
    << " kv";
  for (int l : kv_lens) s << ' ' << l;
  if (!q_lens.empty()) s << " q";
  for (int l : q_lens) s << ' ' << l;
  s << " seed" << seed;
  return s.str();
}

World::World(const Case& given) : c(given) {
  Random random(c.seed);
  const int b_count = batch();
  kv_lens.assign(c.kv_lens.begin(), c.kv_lens.end());
  q_lens.assign(c.q_lens.begin(), c.q_lens.end());
  anchor_counts.assign(c.anchor_counts.begin(), c.anchor_counts.end());

  problem.dtype = c.dtype;
  problem.mode = c.mode;
  problem.batch = b_count;
  problem.kv_heads = c.kv_heads;
  problem.q_heads = q_heads();
  problem.head_dim = c.head_dim;
  problem.max_kv_len = *std::max_element(kv_lens.begin(), kv_lens.end());
  problem.max_anchors = c.anchors;
  problem.causal = c.causal;
  problem.shared_anchors = c.sharing != Sharing::per_request;
  problem.cascade = c.sharing == Sharing::cascade;
  for (int b = 0; b < b_count; ++b) {
    problem.max_q_len = std::max(problem.max_q_len, q_len(b));
    q_start.push_back(query_tokens);
    query_tokens += q_len(b);
  }
  lengths.kv = kv_lens.data();
  lengths.q = q_lens.empty() ? nullptr : q_lens.data();
  lengths.anchors = anchor_counts.empty() ? nullptr : anchor_counts.data();

  // Queries and outputs; in the padded layout with gaps between heads.
  const std::int64_t dim = c.head_dim;
  const std::int64_t gap = c.layout == LayoutKind::padded ? 8 : 0;
  args.q_head = dim + gap;
  args.q_token = args.q_head * q_heads() + gap;
  args.out_head = dim + gap;
  args.out_token = args.out_head * q_heads() + 2 * gap;
  q.assign(index(args.q_token * query_tokens + 8), kNan);
  for (int t = 0; t < query_tokens; ++t)
    for (int h = 0; h < q_heads(); ++h)
      for (int d = 0; d < dim; ++d)
        q[index(t * args.q_token + h * args.q_head + d)] =
            from_float(c.dtype, random.normal() * c.q_gain);

  // Pools: shuffled pages out of a larger pool.
  KVPool& kv = args.kv;
  kv.page_size = c.page;
  if (c.layout == LayoutKind::hnd) {
    kv.k_token = dim;
    kv.k_head = dim * c.page;
    kv.k_page = kv.k_head * c.kv_heads;
    kv.v_token = kv.k_token;
    kv.v_head = kv.k_head;
    kv.v_page = kv.k_page;
  } else {
    kv.k_head = dim + gap;
    kv.k_token = kv.k_head * c.kv_heads + gap;
    kv.k_page = kv.k_token * c.page + gap;
    kv.v_head = dim;
    kv.v_token = dim * c.kv_heads + 2 * gap;
    kv.v_page = kv.v_token * c.page;
  }
  int pages = 3;
  int widest = 1;
  for (int len : kv_lens) {
    pages += ceil_div(len, c.page);
    widest = std::max(widest, ceil_div(len, c.page));
  }
  const int anchor_pages =
      c.variant == Variant::prepended ? ceil_div(c.anchors, c.page) * b_count : 0;
  pages += anchor_pages;
  k.assign(index(kv.k_page * pages), kNan);
  v.assign(index(kv.v_page * pages), kNan);
  std::vector<std::int32_t>& free_pages = spare_pages;
  free_pages.resize(index(pages));
  for (std::size_t i = 0; i < free_pages.size(); ++i) free_pages[i] = static_cast<std::int32_t>(i);
  for (std::size_t i = free_pages.size(); i > 1; --i)
    std::swap(free_pages[i - 1], free_pages[random.below(i)]);
  args.block_table_stride = widest;
  block_table.assign(index(std::int64_t{widest} * b_count), kNeverReadPage);
  for (int b = 0; b < b_count; ++b)
    for (int i = 0; i < ceil_div(kv_lens[index(b)], c.page); ++i) {
      block_table[index(std::int64_t{b} * widest + i)] = free_pages.back();
      free_pages.pop_back();
    }
  std::vector<float> same(index(dim));
  for (float& x : same) x = random.normal();
  const auto key = [&](std::int64_t d) {
    return c.equal_logits ? same[index(d)] : random.normal();
  };
  for (int b = 0; b < b_count; ++b)
    for (int t = 0; t < kv_lens[index(b)]; ++t)
      for (int h = 0; h < c.kv_heads; ++h)
        for (std::int64_t d = 0; d < dim; ++d) {
          k[k_at(b, t, h) + index(d)] = from_float(c.dtype, key(d));
          v[v_at(b, t, h) + index(d)] = from_float(c.dtype, random.normal());
        }

  // Anchors, with 16 tokens of NaN behind them.
  Anchors& a = args.anchors;
  a.k_head = a.v_head = dim;
  a.k_token = a.v_token = dim * c.kv_heads;
  a.k_set = a.v_set = a.k_token * (c.anchors + 16);
  const int sets = c.sharing == Sharing::per_request ? b_count : 1;
  anchor_k.assign(index(a.k_set * sets), kNan);
  anchor_v.assign(index(a.v_set * sets), kNan);
  for (int s = 0; s < sets; ++s)
    for (int t = 0; t < (c.sharing == Sharing::per_request ? anchor_count(s) : c.anchors); ++t)
      for (int h = 0; h < c.kv_heads; ++h)
        for (std::int64_t d = 0; d < dim; ++d) {
          anchor_k[anchor_at(s, t, h) + index(d)] = from_float(c.dtype, key(d));
          anchor_v[anchor_at(s, t, h) + index(d)] = from_float(c.dtype, random.normal());
        }
  if (c.mode == Mode::gamma_mix) {
    gamma.assign(index(std::int64_t{b_count} * q_heads()), c.gamma);
    if (c.gamma_per_head) {
      for (std::size_t i = 0; i < gamma.size(); ++i) gamma[i] = static_cast<float>(i % 5) * 0.25f;
      args.gamma_head = 1;
      args.gamma_request = q_heads();
    }
    args.gamma = gamma.data();
  }
  poison_outputs();
  args.q = q.data();
  args.kv.k = k.data();
  args.kv.v = v.data();
  args.block_table = block_table.data();
  args.anchors.k = anchor_k.data();
  args.anchors.v = anchor_v.data();
  args.out = out.data();
  args.lse = lse.data();
}

void World::poison_outputs() {
  out.assign(index(args.out_token * query_tokens + 8), kNan);
  lse.assign(index(std::int64_t{2} * query_tokens * q_heads()), std::nanf(""));
}

std::size_t World::k_at(int b, int t, int h) const {
  const auto page = block_table[index(std::int64_t{b} * args.block_table_stride + t / c.page)];
  return index(page * args.kv.k_page + t % c.page * args.kv.k_token + h * args.kv.k_head);
}
std::size_t World::v_at(int b, int t, int h) const {
  const auto page = block_table[index(std::int64_t{b} * args.block_table_stride + t / c.page)];
  return index(page * args.kv.v_page + t % c.page * args.kv.v_token + h * args.kv.v_head);
}
std::size_t World::anchor_at(int b, int t, int h) const {
  const int set = c.sharing == Sharing::per_request ? b : 0;
  return index(set * args.anchors.k_set + t * args.anchors.k_token + h * args.anchors.k_head);
}

Expected expect(const World& w, bool with_naive) {
  const std::size_t dim = index(w.c.head_dim);
  const int q_heads = w.q_heads();
  const double scale = 1.0 / std::sqrt(static_cast<double>(dim));
  const auto value = [&](std::uint16_t bits) {
    return static_cast<double>(to_float(w.c.dtype, bits));
  };
  using Rounding = double (*)(double);
  const Rounding round = w.c.dtype == DType::bf16
                             ? Rounding{[](double x) {
                                 return double{bf16_to_float(float_to_bf16(static_cast<float>(x)))};
                               }}
                             : Rounding{[](double x) {
                                 return double{f16_to_float(float_to_f16(static_cast<float>(x)))};
                               }};
  Expected e;
  const std::size_t rows = index(std::int64_t{w.query_tokens} * q_heads);
  e.out.assign(rows * dim, 0.0);
  e.lse.assign(2 * rows, 0.0);
  const auto gather = [&](int count, const std::vector<std::uint16_t>& from, auto at) {
    ref::Matrix m(index(count), dim);
    for (int t = 0; t < count; ++t)
      for (std::size_t d = 0; d < dim; ++d) m.at(index(t), d) = value(from[at(t) + d]);
    return m;
  };
  for (int b = 0; b < w.batch(); ++b)
    for (int h = 0; h < w.c.kv_heads; ++h) {
      const int len = w.kv_lens[index(b)];
      const auto keys = gather(len, w.k, [&](int t) { return w.k_at(b, t, h); });
      const auto values = gather(len, w.v, [&](int t) { return w.v_at(b, t, h); });
      const auto at = [&](int t) { return w.anchor_at(b, t, h); };
      const auto anchor_keys = gather(w.anchor_count(b), w.anchor_k, at);
      const auto anchor_values = gather(w.anchor_count(b), w.anchor_v, at);
      for (int i = 0; i < w.q_len(b); ++i)
        for (int g = 0; g < w.c.group; ++g) {
          const int head = h * w.c.group + g;
          const std::int64_t token = w.q_start[index(b)] + i;
          std::vector<double> q(dim);
          for (std::size_t d = 0; d < dim; ++d)
            q[d] = value(w.q[index(token * w.args.q_token + head * w.args.q_head) + d]);
          const std::size_t visible =
              w.c.causal ? ref::causal_limit(index(len), index(w.q_len(b)), index(i)) : index(len);
          const std::size_t row = index(token * q_heads + head);
          std::vector<double> out;
          if (w.c.mode == Mode::gamma_mix) {
            const float gamma = w.gamma[index(b * w.args.gamma_request + head * w.args.gamma_head)];
            const auto r = ref::gamma_mix(q, keys, values, visible, anchor_keys, anchor_values,
                                          scale, static_cast<double>(gamma));
            out = r.out;
            e.lse[row] = r.lse_kv;
            e.lse[rows + row] = r.lse_anchors;
          } else {
            const auto r = ref::concat(q, keys, values, visible, anchor_keys, anchor_values, scale);
            out = r.out;
            e.lse[row] = r.lse;
          }
          std::copy(out.begin(), out.end(), e.out.begin() + static_cast<std::ptrdiff_t>(row * dim));
          if (!with_naive || w.c.mode == Mode::gamma_mix) continue;
          const auto naive =
              ref::unfused(q, keys, values, visible, anchor_keys, anchor_values, scale, round);
          for (std::size_t d = 0; d < dim; ++d)
            e.naive_error = std::max(e.naive_error, std::fabs(naive.out[d] - out[d]));
        }
    }
  return e;
}

std::string compare(const World& w, const Expected& e, double lse_tolerance) {
  const std::size_t dim = index(w.c.head_dim);
  const std::size_t rows = e.out.size() / dim;
  double error = 0.0;
  double norm = 0.0;
  double worst = 0.0;
  std::ostringstream wrong;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto token = static_cast<std::int64_t>(row) / w.q_heads();
    const auto head = static_cast<std::int64_t>(row) % w.q_heads();
    for (std::size_t d = 0; d < dim; ++d) {
      const double got = static_cast<double>(
          to_float(w.c.dtype, w.out[index(token * w.args.out_token + head * w.args.out_head) + d]));
      const double want = e.out[row * dim + d];
      if (!std::isfinite(got)) {
        wrong << "row " << row << " dim " << d << " is " << got << ", not " << want;
        return wrong.str();
      }
      error += (got - want) * (got - want);
      norm += want * want;
      worst = std::max(worst, std::fabs(got - want));
    }
    for (std::size_t plane = 0; plane < (w.c.mode == Mode::gamma_mix ? 2u : 1u); ++plane) {
      const double got = static_cast<double>(w.lse[plane * rows + row]);
      const double want = e.lse[plane * rows + row];
      const bool same =
          std::isinf(want)
              ? got == want
              : std::fabs(got - want) <= lse_tolerance * std::max(1.0, std::fabs(want) * 0.01);
      if (!same) {
        wrong << "lse[" << plane << "] of row " << row << " is " << got << ", not " << want;
        return wrong.str();
      }
    }
  }
  const double limit = w.c.dtype == DType::bf16 ? 5e-3 : 1e-3;
  const double relative = norm > 0.0 ? std::sqrt(error / norm) : std::sqrt(error);
  if (!(relative <= limit)) wrong << "relative L2 error " << relative << " above " << limit;
  if (e.naive_error > 0.0 && !(worst <= 2.0 * e.naive_error + 1e-5))
    wrong << "largest error " << worst << " above twice that of a 16-bit implementation, "
          << e.naive_error;
  return wrong.str();
}

std::string run_on_emulator(World& w, std::uint64_t schedule_seed, int repeats) {
  const PlanOptions options{w.c.splits, false};
  const auto told = [](const char* what, const Error& e) {
    return std::string(what) + ": " + to_string(e.status) + " " + e.argument + " " + e.reason;
  };
  const auto counters_left = [&](Workspace& ws, const Problem& problem, std::size_t offset) {
    const auto* bytes = static_cast<const std::uint8_t*>(ws.data()) + offset;
    return std::any_of(bytes, bytes + counter_bytes(problem), [](auto x) { return x != 0; });
  };
  const auto finish = [&](const emu::RunResult& r) -> std::string {
    if (!r.error.ok()) return told("run", r.error);
    return r.outcome == emu::Outcome::ok ? "" : emu::to_string(r.outcome);
  };
  if (w.c.variant == Variant::two_pass) {
    TwoPassPlan plan;
    if (Error e = plan_two_pass(w.problem, w.c.device, w.lengths, options, &plan); !e.ok())
      return told("plan", e);
    Workspace ws(two_pass_bytes(w.problem, plan));
    emu::upload_two_pass(w.problem, plan, ws.data());
    for (int i = 0; i < repeats; ++i) {
      const std::string problem = finish(
          emu::run_two_pass(w.problem, w.args, plan, ws.data(), ws.bytes(), schedule_seed + 7));
      if (!problem.empty()) return problem;
    }
    return "";
  }
  Plan plan;
  if (Error e = plan_host(w.problem, w.c.device, w.lengths, options, &plan); !e.ok())
    return told("plan", e);
  const bool unfused = w.c.variant == Variant::unfused;
  Workspace ws(unfused ? unfused_bytes(w.problem, plan) : plan_bytes(w.problem, plan));
  emu::init_workspace(w.problem, ws.data());
  emu::upload_plan(w.problem, plan, ws.data());
  for (int i = 0; i < repeats; ++i) {
    const auto seed = schedule_seed + static_cast<std::uint64_t>(i) * 1000003;
    const std::string problem =
        finish(unfused ? emu::run_unfused(w.problem, w.args, plan, ws.data(), ws.bytes(), seed)
                       : emu::run(w.problem, w.args, plan, ws.data(), ws.bytes(), seed));
    if (!problem.empty()) return problem;
    if (counters_left(ws, w.problem, 0)) return "an arrival counter was not reset";
  }
  return "";
}

std::string check(const Case& c) {
  World world(c);
  const std::string problem = run_on_emulator(world, c.seed * 31 + 7);
  if (!problem.empty()) return problem;
  return compare(world, expect(world));
}

}  // namespace fieldsim::kernels::test
