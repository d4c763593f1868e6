#include "sim/serving/vector_index.hpp"

#include <vector>

#include "sim/des/latch.hpp"

namespace fieldsim::serving {

using hardware::Account;
using hardware::Category;
using hardware::gpu::Kernel;
using hardware::gpu::Program;
using hardware::pcie::Direction;
using hardware::pcie::HostMemory;

namespace {
constexpr Bytes kNeighbour = Bytes::raw(12);  // 8-byte id and FP32 distance of an answer
}

VectorIndex::VectorIndex(Machine machine, const IndexParams& params, Duration kernel_gap,
                         bool fast_forward)
    : m_(machine),
      params_(params),
      stream_(machine.device, "retrieval",
              {.gap = kernel_gap, .fast_forward = fast_forward, .traced_kernels = 100'000}),
      stream_turn_(machine.engine, 1),
      recall_(machine.engine.random("serving.recall")) {}

des::Task<std::optional<RowId>> VectorIndex::search(std::uint64_t key, Account& spent) {
  const Version begun = rows_.snapshot();
  const auto draw = static_cast<std::uint64_t>(searches_++);
  co_await perform(knn_cost(params_, size()), spent);
  std::optional<RowId> row = rows_.find(key, begun);
  if (row && !recall_.bernoulli_at(draw, params_.recall)) {
    ++missed_;
    row.reset();
  }
  co_return row;
}

des::Task<RowId> VectorIndex::insert(std::uint64_t key, std::uint64_t origin, Account& spent) {
  co_await perform(insert_cost(params_, size()), spent);
  co_return rows_.insert(key, origin);
}

des::Task<bool> VectorIndex::probe(Account& spent) {
  const auto draw = static_cast<std::uint64_t>(searches_++);
  co_await perform(knn_cost(params_, size()), spent);
  const bool found = recall_.bernoulli_at(draw, params_.recall);
  if (!found) ++missed_;
  co_return found;
}

des::Task<> VectorIndex::prepare(Account& spent) {
  co_await perform(insert_cost(params_, size()), spent);
}

RowId VectorIndex::load(std::uint64_t key, std::uint64_t origin) {
  ++loaded_;
  return rows_.insert(key, origin);
}

des::Task<> VectorIndex::perform(KnnCost cost, Account& spent) {
  const Time began = m_.engine.now();
  scanned_ += cost.read;
  if (params_.place == IndexPlace::host)
    co_await on_host(cost);
  else
    co_await on_device(cost);
  spent.add(Category::retrieve, m_.engine.now() - began);
}

des::Task<> VectorIndex::hold(Duration length) { co_await m_.host.work(length); }

// Each thread computes its share on a core of its own while all of them stream from memory.
des::Task<> VectorIndex::on_host(KnnCost cost) {
  std::vector<des::Task<>> parts;
  const Duration share = time_for(cost.flops, params_.core_rate * params_.threads);
  for (std::int64_t i = 0; i < params_.threads; ++i) parts.push_back(hold(share));
  parts.push_back(m_.host.memory_flow(cost.read, m_.host.params().memory_bandwidth));
  co_await des::all(m_.engine, std::move(parts));
  co_await m_.engine.delay(params_.host_access * cost.dependent);
}

des::Task<> VectorIndex::on_device(KnnCost cost) {
  co_await m_.link.copy(Direction::to_device, params_.element * params_.dimension,
                        HostMemory::pinned);
  co_await stream_turn_.acquire();
  Kernel k;
  k.name = "nearest neighbours";
  k.category = Category::retrieve;
  k.hbm = cost.read;
  k.compute = time_for(cost.flops, m_.device.params().compute.fp32);
  k.fixed = params_.device_access * cost.dependent;
  const Program program{"", {{{k}, 1}}};
  Account unused;
  co_await stream_.run(program, unused);
  stream_turn_.release();
  co_await m_.link.copy(Direction::to_host, kNeighbour * params_.neighbours, HostMemory::pinned);
  co_await m_.engine.delay(m_.device.params().launch.synchronize);
}

}  // namespace fieldsim::serving
