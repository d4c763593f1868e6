#pragma once
// Small runs of requests whose every time the test chooses: a decode step of 10 ms, no prefill.
#include <catch2/catch.hpp>
#include <string>

#include "sim/recovery/invariants.hpp"
#include "sim/report/json.hpp"
#include "sim/system/requests/run.hpp"
#include "tests/unit/system/scenario.hpp"

namespace fieldsim::system::test {

inline Scenario few_requests() {
  static const Scenario base = from_text(R"(
hardware: h200-sxm
model: llama-3.1-8b
workload:
  decode_step: 10 ms
  prefill: 0 s
  requests:
    arrival: 0 s
    count: 8
    prompt_tokens: 100
    output_tokens: 60
attention: {kernel: fused, anchor_tokens: 64}
verification: {timing: none, payload: new_kv}
)")
                                   .scenario;
  return base;
}

inline serving::RequestsParams& stream(Scenario& s) { return *s.workload.requests; }

// KV memory of so many blocks.
inline Scenario with_blocks(Scenario s, std::int64_t blocks) {
  constexpr std::int64_t kKvPerToken = 131'072;  // Llama-3.1-8B, FP16
  stream(s).kv_memory = Bytes::raw(blocks * s.attention.page_tokens * kKvPerToken);
  stream(s).watermark = 0;
  return s;
}

struct Audited {
  Result result;
  recovery::AgentsRecord record;
  std::vector<std::string> violations;
  const RequestsResult& requests() const { return *result.requests; }
};

inline Audited audited(const Scenario& s) {
  Audited a;
  a.result = simulate_requests(s, nullptr, &a.record);
  a.violations = recovery::violations(a.record);
  return a;
}

// What holds of every run, whatever it is of.
inline void check_books(const RequestsResult& q) {
  const auto& t = q.tokens;
  CHECK(t.generated == t.committed + t.discarded + t.in_flight);
  CHECK(q.arrived == q.completed + q.in_flight + q.refused + q.given_up);
  CHECK(q.blocks_at_end == q.blocks_held_at_end);
  CHECK(q.blocks_max <= q.blocks);
}

}  // namespace fieldsim::system::test
