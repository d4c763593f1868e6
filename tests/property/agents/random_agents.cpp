#include "tests/property/agents/random_agents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tests/property/agents/random_scenario.hpp"

namespace fieldsim::test {

namespace {

constexpr std::int64_t kIndex = 65'536;  // at least what an index takes

class Maker : private RandomScenario {
 public:
  explicit Maker(std::uint64_t seed) : RandomScenario(seed, "agents scenario") {}

  config::Value make() {
    workload();
    anchors_ = one_in(3) ? 0 : 1 + below(64);
    page_ = 1 + below(one_in(2) ? 8 : 64);
    machine();
    verification();
    boundary();
    faults(true);
    recovery({"suffix", "session_restart", "cascading_closure", "cascading_closure",
              "selective_revalidation", "compensate_only"});
    put("seed", static_cast<std::int64_t>(seed_));
    return root_;
  }

 private:
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

  bool index_ = false;
  std::int64_t context_ = 0, limit_ = 0, page_ = 1;
};

}  // namespace

config::Value random_agents(std::uint64_t seed) { return Maker(seed).make(); }

}  // namespace fieldsim::test
