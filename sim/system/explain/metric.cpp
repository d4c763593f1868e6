#include "sim/system/explain/metric.hpp"

namespace fieldsim::system::explain {

using Mark = hardware::TaskLog::Mark;

hardware::Split Metric::stretch(const CriticalPath& p) const {
  hardware::Split s;
  if (a_time && prefill) s += p.prefill;
  if (a_time && decode) s += p.decode;
  return s;
}

Metric metric_of(const std::string& path) {
  const bool higher = path.starts_with("throughput.");
  if (path == "throughput.tokens_per_s" || path == "latency.decode_s" ||
      path == "latency.tpot_s.mean")
    return {path, Mark::decode_ended, false, true, true, higher};
  if (path == "throughput.committed_tokens_per_s")
    return {path, Mark::drained, false, true, true, higher};
  if (path == "latency.ttft_s") return {path, Mark::first_token, true, true, true, false};
  if (path == "latency.prefill_s") return {path, Mark::decode_began, true, false, true, false};
  if (path == "latency.total_s") return {path, Mark::drained, true, true, true, false};
  return {path, Mark::drained, true, true, false, higher};
}

}  // namespace fieldsim::system::explain
