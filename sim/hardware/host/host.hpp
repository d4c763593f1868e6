#pragma once
// The host: cores that hash, and the memory they read from. Costs from HostParams: a hash of n
// bytes on one core takes per_call + n / rate (fitted to openssl speed on a Zen 4), and all cores
// together no more than memory bandwidth.
#include <cstdint>
#include <string_view>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/fair_share.hpp"
#include "sim/des/process.hpp"
#include "sim/des/server.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::hardware {

class Host {
 public:
  Host(des::Engine& engine, const HostParams& params);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const HostParams& params() const { return params_; }
  des::Server& cores() { return cores_; }

  // SHA-256 as this CPU does it: with its instructions where it has them.
  const HashParams& sha256() const {
    return params_.sha_ni ? params_.sha256 : params_.sha256_plain;
  }

  // Hashes `bytes` on `threads` cores, each an equal share under its own call: with more than one
  // thread the digest is that of a tree. Waits for free cores.
  des::Task<> hash(HashParams function, Bytes bytes, std::int64_t threads);

  // Work of a known length on one core.
  des::Task<> work(Duration length);

  // A flow through host memory (a DMA engine writing or reading).
  des::Task<> memory_flow(Bytes bytes, BytesPerSecond cap);

  Bytes hashed() const { return hashed_; }
  Duration hash_time() const { return hash_time_; }  // of cores, summed
  Bytes memory_bytes() const { return memory_bytes_; }
  Duration memory_busy() const;

 private:
  des::Task<> hash_share(HashParams function, Bytes bytes);

  des::Engine& engine_;
  HostParams params_;
  des::Server cores_;
  des::FairShare<Bytes, BytesPerSecond> memory_;
  Lanes hash_workers_;
  Bytes hashed_, memory_bytes_;
  Duration hash_time_;
};

}  // namespace fieldsim::hardware
