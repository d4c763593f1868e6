#include "sim/serving/agents/retention.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

namespace {
constexpr Bytes kDigest = Bytes::raw(32);  // SHA-256, of everything unverified
}

Retention::Retention(const recovery::RecoveryParams& r, verify::Timing timing, Bytes kv_per_token,
                     std::int64_t page_tokens)
    : kind_(r.checkpoint),
      context_{kv_per_token, 0, page_tokens, 1},
      limit_(r.retained.limit),
      ends_with_error_(r.retained.overflow == recovery::Overflow::error),
      waits_(timing != verify::Timing::none && timing != verify::Timing::attested_tee),
      per_token_(recovery::retained(kind_, context_, 1, 0).total()) {}

Bytes Retention::overhead(std::int64_t context) const {
  recovery::Context c = context_;
  c.tokens = context;
  return kDigest + recovery::retained(kind_, c, 0, 1).total();
}

bool Retention::ever_fits(std::int64_t context) const {
  return !limit_ || overhead(context) + per_token_ <= *limit_;
}

std::int64_t Retention::claim(std::int64_t tokens, Bytes extra) {
  SIM_CHECK(limit_.has_value(), "room is claimed where nothing limits it");
  const Bytes taken = now().total() + per_token_ * claimed_ + extra;
  if (taken > *limit_) return 0;
  const std::int64_t granted = std::min(tokens, (*limit_ - taken) / per_token_);
  claimed_ += granted;
  return granted;
}

recovery::Retained Retention::now() const {
  recovery::Retained r = recovery::retained(kind_, context_, unverified_, 0);
  r.host += overhead_;
  return r;
}

}  // namespace fieldsim::serving
