#include "sim/serving/agents/workload.hpp"

#include <algorithm>

namespace fieldsim::serving {

using recovery::EffectClass;

AgentsWorkload::AgentsWorkload(std::uint64_t seed, const AgentsParams& params,
                               const std::vector<Request>& requests)
    : p_(params),
      requests_(requests),
      readers_(params.memory.objects, params.memory.skew),
      arrival_(seed, "agents.arrival"),
      step_(seed, "agents.step_tokens"),
      reads_(seed, "agents.reads"),
      read_(seed, "agents.read"),
      writes_(seed, "agents.writes"),
      written_(seed, "agents.written"),
      calls_(seed, "agents.tool"),
      effect_(seed, "agents.effect"),
      latency_(seed, "agents.tool_latency"),
      result_(seed, "agents.result_tokens"),
      sends_(seed, "agents.sends"),
      recipient_(seed, "agents.recipient"),
      message_(seed, "agents.message_tokens"),
      think_(seed, "agents.think"),
      compensation_(seed, "recovery.compensation"),
      revalidation_(seed, "recovery.revalidation") {}

std::uint64_t AgentsWorkload::key(std::int64_t agent, std::int64_t step, std::int64_t k) {
  return static_cast<std::uint64_t>(agent) << 40 |
         (static_cast<std::uint64_t>(step) & 0xffffff) << 16 |
         (static_cast<std::uint64_t>(k) & 0xffff);
}

Duration AgentsWorkload::between_arrivals(std::int64_t a) const {
  const auto i = static_cast<std::size_t>(a);
  if (!requests_.empty())
    return requests_[i].arrival - (a > 0 ? requests_[i - 1].arrival : Duration::zero());
  return a > 0 ? p_.arrival.at(arrival_.uniform_at(key(a, 0))) : Duration::zero();
}
std::int64_t AgentsWorkload::context_tokens(std::int64_t a) const {
  return requests_.empty() ? p_.context_tokens : requests_[static_cast<std::size_t>(a)].prompt;
}
std::int64_t AgentsWorkload::step_tokens(std::int64_t a, std::int64_t s) const {
  if (!requests_.empty()) return requests_[static_cast<std::size_t>(a)].output;
  return std::max<std::int64_t>(1, p_.step_tokens.at(step_.uniform_at(key(a, s))));
}
std::int64_t AgentsWorkload::reads(std::int64_t a, std::int64_t s) const {
  return std::max<std::int64_t>(0, p_.memory.reads.at(reads_.uniform_at(key(a, s))));
}
std::int64_t AgentsWorkload::read(std::int64_t a, std::int64_t s, std::int64_t k) const {
  return readers_.pick(read_.uniform_at(key(a, s, k)));
}
std::int64_t AgentsWorkload::writes(std::int64_t a, std::int64_t s) const {
  return std::max<std::int64_t>(0, p_.memory.writes.at(writes_.uniform_at(key(a, s))));
}
std::int64_t AgentsWorkload::written(std::int64_t a, std::int64_t s, std::int64_t k) const {
  return readers_.pick(written_.uniform_at(key(a, s, k)));
}
bool AgentsWorkload::calls_tool(std::int64_t a, std::int64_t s) const {
  return calls_.uniform_at(key(a, s)) < p_.tool.probability;
}
EffectClass AgentsWorkload::effect(std::int64_t a, std::int64_t s) const {
  const double u = effect_.uniform_at(key(a, s));
  if (u < p_.tool.effects.irreversible) return EffectClass::irreversible;
  return u < p_.tool.effects.irreversible + p_.tool.effects.compensatable
             ? EffectClass::compensatable
             : EffectClass::read_only;
}
Duration AgentsWorkload::tool_latency(std::int64_t a, std::int64_t s) const {
  return p_.tool.latency.at(latency_.uniform_at(key(a, s)));
}
std::int64_t AgentsWorkload::result_tokens(std::int64_t a, std::int64_t s) const {
  return std::max<std::int64_t>(0, p_.tool.result_tokens.at(result_.uniform_at(key(a, s))));
}
bool AgentsWorkload::sends(std::int64_t a, std::int64_t s) const {
  return p_.count > 1 && sends_.uniform_at(key(a, s)) < p_.messages.probability;
}
std::int64_t AgentsWorkload::recipient(std::int64_t a, std::int64_t s) const {
  const double u = recipient_.uniform_at(key(a, s));
  const auto other =
      std::min(p_.count - 2, static_cast<std::int64_t>(u * static_cast<double>(p_.count - 1)));
  return other < a ? other : other + 1;
}
std::int64_t AgentsWorkload::message_tokens(std::int64_t a, std::int64_t s) const {
  return std::max<std::int64_t>(0, p_.messages.tokens.at(message_.uniform_at(key(a, s))));
}
Duration AgentsWorkload::think(std::int64_t a, std::int64_t s) const {
  return p_.think.at(think_.uniform_at(key(a, s)));
}
double AgentsWorkload::compensation(std::uint64_t k) const { return compensation_.uniform_at(k); }
double AgentsWorkload::revalidation(std::uint64_t k) const { return revalidation_.uniform_at(k); }

}  // namespace fieldsim::serving
