#include "sim/attention/tile/gemm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

using hardware::tile::Family;
using hardware::tile::GemmParams;
using hardware::tile::GpuShape;

// Elements of k in one step; fixed costs are quoted per 64. Ampere's mma.sync kernels step by 32.
constexpr double kReferenceDepth = 64;
double step_depth(Family family) { return family == Family::ampere ? 32 : 64; }
constexpr double kElement = 2;       // bytes
constexpr double kPartial = 4;       // fp32 partial sums of split-K
constexpr double kPrologue = 0.3;    // us: first loads of a CTA
constexpr double kWriteShare = 0.9;  // writes reach this share of the read bandwidth
constexpr double kL2Reads = 0.6;     // achieved share of the L2 ports, ...
constexpr double kL2PortBytes = 64;  // ... bytes per clock and SM
constexpr double kReferenceTile = 128 * 128;
constexpr double kOverlap = 3;
constexpr double kDroopFrom = 300, kDroopTo = 1600;  // us of one kernel, replayed 54 times

struct Candidate {
  double m, n, split;
};

// Ampere: the coarse set of mma.sync kernels. Hopper: warpgroup kernels come in multiples of 64 by
// 32 (a fine set makes A100 worse and a coarse one makes H100 worse: the libraries really differ).
std::vector<Candidate> candidates(Family family) {
  std::vector<Candidate> list;
  if (family == Family::ampere) {
    constexpr std::array<std::array<double, 2>, 10> kTiles = {{{256, 128},
                                                               {128, 256},
                                                               {128, 128},
                                                               {64, 256},
                                                               {256, 64},
                                                               {128, 64},
                                                               {64, 128},
                                                               {64, 64},
                                                               {64, 32},
                                                               {32, 64}}};
    for (const auto& t : kTiles)
      for (const double s : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32}) list.push_back({t[0], t[1], s});
    return list;
  }
  constexpr double kAccumulators = 256 * 160;  // fp32 registers of two consumer warpgroups
  for (const double a : {64, 128, 192, 256}) {
    for (const double b : {32, 64, 96, 128, 160, 192, 224, 256}) {
      if (a * b > kAccumulators) continue;
      for (const double s : {1, 2, 4, 8, 16, 32}) {
        list.push_back({a, b, s});
        const bool both = b == 64 || b == 128 || b == 192 || b == 256;
        if (a != b && !both) list.push_back({b, a, s});
      }
    }
  }
  return list;
}

const std::vector<Candidate>& library(Family family) {
  static const std::vector<Candidate> ampere = candidates(Family::ampere);
  static const std::vector<Candidate> hopper = candidates(Family::hopper);
  return family == Family::ampere ? ampere : hopper;
}

// Share of a buffer that a cyclic reuse over `window` bytes still finds in L2: all up to half of
// the cache, none beyond it.
double resident_share(double window, double l2) {
  return std::clamp(2 - 2 * window / l2, 0.0, 1.0);
}

}  // namespace

GemmChoice gemm_time(const GemmCall& call, const GpuShape& gpu, const GemmParams& p) {
  if (call.m < 1 || call.n < 1 || call.k < 1 || call.groups < 1)
    throw ConfigError(Where{}, "gemm", "m, n, k and groups must be at least 1");
  const auto m = static_cast<double>(call.m), n = static_cast<double>(call.n),
             k = static_cast<double>(call.k);
  const auto groups = static_cast<double>(call.groups);
  const double a = kElement * m * k * groups, b = kElement * n * k * groups,
               c = call.output_element * m * n * groups;
  const auto copies = static_cast<double>(call.weight_copies);
  const double hit_a = call.cold ? 0 : resident_share(a + b + c, gpu.l2_bytes);
  const double hit_b = call.cold ? 0 : resident_share(a + copies * b + c, gpu.l2_bytes);
  const double l2 = kL2Reads * kL2PortBytes * gpu.sms * gpu.clock;
  const double dram = p.dram_share * gpu.dram;
  const double memory = (a * (1 - hit_a) + b * (1 - hit_b)) / dram + c / (kWriteShare * dram) +
                        (a * hit_a + b * hit_b) / l2;
  const double matrix = p.matrix_share * gpu.matrix / gpu.sms;  // FLOPs per us and SM
  const double depth = step_depth(gpu.family);
  const double k_steps = std::ceil(k / depth);
  const double fixed = p.step_us * depth / kReferenceDepth;
  const double least_steps = 2 * kReferenceDepth / depth;

  GemmChoice best;
  best.total = std::numeric_limits<double>::infinity();
  for (const Candidate& t : library(gpu.family)) {
    const double rows = std::ceil(m / t.m), columns = std::ceil(n / t.n);
    const double steps = std::ceil(k_steps / t.split);
    // Split-K is used only to fill the GPU, and keeps two 64-deep steps for every CTA.
    const double tiles = rows * columns * groups;
    if (t.split > 1 && (steps < least_steps || tiles > 2 * gpu.sms)) continue;
    const double waves = std::ceil(tiles * t.split / gpu.sms);
    // What a step must fetch from DRAM for this SM: operands are shared by the CTAs of a row or
    // column.
    const double fetched =
        depth * kElement *
        (std::min(t.n, n) * (1 - hit_b) / rows + std::min(t.m, m) * (1 - hit_a) / columns);
    const double work = std::max(2 * t.m * t.n * depth / matrix, fetched / p.sm_dram_rate);
    double pipe = waves * steps * (work + fixed);
    pipe *= hardware::tile::droop_factor(pipe, p.droop, kDroopFrom, kDroopTo);
    const double ends = waves * (kPrologue + p.epilogue_us * t.m * t.n / kReferenceTile);
    const double split =
        t.split > 1 ? p.split_us + 2 * kPartial * t.split * m * n * groups / l2 : 0;
    const double total = hardware::tile::overlapped(pipe + ends, memory, kOverlap) + split;
    if (total >= best.total) continue;
    best = {static_cast<std::int64_t>(t.m),
            static_cast<std::int64_t>(t.n),
            static_cast<std::int64_t>(t.split),
            static_cast<std::int64_t>(waves),
            total,
            pipe,
            memory,
            ends,
            split,
            p.launch_us};
  }
  // Whatever was fitted, no kernel beats the matrix rate.
  best.total = std::max(best.total, 2 * m * n * k * groups / gpu.matrix) + p.launch_us;
  return best;
}

}  // namespace fieldsim::attention::tile
