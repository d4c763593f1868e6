#include "sim/recovery/effects.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::recovery {

Release release_of(OutputCommit policy, EffectClass kind) {
  switch (policy) {
    case OutputCommit::hold_until_verified:
      return Release::awaited;
    case OutputCommit::transactional_outbox:
      return kind == EffectClass::read_only ? Release::at_once : Release::outboxed;
    case OutputCommit::tiered_by_effect:
      return kind == EffectClass::irreversible ? Release::awaited : Release::at_once;
    case OutputCommit::release_and_compensate:
    case OutputCommit::stream_with_retraction:
      return Release::at_once;
  }
  return Release::awaited;
}

bool holds_tokens(OutputCommit policy) {
  return policy == OutputCommit::hold_until_verified ||
         policy == OutputCommit::transactional_outbox || policy == OutputCommit::tiered_by_effect;
}

bool EffectLedger::apply(Effect& effect) {
  SIM_CHECK(effect.state == Effect::State::pending, "an effect is applied twice");
  effect.state = Effect::State::applied;
  effect.order = ++order_;
  if (standing_.count(effect.key) > 0) {
    effect.state = Effect::State::escaped;  // it stands from an earlier attempt
    ++duplicates_;
    return false;
  }
  ++applied_[index(effect.kind)];
  return true;
}

void EffectLedger::compensate(Effect& effect, bool succeeds) {
  SIM_CHECK(effect.state == Effect::State::applied, "an effect is undone that does not stand");
  if (!succeeds) return escape(effect);
  effect.state = Effect::State::compensated;
  ++compensated_;
}

void EffectLedger::escape(Effect& effect) {
  effect.state = Effect::State::escaped;
  standing_.insert(effect.key);
  ++escaped_[index(effect.kind)];
}

std::vector<Effect*> compensation_order(std::vector<Effect*> effects) {
  std::sort(effects.begin(), effects.end(),
            [](const Effect* a, const Effect* b) { return a->order > b->order; });
  return effects;
}

}  // namespace fieldsim::recovery
