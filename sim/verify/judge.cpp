// What the verifier does beyond hashing: the mechanisms of sim/verify/scheme.hpp.
#include <algorithm>

#include "sim/verify/verifier.hpp"

namespace fieldsim::verify {

using hardware::Category;
using hardware::Limiter;
using hardware::gpu::Kernel;
using hardware::gpu::Program;
using hardware::pcie::Direction;
using hardware::pcie::HostMemory;

// Proofs are made, and what is published leaves the device.
des::Task<> Verifier::publish(Check& check) {
  if (params_.scheme && params_.scheme->kind == SchemeKind::proof && !check.cancelled) {
    const ProofCost& cost = params_.scheme->proof;
    co_await spend(cost.payer, cost.per_boundary + cost.per_token * check.tokens,
                   Category::evidence, check);
  }
  if (check.evidence == Bytes::zero() || check.cancelled) co_return;
  const Time began = m_.engine.now();
  co_await m_.link.copy(Direction::to_host, check.evidence, HostMemory::pinned);
  check.spent.add(Category::transfer, m_.engine.now() - began);
  if (check.trail)
    check.trail.add(
        "evidence copy", began, m_.engine.now(),
        copy_split(check.evidence, TransferMemory::pinned, m_.link.params().submit, began));
  co_await wake_up(check.spent, check.trail);
}

des::Task<> Verifier::judged(Check& check) {
  const CheckCost& cost = params_.scheme->check;
  switch (params_.scheme->kind) {
    case SchemeKind::hash:
    case SchemeKind::gpu_hash:
    case SchemeKind::tee:
      break;
    case SchemeKind::signature:
      co_await spend(Payer::host_cpu, m_.host.params().signature_verify, Category::hash, check);
      break;
    case SchemeKind::replay:
    case SchemeKind::sampling:
    case SchemeKind::verified_speculation:
      co_await replayed(check, 1.0);
      break;
    case SchemeKind::dispute:
      co_await bisected(check);
      break;
    case SchemeKind::freivalds:
    case SchemeKind::proof:
      break;
  }
  const std::int64_t opened = opened_tokens(cost, check.tokens);
  co_await spend(cost.payer, cost.per_boundary + cost.per_token * opened, Category::check, check);
  co_await spend(Payer::other_cpu, cost.wait, Category::check, check);
}

// `share` of the boundary's pass again, on the prover's device beside generation or on another one.
des::Task<> Verifier::replayed(Check& check, double share) {
  const CheckCost& cost = params_.scheme->check;
  const auto& compute = m_.device.params().compute;
  Kernel k;
  k.name = "replay";
  k.category = Category::check;
  k.hbm = scaled(check.replay.hbm, share);
  k.compute = time_for(scaled(check.replay.flops, share), scaled(compute.fp16, cost.mfu));
  const Time began = m_.engine.now();
  if (cost.payer == Payer::same_gpu) {
    co_await beside(k, check);
  } else {
    co_await m_.engine.delay(m_.device.body_alone(k));
    check.trail.add("replay", Category::check, Limiter::scheme, began, m_.engine.now());
  }
  check.spent.add(Category::check, m_.engine.now() - began);
}

// Each round the parties agree on half of what is left, which the challenger computes again: the
// halves sum to one pass.
des::Task<> Verifier::bisected(Check& check) {
  const CheckCost& cost = params_.scheme->check;
  double share = 0.5;
  for (std::int64_t i = 0; i < bisection_rounds(cost.operators) && !check.cancelled; ++i) {
    co_await spend(Payer::other_cpu, cost.round_trip, Category::ledger, check);
    co_await replayed(check, share);
    share /= 2;
  }
}

des::Task<> Verifier::spend(Payer payer, Duration length, Category category, Check& check) {
  if (length == Duration::zero()) co_return;
  const Time began = m_.engine.now();
  switch (payer) {
    case Payer::same_gpu: {
      Kernel k;
      k.name = category == Category::evidence ? "proof" : "check";
      k.category = category;
      k.compute = length;
      co_await beside(k, check);
      check.spent.add(category, m_.engine.now() - began);
      co_return;
    }
    case Payer::host_cpu:
      co_await m_.host.work(length);
      break;
    case Payer::other_gpu:
    case Payer::other_cpu:
      co_await m_.engine.delay(length);
      break;
  }
  check.spent.add(category, m_.engine.now() - began);
  check.trail.add("scheme", category, Limiter::scheme, began, m_.engine.now());
}

// A kernel on the generating device, beside generation.
des::Task<> Verifier::beside(Kernel kernel, Check& check) {
  co_await stream_turn_.acquire();
  turn_places_.taken(check.trail);
  const Program program{"", {{{kernel}, 1}}};
  co_await on_stream(check, kernel.name, program);
}

}  // namespace fieldsim::verify
