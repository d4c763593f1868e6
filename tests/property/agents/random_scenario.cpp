#include "tests/property/agents/random_scenario.hpp"

#include <fmt/format.h>

namespace fieldsim::test {

namespace {
constexpr std::int64_t kLeastKept = 300;  // KiB: a token kept twice, and its block table
}  // namespace

std::string RandomScenario::share(std::int64_t tenths) {
  return fmt::format("{:.1f}", 0.1 * double(tenths));
}
void RandomScenario::chance(const std::string& path) {
  put(path, one_in(3) ? std::string("1") : share(below(10)));
}
std::string RandomScenario::time(std::int64_t most) {
  if (one_in(5)) return "0 s";
  return one_in(3) ? fmt::format("{} us", 1 + below(1000)) : fmt::format("{} ms", 1 + below(most));
}
std::string RandomScenario::some_time(std::int64_t most) {
  return fmt::format("{} ms", 1 + below(most));
}

void RandomScenario::durations(const std::string& path, std::int64_t most) {
  switch (below(4)) {
    case 0:
      return put(path + ".exponential", some_time(most));
    case 1:
      return put(path + ".uniform", std::vector<std::string>{"0 s", some_time(most)});
    case 2:
      put(path + ".lognormal.median", some_time(most));
      return put(path + ".lognormal.sigma", std::string("0.5"));
    default:
      return put(path, time(most));
  }
}
void RandomScenario::counts(const std::string& path, std::int64_t most) {
  switch (below(3)) {
    case 0:
      return put(path + ".geometric", 1 + below(most));
    case 1:
      return put(path + ".uniform", std::vector<std::string>{"0", std::to_string(below(most + 1))});
    default:
      return put(path, below(most + 1));
  }
}

void RandomScenario::verification() {
  const std::string v = "verification.";
  if (one_in(3))
    pick(v + "timing", {"none", "on_load", "sampled_audit", "challenge_window", "attested_tee"});
  else
    pick(v + "timing", {"pessimistic", "optimistic", "optimistic", "optimistic_verified_prefix"});
  if (one_in(2)) put(v + "on_load.rehash", some_time(200));
  chance(v + "audit.rate");
  chance(v + "audit.sensitivity");
  put(v + "challenge.window", time(200));
  chance(v + "challenge.probability");
  chance(v + "challenge.watch");
  put(v + "tee.attestation", time(100));
  put(v + "window", 1 + below(5));
  put(v + "workers", 1 + below(3));
  if (anchors_ > 0 && one_in(3))
    put(v + "payload", std::string("anchor_kv"));
  else if (one_in(3))
    put(v + "payload.bytes", fmt::format("{} KiB", below(20'000)));
  else
    pick(v + "payload", {"new_kv", "anchor_vector"});
  pick(v + "quantize", {"none", "int8_static"});
  pick(v + "hash", {"cpu_sha256", "cpu_blake3", "cpu_interpreted", "gpu_tree"});
  pick(v + "transfer", {"pinned", "pageable", "none"});
  pick(v + "ledger.consistency",
       {"none", "eventual", "cached_head", "lease", "quorum", "linearizable"});
  put(v + "ledger.round_trip", time(100));
  put(v + "ledger.max_age", some_time(1000));
  pick(v + "ledger.partition", {"fail_closed", "fail_open"});
}

void RandomScenario::boundary() {
  const std::string b = "verification.boundary.";
  if (one_in(3)) {
    for (std::int64_t n = 1 + below(3); n > 0; --n) rule(b + "hybrid.");
  } else {
    rule(b);
  }
}
void RandomScenario::rule(const std::string& b) {
  switch (below(6)) {
    case 0:
      return put(b + "every_tokens", 1 + below(20));
    case 1:
      return put(b + "every", some_time(100));
    case 2:
      return put(b + "dirty_bytes", fmt::format("{} KiB", 1 + below(5000)));
    case 3:
      return put(b + "semantic_step", 1 + below(20));
    case 4:
      return put(b + "external_effect", 1 + below(20));
    default:
      put(b + "adaptive.mean_time_to_failure", some_time(2000));
      put(b + "adaptive.cost", time(5));
      put(b + "adaptive.min_tokens", 1 + below(4));
      return put(b + "adaptive.max_tokens", 4 + below(40));
  }
}

void RandomScenario::faults(bool crashes) {
  if (one_in(8)) return;
  if (!one_in(4)) pick("faults.verdict_failure", {"0.05", "0.1", "0.2", "0.4", "0.7", "1"});
  if (one_in(4)) put("faults.bit_flips", some_time(1000));
  if (one_in(5)) put("faults.tampering", some_time(1000));
  if (one_in(5)) chance("faults.time_of_use");
  if (one_in(5)) {
    put("faults.noise.flip", std::string("0.001"));
    put("faults.noise.elements", below(1000));
    chance("faults.noise.diverges");
    pick("faults.noise.systematic", {"true", "false"});
  }
  if (one_in(4)) {
    chance("faults.slow_verifier.probability");
    put("faults.slow_verifier.factor", 1 + below(50));
  }
  if (one_in(6)) pick("faults.token_flip", {"0.001", "0.01", "0.1"});
  if (crashes && one_in(4)) crash("faults.device_crash.");
  if (one_in(5)) crash("faults.verifier_crash.");
  if (one_in(5)) put("faults.ledger.revoked_every", some_time(2000));
  if (one_in(5)) chance("faults.ledger.equivocation");
  if (one_in(5)) {
    put("faults.ledger.partition_every", some_time(1000));
    put("faults.ledger.partition_lasts", some_time(500));
  }
}
void RandomScenario::crash(const std::string& which) {
  put(which + "every", some_time(one_in(10) ? 20 : 2000));
  put(which + "restart", time(300));
}

void RandomScenario::recovery(Words rollbacks) {
  const std::string r = "recovery.";
  pick(r + "rollback", rollbacks);
  chance(r + "unchanged");
  put(r + "retry_limit", below(5));
  put(r + "retry.backoff", time(20));
  put(r + "retry.backoff_factor", 1 + below(3));
  pick(r + "retry.refetch", {"none", "replica"});
  put(r + "retry.refetch_time", time(50));
  pick(r + "retry.exhausted", {"abort", "abort", "pessimistic", "tolerate"});
  pick(r + "output_commit",
       {"hold_until_verified", "transactional_outbox", "release_and_compensate", "tiered_by_effect",
        "stream_with_retraction"});
  put(r + "compensation.time", time(100));
  chance(r + "compensation.success");
  pick(r + "visibility", {"strict", "read_committed", "snapshot", "read_uncommitted",
                          "read_uncommitted", "quarantine"});
  pick(r + "checkpoint", {"cow_blocks", "full_copy_device", "full_copy_host", "recompute"});
  put(r + "checkpoint_cost", one_in(2) ? std::string("0 s") : time(3));
  put(r + "truncate", time(2));
  if (one_in(4)) put(r + "retained.limit", fmt::format("{} KiB", kLeastKept + below(8000)));
}

}  // namespace fieldsim::test
