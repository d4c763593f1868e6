#pragma once
// Checks on a machine of round numbers: what one payload, or several, spend on their way to a
// verdict.
#include <vector>

#include "sim/verify/verifier.hpp"
#include "tests/unit/hardware/machine.hpp"

namespace fieldsim::verify::test {

using namespace fieldsim::hardware::test;
using hardware::GpuParams;
using hardware::HostParams;

// A ledger that answers at once, so that the other stages stand alone.
inline VerificationParams plain() {
  VerificationParams v;
  v.timing = Timing::optimistic;
  v.ledger.consistency = Consistency::none;
  return v;
}

inline des::Process check_at(Bench& b, Verifier& verifier, Duration start, Check& check) {
  co_await b.engine.delay(start);
  co_await verifier.run(check);
}

struct Run {
  std::vector<Check> checks;
  std::int64_t reads = 0, round_trips = 0;
  Bytes to_host;
};

inline constexpr Duration kGap = 3'000_ns;

// Payloads handed over at their times.
inline Run run(const VerificationParams& v, const std::vector<std::pair<Duration, Bytes>>& payloads,
               const HostParams& host = round_host(), const GpuParams& gpu = round_gpu()) {
  Bench b(gpu, round_link(), host);
  Verifier verifier({b.engine, b.device, b.link, b.host}, v, kGap, true);
  Run r;
  r.checks.resize(payloads.size());
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    r.checks[i].boundary = static_cast<std::int64_t>(i);
    r.checks[i].payload = payloads[i].second;
    b.engine.spawn(check_at(b, verifier, payloads[i].first, r.checks[i]), "check");
  }
  b.engine.run();
  r.reads = verifier.ledger().reads();
  r.round_trips = verifier.ledger().round_trips();
  r.to_host = b.link.moved(hardware::pcie::Direction::to_host);
  return r;
}

inline Check one(const VerificationParams& v, Bytes payload, const HostParams& host = round_host(),
                 const GpuParams& gpu = round_gpu()) {
  return run(v, {{0_us, payload}}, host, gpu).checks[0];
}

inline double took(const Check& c) { return seconds(c.ended - c.began); }
inline double spent(const Check& c, hardware::Category category) {
  return seconds(c.spent[category]);
}

}  // namespace fieldsim::verify::test
