#include "sim/system/schema/timing.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace verify;

std::vector<config::Choice<Timing>> timings() {
  const char* prefix = "as optimistic, but tokens before the first bad one are kept (LLM-42)";
  const char* sampled = "as optimistic, for a share of the boundaries; the others pass unseen";
  return {{"none", Timing::none, "nothing is checked"},
          {"pessimistic", Timing::pessimistic, "stop and wait at each boundary (the paper's v2.5)"},
          {"on_load", Timing::on_load, "once at promotion; each boundary compares the digest"},
          {"optimistic", Timing::optimistic, "behind generation, with rollback (the paper's v3.0)"},
          {"optimistic_verified_prefix", Timing::optimistic_verified_prefix, prefix},
          {"sampled_audit", Timing::sampled_audit, sampled},
          {"challenge_window", Timing::challenge_window, "final unless challenged within a time"},
          {"attested_tee", Timing::attested_tee, "one attestation, then the enclave's overheads"}};
}

Schema<OnLoadParams> on_load_schema() {
  using P = OnLoadParams;
  Schema<P> s("on_load", "Checked when the anchor is promoted, and again later");
  s.field("ttl", &P::ttl, "the verified anchor is refetched and checked again after it")
      .at_least(Duration::raw(1))
      .field("rehash", &P::rehash, "its bytes in device memory are hashed again this often")
      .at_least(Duration::raw(1));
  return s;
}

Schema<AuditParams> audit_schema() {
  using P = AuditParams;
  Schema<P> s("audit", "Verifying a sample of the boundaries");
  s.field("rate", &P::rate, "share of boundaries that are verified")
      .range(0.0, 1.0)
      .field("sensitivity", &P::sensitivity, "share of bad ones that a verification notices")
      .range(0.0, 1.0);
  return s;
}

Schema<ChallengeParams> challenge_schema() {
  using P = ChallengeParams;
  Schema<P> s("challenge", "Final unless somebody disputes");
  s.field("window", &P::window, "after which a boundary is final")
      .at_least(Duration::zero())
      .field("probability", &P::probability, "that a good boundary is challenged")
      .range(0.0, 1.0)
      .field("watch", &P::watch, "that a bad one is: one honest watcher is 1")
      .range(0.0, 1.0);
  return s;
}

Schema<TeeParams> tee_schema() {
  using P = TeeParams;
  Schema<P> s("tee", "GPU confidential computing");
  s.field("attestation", &P::attestation, "once a session")
      .at_least(Duration::zero())
      .field("compute_overhead", &P::compute_overhead, "of a step's time")
      .range(0.0, 10.0)
      .field("small_copy_factor", &P::small_copy_factor, "submitting a copy takes so many times")
      .range(1.0, 1000.0)
      .field("copy_rate", &P::copy_rate, "of copies through the encrypted bounce buffer")
      .at_least(BytesPerSecond::raw(1));
  return s;
}

namespace {

Schema<AdaptiveParams> adaptive_schema() {
  using P = AdaptiveParams;
  Schema<P> s("adaptive", "Young's interval from the failures seen so far");
  s.field("mean_time_to_failure", &P::mean_time_to_failure, "assumed before any verdict")
      .at_least(Duration::raw(1))
      .field("cost", &P::cost, "what a boundary adds to generation")
      .at_least(Duration::zero())
      .field("min_tokens", &P::min_tokens, "shortest boundary")
      .range(1, 1'000'000'000)
      .field("max_tokens", &P::max_tokens, "longest boundary")
      .range(1, 1'000'000'000)
      .check([](const P& p, config::Report& report) {
        if (p.min_tokens > p.max_tokens)
          report.problem("min_tokens", "is above max_tokens: give at most max_tokens");
      });
  return s;
}

template <class P>
void add_rules(Schema<P>& s) {
  s.field("every_tokens", &P::every_tokens, "after so many tokens")
      .range(1, 1'000'000'000)
      .field("every", &P::every, "at the first token this long after the last boundary")
      .at_least(Duration::raw(1))
      .field("dirty_bytes", &P::dirty_bytes, "after so many bytes of new KV")
      .at_least(Bytes::raw(1))
      .field("semantic_step", &P::semantic_step,
             "at the end of a step of so many tokens on average; agents bring their own steps")
      .range(1, 1'000'000'000)
      .field("external_effect", &P::external_effect,
             "before an effect on the world, so many tokens apart on average; agents bring their "
             "own effects")
      .range(1, 1'000'000'000)
      .section("adaptive", &P::adaptive, adaptive_schema(), "Young's optimum from what failed");
}

Schema<BoundaryRules> hybrid_schema() {
  Schema<BoundaryRules> s("hybrid", "Several rules; the first that is due closes");
  add_rules(s);
  return s;
}

}  // namespace

Schema<BoundaryParams> boundary_schema() {
  using P = BoundaryParams;
  Schema<P> s("boundary", "When a commit boundary closes");
  add_rules(s);
  s.section("hybrid", &P::hybrid, hybrid_schema(), "several rules; the first that is due closes")
      .exactly_one_of({"every_tokens", "every", "dirty_bytes", "semantic_step", "external_effect",
                       "adaptive", "hybrid"})
      .shorthand("every_tokens");
  return s;
}

}  // namespace fieldsim::system
