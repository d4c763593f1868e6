#include "validation/measure/attention_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/quant/element.hpp"
#include "kernels/ref/attention.hpp"

namespace fieldsim::measure {

namespace {

namespace ref = kernels::ref;

constexpr std::uint16_t kNan16 = 0x7fff;  // in FP16 and in BF16
// Measured on the emulator, kernels.md 4.2: rounding to BF16 alone gives 1.9e-3.
constexpr double kBf16Tolerance = 5e-3, kF16Tolerance = 1e-3, kLseTolerance = 1e-3;

double widened(const AttentionCase& c, std::uint16_t bits) {
  return c.point.f16 ? integrity::widen_f16(bits) : integrity::widen_bf16(bits);
}

// Random sign and mantissa, magnitude in [0.5, 2) for BF16 and [0.5, 1) for FP16.
std::uint16_t random_value(bool f16, std::mt19937& random) {
  const auto r = static_cast<std::uint32_t>(random());
  return static_cast<std::uint16_t>(f16 ? (r & 0x83ffu) | 0x3800u : (r & 0x80ffu) | 0x3f00u);
}

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

// Element 0 of one token's row in the pool, for KV head `head` of request `b`.
std::int64_t pool_row(const AttentionCase& c, const kernels::Args& a, std::size_t b,
                      std::int64_t token, std::int64_t head) {
  const std::int64_t page = c.table[b * index(c.table_stride) + index(token / c.point.page)];
  return page * a.kv.k_page + token % c.point.page * a.kv.k_token + head * a.kv.k_head;
}

ref::Matrix gather(const AttentionCase& c, const std::vector<std::uint16_t>& source,
                   std::int64_t rows, const std::function<std::int64_t(std::int64_t)>& row_at) {
  const auto dim = index(c.problem.head_dim);
  ref::Matrix m(index(rows), dim);
  for (std::size_t r = 0; r < index(rows); ++r)
    for (std::size_t d = 0; d < dim; ++d)
      m.at(r, d) = widened(c, source[index(row_at(static_cast<std::int64_t>(r))) + d]);
  return m;
}

struct Errors {
  double difference = 0, norm = 0, lse = 0;
  bool nan = false;
  void take(double got, double want) {
    nan = nan || std::isnan(got);
    difference += (got - want) * (got - want);
    norm += want * want;
  }
  void take_lse(double got, double want) {
    nan = nan || std::isnan(got);
    if (got != want) lse = std::max(lse, std::abs(got - want));  // both may be -inf
  }
};

// All query rows of one request and KV head.
void compare_head(const AttentionCase& c, const CaseData& data, const CaseResult& result,
                  std::size_t b, std::int64_t head, Errors* errors) {
  const kernels::Args a = args_of(c, {});
  const kernels::Problem& p = c.problem;
  const auto in_pool = [&](std::int64_t t) { return pool_row(c, a, b, t, head); };
  const auto in_anchors = [&](std::int64_t t) {
    return static_cast<std::int64_t>(b) * a.anchors.k_set + t * a.anchors.k_token +
           head * a.anchors.k_head;
  };
  const ref::Matrix k = gather(c, data.k, c.kv[b], in_pool),
                    v = gather(c, data.v, c.kv[b], in_pool);
  const ref::Matrix ka = gather(c, data.anchor_k, p.max_anchors, in_anchors);
  const ref::Matrix va = gather(c, data.anchor_v, p.max_anchors, in_anchors);
  const double scale = 1 / std::sqrt(static_cast<double>(p.head_dim));
  const std::int64_t group = p.q_heads / p.kv_heads;
  for (std::int64_t token = 0; token < c.point.q_len; ++token)
    for (std::int64_t h = head * group; h < (head + 1) * group; ++h) {
      const std::int64_t row =
          (static_cast<std::int64_t>(b) * c.point.q_len + token) * p.q_heads + h;
      std::vector<double> q(index(p.head_dim));
      for (std::size_t d = 0; d < q.size(); ++d)
        q[d] = widened(c, data.q[index(row * p.head_dim) + d]);
      const std::size_t visible =
          ref::causal_limit(index(c.kv[b]), index(c.point.q_len), index(token));
      std::vector<double> out;
      if (p.mode == kernels::Mode::gamma_mix) {
        const ref::MixResult mix =
            ref::gamma_mix(q, k, v, visible, ka, va, scale, static_cast<double>(c.gamma));
        out = mix.out;
        const std::int64_t rows = c.query_tokens * p.q_heads;
        errors->take_lse(static_cast<double>(result.lse[index(row)]), mix.lse_kv);
        errors->take_lse(static_cast<double>(result.lse[index(rows + row)]), mix.lse_anchors);
      } else {
        const ref::Result all = ref::concat(q, k, v, visible, ka, va, scale);
        out = all.out;
        errors->take_lse(static_cast<double>(result.lse[index(row)]), all.lse);
      }
      for (std::size_t d = 0; d < out.size(); ++d)
        errors->take(widened(c, result.out[index(row * p.head_dim) + d]), out[d]);
    }
}

}  // namespace

CaseData make_data(const AttentionCase& c, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto values = [&](std::size_t bytes) {
    std::vector<std::uint16_t> v(bytes / 2);
    for (auto& bits : v) bits = random_value(c.point.f16, random);
    return v;
  };
  CaseData data{values(c.query_bytes()),
                std::vector<std::uint16_t>(c.pool_bytes() / 2, kNan16),
                {},
                values(c.anchor_bytes()),
                values(c.anchor_bytes())};
  data.v = data.k;
  const kernels::Args a = args_of(c, {});
  for (std::size_t b = 0; b < c.kv.size(); ++b)
    for (std::int64_t t = 0; t < c.kv[b]; ++t)
      for (std::int64_t h = 0; h < c.problem.kv_heads; ++h)
        for (std::int64_t d = 0; d < c.problem.head_dim; ++d) {
          data.k[index(pool_row(c, a, b, t, h) + d)] = random_value(c.point.f16, random);
          data.v[index(pool_row(c, a, b, t, h) + d)] = random_value(c.point.f16, random);
        }
  return data;
}

Check compare(const AttentionCase& c, const CaseData& data, const CaseResult& result) {
  Errors errors;
  for (std::size_t b = 0; b < c.kv.size(); ++b)
    for (std::int64_t h = 0; h < c.problem.kv_heads; ++h)
      compare_head(c, data, result, b, h, &errors);
  Check check;
  check.name = std::string("attention ") + variant_name(c.point.variant);
  check.parameters = parameters_of(c.point);
  check.tolerance = c.point.f16 ? kF16Tolerance : kBf16Tolerance;
  check.error = errors.nan ? std::numeric_limits<double>::quiet_NaN()
                           : std::sqrt(errors.difference / std::max(errors.norm, 1e-300));
  check.passed =
      check.error <= check.tolerance && errors.lse <= kLseTolerance;  // NaN compares false
  if (errors.nan) check.note = "NaN or an unwritten element in the result";
  if (errors.lse > kLseTolerance) check.note += " log-sum-exp off by " + std::to_string(errors.lse);
  return check;
}

Check check_point(const Point& point, const kernels::DeviceInfo& device, const CaseRunner& run) {
  AttentionCase c;
  Check check;
  check.name = std::string("attention ") + variant_name(point.variant);
  check.parameters = parameters_of(point);
  if (check.note = make_case(point, device, 11, &c); !check.note.empty()) return check;
  const CaseData data = make_data(c, 12);
  CaseResult result{
      std::vector<std::uint16_t>(c.query_bytes() / 2, kNan16),
      std::vector<float>(c.lse_bytes() / sizeof(float), std::numeric_limits<float>::quiet_NaN())};
  if (check.note = run(c, data, &result); !check.note.empty()) return check;
  return compare(c, data, result);
}

std::vector<Point> check_points() {
  std::vector<Point> points;
  for (const Variant variant : {Variant::fused, Variant::gamma_fused, Variant::cascade,
                                Variant::two_pass, Variant::unfused, Variant::prepend_pages}) {
    const bool whole_pages = variant == Variant::prepend_pages;
    const auto add = [&](Heads heads, int batch, int context, int anchors, auto change) {
      Point p;
      p.variant = variant;
      p.heads = heads;
      p.batch = batch;
      p.context = context;
      p.anchors = whole_pages ? (anchors + 63) / 64 * 64 : anchors;
      change(p);
      points.push_back(p);
    };
    add({8, 2, 128}, 3, 301, 37, [](Point& p) { p.ragged = Ragged::uniform; });
    add({4, 4, 64}, 2, 97, 16, [](Point& p) { p.f16 = true, p.page = 32, p.hnd = true; });
    add({16, 1, 128}, 2, 2049, 100, [](Point& p) { p.q_len = 4, p.page = 64; });
    add({4, 2, 256}, 2, 160, 256, [](Point& p) { p.f16 = true, p.ragged = Ragged::one_long; });
    if (variant != Variant::cascade)
      add({14, 2, 64}, 4, 65, 17, [](Point& p) { p.shared_anchors = false; });
    if (!whole_pages && variant != Variant::gamma_fused) add({8, 2, 128}, 1, 513, 0, [](Point&) {});
  }
  return points;
}

Parameters parameters_of(const Point& p) {
  Parameters all{{"variant", variant_name(p.variant)},
                 {"batch", std::int64_t{p.batch}},
                 {"context", std::int64_t{p.context}},
                 {"anchors", std::int64_t{p.anchors}},
                 {"heads", std::to_string(p.heads.q) + "/" + std::to_string(p.heads.kv) + "/" +
                               std::to_string(p.heads.dim)},
                 {"page", std::int64_t{p.page}},
                 {"q_len", std::int64_t{p.q_len}},
                 {"dtype", p.f16 ? "f16" : "bf16"},
                 {"layout", p.hnd ? "hnd" : "nhd"},
                 {"lengths", ragged_name(p.ragged)}};
  if (p.anchors > 0) all.emplace_back("anchor_sets", p.shared_anchors ? "shared" : "per_request");
  return all;
}

}  // namespace fieldsim::measure
