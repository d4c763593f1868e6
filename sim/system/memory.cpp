#include "sim/system/memory.hpp"

#include "sim/model/parameters.hpp"
#include "sim/system/scheme_cost.hpp"

namespace fieldsim::system {

using verify::PayloadKind;

MemoryUse memory_use(const Scenario& s, const ProgramBuilder& programs,
                     const recovery::Retained& retained, Bytes workspace) {
  MemoryUse u;
  u.weights = programs.weight_bytes();
  const std::int64_t tokens = s.workload.prompt_tokens + s.workload.output_tokens;
  const std::int64_t pages = (tokens + s.attention.page_tokens - 1) / s.attention.page_tokens;
  u.kv = programs.kv_bytes_per_token() * (pages * s.attention.page_tokens * s.workload.batch);
  u.anchors = programs.anchor_bytes();
  u.workspace = workspace;
  u.retained = retained.pages + retained.device;
  u.retained_host = retained.host;
  u.evidence = retained_evidence(s);
  u.total = u.weights + u.kv + u.anchors + u.workspace + retained.device;
  if (s.verification.scheme && s.verification.scheme->evidence.on_device) u.total += u.evidence;
  u.capacity = s.hardware.gpu.hbm.capacity;
  u.fits = u.total <= u.capacity;
  return u;
}

Bytes payload_bytes(const Scenario& s, std::int64_t tokens) {
  const auto& p = s.verification.payload;
  if (p.bytes) return *p.bytes;
  const Bytes element = model::published_precision(s.model).kv;
  const Bytes kv = model::kv_bytes_per_token(s.model, element);
  switch (*p.kind) {
    case PayloadKind::anchor_kv:
      return kv * (s.attention.anchor_tokens * (s.attention.shared_anchors ? 1 : s.workload.batch));
    case PayloadKind::new_kv:
      return kv * (tokens * s.workload.batch);
    case PayloadKind::anchor_vector:
      return element * s.model.hidden_size;
  }
  return Bytes::zero();
}

}  // namespace fieldsim::system
