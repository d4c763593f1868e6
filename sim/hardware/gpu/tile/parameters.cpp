#include <algorithm>
#include <string_view>
#include <utility>

#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::hardware::tile {
namespace {

#define FIELDSIM_PARAMETER(set, member, unit, lower, upper, sd)                           \
  Parameter {                                                                             \
    #set "." #member, unit, lower, upper, sd, [](TileParams& p) { return &p.set.member; } \
  }

std::vector<Parameter> decode(Family family) {
  std::vector<Parameter> list = {
      FIELDSIM_PARAMETER(decode, launch_us, "us", 1, 40, 0.3),
      FIELDSIM_PARAMETER(decode, prologue_us, "us", 0.05, 20, 0.4),
      FIELDSIM_PARAMETER(decode, tile_us, "us", 0.05, 20, 0.4),
      FIELDSIM_PARAMETER(decode, dram_share, "1", 0.3, 1, 0.08),
      FIELDSIM_PARAMETER(decode, combine_us, "us", 0.05, 20, 0.7),
      FIELDSIM_PARAMETER(decode, combine_split_us, "us", 0.005, 2, 0.6),
      FIELDSIM_PARAMETER(decode, cold_us, "us", 0.1, 20, 0.6),
  };
  if (family == Family::ampere) {
    list.push_back(FIELDSIM_PARAMETER(decode, copy_us, "us", 0.1, 30, 0.6));
    list.push_back(FIELDSIM_PARAMETER(decode, group_us, "us", 0.05, 20, 0.7));
  } else {
    list.push_back(FIELDSIM_PARAMETER(decode, tile_fp8_us, "us", 0.05, 20, 0.4));
    list.push_back(FIELDSIM_PARAMETER(decode, fp8_us, "us", 0.05, 20, 0.6));
    if (family == Family::hopper)
      list.push_back(FIELDSIM_PARAMETER(decode, split_request_us, "us", 5e-4, 0.2, 0.6));
  }
  return list;
}

std::vector<Parameter> prefill(Family family) {
  std::vector<Parameter> list = {
      FIELDSIM_PARAMETER(prefill, launch_us, "us", 1, 40, 0.3),
      FIELDSIM_PARAMETER(prefill, dram_share, "1", 0.3, 1, 0.15),
      FIELDSIM_PARAMETER(prefill, write_warp_us, "us", 0.002, 0.5, 0.5),
      FIELDSIM_PARAMETER(prefill, cold_us, "us", 0.1, 30, 0.6),
  };
  if (family == Family::ampere) {
    list.push_back(FIELDSIM_PARAMETER(prefill, prologue_us, "us", 0.05, 20, 0.4));
    list.push_back(FIELDSIM_PARAMETER(prefill, tile_us, "us", 0.05, 20, 0.3));
    list.push_back(FIELDSIM_PARAMETER(prefill, alone, "1", 0.4, 1, 0.2));
  } else {
    list.push_back(FIELDSIM_PARAMETER(prefill, prologue_wide_us, "us", 0.05, 20, 0.4));
    list.push_back(FIELDSIM_PARAMETER(prefill, tile_wide_us, "us", 0.05, 20, 0.3));
    list.push_back(FIELDSIM_PARAMETER(prefill, tile_wide_fp8_us, "us", 0.05, 20, 0.3));
    list.push_back(FIELDSIM_PARAMETER(prefill, write_warp_fp8_us, "us", 0.002, 0.5, 0.5));
    list.push_back(FIELDSIM_PARAMETER(prefill, write_head_fp8_us, "us", 0.002, 0.5, 0.5));
    list.push_back(FIELDSIM_PARAMETER(prefill, droop, "1", 0.001, 0.6, 0.5));
  }
  return list;
}

std::vector<Parameter> gemm() {
  return {
      FIELDSIM_PARAMETER(gemm, launch_us, "us", 0.5, 20, 0.3),
      FIELDSIM_PARAMETER(gemm, dram_share, "1", 0.3, 1, 0.1),
      FIELDSIM_PARAMETER(gemm, matrix_share, "1", 0.3, 1.1, 0.15),
      FIELDSIM_PARAMETER(gemm, step_us, "us", 0.002, 2, 1.0),
      FIELDSIM_PARAMETER(gemm, sm_dram_rate, "B/us", 5e3, 1e6, 0.4),
      FIELDSIM_PARAMETER(gemm, epilogue_us, "us", 0.02, 20, 0.7),
      FIELDSIM_PARAMETER(gemm, split_us, "us", 0.05, 20, 0.4),
      FIELDSIM_PARAMETER(gemm, droop, "1", 0.001, 0.8, 0.6),
  };
}

std::vector<Parameter> quantize() {
  return {
      FIELDSIM_PARAMETER(quantize, launch_us, "us", 0.2, 20, 0.4),
      FIELDSIM_PARAMETER(quantize, dram_share, "1", 0.2, 1, 0.2),
      FIELDSIM_PARAMETER(quantize, row_us, "us", 0.001, 10, 0.5),
      FIELDSIM_PARAMETER(quantize, element_ns, "ns", 1e-5, 10, 0.5),
      FIELDSIM_PARAMETER(quantize, alone, "1", 0.02, 1, 0.4),
  };
}

std::vector<Parameter> scale() {
  return {
      FIELDSIM_PARAMETER(scale, launch_us, "us", 0.05, 20, 0.4),
      FIELDSIM_PARAMETER(scale, dram_share, "1", 0.2, 1, 0.2),
      FIELDSIM_PARAMETER(scale, row_us, "us", 0.001, 10, 0.5),
      FIELDSIM_PARAMETER(scale, element_ns, "ns", 1e-5, 10, 0.5),
      FIELDSIM_PARAMETER(scale, alone, "1", 0.02, 1, 0.4),
  };
}

#undef FIELDSIM_PARAMETER

// |ln| of the A100's fitted value over the H100's, work on the SMs scaled by clock and matrix rate,
// prologues by residents: the one pair of generations that was measured. Others spread no more than
// between parts.
constexpr std::pair<std::string_view, double> kBetweenGenerations[] = {
    {"decode.prologue_us", 1.31},       {"decode.tile_us", 0.56},
    {"decode.tile_fp8_us", 0.56},       {"decode.dram_share", 0.14},
    {"decode.combine_us", 1.46},        {"decode.combine_split_us", 0.83},
    {"prefill.prologue_us", 0.86},      {"prefill.prologue_wide_us", 0.86},
    {"prefill.tile_us", 0.56},          {"prefill.tile_wide_us", 0.56},
    {"prefill.tile_wide_fp8_us", 0.56}, {"prefill.write_warp_us", 0.55},
    {"gemm.dram_share", 0.18},          {"gemm.step_us", 1.08},
    {"gemm.sm_dram_rate", 0.42},        {"gemm.epilogue_us", 0.76},
};

std::vector<Parameter> with_generations(std::vector<Parameter> list) {
  for (Parameter& p : list) {
    p.generation_sd = p.prior_sd;
    for (const auto& [name, sd] : kBetweenGenerations)
      if (p.name == name) p.generation_sd = std::max(sd, p.prior_sd);
  }
  return list;
}

}  // namespace

const char* name(Operation op) {
  switch (op) {
    case Operation::decode:
      return "decode";
    case Operation::prefill:
      return "prefill";
    case Operation::gemm:
      return "gemm";
    case Operation::quantize:
      return "quantize";
    case Operation::scale:
      return "scale";
  }
  return "unknown";
}

std::vector<Parameter> parameters(Operation op, Family family) {
  switch (op) {
    case Operation::decode:
      return with_generations(decode(family));
    case Operation::prefill:
      return with_generations(prefill(family));
    case Operation::gemm:
      return with_generations(gemm());
    case Operation::quantize:
      return with_generations(quantize());
    case Operation::scale:
      return with_generations(scale());
  }
  return {};
}

}  // namespace fieldsim::hardware::tile
