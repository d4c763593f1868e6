#include "tests/property/agents/random_agents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>

#include "sim/base/random.hpp"
#include "tests/property/agents/yaml_tree.hpp"

namespace fieldsim::test {

namespace {

// Llama-3.1-8B in FP16, as the simulator counts it: what is left beside it is room for KV.
constexpr std::int64_t kWeights = 16'060'522'496;
constexpr std::int64_t kKvPerToken = 131'072;
constexpr std::int64_t kLeastKept = 300;  // KiB: a token kept twice, and its block table
constexpr std::int64_t kIndex = 65'536;   // at least what an index takes

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed, "agents scenario"), seed_(seed) {}

  config::Value make() {
    workload();
    anchors_ = one_in(3) ? 0 : 1 + below(64);
    page_ = 1 + below(one_in(2) ? 8 : 64);
    machine();
    verification();
    boundary();
    faults();
    recovery();
    put("seed", static_cast<std::int64_t>(seed_));
    return root_;
  }

 private:
  using Words = std::initializer_list<const char*>;

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  template <class T>
  void put(const std::string& path, const T& value) {
    test::put(root_, path, value);
  }
  void pick(const std::string& path, Words words) {
    put(path, std::string(words.begin()[below(static_cast<std::int64_t>(words.size()))]));
  }
  std::string share(std::int64_t tenths) { return fmt::format("{:.1f}", 0.1 * double(tenths)); }
  void chance(const std::string& path) {  // 0 and 1 are as likely as all between
    put(path, one_in(3) ? std::string("1") : share(below(10)));
  }
  // Times of all magnitudes below `most` ms.
  std::string time(std::int64_t most) {
    if (one_in(5)) return "0 s";
    return one_in(3) ? fmt::format("{} us", 1 + below(1000))
                     : fmt::format("{} ms", 1 + below(most));
  }
  std::string some_time(std::int64_t most) { return fmt::format("{} ms", 1 + below(most)); }

  void durations(const std::string& path, std::int64_t most) {
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
  void counts(const std::string& path, std::int64_t most) {
    switch (below(3)) {
      case 0:
        return put(path + ".geometric", 1 + below(most));
      case 1:
        return put(path + ".uniform",
                   std::vector<std::string>{"0", std::to_string(below(most + 1))});
      default:
        return put(path, below(most + 1));
    }
  }

  void workload() {
    const std::string a = "workload.agents.";
    put("workload.prefill_chunk", 1 + below(200));
    if (one_in(2)) put("workload.decode_step", some_time(20));
    if (one_in(3)) put("workload.prefill", std::string("0 s"));
    const std::int64_t more = one_in(20) ? 3 : 1;  // a few are larger
    put(a + "count", 1 + below(6 * more));
    if (!one_in(3)) durations(a + "arrival", 40);
    put(a + "steps", 1 + below(6 * more));
    if (one_in(4)) put(a + "duration", some_time(1000));
    context_ = 1 + below(150);
    limit_ = context_ + below(150);
    put(a + "context_tokens", context_);
    put(a + "context_limit", limit_);
    counts(a + "step_tokens", 24);
    put(a + "memory.objects", 1 + below(6));
    put(a + "memory.skew", share(below(20)));
    put(a + "memory.tokens", below(40));
    counts(a + "memory.reads", 3);
    counts(a + "memory.writes", 2);
    if (one_in(3))
      index(a + "memory.");
    else
      put(a + "memory.read_time", time(5));
    put(a + "memory.tombstone_time", time(5));
    chance(a + "tool.probability");
    durations(a + "tool.latency", 100);
    counts(a + "tool.result_tokens", 30);
    const std::int64_t asks = below(11), undone = below(11 - asks);
    put(a + "tool.effects.read_only", share(asks));
    put(a + "tool.effects.compensatable", share(undone));
    put(a + "tool.effects.irreversible", share(10 - asks - undone));
    if (!one_in(3)) {
      chance(a + "messages.probability");
      counts(a + "messages.tokens", 30);
    }
    if (!one_in(3)) durations(a + "think", 60);
    put(a + "max_running", 1 + below(4));
    pick(a + "paused_kv", {"keep", "drop", "swap"});
    if (one_in(3)) put(a + "host_kv", fmt::format("{} MiB", below(100)));
  }

  void index(const std::string& memory) {
    const std::string i = memory + "index.";
    pick(i + "kind", {"flat", "ivf_flat", "ivf_pq", "hnsw"});
    pick(i + "place", {"host", "device"});
    put(i + "dimension", 1 + below(64));
    const std::int64_t lists = 1 + below(8);
    put(i + "lists", lists);
    put(i + "probes", 1 + below(lists));
    put(i + "threads", 1 + below(8));
    if (one_in(2)) chance(i + "recall");
    pick(memory + "compact_at", {"0.1", "0.2", "0.5", "1"});
    index_ = true;
  }

  // Room for KV from the least that loads, where agents drive each other out, to enough for all.
  void machine() {
    const std::int64_t least = 2 * std::max(context_, limit_);
    const std::int64_t room = anchors_ + least + 2 * page_ + (one_in(2) ? below(40) : below(3000));
    put("hardware.extends", std::string("h200-sxm"));
    put("hardware.gpu.hbm.capacity",
        fmt::format("{} B", kWeights + room * kKvPerToken + (index_ ? kIndex : 0)));
    put("model", std::string("llama-3.1-8b"));
    put("attention.kernel", std::string(anchors_ > 0 ? "fused" : "none"));
    put("attention.anchor_tokens", anchors_);
    put("attention.page_tokens", page_);
  }

  void verification() {
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

  void boundary() {
    const std::string b = "verification.boundary.";
    if (one_in(3)) {
      for (std::int64_t n = 1 + below(3); n > 0; --n) rule(b + "hybrid.");
    } else {
      rule(b);
    }
  }
  void rule(const std::string& b) {
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

  void faults() {
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
    if (one_in(4)) crash("faults.device_crash.");
    if (one_in(5)) crash("faults.verifier_crash.");
    if (one_in(5)) put("faults.ledger.revoked_every", some_time(2000));
    if (one_in(5)) chance("faults.ledger.equivocation");
    if (one_in(5)) {
      put("faults.ledger.partition_every", some_time(1000));
      put("faults.ledger.partition_lasts", some_time(500));
    }
  }
  void crash(const std::string& which) {
    put(which + "every", some_time(one_in(10) ? 20 : 2000));
    put(which + "restart", time(300));
  }

  void recovery() {
    const std::string r = "recovery.";
    pick(r + "rollback", {"suffix", "session_restart", "cascading_closure", "cascading_closure",
                          "selective_revalidation", "compensate_only"});
    chance(r + "unchanged");
    put(r + "retry_limit", below(5));
    put(r + "retry.backoff", time(20));
    put(r + "retry.backoff_factor", 1 + below(3));
    pick(r + "retry.refetch", {"none", "replica"});
    put(r + "retry.refetch_time", time(50));
    pick(r + "retry.exhausted", {"abort", "abort", "pessimistic", "tolerate"});
    pick(r + "output_commit",
         {"hold_until_verified", "transactional_outbox", "release_and_compensate",
          "tiered_by_effect", "stream_with_retraction"});
    put(r + "compensation.time", time(100));
    chance(r + "compensation.success");
    pick(r + "visibility", {"strict", "read_committed", "snapshot", "read_uncommitted",
                            "read_uncommitted", "quarantine"});
    pick(r + "checkpoint", {"cow_blocks", "full_copy_device", "full_copy_host", "recompute"});
    put(r + "checkpoint_cost", one_in(2) ? std::string("0 s") : time(3));
    put(r + "truncate", time(2));
    if (one_in(4)) put(r + "retained.limit", fmt::format("{} KiB", kLeastKept + below(8000)));
  }

  RandomStream random_;
  std::uint64_t seed_;
  config::Value root_ = config::Value::map({});
  bool index_ = false;
  std::int64_t context_ = 0, limit_ = 0, anchors_ = 0, page_ = 1;
};

}  // namespace

config::Value random_agents(std::uint64_t seed) { return Maker(seed).make(); }

}  // namespace fieldsim::test
