#pragma once
// What is fitted, per GPU and operation: at most ten numbers each, every one a mechanism. The
// constants that are not fitted are beside their use, with their source.
#include <span>
#include <string>
#include <vector>

#include "sim/hardware/gpu/tile/shape.hpp"

namespace fieldsim::hardware::tile {

// Attention kernels (one set for decode, one for prefill) with the kernels around them in one
// layer: the write of new K and V into the paged cache, the combine of split KV, copies. "narrow"
// and "wide" tiles have 64 and 128 rows of packed queries; times are per 128 KV rows.
struct AttentionParams {
  double launch_us = 8.3;            // floor: launches of the cache-write and attention kernels
  double prologue_us = 2.5;          // prologue and epilogue of a narrow CTA
  double prologue_wide_us = 3.7;     // of a wide CTA
  double tile_us = 0.89;             // SM time of a narrow tile, 16-bit KV
  double tile_fp8_us = 1.23;         // the same, 8-bit KV
  double tile_wide_us = 1.54;        // wide tile, 16-bit
  double tile_wide_fp8_us = 1.68;    // wide tile, 8-bit
  double alone = 1.0;                // SM throughput with one of two resident CTAs
  double dram_share = 0.95;          // achieved share of datasheet bandwidth
  double combine_us = 1.2;           // second launch that merges split KV
  double combine_split_us = 0.087;   // per split: one dependent load each
  double request_us = 0.0066;        // per request: the tile scheduler scans requests 31 at a time
  double split_request_us = 0.0153;  // per request when splits are allowed: combine CTAs that exit
  double fp8_us = 1.5;               // fixed cost of 8-bit KV: scale loads, conversions
  double cold_us = 4.5;              // chain of dependent first loads that miss L2
  double write_warp_us = 0.027;  // SM time of one warp of the KV-write kernel (one CTA per token)
  double write_warp_fp8_us = 0.030;  // added for 8-bit KV: scale loads
  double write_head_fp8_us = 0.018;  // added per KV head of 128: conversion
  double copy_us = 6.0;   // copies of Q and O around the kernel (FlashAttention 2, groups)
  double group_us = 1.6;  // query-head swap of the same path
  double droop = 0.0;     // clock loss under sustained matrix work
};

// Dense 16-bit GEMM of the vendor library.
struct GemmParams {
  double launch_us = 2.4;
  double dram_share = 0.91;
  double matrix_share = 1.0;   // of the datasheet rate inside a k step
  double step_us = 0.055;      // fixed cost of a 64-deep k step: barrier, issue latency
  double sm_dram_rate = 65e3;  // DRAM bytes per us that one SM's bytes in flight can draw
  double epilogue_us = 0.74;   // epilogue of a 128x128 tile
  double split_us = 2.8;       // second pass of split-K
  double droop = 0.13;
};

// Elementwise 16-bit to 8-bit quantisation.
struct QuantizeParams {
  double launch_us = 2.0;
  double dram_share = 0.9;
  double row_us = 0.08;       // per CTA (row): launch, index arithmetic, retirement, in SM time
  double element_ns = 0.001;  // SM time per element
  double alone = 0.2;         // SM throughput of one CTA of eight: its loads are a serial chain
};

struct TileParams {
  AttentionParams decode;
  AttentionParams prefill;
  GemmParams gemm;
  QuantizeParams quantize;  // static scale
  QuantizeParams scale;     // dynamic scale per row
};

enum class Operation { decode, prefill, gemm, quantize, scale };
const char* name(Operation op);

// One fitted parameter: where it lives, its range, and how well an architecture default is known.
struct Parameter {
  std::string name;  // "decode.launch_us": the key in a hardware file
  std::string unit;
  double lower = 0, upper = 0;
  double prior_sd = 0;  // relative: spread between parts when nothing was measured
  double* (*of)(TileParams&) = nullptr;
  double generation_sd = 0;  // the same, when the value was fitted on another generation's kernels

  double& in(TileParams& p) const { return *of(p); }
  double in(const TileParams& p) const { return *of(const_cast<TileParams&>(p)); }  // read only
};

// The parameters that tables of `op` can identify on a GPU of this family; at most ten.
std::vector<Parameter> parameters(Operation op, Family family);

// Architecture defaults for a part that was never measured: the values of the nearest family, with
// times of on-chip work scaled by clock and rates by the datasheet.
TileParams default_params(const GpuShape& gpu);

}  // namespace fieldsim::hardware::tile
