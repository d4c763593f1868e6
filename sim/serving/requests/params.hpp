#pragma once
// What a scenario says under `workload.requests`: a stream of requests to one device, from a trace
// or drawn, and how the device serves it. Members are the keys.
#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/distribution.hpp"
#include "sim/base/units.hpp"

namespace fieldsim::serving {

// What becomes of the KV cache of a running request that must make room.
enum class Preemption {
  recompute,  // dropped, and prefilled again
  swap,       // moved to host memory over the link, and back; dropped when the host is full
};

// What a request must get to count as good. Times are those of released tokens.
struct SloParams {
  std::optional<Duration> ttft;  // arrival to first token
  std::optional<Duration> tpot;  // mean time between tokens after the first
};

struct RequestsParams {
  // Where requests come from: exactly one of the three.
  std::optional<std::string> trace;        // a CSV file: arrival, prompt and output tokens
  std::optional<ArrivalRate> rate;         // a Poisson stream
  std::optional<Drawn<Duration>> arrival;  // time between two
  std::optional<Drawn<std::int64_t>> prompt_tokens, output_tokens;  // without a trace
  double rate_scale = 1;              // arrivals come so many times as fast
  std::optional<std::int64_t> limit;  // of a trace: its first requests
  std::optional<std::int64_t> count;  // without a trace: so many requests
  std::optional<Duration> duration;   // the run ends here; what is then open is in flight
  std::int64_t max_running = 256;     // sequences in one iteration (vLLM: max_num_seqs)
  std::optional<Bytes> kv_memory;     // for KV and cached anchors; without it, what is left
  double watermark = 0.01;            // of the blocks, kept free when one is admitted (vLLM)
  Preemption preemption = Preemption::recompute;
  Bytes host_kv = Bytes::raw(std::int64_t{1} << 40);  // host memory for swapping (assumed)
  std::optional<SloParams> slo;
};

// One request of the stream.
struct Request {
  Duration arrival;  // since the run began
  std::int64_t prompt = 0;
  std::int64_t output = 0;
};

}  // namespace fieldsim::serving
