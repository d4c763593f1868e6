#include "sim/system/scheme_cost.hpp"

#include <cmath>

#include "sim/hardware/gpu/device.hpp"
#include "sim/model/shape.hpp"
#include "sim/system/memory.hpp"

namespace fieldsim::system {

using hardware::Account;
using hardware::Category;
using verify::Payer;
using verify::SchemeKind;

namespace {
constexpr double kBitsPerByte = 8;
}  // namespace

verify::Mitigated noise(const Scenario& s, std::int64_t tokens) {
  const std::int64_t payload = payload_bytes(s, tokens) / model::published_precision(s.model).kv;
  const verify::NoiseSpec quiet{.elements = payload};
  const verify::NoiseSpec spec = s.faults.noise ? s.faults.noise->spec(payload) : quiet;
  return mitigated(spec, s.verification.noise_mitigation);
}

void adopt_enclave(Scenario& s) {
  if (!s.verification.scheme || s.verification.scheme->kind != SchemeKind::tee) return;
  const verify::EnclaveCost& e = s.verification.scheme->enclave;
  s.verification.tee = {.attestation = e.attestation,
                        .compute_overhead = 0,
                        .small_copy_factor = e.small_copy_factor,
                        .copy_rate = e.copy_rate};
}

Duration evidence_time(const Scenario& s, Duration step, bool last) {
  // The overhead of kernels does not depend on what noise there is.
  double share = verify::mitigated({}, s.verification.noise_mitigation).overhead;
  Duration fixed;
  if (s.verification.scheme) {
    const verify::ProverCost& p = s.verification.scheme->prover;
    share += p.step;
    fixed = p.per_token * s.workload.batch;
    if (last) fixed += verify::finalize_time(p, s.workload.output_tokens * s.workload.batch);
  }
  return scaled(step, share) + fixed;
}

void CheckPlanner::plan(verify::Check& check, std::int64_t before, std::int64_t tokens) {
  check.payload = payload_bytes(s_, tokens);
  check.tokens = tokens * s_.workload.batch;
  check.evidence = Bytes::raw(
      static_cast<std::int64_t>(std::ceil(noise(s_, tokens).evidence_bits / kBitsPerByte)));
  if (!s_.verification.scheme || tokens == 0) return;
  const verify::Scheme& scheme = *s_.verification.scheme;
  check.evidence += evidence_bytes(scheme.evidence, tokens, s_.workload.batch);
  if (!verify::replays(scheme.kind)) return;
  std::int64_t rows = std::max(tokens, scheme.check.shape);
  if (scheme.check.prompt && before == s_.workload.prompt_tokens) {
    rows += before;
    before = 0;
  }
  programs_.prefill(rows, before, true);
  check.replay = {programs_.totals().flops, programs_.totals().hbm};
}

Account judge_time(const Scenario& s, const verify::Check& check) {
  Account a;
  if (!s.verification.scheme) return a;
  const verify::Scheme& scheme = *s.verification.scheme;
  const verify::CheckCost& cost = scheme.check;
  if (scheme.kind == SchemeKind::proof)
    a.add(Category::evidence, scheme.proof.per_boundary + scheme.proof.per_token * check.tokens);
  if (scheme.kind == SchemeKind::signature) a.add(Category::hash, s.hardware.host.signature_verify);
  if (verify::replays(scheme.kind)) {
    des::Engine engine(s.seed);
    const hardware::gpu::Device device(engine, s.hardware.gpu);
    hardware::gpu::Kernel k;
    k.hbm = check.replay.hbm;
    k.compute = time_for(check.replay.flops, scaled(s.hardware.gpu.compute.fp16, cost.mfu));
    a.add(Category::check, device.body_alone(k));
    if (cost.payer == Payer::same_gpu) a.add(Category::check, s.hardware.gpu.launch.eager);
    if (scheme.kind == SchemeKind::dispute)
      a.add(Category::ledger, cost.round_trip * verify::bisection_rounds(cost.operators));
  }
  a.add(Category::check,
        cost.per_boundary + cost.wait + cost.per_token * verify::opened_tokens(cost, check.tokens));
  return a;
}

Bytes retained_evidence(const Scenario& s) {
  if (!s.verification.scheme) return Bytes::zero();
  return s.verification.scheme->evidence.retained_per_token *
         (s.workload.output_tokens * s.workload.batch);
}

}  // namespace fieldsim::system
