#include "sim/system/agents/tables.hpp"

#include <algorithm>
#include <cmath>

#include "sim/hardware/gpu/device.hpp"
#include "sim/system/program.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::gpu::Program;

namespace {

// Times of a program on a device that nothing else uses, ps.
struct Times {
  double attention = 0, dense = 0;  // dense with every launch gap
  double total() const { return attention + dense; }
};

class Clock {
 public:
  explicit Clock(const Scenario& s) : s_(s), engine_(s.seed), device_(engine_, s.hardware.gpu) {}

  Times decode(std::int64_t sequences, std::int64_t kv) {
    if (s_.workload.decode_step) return {0, number(*s_.workload.decode_step)};
    Scenario s = s_;
    s.workload.batch = sequences;
    ProgramBuilder programs(s);
    const auto& launch = s_.hardware.gpu.launch;
    return of(programs.decode(std::max<std::int64_t>(1, (kv + sequences - 1) / sequences)),
              s_.workload.launch == LaunchMode::graph ? launch.graph : launch.eager);
  }
  Times prefill(std::int64_t tokens, std::int64_t before) {
    if (s_.workload.prefill) return {};
    ProgramBuilder programs(s_);
    return of(programs.prefill(tokens, before, true), s_.hardware.gpu.launch.eager);
  }

 private:
  static double number(Duration d) { return static_cast<double>(d.count()); }
  Times of(const Program& p, Duration gap) const {
    Times t;
    for (const auto& segment : p.segments)
      for (const auto& k : segment.kernels) {
        const auto repeat = static_cast<double>(segment.repeat);
        (k.category == Category::attention ? t.attention : t.dense) +=
            repeat * number(device_.body_alone(k));
        t.dense += repeat * number(gap * k.launches);
      }
    return t;
  }

  Scenario s_;
  des::Engine engine_;
  hardware::gpu::Device device_;
};

// 1, 2, 3, 4, 6, 8, 12, ... and the last.
std::vector<std::int64_t> sequence_nodes(std::int64_t last) {
  std::vector<std::int64_t> nodes;
  for (std::int64_t n = 1; n < last; n *= 2) {
    nodes.push_back(n);
    if (n >= 2 && n * 3 / 2 < last) nodes.push_back(n * 3 / 2);
  }
  nodes.push_back(last);
  return nodes;
}

// 0, then doubling from `first` to `last`.
std::vector<std::int64_t> doubling(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> nodes = {0};
  for (std::int64_t n = first; n < last; n *= 2) nodes.push_back(n);
  nodes.push_back(last);
  return nodes;
}

}  // namespace

TabulatedIteration tabulate_iteration(const Scenario& s, std::int64_t sequences,
                                      std::int64_t kv_tokens, std::int64_t context) {
  constexpr std::int64_t kFirstKv = 1024, kFirstChunk = 16;
  TabulatedIteration out;
  auto& t = out.tables;
  Clock clock(s);
  t.host =
      s.workload.decode_step ? 0.0 : static_cast<double>(s.hardware.host.step_overhead.count());
  if (s.verification.timing == verify::Timing::attested_tee)
    t.overhead = s.verification.tee.compute_overhead;
  t.sequences = sequence_nodes(std::max<std::int64_t>(1, sequences));
  t.kv_tokens = doubling(kFirstKv, std::max(kFirstKv + 1, kv_tokens));
  for (std::int64_t n : t.sequences) {
    t.decode.emplace_back();
    t.attention.emplace_back();
    for (std::int64_t kv : t.kv_tokens) {
      const Times times = clock.decode(n, kv);
      t.decode.back().push_back(t.host + times.total());
      t.attention.back().push_back(times.attention);
    }
  }
  const std::int64_t chunk = s.workload.prefill_chunk;
  t.dense_tokens = doubling(kFirstChunk, std::max(kFirstChunk + 1, chunk + sequences));
  t.dense_tokens.front() = 1;
  for (std::int64_t n : t.dense_tokens) t.dense.push_back(clock.prefill(n, 0).dense);
  t.chunk_tokens = doubling(kFirstChunk, std::max(kFirstChunk + 1, chunk));
  t.chunk_tokens.front() = 1;
  t.before_tokens = doubling(kFirstKv, std::max(kFirstKv + 1, context));
  for (std::int64_t n : t.chunk_tokens) {
    t.chunk.emplace_back();
    for (std::int64_t before : t.before_tokens)
      t.chunk.back().push_back(clock.prefill(n, before).attention);
  }
  // Halfway between neighbours in both directions; pinned steps have nothing to interpolate.
  const serving::IterationCost cost(t);
  for (std::size_t i = 0; i + 1 < t.sequences.size() && !s.workload.decode_step; ++i)
    for (std::size_t k = 1; k + 1 < t.kv_tokens.size(); ++k) {
      const std::int64_t n = (t.sequences[i] + t.sequences[i + 1]) / 2;
      const std::int64_t kv = (t.kv_tokens[k] + t.kv_tokens[k + 1]) / 2;
      const double exact = (t.host + clock.decode(n, kv).total()) * (1 + t.overhead);
      out.error = std::max(out.error, std::fabs(cost.decode(n, kv) / exact - 1));
    }
  return out;
}

}  // namespace fieldsim::system
