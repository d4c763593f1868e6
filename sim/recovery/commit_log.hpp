#pragma once
// The commit log of one session: boundaries from the first that is not verified to the one being
// generated. Verdicts may arrive in any order; boundaries commit in order; a failure discards its
// boundary and everything after it (go-back-N). Concepts: Elnozahy et al., ACM CSUR 2002.
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/hardware/account.hpp"
#include "sim/recovery/work.hpp"
#include "sim/verify/params.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::recovery {

// Where a boundary is bad, by what it takes to see that: its first bad token, counted within the
// boundary, or -1.
struct Taint {
  std::int64_t work = -1;    // computed or stored wrongly
  std::int64_t anchor = -1;  // the anchor that it attended to is falsified
  std::int64_t unseen = -1;  // changed between check and use: its own verdict cannot tell
  std::int64_t first() const;
};

// One decode step of a boundary.
struct Step {
  hardware::Account spent;
  Work work;
};

struct Boundary {
  std::int64_t index = 0;  // position in the session; a regenerated boundary keeps it
  std::int64_t epoch = 0;  // boundaries of this index that have been judged before
  std::int64_t first_token = 0;
  std::int64_t tokens = 0;
  Time began, closed;
  bool is_closed = false;
  bool verified = false;
  bool committed = false;   // verified, and all before it too
  bool windowed = false;    // holds a place in the window
  bool unseen = false;      // passed without a look
  hardware::Account spent;  // generation time of its tokens
  Work work;
  std::vector<Step> steps;  // of each token, where a prefix of them may be kept
  Duration generating;      // of its tokens, without what a boundary adds
  Taint taint;
  std::int64_t flips_at_token = -1;  // drawn when it begins
  Duration flips_after;
  std::int64_t semantic_end = 0, effect_end = 0;  // tokens after which a random rule closes it
  verify::Check check;
};
using BoundaryPtr = std::shared_ptr<Boundary>;

class CommitLog {
 public:
  // With `keeps_steps`, keep_prefix() can split a boundary.
  explicit CommitLog(bool keeps_steps = false) : keeps_steps_(keeps_steps) {}

  // REQUIRES: the newest boundary, if any, is closed.
  BoundaryPtr begin(Time now);
  Boundary& current() { return *open_.back(); }
  const Boundary& oldest() const { return *open_.front(); }
  BoundaryPtr first() const { return open_.front(); }
  BoundaryPtr find(const Boundary& boundary) const;
  bool empty() const { return open_.empty(); }
  bool newest_closed() const { return open_.back()->is_closed; }
  std::int64_t open_boundaries() const { return static_cast<std::int64_t>(open_.size()); }
  std::int64_t unverified_tokens() const { return next_token_ - committed_tokens_; }
  std::int64_t tokens() const { return next_token_; }
  std::int64_t committed() const { return committed_tokens_; }

  void add_token(hardware::Account spent, const Work& work = {});
  void close(Time now);

  // Marks a boundary verified and returns those that commit with it, oldest first.
  std::vector<BoundaryPtr> verified(Boundary& boundary);

  // Discards `boundary` and all after it, cancels their checks, and returns them, oldest first.
  std::vector<BoundaryPtr> discard_from(const Boundary& boundary);

  // Keeps the first `tokens` of a boundary; returns what is lost of it, if anything, and the
  // boundaries after it, as discard_from does.
  std::vector<BoundaryPtr> keep_prefix(Boundary& boundary, std::int64_t tokens);

  // Discards the open boundaries and forgets those that were committed: the session begins again.
  std::vector<BoundaryPtr> restart();

  // Verdicts that failed at this index since it was last forgiven.
  std::int64_t failures(std::int64_t index) const;
  void count_failure(std::int64_t index);
  void count_open();                 // a verdict was about all open boundaries but the first
  void forgive(std::int64_t index);  // retries start from the beginning

  // Of the open boundaries.
  Work in_flight() const;

 private:
  std::deque<BoundaryPtr> open_;
  struct History {
    std::int64_t judged = 0, failures = 0;
  };
  History& history(std::int64_t index);

  bool keeps_steps_;
  std::int64_t next_index_ = 0, next_token_ = 0, committed_tokens_ = 0;
  std::vector<History> history_;
};

}  // namespace fieldsim::recovery
