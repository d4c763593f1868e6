#include "tests/property/agents/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tests/property/agents/isolate.hpp"
#include "tests/property/agents/laws.hpp"
#include "tests/property/agents/random_agents.hpp"
#include "tests/property/agents/shrink.hpp"
#include "tests/property/agents/yaml_tree.hpp"
#include "tests/unit/system/scenario.hpp"

namespace fieldsim::test {

namespace {

constexpr std::uint64_t kTogether = 50;  // cases of one process

std::string first_broken(const Family& family, const std::string& yaml, Sabotage sabotage,
                         const std::string& kind) {
  for (const std::string& broken : family.broken(system::test::from_text(yaml), sabotage))
    if (kind.empty() || kind_of(broken) == kind) return broken;
  return "";
}

// The verdict on a scenario as it is drawn; a draw that does not load is the generator's fault.
std::string drawn_verdict(const Family& family, std::uint64_t seed, Sabotage sabotage,
                          const std::string& kind) {
  try {
    return first_broken(family, yaml_text(family.draw(seed)), sabotage, kind);
  } catch (const ConfigError& e) {
    return std::string("generator: ") + e.what();
  }
}

// The first failing seed of a range, or its end.
std::uint64_t first_failing(const Family& family, std::uint64_t from, std::uint64_t to,
                            Sabotage sabotage, const std::string& kind) {
  const std::string batch = isolated([&]() -> std::string {
    for (std::uint64_t seed = from; seed < to; ++seed)
      if (!drawn_verdict(family, seed, sabotage, kind).empty()) return std::to_string(seed);
    return "";
  });
  if (batch.empty()) return to;
  if (kind_of(batch) != "crash") return std::stoull(batch);
  for (std::uint64_t seed = from; seed < to; ++seed)
    if (!isolated([&] { return drawn_verdict(family, seed, sabotage, kind); }).empty()) return seed;
  return to;
}

}  // namespace

std::optional<Finding> first_finding(const Family& family, const std::string& name,
                                     std::uint64_t first, std::uint64_t count, Sabotage sabotage,
                                     const std::string& kind) {
  std::uint64_t seed = first;
  for (const std::uint64_t end = first + count;; seed = std::min(seed + kTogether, end)) {
    if (seed >= end) return std::nullopt;
    const std::uint64_t to = std::min(seed + kTogether, end);
    const std::uint64_t failing = first_failing(family, seed, to, sabotage, kind);
    if (failing == to) continue;
    seed = failing;
    break;
  }
  Finding f;
  f.seed = seed;
  const std::string drawn = isolated([&] { return drawn_verdict(family, seed, sabotage, kind); });
  const std::string wanted = kind_of(drawn);
  const auto judge = [&](const config::Value& tree) {
    return verdict(family, yaml_text(tree), sabotage, wanted);
  };
  Shrunk shrunk = shrink(family.draw(seed),
                         [&](const config::Value& tree) { return kind_of(judge(tree)) == wanted; });
  f.tried = shrunk.tried;
  f.tree = std::move(shrunk.tree);
  f.violation = judge(f.tree);
  f.path = keep_failing(fmt::format("{}_{}", name, seed), f.tree,
                        sabotage == Sabotage::none
                            ? f.violation
                            : f.violation + "\nA fault was planted: run by hand, it passes.");
  return f;
}

const Family& agents() {
  static const Family family{random_agents, broken_laws};
  return family;
}

std::string verdict(const Family& family, const std::string& yaml, Sabotage sabotage,
                    const std::string& kind) {
  return isolated([&]() -> std::string {
    try {
      return first_broken(family, yaml, sabotage, kind);
    } catch (const ConfigError& e) {
      return std::string("invalid: ") + e.what();
    }
  });
}

std::string kind_of(const std::string& verdict) { return verdict.substr(0, verdict.find(':')); }

std::string report(const Finding& f) {
  return fmt::format(
      "seed {} breaks a law; after {} steps of shrinking:\n  {}\n  file: {}\n  run:  fieldsim run "
      "{}\n{}",
      f.seed, f.tried, f.violation, f.path, f.path, yaml_text(f.tree));
}

std::uint64_t number_or(const char* variable, std::uint64_t otherwise) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? otherwise : std::strtoull(asked, nullptr, 10);
}

}  // namespace fieldsim::test
