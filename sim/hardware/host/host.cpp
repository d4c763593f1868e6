#include "sim/hardware/host/host.hpp"

#include <algorithm>
#include <vector>

#include "sim/des/latch.hpp"
#include "sim/hardware/usage.hpp"

namespace fieldsim::hardware {

Host::Host(des::Engine& engine, const HostParams& params)
    : engine_(engine),
      params_(params),
      cores_(engine, params.cores),
      memory_(engine, "host.memory", params.memory_bandwidth),
      hash_workers_(engine, "host", "hash worker") {}

Duration Host::memory_busy() const { return busy_time(memory_.busy(), engine_.now()); }

des::Task<> Host::hash(HashParams function, Bytes bytes, std::int64_t threads) {
  hashed_ += bytes;
  std::vector<des::Task<>> shares;
  for (std::int64_t i = 0; i < threads; ++i) {
    const Bytes share = bytes * (i + 1) / threads - bytes * i / threads;
    shares.push_back(hash_share(function, share));
  }
  co_await des::all(engine_, std::move(shares));
}

des::Task<> Host::hash_share(HashParams function, Bytes bytes) {
  co_await cores_.acquire();
  const std::size_t lane = hash_workers_.take();
  const Time began = engine_.now();
  co_await engine_.delay(function.per_call);
  co_await memory_flow(bytes, function.rate);
  hash_time_ += engine_.now() - began;
  hash_workers_.give(lane, "hash", began);
  cores_.release();
}

des::Task<> Host::work(Duration length) { co_await cores_.serve(length); }

des::Task<> Host::memory_flow(Bytes bytes, BytesPerSecond cap) {
  if (bytes == Bytes::zero()) co_return;
  memory_bytes_ += bytes;
  co_await memory_.transfer(bytes, std::min(cap, params_.memory_bandwidth));
}

}  // namespace fieldsim::hardware
