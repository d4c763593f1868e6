#pragma once
// Effects on the world outside: who may let them out when, exactly-once application by idempotency
// key, and undoing them. Sagas: Garcia-Molina & Salem, SIGMOD 1987; output commit: Elnozahy et al.,
// ACM CSUR 2002.
#include <array>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/recovery/params.hpp"
#include "sim/recovery/provenance.hpp"

namespace fieldsim::recovery {

enum class EffectClass : std::uint8_t {
  read_only,      // asks, changes nothing
  compensatable,  // can be undone by another effect, with a probability
  irreversible,   // an e-mail sent, a payment made
};
inline constexpr std::size_t kEffectClasses = 3;

enum class Release : std::uint8_t {
  at_once,   // applied when the agent asks
  awaited,   // the agent waits until everything the effect derives from is verified
  outboxed,  // the agent goes on; the outbox applies it when that is verified
};
Release release_of(OutputCommit policy, EffectClass kind);
// Whether generated tokens wait for their boundary's verdict before anybody outside sees them.
bool holds_tokens(OutputCommit policy);

struct Effect {
  enum class State : std::uint8_t { pending, applied, compensated, escaped, cancelled };
  std::uint64_t key = 0;  // idempotency key: the same for every attempt of one step
  EffectClass kind = EffectClass::read_only;
  State state = State::pending;
  Release release = Release::at_once;
  std::int64_t agent = 0;
  std::uint64_t order = 0;  // of application, from 1
  Vertex vertex;
  Time asked;
};

// What the world has seen. Invariant (I5): for each key, applied less compensated is 0 or 1.
class EffectLedger {
 public:
  // Returns false when the key stands already: an earlier attempt could not be compensated, and the
  // receiver drops the duplicate.
  bool apply(Effect& effect);
  // REQUIRES: applied. `succeeds` false leaves the effect standing: it has escaped.
  void compensate(Effect& effect, bool succeeds);
  // An applied effect that nothing can undo loses its origin.
  void escape(Effect& effect);

  std::int64_t applied(EffectClass kind) const { return applied_[index(kind)]; }
  std::int64_t escaped(EffectClass kind) const { return escaped_[index(kind)]; }
  std::int64_t compensated() const { return compensated_; }
  std::int64_t duplicates() const { return duplicates_; }

 private:
  static constexpr std::size_t index(EffectClass k) { return static_cast<std::size_t>(k); }
  std::array<std::int64_t, kEffectClasses> applied_{}, escaped_{};
  std::int64_t compensated_ = 0, duplicates_ = 0;
  std::uint64_t order_ = 0;
  std::unordered_set<std::uint64_t> standing_;  // keys of escaped effects
};

// The order in which a saga undoes: last applied first, which is reverse topological, because an
// effect is applied after all it derives from.
std::vector<Effect*> compensation_order(std::vector<Effect*> effects);

}  // namespace fieldsim::recovery
