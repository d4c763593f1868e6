// Agents share one machine: checks, copies of caches and searches take their time from each other
// and from generation.
#include "sim/hardware/gpu/device.hpp"
#include "sim/system/analytic.hpp"
#include "sim/system/memory.hpp"
#include "tests/unit/agents/agents.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

// Nothing fails, and everything that is started comes to its end.
Scenario good_agents() {
  Scenario s = few_agents();
  s.faults = {};
  s.verification.quantize = verify::Quantize::int8_static;
  return s;
}

Bytes moved(const Result& r, const char* resource) {
  for (const auto& u : r.resources)
    if (u.name == resource) return u.bytes;
  return Bytes::raw(-1);
}

}  // namespace

TEST_CASE("a check on an idle machine takes the sum of its stages") {
  Scenario s = good_agents();
  auto& a = *s.workload.agents;
  a.count = 1;
  a.step_tokens = Drawn<std::int64_t>::of(24);
  s.verification.timing = verify::Timing::pessimistic;
  s.verification.boundary = {};
  s.verification.boundary.semantic_step = 1;
  const Result r = simulate(s);
  const double alone = seconds(check_time(s, payload_bytes(s, 24)).total());
  CHECK(r.verification.latency.p50 == Approx(alone).epsilon(1e-9));
  CHECK(r.verification.latency.max == Approx(alone).epsilon(1e-9));
  CHECK(r.agents->displaced_s == 0);
}

TEST_CASE("every byte on the link is a check's, a checkpoint's or a paused cache's") {
  for (const auto checkpoint :
       {recovery::Checkpoint::cow_blocks, recovery::Checkpoint::full_copy_host}) {
    Scenario s = good_agents();
    s.workload.agents->paused_kv = serving::PausedKv::swap;
    s.workload.agents->max_running = 4;
    s.recovery.checkpoint = checkpoint;
    const Result r = simulate(s);
    const bool copies = checkpoint == recovery::Checkpoint::full_copy_host;
    const Bytes codes = r.verification.payload_bytes / 2;  // FP16 to INT8
    const Bytes copied = copies ? r.recovery.checkpointed : Bytes::zero();
    CHECK(r.agents->swapped > Bytes::zero());
    CHECK((r.recovery.checkpointed > Bytes::zero()) == copies);
    CHECK(moved(r, "link.to_host") + moved(r, "link.to_device") ==
          codes + copied + r.agents->swapped);
  }
}

TEST_CASE("a link slower than the load makes verdicts late and exposure large") {
  double latency = 0, exposure = 0;
  for (const std::int64_t slower : {1, 100, 1000}) {
    Scenario s = good_agents();
    s.workload.agents->paused_kv = serving::PausedKv::swap;
    s.workload.agents->max_running = 4;
    s.verification.window = 1000;
    s.verification.workers = 64;
    const auto full =
        hardware::pcie::payload_rate(s.hardware.link, hardware::pcie::Direction::to_host);
    s.hardware.link.to_host = BytesPerSecond::raw(full.count() / slower);
    const Result r = simulate(s);
    CAPTURE(slower);
    CHECK(r.verification.latency.mean > latency * 1.1);
    CHECK(r.verification.exposure_mean > exposure);
    latency = r.verification.latency.mean;
    exposure = r.verification.exposure_mean;
  }
}

TEST_CASE("what a check takes of device memory, iterations lose, byte for byte") {
  Scenario s = good_agents();
  auto& a = *s.workload.agents;
  a.count = 1;
  a.steps = 1;
  a.step_tokens = Drawn<std::int64_t>::of(2000);
  s.workload.decode_step = 10_ms;
  s.workload.prefill = Duration::zero();
  s.verification.payload.kind.reset();
  s.verification.payload.bytes = 64_MiB;
  s.verification.window = 1000;
  s.verification.ledger.consistency = verify::Consistency::none;
  const Result r = simulate(s);
  Scenario unchecked = s;
  unchecked.verification.timing = verify::Timing::none;
  const double alone = seconds(simulate(unchecked).total);
  // All checks but the last end while the agent generates: codes are written and then read.
  const std::int64_t beside = r.verification.checks - 1;
  const auto each = Bytes::raw((64 << 20) / 2 * 4);
  const double lost =
      seconds(time_for(each * beside, hardware::gpu::effective_bandwidth(s.hardware.gpu.hbm)));
  CHECK(beside > 80);
  CHECK(r.agents->displaced_s == Approx(lost).epsilon(0.03));
  CHECK(seconds(r.total) > alone + 0.9 * lost);
}

TEST_CASE("memories found in an index: exact, inverted lists, a graph, host or device") {
  const auto per_read = [](serving::IndexKind kind, serving::IndexPlace place) {
    Scenario s = good_agents();
    s.workload.agents->memory.objects = 200'000;
    s.workload.agents->memory.index = serving::IndexParams{.kind = kind, .place = place};
    const Audited a = audited(s);
    CHECK(a.violations.empty());
    CHECK(a.agents().finished == 24);
    return a.agents().index_s / static_cast<double>(a.agents().reads);
  };
  using serving::IndexKind;
  using serving::IndexPlace;
  const double flat = per_read(IndexKind::flat, IndexPlace::host);
  CHECK(per_read(IndexKind::ivf_flat, IndexPlace::host) < flat);
  CHECK(per_read(IndexKind::hnsw, IndexPlace::host) < flat);
  CHECK(per_read(IndexKind::flat, IndexPlace::device) < flat);
}

TEST_CASE("rows that a rollback undid slow searches until the index is compacted") {
  const auto run = [](double failures, double compact_at) {
    Scenario s = good_agents();
    s.workload.agents->memory.writes = Drawn<std::int64_t>::of(10);
    s.workload.agents->memory.index = serving::IndexParams{};
    s.workload.agents->memory.compact_at = compact_at;
    s.faults.verdict_failure = failures;
    return *simulate(s).agents;
  };
  const auto per_read = [](const AgentsResult& a) {
    return a.index_s / static_cast<double>(a.reads);
  };
  const AgentsResult clean = run(0, 1), undone = run(0.3, 1), compacted = run(0.3, 0.1);
  CHECK(undone.tombstones > 0);
  CHECK(undone.index_dead_peak > clean.index_dead_peak);
  CHECK(undone.index_rows == 40 + undone.index_dead_peak);
  CHECK(per_read(undone) > per_read(clean));
  CHECK(compacted.index_compactions > 0);
  CHECK(compacted.index_rows < undone.index_rows);
  CHECK(per_read(compacted) < per_read(undone));
}
