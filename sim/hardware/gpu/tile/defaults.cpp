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
  d.launch_us = 7.85, d.prologue_us = 0.43, d.tile_us = 2.86, d.dram_share = 0.845;
  d.combine_us = 4.9, d.combine_split_us = 0.196, d.request_us = 0.004, d.split_request_us = 0;
  d.cold_us = 2.65, d.copy_us = 6.0, d.group_us = 1.53, d.alone = 1.0;
  d.write_warp_us = 0.055;
  p.prefill = d;
  p.prefill.launch_us = 7.2, p.prefill.prologue_us = 0.95, p.prefill.tile_us = 2.38;
  p.prefill.alone = 0.79, p.prefill.dram_share = 0.94, p.prefill.cold_us = 4.4;
  p.gemm = {2.7, 0.77, 1.1, 0.215, 98e3, 1.95, 2.6, 0.001};
  p.quantize = {1.5, 0.8, 0.08, 0.018, 0.21};
  p.scale = {2.8, 0.8, 0.096, 0.097, 0.95};
  return p;
}

TileParams hopper() {
  TileParams p;
  AttentionParams& d = p.decode;
  d.launch_us = 8.3, d.prologue_us = 2.36, d.tile_us = 0.94, d.tile_fp8_us = 1.235;
  d.dram_share = 0.95, d.combine_us = 1.1, d.combine_split_us = 0.085, d.cold_us = 4.35;
  d.fp8_us = 1.57, d.split_request_us = 0.0148;
  p.prefill = d;
  p.prefill.launch_us = 8.65, p.prefill.dram_share = 0.87, p.prefill.cold_us = 4.3;
  p.prefill.write_warp_us = 0.027, p.prefill.prologue_wide_us = 3.5;
  p.prefill.tile_wide_us = 1.565, p.prefill.tile_wide_fp8_us = 1.68;
  p.prefill.write_warp_fp8_us = 0.028, p.prefill.write_head_fp8_us = 0.0195;
  p.prefill.droop = 0.12;
  p.gemm = {2.31, 0.914, 1.01, 0.053, 65e3, 0.76, 2.75, 0.13};
  p.quantize = {1.5, 0.87, 0.082, 0.018, 0.21};
  p.scale = {2.8, 0.9, 0.096, 0.097, 0.95};
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
