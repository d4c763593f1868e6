#include "tests/property/requests/random_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tests/property/agents/random_scenario.hpp"

namespace fieldsim::test {

namespace {

class Maker : private RandomScenario {
 public:
  explicit Maker(std::uint64_t seed) : RandomScenario(seed, "requests scenario") {}

  config::Value make() {
    page_ = 1 + below(one_in(2) ? 8 : 64);
    cached_ = one_in(2);
    if (cached_) {
      anchors();
    } else if (!one_in(3)) {
      anchors_ = 1 + below(64);
    }
    workload();
    machine();
    verification();
    boundary();
    faults(false);
    if (cached_ && sets_ > 1) root_ = without(root_, {"faults", "ledger", "revoked_every"});
    // A verifier that mostly crashes within a check ends a run after years of simulated time.
    if (at(root_, {"faults", "verifier_crash"}) != nullptr)
      put("faults.verifier_crash.every", fmt::format("{} s", 5 + below(60)));
    recovery({"suffix", "session_restart", "cascading_closure", "selective_revalidation"});
    put("seed", static_cast<std::int64_t>(seed_));
    return root_;
  }

 private:
  void workload() {
    const std::string r = "workload.requests.";
    put("workload.prefill_chunk", 1 + below(200));
    if (one_in(2)) put("workload.decode_step", some_time(20));
    if (one_in(3)) put("workload.prefill", std::string("0 s"));
    if (one_in(3))
      put(r + "rate", fmt::format("{} / s", 1 + below(200)));
    else
      durations(r + "arrival", 40);
    if (one_in(4)) pick(r + "rate_scale", {"0.5", "2", "10"});
    put(r + "count", 1 + below(one_in(20) ? 40 : 12));  // a few are larger
    if (one_in(4)) put(r + "duration", some_time(1000));
    prompt_ = lengths(r + "prompt_tokens", 150);
    output_ = lengths(r + "output_tokens", 60);
    put(r + "max_running", 1 + below(one_in(2) ? 3 : 12));
    pick(r + "watermark", {"0", "0.01", "0.1", "0.5"});
    pick(r + "preemption", {"recompute", "swap"});
    if (one_in(3)) put(r + "host_kv", fmt::format("{} MiB", below(50)));
    if (one_in(4)) put(r + "slo.ttft", some_time(500));
    if (one_in(8)) put(r + "slo.tpot", some_time(50));
  }

  // A number of tokens that is fixed, or drawn; the least that is sure to be drawn sometime.
  std::int64_t lengths(const std::string& path, std::int64_t most) {
    const std::int64_t n = 1 + below(most);
    switch (below(3)) {
      case 0:
        put(path + ".geometric", n);
        break;
      case 1:
        put(path + ".uniform", std::vector<std::string>{"1", std::to_string(n)});
        break;
      default:
        put(path, n);
    }
    return n;
  }

  void anchors() {
    const std::int64_t each = 1 + below(4);
    sets_ = each + (one_in(3) ? 0 : below(12));
    anchors_ = each * (1 + below(24));
    put("anchors.count", sets_);
    put("anchors.per_request", each);
    put("anchors.zipf", share(below(20)));
    if (one_in(4)) pick("anchors.pinned", {"true", "false"});
    if (one_in(4)) pick("anchors.promote", {"copy_kv", "prefill"});
    if (one_in(4)) put("anchors.fetch", std::string("remote"));
    one_ = (anchors_ / each + page_ - 1) / page_;
    set_ = one_ * each;
    if (one_in(3))
      put("anchors.limit", fmt::format("{} B", (set_ + below(3 * set_)) * page_ * kKvPerToken));
  }

  // From the least in which a request of these lengths fits, where requests drive each other out,
  // to enough for all. A stream of which none fits does not load, and is no case.
  void machine() {
    const bool pinned = at(root_, {"anchors", "pinned"}) != nullptr;
    const std::int64_t fixed = cached_ ? (pinned ? one_ * sets_ : set_) : 0;
    const std::int64_t one = (prompt_ + output_ + page_ - 1) / page_;
    std::int64_t blocks = fixed + one;
    if (!one_in(4)) blocks += below(one_in(2) ? one + 2 : 20 * (one + 2));
    const std::int64_t room = blocks * page_ + (one_in(4) ? below(page_) : 0);
    const std::int64_t beside = cached_ ? 0 : anchors_;
    put("hardware.extends", std::string("h200-sxm"));
    if (one_in(3)) {
      put("hardware.gpu.hbm.capacity",
          fmt::format("{} B", kWeights + (room + beside) * kKvPerToken));
    } else {
      put("workload.requests.kv_memory", fmt::format("{} B", room * kKvPerToken));
    }
    put("model", std::string("llama-3.1-8b"));
    put("attention.kernel", std::string(anchors_ > 0 ? "fused" : "none"));
    put("attention.anchor_tokens", anchors_);
    put("attention.page_tokens", page_);
  }

  bool cached_ = false;
  std::int64_t page_ = 1, prompt_ = 0, output_ = 0;
  std::int64_t sets_ = 0, one_ = 0, set_ = 0;  // anchors; blocks of one, of those of a request
};

}  // namespace

config::Value random_requests(std::uint64_t seed) { return Maker(seed).make(); }

}  // namespace fieldsim::test
