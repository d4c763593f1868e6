// I8 over random sessions: the commit log says how far a rollback goes, the block pool does it. A
// shared prompt, a snapshot at each boundary's beginning, verdicts in any order.
#include <catch2/catch.hpp>
#include <map>

#include "sim/base/random.hpp"
#include "sim/recovery/commit_log.hpp"
#include "sim/serving/block_pool.hpp"

using namespace fieldsim;
using namespace fieldsim::serving;
using recovery::Boundary;
using recovery::BoundaryPtr;

namespace {

constexpr std::uint64_t kSessions = 500;
constexpr int kOperations = 300;
constexpr std::int64_t kLimit = 400;  // tokens of a session

class Session {
 public:
  explicit Session(std::uint64_t seed)
      : random_(seed, "boundary_kv"),
        pool_({.block_bytes = Bytes::raw(64),
               .block_tokens = 1 + static_cast<std::int64_t>(random_.below(7)),
               .device_blocks = 4 * kLimit}),
        prompt_(Holder::anchor) {
    REQUIRE(pool_.append(prompt_, static_cast<std::int64_t>(random_.below(30)), content_++));
    live_ = pool_.fork(prompt_, Holder::sequence);
  }

  void run() {
    for (int i = 0; i < kOperations && log_.tokens() < kLimit; ++i) operate();
    for (auto& [boundary, kept] : kept_) pool_.release(kept.snapshot);
    pool_.release(live_);
    pool_.release(prompt_);
    pool_.verify();
    REQUIRE(pool_.used(Place::device) == 0);
  }

 private:
  struct Kept {
    std::int64_t tokens;
    std::uint64_t digest;
    std::map<BlockId, std::int64_t> references;  // less those of snapshots released since
    BoundaryPtr boundary;
    BlockTable snapshot{Holder::retained};
  };

  void operate() {
    switch (random_.below(8)) {
      case 0:
        return verdict(true);
      case 1:
        return verdict(false);
      case 2:
        if (!log_.empty() && !log_.newest_closed()) log_.close(Time{});
        return;
      case 3:
        return salvage();
      default:
        return generate();
    }
  }

  void generate() {
    if (log_.empty() || log_.newest_closed()) {
      const BoundaryPtr b = log_.begin(Time{});
      Kept kept{live_.tokens(), pool_.digest(live_), {}, b, BlockTable(Holder::retained)};
      for (const BlockId id : live_.blocks()) kept.references[id] = pool_.references(id);
      kept.snapshot = pool_.fork(live_, Holder::retained);
      kept_.emplace(b->first_token, std::move(kept));
    }
    log_.add_token({}, {});
    REQUIRE(pool_.append(live_, 1, content_++));
  }

  BoundaryPtr any_judged() {
    std::vector<BoundaryPtr> waiting;
    for (const auto& [token, kept] : kept_)
      if (kept.boundary->is_closed && !kept.boundary->verified) waiting.push_back(kept.boundary);
    return waiting.empty() ? nullptr : waiting[random_.below(waiting.size())];
  }

  void verdict(bool good) {
    const BoundaryPtr b = any_judged();
    if (!b) return;
    if (!good) {
      log_.discard_from(*b);
      return roll_back(b->first_token);
    }
    for (const BoundaryPtr& done : log_.verified(*b)) {
      const auto at = kept_.find(done->first_token);
      for (auto later = std::next(at); later != kept_.end(); ++later)
        for (const BlockId id : at->second.snapshot.blocks())
          if (later->second.references.contains(id)) --later->second.references[id];
      pool_.release(at->second.snapshot);
      kept_.erase(at);
    }
  }

  // Keeps a prefix of a failed boundary: its own beginning is still there to return to.
  void salvage() {
    const BoundaryPtr b = any_judged();
    if (!b) return;
    log_.keep_prefix(
        *b, 1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(b->tokens))));
    while (!kept_.empty() && kept_.rbegin()->first > b->first_token) forget_newest();
    pool_.truncate(live_, prompt_.tokens() + log_.tokens());
    REQUIRE(live_.tokens() == prompt_.tokens() + log_.tokens());
    REQUIRE(pool_.digest(live_, kept_.at(b->first_token).tokens) ==
            kept_.at(b->first_token).digest);
  }

  void roll_back(std::int64_t first_token) {
    while (kept_.rbegin()->first > first_token) forget_newest();
    Kept& kept = kept_.at(first_token);
    pool_.release(live_);
    live_ = pool_.fork(kept.snapshot, Holder::sequence);
    pool_.release(kept.snapshot);
    REQUIRE(log_.tokens() == first_token);
    REQUIRE(live_.tokens() == prompt_.tokens() + first_token);
    REQUIRE(live_.tokens() == kept.tokens);
    REQUIRE(pool_.digest(live_) == kept.digest);
    for (const auto& [id, before] : kept.references) REQUIRE(pool_.references(id) == before);
    kept_.erase(first_token);
  }

  void forget_newest() {
    pool_.release(kept_.rbegin()->second.snapshot);
    kept_.erase(std::prev(kept_.end()));
  }

  RandomStream random_;
  BlockPool pool_;
  BlockTable prompt_, live_;
  recovery::CommitLog log_{true};
  std::map<std::int64_t, Kept> kept_;  // by the boundary's first token
  std::uint64_t content_ = 1;
};

}  // namespace

TEST_CASE(
    "I8: a session's KV after a rollback is the boundary's in length, digest and references") {
  for (std::uint64_t seed = 1; seed <= kSessions; ++seed) {
    CAPTURE(seed);
    Session(seed).run();
  }
}
