#include "validation/measure/matrix.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fieldsim::measure {

namespace {

constexpr int kBatches[] = {1, 4, 16, 64, 256};
constexpr int kContexts[] = {1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};
constexpr int kAnchorCounts[] = {0, 16, 64, 256, 1024, 4096};
constexpr Heads kHeads[] = {{32, 8, 128},  {64, 8, 128}, {8, 1, 128},
                            {32, 32, 128}, {64, 8, 64},  {16, 8, 256}};
constexpr std::int64_t kMaxKvBytes = 100'000'000'000;  // kernels.md 4.3's cap

Point point(Variant variant, int batch, int context, int anchors, Heads heads = {}) {
  Point p;
  p.variant = variant;
  p.batch = batch;
  p.context = context;
  p.anchors = anchors;
  p.heads = heads;
  return p;
}

// Visits 0..n-1 in steps of about 0.382 n (the golden section), so that every prefix is spread over
// the range and, in a range that is a product of axes, over each of them.
std::vector<std::size_t> spread(std::size_t n) {
  auto step = static_cast<std::size_t>(std::lround(0.382 * static_cast<double>(n)));
  while (std::gcd(step, n) != 1) ++step;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < n; ++i) order.push_back(i * step % n);
  return order;
}

// The goals: long contexts at batch 1 and 16, anchors beside none, the mixture beside the
// concatenation, and the two shapes of which FlashAttention's rates are known.
std::vector<Point> goals() {
  using enum Variant;
  return {point(fused, 16, 65536, 0),         point(fused, 16, 65536, 256),
          point(gamma_fused, 16, 65536, 256), point(fused, 1, 65536, 0),
          point(fused, 1, 65536, 256),        point(fused, 128, 4096, 0),
          point(fused, 64, 32768, 0),         point(gamma_fused, 1, 65536, 256)};
}

std::vector<Point> grid(const std::vector<int>& anchors, Heads heads) {
  std::vector<Point> points;
  for (const int a : anchors)
    for (const int batch : kBatches)
      for (const int context : kContexts)
        points.push_back(point(Variant::fused, batch, context, a, heads));
  return points;
}

std::vector<Point> variants() {
  using enum Variant;
  std::vector<Point> points;
  for (const Variant v : {two_pass, prepend_pages, cascade, gamma_fused, unfused, fused})
    for (const auto& [batch, context] :
         {std::pair{16, 8192}, {1, 8192}, {64, 2048}, {256, 1024}, {4, 65536}})
      for (const int a : {256, 1024, 4096}) points.push_back(point(v, batch, context, a));
  return points;
}

std::vector<Point> per_request_anchors() {
  std::vector<Point> points;
  for (const auto& [batch, context] : {std::pair{16, 1024}, {16, 8192}, {64, 8192}})
    for (const int a : {64, 1024, 4096}) {
      Point p = point(Variant::fused, batch, context, a);
      p.shared_anchors = false;
      points.push_back(p);
    }
  return points;
}

std::vector<Point> details() {
  std::vector<Point> points;
  for (const auto& [batch, context] : {std::pair{16, 8192}, {64, 4096}, {4, 32768}}) {
    const Point base = point(Variant::fused, batch, context, 256);
    const auto add = [&](auto change) {
      Point p = base;
      change(p);
      points.push_back(p);
    };
    for (const int q : {4, 16, 64}) add([&](Point& p) { p.q_len = q; });
    add([](Point& p) { p.page = 64; });
    add([](Point& p) { p.f16 = true; });
    add([](Point& p) { p.hnd = true; });
    for (const Ragged r : {Ragged::uniform, Ragged::zipf, Ragged::one_long})
      add([&](Point& p) { p.ragged = r; });
  }
  return points;
}

}  // namespace

const char* variant_name(Variant variant) {
  constexpr const char* kNames[] = {"fused",    "gamma_fused", "cascade",
                                    "two_pass", "unfused",     "prepend_pages"};
  return kNames[static_cast<std::size_t>(variant)];
}

const char* ragged_name(Ragged ragged) {
  constexpr const char* kNames[] = {"equal", "uniform", "zipf", "one_long"};
  return kNames[static_cast<std::size_t>(ragged)];
}

std::vector<std::int32_t> kv_lengths(const Point& p) {
  const auto n = static_cast<std::size_t>(p.batch);
  std::vector<double> weight(n, 1.0);
  for (std::size_t i = 0; i < n; ++i) {
    const double rank = static_cast<double>(i);
    // Uniform on [1, 2L] by even quantiles; Zipf with exponent 1; one request with half the tokens.
    if (p.ragged == Ragged::uniform) weight[i] = 2 * rank + 1;
    if (p.ragged == Ragged::zipf) weight[i] = 1 / (rank + 1);
    if (p.ragged == Ragged::one_long && i == 0 && n > 1) weight[i] = static_cast<double>(n - 1);
  }
  double sum = 0;
  for (const double w : weight) sum += w;
  std::vector<std::int32_t> lengths(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double tokens = weight[i] / sum * p.context * p.batch;
    lengths[i] = std::max(p.q_len, static_cast<std::int32_t>(std::lround(tokens)));
  }
  return lengths;
}

namespace {

std::int64_t token_bytes(const Point& p) { return std::int64_t{2} * 2 * p.heads.dim * p.heads.kv; }

std::int64_t pages(const Point& p) {
  std::int64_t n = 0;
  for (const std::int32_t length : kv_lengths(p)) n += (length + p.page - 1) / p.page;
  return n;
}

}  // namespace

std::int64_t kv_bytes(const Point& p) { return pages(p) * p.page * token_bytes(p); }

std::int64_t compulsory_bytes(const Point& p) {
  std::int64_t tokens = 0;
  for (const std::int32_t length : kv_lengths(p)) tokens += length;
  const std::int64_t anchor_sets = p.shared_anchors ? 1 : p.batch;
  const std::int64_t q_and_out = std::int64_t{2} * 2 * p.batch * p.q_len * p.heads.q * p.heads.dim;
  return (tokens + anchor_sets * p.anchors) * token_bytes(p) + q_and_out + 4 * pages(p);
}

double flops(const Point& p) {
  double pairs = 0;  // query tokens times the tokens each sees (causal)
  for (const std::int32_t length : kv_lengths(p))
    pairs += static_cast<double>(p.q_len) * (length + p.anchors) - p.q_len * (p.q_len - 1) / 2.0;
  return 4.0 * p.heads.dim * p.heads.q * pairs;
}

std::size_t goal_points() { return goals().size(); }

std::vector<Point> benchmark_matrix(bool quick) {
  std::vector<Point> matrix = goals();
  const auto add = [&](const std::vector<Point>& tier) {
    for (const std::size_t i : spread(tier.size())) {
      const Point& p = tier[i];
      if (kv_bytes(p) > kMaxKvBytes) continue;
      if (std::find(matrix.begin(), matrix.end(), p) == matrix.end()) matrix.push_back(p);
    }
  };
  add(variants());
  add(grid({0}, {}));
  if (quick) return matrix;
  add(details());
  add(per_request_anchors());
  add(grid({256}, {}));
  for (const Heads& heads : kHeads) add(grid({0}, heads));
  std::vector<int> rest(std::begin(kAnchorCounts), std::end(kAnchorCounts));
  for (const Heads& heads : kHeads) add(grid(rest, heads));
  return matrix;
}

}  // namespace fieldsim::measure
