// What is kept to roll back with, what it costs, and what happens when it does not fit.
#include <catch2/catch.hpp>

#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using hardware::Category;
using recovery::Checkpoint;

namespace {

constexpr Bytes kKv = 819'200_B;  // of one token of Llama-2-13B

Scenario with(Checkpoint kind, Timed t = {.tokens = 100, .k = 10}) {
  Scenario s = timed(t);
  s.recovery.checkpoint = kind;
  return s;
}

const ResourceUse& use(const Result& r, const std::string& name) {
  for (const ResourceUse& u : r.resources)
    if (u.name == name) return u;
  throw std::runtime_error(name);
}

}  // namespace

TEST_CASE("what each kind of checkpoint copies, and what waits where") {
  const Result cow = simulate(with(Checkpoint::cow_blocks));
  const Result device = simulate(with(Checkpoint::full_copy_device));
  const Result host = simulate(with(Checkpoint::full_copy_host));
  const Result none = simulate(with(Checkpoint::recompute));
  // V = 3.5 ms of 1 ms tokens: the last of a boundary and three of the next wait with it.
  const Bytes waits = kKv * cow.verification.exposure_max;
  for (const Result* r : {&cow, &device, &host}) CHECK(r->memory.retained >= waits);
  CHECK(device.memory.retained == cow.memory.retained * 2);
  CHECK(device.memory.total == cow.memory.total + cow.memory.retained);
  CHECK(host.memory.retained_host == cow.memory.retained);
  CHECK(none.memory.retained == 0_B);
  CHECK(none.memory.retained_host == Bytes::raw(4 * cow.verification.exposure_max));
  CHECK(device.recovery.checkpointed == kKv * 100);
  CHECK(use(device, "hbm").bytes == kKv * 200);
  CHECK(use(host, "link.to_host").bytes == kKv * 100);
  CHECK(none.recovery.checkpointed == 0_B);
  // Tables of 9 pages and more, four bytes an entry.
  CHECK(cow.recovery.checkpointed > 10 * 9 * 4_B);
  CHECK(cow.recovery.checkpointed < 1_KiB);
}

TEST_CASE("copies on the device slow decoding, tables do not") {
  const auto decode = [](const char* kind) {
    return simulate(
               shipped("paper_13b_64k",
                       {"workload.prompt_tokens=2000", "workload.output_tokens=128",
                        "faults.verdict_failure=0", "recovery.checkpoint=" + std::string(kind)})
                   .scenario)
        .decode;
  };
  CHECK(decode("full_copy_device") > decode("cow_blocks"));
  CHECK(decode("full_copy_host") > decode("cow_blocks"));
  CHECK(decode("recompute") == decode("cow_blocks"));
}

TEST_CASE("a boundary's cost is on the critical path, once a boundary") {
  Scenario s = with(Checkpoint::cow_blocks);
  s.recovery.checkpoint_cost = 2_ms;
  const Result r = simulate(s);
  CHECK(r.breakdown[Category::checkpoint] == 20_ms);
  CHECK(r.decode == 120_ms);
}

TEST_CASE("recompute: a failed prefix anchor costs the whole context, a tail object nothing") {
  Scenario s =
      with(Checkpoint::recompute, {.p = 0.2, .tokens = 60, .k = 6, .window = 1, .seed = 2});
  s.workload.prefill = 128_ms;  // 1 ms a token
  s.attention = {.kernel = attention::KernelKind::fused, .anchor_tokens = 1};
  s.verification.payload = {.kind = verify::PayloadKind::anchor_vector, .bytes = {}};
  const Result prefix = simulate(s);
  REQUIRE(prefix.recovery.rollbacks > 0);
  // Everything behind the anchor: the prompt and the tokens that stay (I10).
  CHECK(prefix.recovery.reprefilled_tokens >= 128 * prefix.recovery.rollbacks);
  CHECK(prefix.recovery.repairing == 1_ms * prefix.recovery.reprefilled_tokens);
  s.verification.payload = {.kind = verify::PayloadKind::new_kv, .bytes = {}};
  CHECK(simulate(s).recovery.reprefilled_tokens == 0);
}

TEST_CASE("recompute runs the prefill programs") {
  const auto run = [](const char* kind) {
    return simulate(shipped("paper_13b_64k",
                            {"workload.prompt_tokens=4000", "workload.output_tokens=64",
                             "faults.verdict_failure=0.3", "recovery.retry_limit=1000",
                             "verification.boundary=8", "recovery.checkpoint=" + std::string(kind)})
                        .scenario);
  };
  const Result kept = run("cow_blocks"), again = run("recompute");
  REQUIRE(again.recovery.rollbacks > 0);
  const double each = seconds(again.recovery.repairing - kept.recovery.repairing) /
                      static_cast<double>(again.recovery.rollbacks);
  CHECK(each == Approx(seconds(again.prefill.time)).epsilon(0.05));
}

TEST_CASE("a limit on retained state throttles generation, and closes boundaries early") {
  Scenario s = with(Checkpoint::full_copy_host, {.tokens = 200, .k = 10});
  s.recovery.retained.limit = kKv * 2 * 6;  // six tokens, twice
  const Result r = simulate(s);
  CHECK(r.tokens == 200);
  CHECK(r.breakdown[Category::stall] > Duration::zero());
  CHECK(r.verification.exposure_max <= 6);
  CHECK(r.memory.retained + r.memory.retained_host <= kKv * 12);
  s.recovery.retained.limit = kKv * 2 * 1000;
  CHECK(simulate(s).breakdown[Category::stall] == Duration::zero());
}

TEST_CASE("what cannot fit is an error that says by how much") {
  const auto message = [](const Scenario& s) {
    try {
      simulate(s);
    } catch (const ConfigError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  Scenario s = with(Checkpoint::full_copy_host, {.tokens = 200, .k = 10});
  s.recovery.retained.limit = kKv;  // one token needs two of these
  CHECK(message(s).find("recovery.retained") != std::string::npos);
  CHECK(message(s).find("1638400 bytes") != std::string::npos);
  s.recovery.retained = {.limit = kKv * 12, .overflow = recovery::Overflow::error};
  CHECK(message(s).find("7 unverified tokens") != std::string::npos);
  s.recovery.retained.limit = kKv * 1000;
  CHECK(message(s).empty());
}

TEST_CASE("copies on the device are held to what device memory leaves") {
  Scenario s =
      with(Checkpoint::full_copy_device, {.V = 500_ms, .tokens = 400, .k = 10, .window = 100});
  const MemoryUse plain = simulate(with(Checkpoint::cow_blocks, {.tokens = 400, .k = 10})).memory;
  s.hardware.gpu.hbm.capacity = plain.weights + plain.kv + kKv * 50;
  const Result r = simulate(s);
  CHECK(r.tokens == 400);
  CHECK(r.memory.fits);
  CHECK(r.verification.exposure_max <= 50);
  CHECK(r.breakdown[Category::stall] > Duration::zero());
}
