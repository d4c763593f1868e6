#include "tests/kernels/support/matrix.hpp"

#include <array>
#include <random>
#include <set>
#include <utility>

namespace fieldsim::kernels::test {
namespace {

// The axes of kernels.md 4.2, each a list of ways to change a case.
struct Axis {
  const char* name;
  int size;
  void (*apply)(Case& c, int value);
};

constexpr std::array kGroups{1, 2, 3, 4, 5, 7, 8, 16, 17, 40};
constexpr std::array kKvHeads{1, 2, 8};
constexpr std::array kPages{16, 32, 64};
constexpr std::array kAnchors{0, 1, 15, 16, 17, 37, 64, 1000, 4096};
constexpr std::array kGammas{0.0f, 0.3f, 1.0f};
constexpr std::array kSplits{0, 1, 2, 3, 7, 1000};
constexpr std::array kQueries{1, 2, 5, 16, 64};

const std::vector<std::vector<int>>& lengths() {
  // 16, 17: a page of 16 exactly and one more; 31, 33 and 63, 65: around pages of 32 and 64.
  static const std::vector<std::vector<int>> sets = {{0},
                                                     {1},
                                                     {15},
                                                     {16},
                                                     {17},
                                                     {31, 33},
                                                     {63, 65},
                                                     {127},
                                                     {128},
                                                     {1000},
                                                     {0, 40, 7, 129, 0, 300},
                                                     {70, 0, 1},
                                                     {8192}};
  return sets;
}

void apply_queries(Case& c, int value) {
  const int q = kQueries[static_cast<std::size_t>(value)];
  c.q_lens.clear();
  if (q == 1) return;
  // Ragged: the first request has the full length, the others less; a length of 0 is legal.
  for (std::size_t b = 0; b < c.kv_lens.size(); ++b)
    c.q_lens.push_back(b == 0 ? q
                              : static_cast<int>((static_cast<std::size_t>(q) + 3 * b) %
                                                 static_cast<std::size_t>(q + 1)));
}

const std::vector<Axis>& axes() {
  static const std::vector<Axis> list = {
      {"dtype", 2, [](Case& c, int v) { c.dtype = v == 0 ? DType::bf16 : DType::f16; }},
      {"head_dim", 3, [](Case& c, int v) { c.head_dim = kHeadDims[v]; }},
      {"group", static_cast<int>(kGroups.size()),
       [](Case& c, int v) { c.group = kGroups[static_cast<std::size_t>(v)]; }},
      {"kv_heads", static_cast<int>(kKvHeads.size()),
       [](Case& c, int v) { c.kv_heads = kKvHeads[static_cast<std::size_t>(v)]; }},
      {"page", static_cast<int>(kPages.size()),
       [](Case& c, int v) { c.page = kPages[static_cast<std::size_t>(v)]; }},
      {"layout", 3, [](Case& c, int v) { c.layout = static_cast<LayoutKind>(v); }},
      {"anchors", static_cast<int>(kAnchors.size()),
       [](Case& c, int v) { c.anchors = kAnchors[static_cast<std::size_t>(v)]; }},
      {"mode", 5,
       [](Case& c, int v) {
         c.mode = v == 0 ? Mode::concat : Mode::gamma_mix;
         if (v >= 1 && v <= 3) c.gamma = kGammas[static_cast<std::size_t>(v - 1)];
         c.gamma_per_head = v == 4;
       }},
      {"sharing", 3, [](Case& c, int v) { c.sharing = static_cast<Sharing>(v); }},
      {"splits", static_cast<int>(kSplits.size()),
       [](Case& c, int v) { c.splits = kSplits[static_cast<std::size_t>(v)]; }},
      {"lengths", static_cast<int>(lengths().size()),
       [](Case& c, int v) { c.kv_lens = lengths()[static_cast<std::size_t>(v)]; }},
      {"queries", static_cast<int>(kQueries.size()), apply_queries},  // after lengths
      {"causal", 2, [](Case& c, int v) { c.causal = v == 0; }},
      {"device", 2, [](Case& c, int v) { c.device = v == 0 ? kH200 : kA100; }},
  };
  return list;
}

using Choice = std::vector<int>;

Case case_of(Variant variant, const Choice& choice, std::uint64_t seed) {
  Case c;
  c.variant = variant;
  c.seed = seed;
  for (std::size_t a = 0; a < axes().size(); ++a) axes()[a].apply(c, choice[a]);
  if (variant != Variant::fused && c.sharing == Sharing::cascade) c.sharing = Sharing::shared;
  return c;
}

using Pair = std::array<int, 4>;  // axis, value, axis, value

struct Result {
  std::vector<Case> cases;
  Coverage coverage;
};

Result build(Variant variant, long limit, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](std::size_t axis) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(axes()[axis].size));
  };
  std::vector<Pair> wanted;
  const std::size_t n = axes().size();
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a + 1; b < n; ++b)
      for (int i = 0; i < axes()[a].size; ++i)
        for (int j = 0; j < axes()[b].size; ++j)
          wanted.push_back({static_cast<int>(a), i, static_cast<int>(b), j});
  std::set<Pair> covered;
  Result result;
  result.coverage.pairs = static_cast<int>(wanted.size());
  for (const Pair& pair : wanted) {
    if (covered.count(pair) != 0) continue;
    // Of a few random completions under the limit, the one that covers most new pairs.
    Choice best;
    int most = 0;
    for (int attempt = 0; attempt < 60; ++attempt) {
      Choice choice(n);
      for (std::size_t a = 0; a < n; ++a) choice[a] = pick(a);
      choice[static_cast<std::size_t>(pair[0])] = pair[1];
      choice[static_cast<std::size_t>(pair[2])] = pair[3];
      if (cost(case_of(variant, choice, 0)) > limit) continue;
      int fresh = 0;
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a + 1; b < n; ++b)
          fresh +=
              covered.count({static_cast<int>(a), choice[a], static_cast<int>(b), choice[b]}) == 0;
      if (fresh > most) {
        most = fresh;
        best = choice;
      }
    }
    if (best.empty()) {
      ++result.coverage.too_costly;
      continue;
    }
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b)
        covered.insert({static_cast<int>(a), best[a], static_cast<int>(b), best[b]});
    result.cases.push_back(case_of(variant, best, seed + result.cases.size() + 1));
  }
  result.coverage.covered = static_cast<int>(covered.size());
  return result;
}

}  // namespace

long cost(const Case& c) {
  long steps = 0;
  long rows = 0;
  for (std::size_t b = 0; b < c.kv_lens.size(); ++b) {
    const int q = c.q_lens.empty() ? 1 : c.q_lens[b];
    const long tiles = ceil_div(q * c.group, kRowsPerTile);
    steps += tiles * (steps_of(c.kv_lens[b]) +
                      (c.sharing == Sharing::cascade ? 0 : steps_of(c.anchors)) + 4);
    rows += q * c.group;
  }
  if (c.sharing == Sharing::cascade)
    steps += ceil_div(static_cast<int>(rows), kRowsPerTile) * (steps_of(c.anchors) + 4);
  return steps * c.kv_heads * c.head_dim / 64;
}

std::vector<Case> pairwise_matrix(Variant variant, long limit, std::uint64_t seed) {
  return build(variant, limit, seed).cases;
}

Coverage coverage(Variant variant, long limit, std::uint64_t seed) {
  return build(variant, limit, seed).coverage;
}

}  // namespace fieldsim::kernels::test
