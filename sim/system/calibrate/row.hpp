#pragma once
// One measurement: what ran, on what, and how long it took.
#include <string>

#include "sim/attention/tile/gemm.hpp"
#include "sim/attention/tile/plan.hpp"
#include "sim/attention/tile/quantize.hpp"
#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::calibrate {

using hardware::tile::Operation;

struct Row {
  Operation op = Operation::decode;
  std::string device;  // as the table names it
  std::string kernel;  // kernel_source
  std::string file;
  int line = 0;
  attention::tile::AttentionCall attention;
  attention::tile::GemmCall gemm;
  attention::tile::QuantizeCall quantize;
  double measured_us = 0;  // 0: not measured (a planned row)

  std::string layout() const;     // "32/8" heads, "m<=64" for products, "rows" for quantisation
  std::string precision() const;  // "bf16", "fp8"
  std::int64_t length() const;    // context, prompt, m: what "by length" folds over
  double flops() const;           // that the operation must do
  double bytes() const;           // that it must move at least once
};

}  // namespace fieldsim::calibrate
