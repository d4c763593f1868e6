#include "sim/recovery/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace fieldsim::recovery {

namespace {

using What = AgentsRecord::What;

constexpr std::size_t kMostReported = 20;

struct Fate {
  const AgentsRecord::Made* made = nullptr;
  Time verified = Time::never(), settled = Time::never(), discarded = Time::never();
  Time clean = Time::never();  // when all that it derives from was verified
  std::uint64_t rollback = 0;
  bool seen = false;
};

class Audit {
 public:
  explicit Audit(const AgentsRecord& r) : r_(r) {
    for (const auto& m : r.made) fates_[m.serial].made = &m;
    cascades_ =
        r.visibility == Visibility::read_uncommitted || r.visibility == Visibility::quarantine;
    closes_ = r.rollback == Rollback::cascading_closure || !cascades_;
    holds_ = r.output_commit == OutputCommit::hold_until_verified ||
             r.output_commit == OutputCommit::transactional_outbox ||
             r.output_commit == OutputCommit::tiered_by_effect;
  }

  std::vector<std::string> run() {
    for (const auto& e : r_.events) see(e);
    clean_times();
    output_commit();
    orphans();
    rollbacks();
    conservation();
    return std::move(found_);
  }

 private:
  void complain(std::string text) {
    if (found_.size() < kMostReported) found_.push_back(std::move(text));
  }
  Fate& fate(std::uint64_t serial) { return fates_[serial]; }

  // Everything that concerns the order of two events.
  void see(const AgentsRecord::Event& e) {
    Fate& f = fate(e.serial);
    if (f.made == nullptr) return complain(fmt::format("record: {} was never made", e.serial));
    const double at = seconds(e.at);
    switch (e.what) {
      case What::read:
        if (f.discarded <= e.at)
          complain(fmt::format("I9: {} is read at {:.6f} s, after it was undone", name(f), at));
        else if (!cascades_ && f.settled == Time::never())
          complain(fmt::format("I4: {} is read at {:.6f} s, before it is verified", name(f), at));
        break;
      case What::verified:
        f.verified = e.at;
        break;
      case What::settled:
        if (f.discarded != Time::never())
          complain(fmt::format("I3: {} commits at {:.6f} s, after it was undone", name(f), at));
        f.settled = e.at;
        horizon(f, at);
        break;
      case What::discarded:
        if (f.settled != Time::never())
          complain(
              fmt::format("I3: {} is undone at {:.6f} s, below the commit horizon", name(f), at));
        f.discarded = e.at;
        f.rollback = e.by;
        undone_[e.by].push_back(&f);
        break;
      case What::applied:
        if (f.made->kind != EffectClass::read_only && ++standing_[f.made->key] > 1)
          complain(fmt::format("I5: effect {:x} stands twice at {:.6f} s", f.made->key, at));
        applied_[e.serial] = {e.at, ++order_};
        break;
      case What::compensated:
        if (--standing_[f.made->key] < 0)
          complain(fmt::format("I5: effect {:x} is compensated, but does not stand", f.made->key));
        saga(e, f);
        break;
      case What::escaped:
        if (holds_ && f.made->kind == EffectClass::irreversible && r_.verdicts)
          complain(
              fmt::format("I1: {} escaped at {:.6f} s under a policy that holds it", name(f), at));
        break;
      case What::released:
        if (holds_ && r_.verdicts && f.settled == Time::never())
          complain(fmt::format("I1: {} tokens of {} reach a reader at {:.6f} s, before its verdict",
                               e.by, name(f), at));
        break;
    }
  }

  // Boundaries of a session commit in order.
  void horizon(const Fate& f, double at) {
    if (f.made->item != Item::tokens) return;
    std::uint64_t& last = committed_[f.made->agent];
    if (f.made->serial < last)
      complain(fmt::format("I3: the commit horizon of agent {} goes back at {:.6f} s",
                           f.made->agent, at));
    last = std::max(last, f.made->serial);
  }

  void saga(const AgentsRecord::Event& e, const Fate& f) {
    const auto now = applied_.find(e.serial);
    if (now == applied_.end()) return complain(fmt::format("I6: {} was never applied", name(f)));
    std::uint64_t& last = undo_order_.try_emplace(e.by, UINT64_MAX).first->second;
    if (now->second.second > last)
      complain(fmt::format("I6: rollback {} compensates {} after an effect applied before it", e.by,
                           name(f)));
    last = now->second.second;
  }

  // Depth first: a boundary that is still open may read what was made after it.
  void clean_times() {
    std::vector<std::pair<const AgentsRecord::Made*, std::size_t>> path;
    for (const auto& m : r_.made) {
      if (fate(m.serial).seen) continue;
      fate(m.serial).seen = true;
      path.emplace_back(&m, 0);
      while (!path.empty()) {
        auto& [made, next] = path.back();
        Fate& f = fate(made->serial);
        if (next < made->from.size()) {
          Fate& source = fate(made->from[next++]);
          if (source.made != nullptr && !std::exchange(source.seen, true))
            path.emplace_back(source.made, 0);
          continue;
        }
        f.clean = made->item == Item::tokens ? f.verified : Time::zero();
        for (std::uint64_t serial : made->from) f.clean = std::max(f.clean, fate(serial).clean);
        path.pop_back();
      }
    }
  }

  // The unverified ancestor that is nearest to the root, or the first one met again: a record that
  // breaks the rules of visibility may have cycles.
  const Fate& culprit(const Fate& f, Time at) {
    const Fate* here = &f;
    for (std::set<const Fate*> met; met.insert(here).second;)
      for (std::uint64_t source : here->made->from)
        if (fate(source).clean > at) {
          here = &fate(source);
          break;
        }
    return *here;
  }

  void output_commit() {
    if (!holds_ || !r_.verdicts || !closes_) return;
    for (const auto& [serial, when] : applied_) {
      const Fate& f = fate(serial);
      const bool held = release_of(r_.output_commit, f.made->kind) != Release::at_once;
      if (held && f.clean > when.first)
        complain(fmt::format(
            "I1: {} is released at {:.6f} s, but {}, from which it derives, is not verified",
            name(f), seconds(when.first), name(culprit(f, when.first))));
    }
  }

  void orphans() {
    if (!closes_ || r_.rollback == Rollback::compensate_only) return;
    for (const auto& m : r_.made) {
      const Fate& f = fate(m.serial);
      if (f.discarded != Time::never()) continue;
      for (std::uint64_t source : m.from)
        if (fate(source).discarded != Time::never())
          complain(fmt::format("I2: {} outlives {}, from which it derives", name(f),
                               name(fate(source))));
    }
  }

  void rollbacks() {
    std::unordered_map<std::int64_t, std::vector<const Fate*>> boundaries;
    for (const auto& m : r_.made)
      if (m.item == Item::tokens) boundaries[m.agent].push_back(&fate(m.serial));
    for (const auto& [number, fates] : undone_) {
      std::map<std::int64_t, const Fate*> first;  // of each agent
      std::int64_t depth = 0;
      for (const Fate* f : fates) {
        if (f->made->item != Item::tokens) continue;
        const Fate*& known = first[f->made->agent];
        if (known == nullptr || f->made->serial < known->made->serial) known = f;
        ++depth;
      }
      if (!cascades_ && first.size() > 1)
        complain(
            fmt::format("I4: rollback {} reaches {} agents although nobody reads what is not "
                        "verified",
                        number, first.size()));
      if (!cascades_ && r_.window > 0 && depth > r_.window)
        complain(fmt::format("I4: rollback {} undoes {} boundaries, more than the window of {}",
                             number, depth, r_.window));
      for (const auto& [agent, from] : first) suffix(number, *from, boundaries[agent]);
    }
  }

  // Every KV entry behind an invalid one attended to it.
  void suffix(std::uint64_t number, const Fate& from, const std::vector<const Fate*>& all) {
    const auto later = std::upper_bound(
        all.begin(), all.end(), from.made->serial,
        [](std::uint64_t serial, const Fate* f) { return serial < f->made->serial; });
    for (auto f = later; f != all.end() && (*f)->made->at <= from.discarded; ++f)
      if ((*f)->discarded > from.discarded && (*f)->made->at < from.discarded)
        complain(fmt::format("I10: rollback {} undoes {} but not {}, which follows it", number,
                             name(from), name(**f)));
  }

  void conservation() {
    const auto balance = [&](const char* what, const AgentsRecord::Conservation& c) {
      if (c.generated != c.committed + c.discarded + c.in_flight)
        complain(fmt::format("I7: {} {} generated, {} committed + {} discarded + {} in flight",
                             c.generated, what, c.committed, c.discarded, c.in_flight));
    };
    balance("tokens", r_.tokens);
    balance("bytes", r_.bytes);
    balance("nJ", r_.nanojoules);
    if (r_.blocks_used != r_.blocks_referenced)
      complain(fmt::format("I8: {} KV blocks are in use, the block tables hold {}", r_.blocks_used,
                           r_.blocks_referenced));
  }

  static std::string name(const Fate& f) {
    static constexpr const char* kNames[] = {"boundary", "memory", "message", "effect",
                                             "tool result"};
    if (f.made == nullptr) return "something unknown";
    return fmt::format("{} #{} of agent {}{}", kNames[static_cast<std::size_t>(f.made->item)],
                       f.made->serial, f.made->agent,
                       f.discarded == Time::never() ? "" : " (undone)");
  }

  const AgentsRecord& r_;
  bool cascades_ = false, closes_ = true, holds_ = true;
  std::unordered_map<std::uint64_t, Fate> fates_;
  std::unordered_map<std::uint64_t, std::int64_t> standing_;         // by key
  std::map<std::uint64_t, std::pair<Time, std::uint64_t>> applied_;  // when, order
  std::unordered_map<std::uint64_t, std::uint64_t> undo_order_;      // last, by rollback
  std::unordered_map<std::int64_t, std::uint64_t> committed_;        // by agent
  std::map<std::uint64_t, std::vector<const Fate*>> undone_;         // by rollback
  std::uint64_t order_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> violations(const AgentsRecord& record) { return Audit(record).run(); }

}  // namespace fieldsim::recovery
