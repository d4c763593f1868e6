// Verification schemes, noise mitigations, and the figures published for them.
#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Choice;
using config::Schema;
using config::Sources;
using namespace verify;

namespace {

std::vector<Choice<SchemeKind>> kinds() {
  return {{"hash", SchemeKind::hash, "digest of the payload on the host"},
          {"gpu_hash", SchemeKind::gpu_hash, "tree over the payload on the device"},
          {"signature", SchemeKind::signature, "digest of the payload and one signature"},
          {"replay", SchemeKind::replay, "the boundary's tokens again, in one prefill pass"},
          {"sampling", SchemeKind::sampling, "replay of the boundaries that sampled_audit draws"},
          {"verified_speculation", SchemeKind::verified_speculation,
           "replay at a fixed shape, whose bits do not depend on the batch"},
          {"freivalds", SchemeKind::freivalds, "random linear checks of opened tokens"},
          {"dispute", SchemeKind::dispute, "bisection of a committed trace to one operator"},
          {"tee", SchemeKind::tee, "an attested enclave; no verdict for each boundary"},
          {"proof", SchemeKind::proof, "the prover proves, the verifier checks the proof"}};
}

std::vector<Choice<Guarantee>> guarantees() {
  std::vector<Choice<Guarantee>> all;
  for (const Guarantee g : {Guarantee::stored_bytes, Guarantee::bytes_in_use,
                            Guarantee::determinism, Guarantee::statistical, Guarantee::economic,
                            Guarantee::sound_in_part, Guarantee::sound, Guarantee::hardware_trust})
    all.push_back({std::string(name_of(g)), g, std::string(meaning_of(g))});
  return all;
}

std::vector<Choice<Payer>> payers() {
  return {{"same_gpu", Payer::same_gpu, "beside generation, on its device"},
          {"other_gpu", Payer::other_gpu, "a device like it for each worker"},
          {"host_cpu", Payer::host_cpu, "a core of the prover's host"},
          {"other_cpu", Payer::other_cpu, "the client's"}};
}

Schema<ProverCost> prover_schema() {
  using P = ProverCost;
  Schema<P> s("prover", "What generation pays, on its critical path");
  s.field("step", &P::step, "of a decode step's time")
      .range(0.0, 100.0)
      .field("per_token", &P::per_token, "of each sequence")
      .at_least(Duration::zero())
      .field("finalize", &P::finalize, "once a response, with its last token")
      .at_least(Duration::zero())
      .field("finalize_per_token", &P::finalize_per_token, "then, for each token of the response")
      .at_least(Duration::zero());
  return s;
}

Schema<ProofCost> proof_schema() {
  using P = ProofCost;
  Schema<P> s("proof", "Making a proof once a boundary has closed (kind proof)");
  s.field("per_boundary", &P::per_boundary, "for each boundary")
      .at_least(Duration::zero())
      .field("per_token", &P::per_token, "for each of its tokens")
      .at_least(Duration::zero())
      .choice("payer", &P::payer, payers(), "on whose machine");
  return s;
}

Schema<CheckCost> check_schema() {
  using P = CheckCost;
  Schema<P> s("check", "What the verifier computes");
  s.choice("payer", &P::payer, payers(), "on whose machine")
      .field("mfu", &P::mfu, "of a replay: share of the matrix rate")
      .range(0.001, 1.0)
      .field("prompt", &P::prompt, "a replay begins with the prompt: the verifier holds no KV")
      .field("shape", &P::shape, "tokens that a replay is padded to; 0: none")
      .range(0, 1'000'000'000)
      .unit("tokens")
      .field("opened", &P::opened, "share of a boundary's tokens that is opened, at least one")
      .range(0.0, 1.0)
      .field("per_token", &P::per_token, "for each opened token")
      .at_least(Duration::zero())
      .field("per_boundary", &P::per_boundary, "for each boundary")
      .at_least(Duration::zero())
      .field("wait", &P::wait, "latency that occupies nobody")
      .at_least(Duration::zero())
      .field("operators", &P::operators, "of the trace that a dispute bisects")
      .range(1, std::int64_t{1} << 50)
      .field("round_trip", &P::round_trip, "one move of a dispute")
      .at_least(Duration::zero());
  return s;
}

Schema<EvidenceSize> evidence_schema() {
  using P = EvidenceSize;
  Schema<P> s("evidence", "What is published, and what the prover keeps");
  s.field("bytes", &P::bytes, "published")
      .field("every_tokens", &P::every_tokens, "for so many tokens; 0: once a boundary")
      .range(0, 1'000'000'000)
      .unit("tokens")
      .field("retained_per_token", &P::retained_per_token, "kept until the audit window ends")
      .field("on_device", &P::on_device, "kept in device memory, not the host's");
  return s;
}

Schema<EnclaveCost> enclave_schema() {
  using P = EnclaveCost;
  Schema<P> s("enclave", "GPU confidential computing (kind tee); acts under timing attested_tee");
  s.field("attestation", &P::attestation, "once a session")
      .at_least(Duration::zero())
      .field("small_copy_factor", &P::small_copy_factor, "submitting a copy takes so many times")
      .range(1.0, 1000.0)
      .field("copy_rate", &P::copy_rate, "of copies through the encrypted bounce buffer")
      .at_least(BytesPerSecond::raw(1));
  return s;
}

Schema<PublishedFigure> figure_schema() {
  using P = PublishedFigure;
  Schema<P> s("figure", "One published number");
  s.field("path", &P::path, "of our number in the result JSON")
      .required()
      .field("value", &P::value, "the published number, in the same unit")
      .required()
      .field("tolerance", &P::tolerance, "relative; 0 shows the ratio and judges nothing")
      .range(0.0, 100.0)
      .field("source", &P::source, "who published it; else that of the section");
  return s;
}

}  // namespace

Schema<Published> published_schema() {
  using P = Published;
  Schema<P> s("published", "Figures published for this scenario, to set beside the result");
  s.field("tokens_per_s", &P::tokens_per_s, "published throughput")
      .at_least(0.0)
      .field("source", &P::source, "who published it")
      .list("figures", &P::figures, figure_schema(), "other published numbers")
      .check([](const P& p, config::Report& report) {
        if (p.source.empty() && p.tokens_per_s)
          report.problem("source", "say who published tokens_per_s");
        for (std::size_t i = 0; i < p.figures.size(); ++i)
          if (p.source.empty() && p.figures[i].source.empty())
            report.problem("figures", "say who published " + p.figures[i].path + ": source");
      });
  return s;
}

Schema<Scheme> scheme_schema() {
  using P = Scheme;
  Schema<P> s("scheme", "A way to make inference verifiable; every number with its source");
  s.sourced(Sources::demanded);
  s.field("name", &P::name, "its name in configs/schemes")
      .field("description", &P::description, "what it is")
      .choice("kind", &P::kind, kinds(), "its mechanism")
      .required()
      .choice("guarantee", &P::guarantee, guarantees(), "what a positive verdict says")
      .required()
      .field("covers", &P::covers, "what the verdict is about")
      .field("trust", &P::trust, "whom it leaves to be trusted")
      .field("paper", &P::paper, "where it is published")
      .section("prover", &P::prover, prover_schema(), "on generation's critical path")
      .section("proof", &P::proof, proof_schema(), "making a proof")
      .section("check", &P::check, check_schema(), "what the verifier computes")
      .section("evidence", &P::evidence, evidence_schema(), "what is published and kept")
      .section("enclave", &P::enclave, enclave_schema(), "confidential computing")
      .check([](const P& p, config::Report& report) {
        if (hashes(p.kind) && covers_computation(p.guarantee))
          report.problem("guarantee",
                         "a digest says which bytes were stored, not that they were computed "
                         "correctly: stored_bytes or bytes_in_use");
        if (p.kind == SchemeKind::proof &&
            p.proof.per_boundary + p.proof.per_token == Duration::zero())
          report.problem("proof", "a proof takes time: give per_boundary or per_token");
        if (p.kind == SchemeKind::dispute && p.check.operators < 2)
          report.problem("check.operators", "a dispute bisects a trace of at least two operators");
      });
  return s;
}

Schema<MitigationParams> mitigation_schema() {
  using P = MitigationParams;
  Schema<P> s("noise_mitigation", "What is done about floating-point noise in recomputed state");
  s.choice("kind", &P::kind,
           {{"none", Mitigation::none, "the codes are hashed as they come"},
            {"stored_bytes", Mitigation::stored_bytes,
             "the bytes in memory are hashed; nothing is recomputed"},
            {"guard_band", Mitigation::guard_band,
             "elements within `guard` of a rounding boundary are masked"},
            {"rounding_hints", Mitigation::rounding_hints,
             "`bits` fractional bits are published; the verifier rounds around them"},
            {"lsb_syndrome", Mitigation::lsb_syndrome,
             "an error-correcting syndrome of the codes' lowest bits"},
            {"threshold", Mitigation::threshold, "codes may differ by `tolerance`; no digest"},
            {"integer_kernels", Mitigation::integer_kernels,
             "exact integer products; the share `exposed` is still reached by attention"},
            {"batch_invariant", Mitigation::batch_invariant,
             "one order of summation on one stack; costs `overhead` of a step"}},
           "the mitigation")
      .field("guard", &P::guard, "distance to a rounding boundary, in steps of the quantiser")
      .range(0.0, 0.499)
      .field("bits", &P::bits, "fractional bits of a rounding hint")
      .range(1, 16)
      .field("tolerance", &P::tolerance, "codes that may differ")
      .range(0.0, 254.0)
      .field("exposed", &P::exposed, "share of the elements that attention still reaches")
      .range(0.0, 1.0)
      .field("overhead", &P::overhead, "of a decode step, instead of the published one")
      .range(0.0, 10.0)
      .shorthand("kind");
  return s;
}

}  // namespace fieldsim::system
