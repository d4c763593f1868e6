#pragma once
// Correctness of an attention run against FP64, before anything is timed. What runs the kernels is
// a function, so that the same check serves a GPU and, in the tests, the CPU emulator.
#include <functional>

#include "validation/measure/attention_case.hpp"
#include "validation/measure/report.hpp"

namespace fieldsim::measure {

// 16-bit patterns. Page slots that no request uses are NaN: a kernel that reads them is found out.
struct CaseData {
  std::vector<std::uint16_t> q, k, v, anchor_k, anchor_v;
};
CaseData make_data(const AttentionCase& c, std::uint32_t seed);

struct CaseResult {
  std::vector<std::uint16_t> out;  // filled with NaN before the run
  std::vector<float> lse;
};

// Relative L2 error of the output and largest error of the log-sum-exp; NaN anywhere fails.
Check compare(const AttentionCase& c, const CaseData& data, const CaseResult& result);

// Runs one case into `result`; returns empty text or what went wrong.
using CaseRunner = std::function<std::string(const AttentionCase&, const CaseData&, CaseResult*)>;
Check check_point(const Point& point, const kernels::DeviceInfo& device, const CaseRunner& run);

// Small shapes that reach every variant, head size, element type, tail and layout.
std::vector<Point> check_points();
Parameters parameters_of(const Point& point);

}  // namespace fieldsim::measure
