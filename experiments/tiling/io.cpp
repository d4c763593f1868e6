// Transfers between on-chip and device memory of exact attention over one head, causal prefill of N
// tokens, against the FlashAttention bound N^2 D^2 / M for M elements of SRAM (Dao et al., arXiv
// 2205.14135, theorems 2 and 3). Prints CSV on stdout.
#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "kernels/tiling.hpp"

namespace {

using fieldsim::kernels::kElementBytes;

constexpr std::int64_t kHead = 128;
constexpr std::array<std::int64_t, 5> kTokens = {1024, 4096, 16384, 65536, 131072};

struct Sram {
  const char* architecture;
  std::int64_t bytes;  // of one SM, usable
};
constexpr std::array kSrams = {Sram{"sm_80", 167936}, Sram{"sm_90", 233472},
                               Sram{"sm_100", 233472}};

// K and V of the visible half, once for each tile of rows; Q and O once.
double tiled_bytes(std::int64_t tokens, std::int64_t rows) {
  const double passes = static_cast<double>(tokens) / static_cast<double>(rows);
  const double once = static_cast<double>(2 * tokens * kHead * kElementBytes);
  return once * (passes + 1) / 2 + once;
}

// Scores and weights of the visible half written and read in 16 bits, and Q, K, V, O.
double naive_bytes(std::int64_t tokens) {
  const double n = static_cast<double>(tokens);
  return 4 * n * (n + 1) / 2 * kElementBytes + 4 * n * static_cast<double>(kHead) * kElementBytes;
}

double bound_bytes(std::int64_t tokens, std::int64_t sram) {
  const double n = static_cast<double>(tokens), d = static_cast<double>(kHead);
  const double elements = static_cast<double>(sram) / kElementBytes;
  return n * n * d * d / elements / 2 * kElementBytes;
}

}  // namespace

int main() {
  fmt::print("architecture,tokens,kernel,rows_per_tile,bytes,bound_bytes,over_bound\n");
  for (const Sram& sram : kSrams)
    for (const std::int64_t tokens : kTokens) {
      const double bound = bound_bytes(tokens, sram.bytes);
      const auto row = [&](const char* kernel, std::int64_t rows, double bytes) {
        fmt::print("{},{},{},{},{:.6g},{:.6g},{:.4g}\n", sram.architecture, tokens, kernel, rows,
                   bytes, bound, bytes / bound);
      };
      row("ours (16 rows)", 16, tiled_bytes(tokens, fieldsim::kernels::kRowsPerTile));
      row("FlashAttention-2 (64 rows)", 64, tiled_bytes(tokens, 64));
      row("FlashAttention-3 (128 rows)", 128, tiled_bytes(tokens, 128));
      // Q, K, V and O blocks of equal size fill the SRAM: rows = M / 4D.
      const std::int64_t rows = sram.bytes / kElementBytes / (4 * kHead);
      row("SRAM-filling tile", rows, tiled_bytes(tokens, rows));
      row("naive (scores in memory)", 0, naive_bytes(tokens));
    }
}
