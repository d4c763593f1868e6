#pragma once
// One point of the matrix as the kernels' interface sees it: problem, lengths, block table, plan
// and buffer sizes. Host only; the device's buffers and the tests' host buffers follow the same
// layout.
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/attention.hpp"
#include "validation/measure/matrix.hpp"

namespace fieldsim::measure {

struct AttentionCase {
  Point point;
  kernels::Problem problem;
  std::vector<std::int32_t> kv, q;  // per request, as planned (with prepended anchors)
  std::vector<std::int32_t> table;  // [batch, table_stride], page ids in random order
  std::int32_t table_stride = 1;
  std::int64_t pool_pages = 1;
  std::int64_t query_tokens = 0;
  float gamma = 0.3F;  // of gamma_fused, for every head
  kernels::Plan plan;  // of all variants but two_pass
  kernels::TwoPassPlan two_pass;
  std::size_t workspace_bytes = 0;

  // Bytes. K and V each; anchors of one or of `batch` sets, each of K and V.
  std::size_t query_bytes() const;  // and of the output
  std::size_t lse_bytes() const;
  std::size_t pool_bytes() const;
  std::size_t anchor_bytes() const;
  std::int64_t page_elements() const;
};

// Empty text, or what the planner refused.
std::string make_case(const Point& point, const kernels::DeviceInfo& device, std::uint32_t seed,
                      AttentionCase* made);

struct CaseBuffers {
  const void *q = nullptr, *k = nullptr, *v = nullptr, *anchor_k = nullptr, *anchor_v = nullptr;
  const std::int32_t* table = nullptr;
  const float* gamma = nullptr;  // one value
  void* out = nullptr;
  float* lse = nullptr;
};
kernels::Args args_of(const AttentionCase& c, const CaseBuffers& buffers);

}  // namespace fieldsim::measure
