#include "sim/recovery/verdicts.hpp"

namespace fieldsim::recovery {

using verify::Timing;

namespace {

constexpr std::int64_t kFp16Bytes = 2;

}  // namespace

// 24 bits of agent, 16 of step, 16 of token, 8 of attempt: beyond that places share draws.
std::uint64_t draw(const Place& p) {
  const auto part = [](std::int64_t v, int bits) {
    return static_cast<std::uint64_t>(v) & ((std::uint64_t{1} << bits) - 1);
  };
  return part(p.agent, 24) << 40 | part(p.step, 16) << 24 | part(p.token, 16) << 8 |
         part(p.attempt, 8);
}

VerdictSource::VerdictSource(std::uint64_t seed, const Faults& faults,
                             const verify::VerificationParams& params)
    : faults_(faults),
      params_(params),
      verdict_(seed, "verify.verdict"),
      tokens_(seed, "faults.token_flip"),
      flips_(seed, "faults.bit_flips"),
      tampering_(seed, "faults.tampering"),
      use_(seed, "faults.time_of_use"),
      noise_draw_(seed, "faults.noise"),
      audit_(seed, "verify.audit"),
      notice_(seed, "verify.notice"),
      challenge_(seed, "verify.challenge") {}

double VerdictSource::mismatch(Bytes payload) const {
  const std::int64_t elements = payload.count() / kFp16Bytes;
  const auto [at, fresh] = mismatches_.emplace(elements, 0.0);
  if (fresh)
    at->second = mitigated(faults_.noise->spec(elements), params_.noise_mitigation).mismatch;
  return at->second;
}

double VerdictSource::uniform(const RandomStream& stream, const Place& place) const {
  return stream.uniform_at(draw(place));
}

Condition VerdictSource::condition(const Place& place, const Life& life) const {
  Condition c;
  c.bad = uniform(verdict_, place) < faults_.verdict_failure;
  const auto before = [&](const RandomStream& s, const Place& p, Duration mean, Duration d) {
    return s.exponential_at(draw(p), static_cast<double>(mean.count())) <
           static_cast<double>(d.count());
  };
  if (const double q = faults_.token_flip.probability; q > 0)
    c.bad = c.bad || uniform(tokens_, place) < verify::any_flips(q, life.tokens);
  if (faults_.bit_flips)
    c.bad = c.bad || before(flips_, place, faults_.bit_flips->every, life.generating);
  if (faults_.tampering && before(tampering_, {place.agent, 0, 0, life.replicas},
                                  faults_.tampering->every, life.anchored))
    c.persistent = true;
  c.anchor_only = c.persistent && !c.bad;
  c.bad = c.bad || c.persistent;
  if (faults_.time_of_use && uniform(use_, place) < faults_.time_of_use->probability) {
    c.unseen = !c.bad;
    c.bad = true;
  }
  if (faults_.noise) {
    Place again = place;
    if (faults_.noise->systematic) again.attempt = 0;
    c.noise = uniform(noise_draw_, again) < mismatch(life.payload);
  }
  return c;
}

Ruling VerdictSource::rule(const Place& place, const Condition& c) const {
  Ruling r;
  const bool differs = (c.bad && !c.unseen) || c.noise;
  switch (params_.timing) {
    case Timing::none:
    case Timing::attested_tee:
      break;
    case Timing::sampled_audit:
      r.checked = uniform(audit_, place) < params_.audit.rate;
      r.fails = r.checked && differs && uniform(notice_, place) < params_.audit.sensitivity;
      break;
    case Timing::challenge_window: {
      const double p = differs ? params_.challenge.watch : params_.challenge.probability;
      const double u = uniform(challenge_, place);
      r.checked = u < p;
      r.fails = r.checked && differs;
      r.least = params_.challenge.window;
      if (r.checked) r.before = scaled(params_.challenge.window, u / p);  // uniform in the window
      break;
    }
    case Timing::on_load:  // compares the digest that was verified at the load
      r.fails = differs;
      break;
    case Timing::pessimistic:
    case Timing::optimistic:
    case Timing::optimistic_verified_prefix:
      r.checked = true;
      r.fails = differs;
      break;
  }
  r.false_positive = r.fails && !c.bad;
  r.missed = !r.fails && c.bad;
  return r;
}

void VerdictSource::hear(Ruling& r, const Condition& c, bool lie, bool refused) {
  if (lie && c.anchor_only && !c.noise) r.fails = false;
  r.fails = r.fails || refused;
  r.false_positive = r.fails && !refused && !c.bad;
  r.missed = !r.fails && c.bad;
}

}  // namespace fieldsim::recovery
