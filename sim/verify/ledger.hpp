#pragma once
// Reading the ledger, by consistency: what a read costs and how old its answer may be. The Merkle
// path from a leaf to the head is checked on the host in every case.
// Costs: etcd documentation (round trip + fdatasync), path and signature measured with openssl on a
// Zen 4.
#include <cstdint>

#include "sim/des/gate.hpp"
#include "sim/des/process.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::verify {

// Nodes on the path of one leaf: ceil(log2(entries)).
std::int64_t path_length(std::int64_t entries);

class Ledger {
 public:
  Ledger(des::Engine& engine, const LedgerParams& params, hardware::Host& host);

  // One read: time on the wire is booked as ledger, signatures and path as hash.
  des::Task<> read(hardware::Account& spent, hardware::Trail& trail);

  // The moment whose state the last read saw: what was revoked later is unknown to its reader.
  Time known() const { return known_; }

  std::int64_t reads() const { return reads_; }
  std::int64_t round_trips() const { return round_trips_; }
  Duration busy() const { return busy_; }

 private:
  bool caches() const;
  bool needs_round_trip() const;
  des::Task<> round_trip(hardware::Account& spent, hardware::Trail& trail);
  des::Task<> work(hardware::Limiter limiter, Duration length, hardware::Account& spent,
                   hardware::Trail& trail);

  des::Engine& engine_;
  LedgerParams params_;
  hardware::Host& host_;
  Duration path_;
  Time head_at_, known_;
  bool have_head_ = false;
  bool refreshing_ = false;
  des::Gate refreshed_;
  hardware::TaskLog::Id refreshed_by_ = hardware::TaskLog::kNone;
  std::int64_t reads_ = 0, round_trips_ = 0;
  Duration busy_;
  hardware::Lanes lanes_;
};

}  // namespace fieldsim::verify
