#pragma once
// What is kept until its verdict, against `recovery.retained`: the KV of unverified tokens as the
// kind of checkpoint keeps it, a block table and a digest for each boundary. Where generation
// throttles, room is claimed before a token is generated, so that the limit always holds.
#include <cstdint>

#include "sim/recovery/checkpoint.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::serving {

class Retention {
 public:
  Retention(const recovery::RecoveryParams& recovery, verify::Timing timing, Bytes kv_per_token,
            std::int64_t page_tokens);

  // Whether room must be claimed: a limit is given, it throttles, and verdicts are waited for.
  bool throttles() const { return waits_ && limit_ && !ends_with_error_; }
  // Whether the limit is passed where that is an error.
  bool exceeded() const { return waits_ && limit_ && ends_with_error_ && now().total() > *limit_; }

  // Of a boundary that begins with so many tokens of context, beside its tokens.
  Bytes overhead(std::int64_t context) const;
  // Whether one token of such a boundary fits when nothing else is kept.
  bool ever_fits(std::int64_t context) const;

  // Room for up to `tokens` more, after `extra` bytes; takes what it grants. None: 0.
  std::int64_t claim(std::int64_t tokens, Bytes extra);
  void give_back(std::int64_t tokens) { claimed_ -= tokens; }  // of a claim, used or not

  void open(Bytes overhead) { overhead_ += overhead; }
  void close(Bytes overhead) { overhead_ -= overhead; }
  void tokens(std::int64_t more) { unverified_ += more; }

  std::int64_t unverified() const { return unverified_; }
  Bytes per_token() const { return per_token_; }
  recovery::Retained now() const;
  std::optional<Bytes> limit() const { return limit_; }

 private:
  recovery::Checkpoint kind_;
  recovery::Context context_;
  std::optional<Bytes> limit_;
  bool ends_with_error_, waits_;
  Bytes per_token_, overhead_;
  std::int64_t unverified_ = 0, claimed_ = 0;
};

}  // namespace fieldsim::serving
