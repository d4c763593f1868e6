// Where the defaults come from: fits on the A100 (ampere) and H100/H200 (hopper) tables, rounded.
// A time of work on the SMs scales with the clock; launch floors and memory latencies do not.
#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::hardware::tile {
namespace {

constexpr double kAmpereClock = 1410, kHopperClock = 1830;  // MHz of the fitted parts
constexpr double kAmpereFlopsPerCycle = 2048, kHopperFlopsPerCycle = 4096;  // per SM

TileParams ampere() {
  TileParams p;
  AttentionParams& d = p.decode;
  d.launch_us = 7.1, d.prologue_us = 0.7, d.tile_us = 2.9, d.dram_share = 0.85;
  d.combine_us = 5.0, d.combine_split_us = 0.2, d.request_us = 0.004, d.split_request_us = 0;
  d.cold_us = 2.6, d.copy_us = 6.0, d.group_us = 1.6, d.alone = 1.0;
  d.write_warp_us = 0.054;
  p.prefill = d;
  p.prefill.launch_us = 7.2, p.prefill.prologue_us = 0.78, p.prefill.tile_us = 2.4;
  p.prefill.alone = 0.75, p.prefill.dram_share = 0.89, p.prefill.cold_us = 4;
  p.gemm = {2.67, 0.77, 1.1, 0.215, 98e3, 1.94, 2.56, 0.001};
  return p;
}

TileParams hopper() {
  TileParams p;
  p.prefill.launch_us = 8.66, p.prefill.dram_share = 0.79, p.prefill.cold_us = 3.5;
  p.prefill.prologue_us = 2.26, p.prefill.fp8_us = 1.3, p.prefill.droop = 0.147;
  return p;
}

void scale_attention(AttentionParams& p, double clock, double matrix) {
  for (double* t : {&p.prologue_us, &p.prologue_wide_us, &p.write_warp_us, &p.write_warp_fp8_us,
                    &p.write_head_fp8_us, &p.request_us, &p.split_request_us})
    *t *= clock;
  for (double* t : {&p.tile_us, &p.tile_fp8_us, &p.tile_wide_us, &p.tile_wide_fp8_us}) *t *= matrix;
}

}  // namespace

TileParams default_params(const GpuShape& gpu) {
  const bool old = gpu.family == Family::ampere;
  TileParams p = old ? ampere() : hopper();
  const double clock = (old ? kAmpereClock : kHopperClock) / gpu.clock;
  // Matrix time per tile: half of it follows the matrix rate, half loads and softmax at the clock.
  const double rate = gpu.matrix / gpu.sms / gpu.clock;
  const double matrix =
      clock * 0.5 * (1 + (old ? kAmpereFlopsPerCycle : kHopperFlopsPerCycle) / rate);
  scale_attention(p.decode, clock, matrix);
  scale_attention(p.prefill, clock, matrix);
  p.gemm.step_us *= clock;
  p.gemm.epilogue_us *= clock;
  p.gemm.sm_dram_rate /= clock;
  return p;
}

}  // namespace fieldsim::hardware::tile
