#pragma once
// Where the measured tables are, which hardware took them, and the parts they belong to.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/system/calibrate/table.hpp"
#include "tests/unit/fidelity/gpus.hpp"

namespace fieldsim::gates {

// FIELDSIM_DATA, or ../shared/data beside the checkout; empty when neither exists.
inline std::string data_folder() {
  const char* given = std::getenv("FIELDSIM_DATA");
  const std::string folder = given ? given : std::string(FIELDSIM_SOURCE_DIR) + "/../shared/data";
  return std::filesystem::is_directory(folder + "/measured") ? folder : std::string();
}

struct Part {
  std::string name;    // configs/hardware
  std::string prefix;  // of its tables
  hardware::GpuParams gpu;
};

inline std::vector<Part> parts() {
  return {{"a100-sxm-80gb", "a100_sxm_vllm-0.14.0", fidelity_test::a100()},
          {"h100-sxm", "h100_sxm_vllm-0.24.0", fidelity_test::h100()},
          {"h200-sxm", "h200_sxm_vllm-0.24.0", fidelity_test::h200()}};
}

// All kernel rows of a part, or of one table of it; nothing where the part has no such table.
inline std::vector<calibrate::Row> rows_of(const Part& part, const std::string& only = "") {
  std::vector<calibrate::Row> rows;
  for (const char* table : {"generation_attention", "context_attention", "gemm_bf16",
                            "quantize_scale_matrix", "quantize_computescale"}) {
    if (!only.empty() && only != table) continue;
    const std::string path = data_folder() + "/measured/" + part.prefix + "_" + table + ".csv";
    if (!std::filesystem::exists(path)) continue;
    for (calibrate::Row& row : calibrate::read_table(path).rows) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace fieldsim::gates
