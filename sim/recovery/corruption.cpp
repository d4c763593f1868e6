#include "sim/recovery/corruption.hpp"

#include <algorithm>

#include "sim/verify/outages.hpp"

namespace fieldsim::recovery {

using verify::exponential_time;

namespace {

constexpr std::uint64_t kAttemptsPerBoundary = 1ull << 20;
constexpr std::int64_t kNever = std::int64_t{1} << 62;

// Tokens before the first bad one, each bad with probability q: floor(log u / log(1 - q)).
std::int64_t good_tokens(double uniform, double q) {
  if (q >= 1) return 0;
  const double n = portable_log(uniform) / portable_log(1 - q);
  return n < 0x1p60 ? static_cast<std::int64_t>(n) : kNever;
}

void mark(std::int64_t& first, std::int64_t token) {
  if (first < 0 || token < first) first = token;
}

}  // namespace

std::int64_t Taint::first() const {
  std::int64_t f = work;
  for (const std::int64_t t : {anchor, unseen})
    if (t >= 0) mark(f, t);
  return f;
}

Corruption::Corruption(std::uint64_t seed, const Faults& faults, Scope scope)
    : faults_(faults),
      scope_(scope),
      verdicts_(seed, "verify.verdict"),
      tokens_(seed, "faults.token_flip"),
      flips_(seed, "faults.bit_flip"),
      tampering_(seed, "faults.tampering"),
      time_of_use_(seed, "faults.time_of_use"),
      noise_(seed, "faults.noise") {
  refetched();
}

std::uint64_t Corruption::draw(const Boundary& b) {
  return static_cast<std::uint64_t>(b.index) * kAttemptsPerBoundary +
         static_cast<std::uint64_t>(b.epoch);
}

void Corruption::refetched() {
  repaired();
  falsified_ = false;
  if (faults_.tampering)
    until_tampering_ = exponential_time(tampering_.uniform(), faults_.tampering->every);
}

void Corruption::begin(Boundary& b) {
  const std::uint64_t i = draw(b);
  altered_ = altered_ || altered_unseen_;
  altered_unseen_ = false;
  if (scope_ == Scope::boundary && verdicts_.bernoulli_at(i, faults_.verdict_failure))
    b.taint.work = 0;
  const double q = faults_.token_flip.probability;
  b.flips_at_token = q > 0 ? good_tokens(tokens_.uniform_at(i), q) : kNever;
  b.flips_after = faults_.bit_flips
                      ? exponential_time(flips_.uniform_at(i), faults_.bit_flips->every)
                      : Duration::max();
}

void Corruption::token(Boundary& b, Duration spent) {
  const std::int64_t newest = b.tokens - 1;
  b.generating += spent;
  if (newest == b.flips_at_token) mark(b.taint.work, newest);
  if (b.generating >= b.flips_after) {
    b.flips_after = Duration::max();
    mark(b.taint.work, newest);
    if (scope_ == Scope::resident) altered_ = true;
  }
  if (scope_ == Scope::enclave) return;
  if (faults_.tampering && !falsified_) {
    until_tampering_ -= spent;
    falsified_ = until_tampering_ <= Duration::zero();
  }
  if (falsified_) mark(b.taint.anchor, newest);
  if (altered_) mark(b.taint.work, newest);
  // Changed after this boundary's bytes were read for its check: the next look at them may tell.
  if (newest == 0 && faults_.time_of_use &&
      time_of_use_.bernoulli_at(draw(b), faults_.time_of_use->probability)) {
    mark(b.taint.unseen, newest);
    altered_unseen_ = true;
  }
}

bool Corruption::noticeable(const Boundary& b, bool ledger_lies) {
  return b.taint.work >= 0 || (b.taint.anchor >= 0 && !ledger_lies);
}

bool Corruption::false_alarm(const Boundary& b, double probability) const {
  if (!faults_.noise) return false;
  const bool same = faults_.noise->systematic;
  return noise_.bernoulli_at(
      same ? static_cast<std::uint64_t>(b.index) * kAttemptsPerBoundary : draw(b), probability);
}

bool Corruption::load_fails(std::uint64_t load) const {
  return verdicts_.bernoulli_at(load, faults_.verdict_failure);
}

}  // namespace fieldsim::recovery
