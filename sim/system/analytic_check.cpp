#include "sim/system/analytic_check.hpp"

#include <algorithm>

#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/pcie/rate.hpp"
#include "sim/system/enclave.hpp"
#include "sim/system/scheme_cost.hpp"
#include "sim/verify/ledger.hpp"
#include "sim/verify/tree.hpp"

namespace fieldsim::system {

using hardware::Account;
using hardware::Category;
using hardware::pcie::Direction;
using verify::Consistency;
using verify::HashEngine;
using verify::TransferMemory;

namespace {

// One read, amortised over the reads that share a cached head.
Account ledger_time(const Scenario& s, Duration between_reads) {
  const auto& p = s.verification.ledger;
  const auto& host = s.hardware.host;
  Account a;
  if (p.consistency == Consistency::none) return a;
  a.add(Category::hash, host.merkle_node * verify::path_length(p.entries));
  const bool cached =
      p.consistency == Consistency::cached_head || p.consistency == Consistency::lease;
  if (p.consistency == Consistency::eventual) return a;
  const double trips = cached ? std::min(1.0, seconds(between_reads) / seconds(p.max_age)) : 1.0;
  Duration trip = p.round_trip;
  if (p.consistency == Consistency::linearizable) trip += p.commit;
  a.add(Category::ledger, scaled(trip, trips));
  const std::int64_t signatures = p.consistency == Consistency::quorum        ? p.cosigners
                                  : p.consistency == Consistency::cached_head ? 1
                                                                              : 0;
  a.add(Category::hash, scaled(host.signature_verify * signatures, trips));
  return a;
}

hardware::HashParams hash_params(const Scenario& s) {
  const auto& host = s.hardware.host;
  if (s.verification.hash.engine == HashEngine::cpu_blake3) return host.blake3;
  if (s.verification.hash.engine == HashEngine::cpu_interpreted) return host.interpreted;
  return host.sha_ni ? host.sha256 : host.sha256_plain;
}

}  // namespace

Duration synchronize(const Scenario& s) {
  return s.verification.transfer.synchronize.value_or(s.hardware.gpu.launch.synchronize);
}

Duration copy_time(const Scenario& s, Bytes bytes, bool pageable) {
  const hardware::LinkParams link = effective_hardware(s).link;
  BytesPerSecond rate = payload_rate(link, Direction::to_host);
  if (pageable) rate = std::min(rate, s.hardware.host.pageable_copy);
  return link.submit + link.dma_start +
         (bytes > Bytes::zero() ? time_for(bytes, rate) : Duration::zero());
}

Account hash_time(const Scenario& s, Bytes payload, Duration between) {
  const auto& v = s.verification;
  Account a;
  Bytes codes = payload;
  des::Engine engine(s.seed);
  hardware::gpu::Device device(engine, s.hardware.gpu);
  const Duration gap = s.hardware.gpu.launch.eager;
  if (v.quantize == verify::Quantize::int8_static) {
    codes = payload / kFp16Bytes;
    hardware::gpu::Kernel k;
    k.hbm = payload + codes;
    a.add(Category::quantize, gap + device.body_alone(k));
  }
  if (v.hash.engine == HashEngine::gpu_tree) {
    a.add(Category::hash, gap + device.body_alone(verify::tree_hash_kernel(s.hardware.gpu.tree_hash,
                                                                           codes, v.hash.leaf)));
    a.add(Category::transfer, copy_time(s, kDigest, false));
    a.add(Category::sync, synchronize(s));
    a += ledger_time(s, between);
    return a;
  }
  const std::int64_t n = v.transfer.pieces;
  const hardware::HashParams h = hash_params(s);
  const std::int64_t threads = std::min(v.hash.threads, s.hardware.host.cores);
  const Duration hash = h.per_call * n + time_for(codes, h.rate * threads);
  Duration copy;
  if (v.transfer.memory != TransferMemory::none) {
    const bool pageable = v.transfer.memory == TransferMemory::pageable;
    copy = copy_time(s, codes, pageable) + (copy_time(s, Bytes::zero(), pageable) * (n - 1));
    a.add(Category::sync, synchronize(s) * (v.transfer.overlap ? 1 : n));
  }
  if (v.transfer.overlap) {
    // A pipeline of two stages: one piece of the shorter stage is not hidden.
    copy = copy - s.hardware.link.submit * (n - 1);
    const Duration hidden = std::min(hash, copy) - std::min(hash, copy) / n;
    a.add(Category::hash, hash);
    a.add(Category::transfer, copy - hidden);
  } else {
    a.add(Category::hash, hash);
    a.add(Category::transfer, copy);
  }
  const std::int64_t reads = v.ledger.each_piece ? n : 1;
  for (std::int64_t i = 0; i < reads; ++i) a += ledger_time(s, between / reads);
  return a;
}

Account check_time(const Scenario& s, const verify::Check& c, Duration between) {
  Account a;
  if (!s.verification.scheme || verify::hashes(s.verification.scheme->kind))
    a = hash_time(s, c.payload, between);
  else
    a = ledger_time(s, between);
  if (c.evidence > Bytes::zero()) {
    a.add(Category::transfer, copy_time(s, c.evidence, false));
    a.add(Category::sync, synchronize(s));
  }
  a += judge_time(s, c);
  return a;
}

}  // namespace fieldsim::system
