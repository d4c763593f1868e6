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
#include "sim/verify/params.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::recovery {

struct Boundary {
  std::int64_t index = 0;  // position in the session; a regenerated boundary keeps it
  std::int64_t first_token = 0;
  std::int64_t tokens = 0;
  Time began, closed;
  bool is_closed = false;
  bool verified = false;
  hardware::Account spent;  // generation time of its tokens
  verify::Check check;
};
using BoundaryPtr = std::shared_ptr<Boundary>;

class CommitLog {
 public:
  // REQUIRES: the newest boundary, if any, is closed.
  BoundaryPtr begin(Time now);
  Boundary& current() { return *open_.back(); }
  const Boundary& oldest() const { return *open_.front(); }
  bool empty() const { return open_.empty(); }
  std::int64_t unverified_tokens() const { return next_token_ - committed_tokens_; }
  std::int64_t tokens() const { return next_token_; }
  std::int64_t committed() const { return committed_tokens_; }

  void add_token(hardware::Account spent);
  void close(Time now);

  // Marks a boundary verified and returns those that commit with it, oldest first.
  std::vector<BoundaryPtr> verified(Boundary& boundary);

  // Discards `boundary` and all after it, cancels their checks, and returns them, oldest first.
  std::vector<BoundaryPtr> discard_from(const Boundary& boundary);

  // Verdicts that failed at this index so far.
  std::int64_t failures(std::int64_t index) const;
  void count_failure(std::int64_t index);

 private:
  std::deque<BoundaryPtr> open_;
  std::int64_t next_index_ = 0, next_token_ = 0, committed_tokens_ = 0;
  std::vector<std::int64_t> failures_;
};

// Whether a boundary closes after its newest token. `kv_bytes` is what one token of the whole batch
// adds to the cache.
bool closes(const verify::BoundaryParams& params, const Boundary& boundary, Time now,
            Bytes kv_bytes);

}  // namespace fieldsim::recovery
