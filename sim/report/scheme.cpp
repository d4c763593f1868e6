#include "sim/report/scheme.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/report/summary.hpp"

namespace fieldsim::report {

using hardware::Category;
using Json = nlohmann::ordered_json;
using system::Result;
using system::Scenario;
using verify::Scheme;

namespace {

// Without a scheme the payload is hashed.
const Scheme& scheme_of(const Scenario& s) {
  static const Scheme plain = [] {
    Scheme hash;
    hash.name = "hash";
    hash.covers = "the payload as it was stored";
    hash.trust = "the ledger's head, and that what was hashed is what attention reads";
    return hash;
  }();
  return s.verification.scheme ? *s.verification.scheme : plain;
}

struct Costs {
  double prover_share = 0;         // evidence over everything else on the critical path
  double prover_online_share = 0;  // the same without what follows the last token
  double finalize = 0;             // s
  double finalize_share = 0;       // of everything else on the critical path
  double prover_per_token = 0;     // s
  double proof_per_token = 0;      // s, behind generation
  double verifier_share = 0;       // of the time spent generating
  double verifier_per_token = 0;   // s, of all sequences' tokens
  double evidence_per_token = 0;   // bytes
  double retained_per_token = 0;
};

Costs costs(const Scheme& scheme, const Result& r) {
  Costs c;
  const double evidence = seconds(r.breakdown[Category::evidence]);
  const double rest = seconds(r.breakdown.total()) - evidence;
  const auto tokens = static_cast<double>(r.tokens * r.batch);
  const auto checks = static_cast<double>(r.verification.checks);
  const double proofs = seconds(r.verification.spent[Category::evidence]) * checks;
  const double checking = r.verification.service_s * checks - proofs;
  if (evidence > 0) c.finalize = seconds(verify::finalize_time(scheme.prover, r.tokens * r.batch));
  if (rest > 0) {
    c.prover_share = evidence / rest;
    c.finalize_share = c.finalize / rest;
    c.prover_online_share = c.prover_share - c.finalize_share;
  }
  if (r.decode.count() > 0) c.verifier_share = checking / seconds(r.decode);
  if (tokens > 0) {
    c.prover_per_token = evidence / static_cast<double>(r.tokens);
    c.proof_per_token = proofs / tokens;
    c.verifier_per_token = checking / tokens;
    c.evidence_per_token = static_cast<double>(r.verification.evidence.count()) / tokens;
    c.retained_per_token = static_cast<double>(r.memory.evidence.count()) / tokens;
  }
  return c;
}

}  // namespace

Json scheme_json(const Scenario& s, const Result& r) {
  if (s.verification.timing == verify::Timing::none && !s.verification.scheme) return nullptr;
  const Scheme& scheme = scheme_of(s);
  const Costs c = costs(scheme, r);
  return {{"name", scheme.name},
          {"kind", verify::name_of(scheme.kind)},
          {"guarantee", verify::name_of(scheme.guarantee)},
          {"guarantee_text", verify::meaning_of(scheme.guarantee)},
          {"covers_computation", verify::covers_computation(scheme.guarantee)},
          {"covers", scheme.covers},
          {"trust", scheme.trust},
          {"prover_share", c.prover_share},
          {"prover_online_share", c.prover_online_share},
          {"prover_finalize_s", c.finalize},
          {"prover_finalize_share", c.finalize_share},
          {"prover_s_per_token", c.prover_per_token},
          {"proof_s_per_token", c.proof_per_token},
          {"verifier_share", c.verifier_share},
          {"verifier_s_per_token", c.verifier_per_token},
          {"evidence_bytes", r.verification.evidence.count()},
          {"evidence_bytes_per_token", c.evidence_per_token},
          {"retained_bytes", r.memory.evidence.count()},
          {"retained_bytes_per_token", c.retained_per_token},
          {"false_positives", r.verification.false_positives}};
}

std::string scheme_text(const Scenario& s, const Result& r) {
  if (s.verification.timing == verify::Timing::none && !s.verification.scheme) return "";
  const Scheme& scheme = scheme_of(s);
  const Costs c = costs(scheme, r);
  std::string out =
      fmt::format("  scheme            {} ({})\n", scheme.name, verify::name_of(scheme.kind));
  const auto row = [&](const char* key, const std::string& value) {
    if (!value.empty()) out += fmt::format("    {:<16}{}\n", key, value);
  };
  row("guarantee", fmt::format("{}: {}", verify::name_of(scheme.guarantee),
                               verify::meaning_of(scheme.guarantee)));
  row("covers", scheme.covers);
  row("trusted", scheme.trust);
  if (c.prover_share > 0)
    row("prover", fmt::format("+{:.3g} % of generation, {} a token", 100 * c.prover_share,
                              duration_text(c.prover_per_token)));
  if (c.proof_per_token > 0) row("proofs", duration_text(c.proof_per_token) + " a token");
  if (c.verifier_share > 0)
    row("verifier", fmt::format("{:.3g} % of the generating time, {} a token",
                                100 * c.verifier_share, duration_text(c.verifier_per_token)));
  if (c.evidence_per_token > 0 || c.retained_per_token > 0)
    row("evidence", fmt::format("{} a token published, {} a token kept ({} in all)",
                                bytes_text(c.evidence_per_token), bytes_text(c.retained_per_token),
                                bytes_text(static_cast<double>(r.memory.evidence.count()))));
  if (r.verification.false_positives > 0)
    row("false positives", fmt::format("{} good boundaries refused for floating-point noise",
                                       grouped(r.verification.false_positives)));
  return out;
}

}  // namespace fieldsim::report
