#include "sim/verify/verifier.hpp"

#include <algorithm>
#include <string>

#include "sim/base/error.hpp"
#include "sim/des/latch.hpp"
#include "sim/verify/tree.hpp"

namespace fieldsim::verify {

using hardware::Account;
using hardware::Category;
using hardware::Limiter;
using hardware::Split;
using hardware::Trail;
using hardware::gpu::Kernel;
using hardware::gpu::Program;
using hardware::pcie::Direction;
using hardware::pcie::HostMemory;

namespace {
constexpr Bytes kDigest = Bytes::raw(32);   // SHA-256
constexpr std::int64_t kFp16Bytes = 2;      // of an element before static INT8
constexpr std::int64_t kQuantizeFlops = 2;  // one division and one rounding an element

HostMemory host_memory(TransferMemory m) {
  return m == TransferMemory::pageable ? HostMemory::pageable : HostMemory::pinned;
}
}  // namespace

Verifier::Verifier(Machine machine, const VerificationParams& params, Duration kernel_gap,
                   bool fast_forward, const VerifierFaults& faults)
    : m_(machine),
      params_(params),
      stream_(machine.device, "verification",
              {.gap = kernel_gap, .fast_forward = fast_forward, .traced_kernels = 100'000}),
      stream_turn_(machine.engine, 1),
      workers_(machine.engine, params.workers),
      worker_places_(params.workers),
      ledger_(machine.engine, params.ledger, machine.host, faults.ledger),
      faults_(faults),
      slow_(machine.engine.random("verifier.slow")),
      lanes_(machine.engine, "host", "verifier") {
  if (faults.crash)
    crashes_.emplace(machine.engine.seed(), "verifier.crash", faults.crash->every,
                     faults.crash->restart, Outages::Length::constant);
}

Duration Verifier::synchronize() const {
  return params_.transfer.synchronize.value_or(m_.device.params().launch.synchronize);
}

hardware::HashParams Verifier::hash_params() const {
  switch (params_.hash.engine) {
    case HashEngine::cpu_blake3:
      return m_.host.params().blake3;
    case HashEngine::cpu_interpreted:
      return m_.host.params().interpreted;
    case HashEngine::cpu_sha256:
    case HashEngine::gpu_tree:
      break;
  }
  return m_.host.sha256();
}

Bytes Verifier::piece(Bytes total, std::int64_t i) const {
  const std::int64_t n = params_.transfer.pieces;
  return total * (i + 1) / n - total * i / n;
}

des::Task<> Verifier::stages(Check& check) {
  if (!params_.scheme || hashes(params_.scheme->kind)) co_await hashed(check);
  co_await publish(check);
  if (params_.scheme && !check.cancelled) co_await judged(check);
  if (!params_.ledger.each_piece && !check.cancelled) co_await read_ledger(check);
}

des::Task<> Verifier::read_ledger(Check& check) {
  co_await ledger_.read(check.spent, check.trail, check.answer);
}

des::Task<> Verifier::run_stored(Check& check) {
  check.asked = m_.engine.now();
  co_await workers_.acquire();
  worker_places_.taken(check.trail);
  check.began = m_.engine.now();
  const std::size_t lane = lanes_.take();
  const Bytes stored =
      params_.quantize == Quantize::int8_static ? check.payload / kFp16Bytes : check.payload;
  co_await m_.host.hash(hash_params(), stored, params_.hash.threads);
  check.spent.add(Category::hash, m_.engine.now() - check.began);
  co_await read_ledger(check);
  check.ended = m_.engine.now();
  busy_ += check.ended - check.began;
  lanes_.give(lane, "anchor", check.began);
  worker_places_.given(check.trail);
  workers_.release();
}

Kernel Verifier::quantize_kernel(Bytes payload) const {
  if (quantize_kernel_) return quantize_kernel_(payload);
  Kernel k;
  k.name = "quantise";
  k.category = Category::quantize;
  k.hbm = payload + payload / kFp16Bytes;
  k.compute = time_for(Flops::raw(payload.count() / kFp16Bytes * kQuantizeFlops),
                       m_.device.params().compute.fp32);
  return k;
}

// The payload's digest, quantised first where that is asked for.
des::Task<> Verifier::hashed(Check& check) {
  Bytes codes = check.payload;
  if (params_.quantize == Quantize::int8_static) {
    co_await quantize(check);
    codes = check.payload / kFp16Bytes;
  }
  if (params_.hash.engine == HashEngine::gpu_tree)
    co_await on_device(check, codes);
  else
    co_await on_host(check, codes);
}

des::Task<> Verifier::quantize(Check& check) {
  const Time began = m_.engine.now();
  co_await stream_turn_.acquire();
  turn_places_.taken(check.trail);
  const Program program{"", {{{quantize_kernel(check.payload)}, 1}}};
  co_await on_stream(check, "quantise", program);
  check.spent.add(Category::quantize, m_.engine.now() - began);
}

des::Task<> Verifier::on_device(Check& check, Bytes codes) {
  Time began = m_.engine.now();
  co_await stream_turn_.acquire();
  turn_places_.taken(check.trail);
  const Program program{
      "", {{{tree_hash_kernel(m_.device.params().tree_hash, codes, params_.hash.leaf)}, 1}}};
  co_await on_stream(check, "tree hash", program);
  check.spent.add(Category::hash, m_.engine.now() - began);
  co_await compare_digest(check.spent, check.trail);
}

// The turn on the stream is given back at the end.
des::Task<> Verifier::on_stream(Check& check, const char* what, const Program& program) {
  const Time began = m_.engine.now();
  Account unused;
  Split split;
  stream_.split_into(check.trail ? &split : nullptr);
  co_await stream_.run(program, unused);
  check.trail.add(what, began, m_.engine.now(), split);
  turn_places_.given(check.trail);
  stream_turn_.release();
}

Split Verifier::copy_split(Bytes bytes, TransferMemory memory, Duration submit, Time began) const {
  hardware::Peel peel(Category::transfer, m_.engine.now() - began);
  peel.take(Limiter::submit, submit).take(Limiter::dma_start, m_.link.params().dma_start);
  if (bytes == Bytes::zero()) return peel.rest();
  const BytesPerSecond link = m_.link.rate(Direction::to_host);
  const BytesPerSecond staging = m_.host.params().pageable_copy;
  if (memory == TransferMemory::pageable && staging < link)
    return peel.take(Limiter::staging, time_for(bytes, staging)).rest();
  return peel.take(Limiter::link, time_for(bytes, link)).rest();
}

Split Verifier::hash_split(Bytes bytes, Time began) const {
  const hardware::HashParams function = hash_params();
  const std::int64_t n = params_.hash.threads;
  hardware::Peel peel(Category::hash, m_.engine.now() - began);
  return peel.take(Limiter::hash_call, function.per_call)
      .take(Limiter::hash, time_for(Bytes::raw((bytes.count() + n - 1) / n), function.rate))
      .rest();
}

des::Task<> Verifier::wake_up(Account& spent, Trail& trail) {
  const Time began = m_.engine.now();
  co_await m_.engine.delay(synchronize());
  spent.add(Category::sync, synchronize());
  trail.add("wake-up", Category::sync, Limiter::wake_up, began, m_.engine.now());
}

des::Task<> Verifier::on_host(Check& check, Bytes codes) {
  if (params_.transfer.overlap) {
    co_await copy_ahead(check, codes);
    co_return;
  }
  for (std::int64_t i = 0; i < params_.transfer.pieces && !check.cancelled; ++i) {
    const Bytes bytes = piece(codes, i);
    if (params_.transfer.memory != TransferMemory::none) {
      const Time began = m_.engine.now();
      co_await m_.link.copy(Direction::to_host, bytes, host_memory(params_.transfer.memory));
      check.spent.add(Category::transfer, m_.engine.now() - began);
      if (check.trail)
        check.trail.add("copy", began, m_.engine.now(),
                        copy_split(bytes, params_.transfer.memory, m_.link.params().submit, began));
      co_await wake_up(check.spent, check.trail);
    }
    co_await finish_piece(check, bytes);
  }
}

des::Task<> Verifier::finish_piece(Check& check, Bytes bytes) {
  const Time began = m_.engine.now();
  co_await m_.host.hash(hash_params(), bytes, params_.hash.threads);
  check.spent.add(Category::hash, m_.engine.now() - began);
  if (check.trail) check.trail.add("hash", began, m_.engine.now(), hash_split(bytes, began));
  if (params_.ledger.each_piece) co_await read_ledger(check);
}

// Submission of the next copy overlaps this one; only the first is on the path.
des::Task<> Verifier::copy_piece(Bytes bytes, bool first, bool last, Trail* trail) {
  const Time began = m_.engine.now();
  if (first) co_await m_.engine.delay(m_.link.params().submit);
  if (last) {
    co_await m_.link.transfer(Direction::to_host, bytes, host_memory(params_.transfer.memory));
  } else {
    co_await des::all(
        m_.engine,
        m_.link.transfer(Direction::to_host, bytes, host_memory(params_.transfer.memory)),
        wait(m_.link.params().submit));
  }
  const Duration submit = first ? m_.link.params().submit : Duration::zero();
  if (*trail)
    trail->add("copy", began, m_.engine.now(),
               copy_split(bytes, params_.transfer.memory, submit, began));
}

des::Task<> Verifier::wait(Duration d) { co_await m_.engine.delay(d); }

// Piece i + 1 is copied while piece i is hashed: the time of a round is the longer of the two,
// booked as hash while hashing and as transfer while hashing waits.
des::Task<> Verifier::copy_ahead(Check& check, Bytes codes) {
  const std::int64_t n = params_.transfer.pieces;
  Time began = m_.engine.now();
  Trail copying = check.trail;
  co_await copy_piece(piece(codes, 0), true, n == 1, &copying);
  check.spent.add(Category::transfer, m_.engine.now() - began);
  for (std::int64_t i = 0; i < n && !check.cancelled; ++i) {
    began = m_.engine.now();
    check.trail.join(copying);
    copying.join(check.trail);
    const Duration hashed_before = check.spent[Category::hash] + check.spent[Category::ledger];
    if (i + 1 < n)
      co_await des::all(m_.engine, finish_piece(check, piece(codes, i)),
                        copy_piece(piece(codes, i + 1), false, i + 2 == n, &copying));
    else
      co_await finish_piece(check, piece(codes, i));
    const Duration hashed =
        check.spent[Category::hash] + check.spent[Category::ledger] - hashed_before;
    check.spent.add(Category::transfer, m_.engine.now() - began - hashed);
  }
  check.trail.join(copying);
  co_await wake_up(check.spent, check.trail);
}

des::Task<> Verifier::compare_digest(Account& spent, Trail& trail) {
  const Time began = m_.engine.now();
  co_await m_.link.copy(Direction::to_host, kDigest, HostMemory::pinned);
  spent.add(Category::transfer, m_.engine.now() - began);
  if (trail)
    trail.add("copy", began, m_.engine.now(),
              copy_split(kDigest, TransferMemory::pinned, m_.link.params().submit, began));
  co_await wake_up(spent, trail);
}

}  // namespace fieldsim::verify
