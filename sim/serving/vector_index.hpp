#pragma once
// A vector index on the simulated machine. On the host a search holds its threads' cores while it
// streams from host memory; on the device it is a kernel beside generation, with the query sent and
// the answer copied back. Either way it slows, and is slowed by, whatever else uses the memory.
//   host:    max(bytes / min(memory, ...), flops / (threads * core_rate)) + dependent * host_access
//   device:  copy + max(bytes / HBM, flops / FP32 rate) + dependent * device_access + copy + sync
#include <cstdint>

#include "sim/base/random.hpp"
#include "sim/des/process.hpp"
#include "sim/des/server.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/pcie/link.hpp"
#include "sim/serving/knn_cost.hpp"
#include "sim/serving/versioned_rows.hpp"

namespace fieldsim::serving {

class VectorIndex {
 public:
  struct Machine {
    des::Engine& engine;
    hardware::gpu::Device& device;
    hardware::pcie::Link& link;
    hardware::Host& host;
  };
  VectorIndex(Machine machine, const IndexParams& params, Duration kernel_gap, bool fast_forward);

  // One search for the row of `key` as of now. Nothing when there is no visible row, or when the
  // approximate index misses it (recall). Time is booked as retrieve.
  des::Task<std::optional<RowId>> search(std::uint64_t key, hardware::Account& spent);
  des::Task<RowId> insert(std::uint64_t key, std::uint64_t origin, hardware::Account& spent);

  // The same for callers that keep the rows themselves: what a search takes, and whether it finds
  // the wanted row; and what an insertion takes, before the row is there.
  des::Task<bool> probe(hardware::Account& spent);
  des::Task<> prepare(hardware::Account& spent);

  // One of the rows that the index starts with; takes no time.
  RowId load(std::uint64_t key, std::uint64_t origin);

  VersionedRows& rows() { return rows_; }
  const IndexParams& params() const { return params_; }
  // Rows that a search goes over, dead ones included.
  std::int64_t size() const { return params_.vectors + rows_.stored() - loaded_; }
  Bytes bytes() const { return index_bytes(params_, size()); }
  std::int64_t searches() const { return searches_; }
  std::int64_t missed() const { return missed_; }  // by the approximation
  Bytes scanned() const { return scanned_; }

 private:
  des::Task<> perform(KnnCost cost, hardware::Account& spent);
  des::Task<> on_host(KnnCost cost);
  des::Task<> on_device(KnnCost cost);
  des::Task<> hold(Duration length);

  Machine m_;
  IndexParams params_;
  VersionedRows rows_;
  hardware::gpu::Stream stream_;
  des::Server stream_turn_;
  RandomStream recall_;
  std::int64_t searches_ = 0, missed_ = 0, loaded_ = 0;
  Bytes scanned_;
};

}  // namespace fieldsim::serving
