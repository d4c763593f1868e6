// The searches against Amdahl's law: T = 1 ms of step and V = 3.5 ms of verdict, one after the
// other.
#include "tests/unit/explain/support.hpp"

using namespace fieldsim;
using namespace fieldsim::test;

TEST_CASE("twice as fast by one resource: its factor, or what it gives at most") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path());
  // T + V / f = (T + V) / 2.
  const ex::Alone& ledger = x.alone("verification.ledger.round_trip");
  CHECK(ledger.reached);
  CHECK(ledger.factor >= 2.8);
  CHECK(ledger.factor <= 2.8 * 1.0101);
  CHECK(ledger.speedup >= 2.0);
  const auto loaded = system::load_scenario(file.path(), config::Catalogue(), {ledger.assignment});
  CHECK(system::simulate(loaded.scenario).tokens_per_s / x.e.value == Approx(ledger.speedup));
  const ex::Alone& step = x.alone("workload.decode_step");
  CHECK_FALSE(step.reached);
  CHECK(step.speedup == Approx(4.5 / 3.5).epsilon(1e-3));
}

TEST_CASE("twice as fast by two resources takes twice of each when they are all there is") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path());
  bool found = false;
  for (const ex::Together& t : x.e.together) {
    CHECK(t.speedup >= 2.0);
    if (t.assignments.front().starts_with("workload.decode_step") &&
        t.assignments.back().starts_with("verification.ledger.round_trip")) {
      found = true;
      CHECK(t.first_factor == Approx(2.0).epsilon(0.011));
      CHECK(t.second_factor == Approx(2.0).epsilon(0.011));
    }
  }
  CHECK(found);
}

TEST_CASE("policies are ranked by what a run with them gives, and say when they check less") {
  const File file(timed("pessimistic", "3.5 ms"));
  const Explained x = explained(file.path());
  double last = 1e9;
  bool none = false;
  for (const ex::Alternative& a : x.e.alternatives) {
    CAPTURE(a.label);
    CHECK(a.speedup <= last);
    last = a.speedup;
    if (a.assignments.front() == "verification.timing=none") {
      none = true;
      CHECK(a.weaker);
      CHECK(a.speedup == Approx(4.5));
    }
    if (a.assignments.front() == "verification.payload.kind=anchor_kv") CHECK(a.problem != "");
  }
  CHECK(none);
}

TEST_CASE("a knob is turned to legal values only, and says by how much it was turned") {
  const auto loaded = system::load_scenario("paper_13b_64k", config::Catalogue());
  const auto hbm = ex::Knob::find(loaded.scenario, "hardware.gpu.hbm.bandwidth");
  REQUIRE(hbm);
  CHECK(hbm->text() == "2.039 TB/s");
  CHECK(hbm->turned(1.1)->assignment == "hardware.gpu.hbm.bandwidth=2.2429 TB/s");
  CHECK(hbm->turned(1.1)->factor == Approx(1.1));
  CHECK_FALSE(hbm->turned(1e9));  // leaves 64 bits
  const auto lanes = ex::Knob::find(loaded.scenario, "hardware.link.lanes");
  REQUIRE(lanes);
  CHECK(lanes->turned(1.1)->assignment == "hardware.link.lanes=18");
  CHECK(lanes->turned(1.1)->factor == Approx(18.0 / 16));
  CHECK_FALSE(lanes->turned(1.01));  // rounds to what it is
  CHECK_FALSE(lanes->turned(4));     // out of range
  CHECK(lanes->moved(-1)->assignment == "hardware.link.lanes=15");
  CHECK_FALSE(ex::Knob::find(loaded.scenario, "hardware.link.nothing"));
  CHECK_FALSE(ex::Knob::find(loaded.scenario, "workload.decode_step"));  // not set
  CHECK_FALSE(ex::Knob::find(loaded.scenario, "attention.kernel"));      // no number
}

TEST_CASE(
    "a pair is found although the second resource does nothing until the first is out of the way") {
  // One verifier sets the pace at 1.3 ms; behind it waits a step of 1 ms, which alone gives
  // nothing.
  const File file(timed("optimistic", "1.3 ms"));
  const Explained x = explained(file.path());
  CHECK_FALSE(x.alone("verification.ledger.round_trip").reached);
  CHECK_FALSE(x.alone("workload.decode_step").reached);
  bool found = false;
  for (const ex::Together& t : x.e.together)
    found = found || (t.assignments.front().starts_with("workload.decode_step") &&
                      t.assignments.back().starts_with("verification.ledger.round_trip"));
  CHECK(found);
}
