#pragma once
// Reading the ledger, by consistency: what a read costs, how old its answer is, and what it misses.
// The Merkle path from a leaf to the head is checked on the host in every case. An anchor is in use
// from the start, or from replace_anchor(), until it is revoked; a reader learns of that from an
// answer that is younger than the revocation.
// Costs: etcd documentation (round trip + fdatasync), path and signature measured with openssl on a
// Zen 4.
#include <cstdint>
#include <optional>

#include "sim/base/random.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/process.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/verify/faults.hpp"
#include "sim/verify/outages.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::verify {

// What a reader has in hand.
struct Answer {
  Time as_of;            // the log as it was then; the start without a ledger
  bool revoked = false;  // it says that the anchor is revoked
  bool lie = false;      // a replica's own story: hides what was revoked or falsified
  bool refused = false;  // replicas contradict each other: there is no answer to rely on
};

// Nodes on the path of one leaf: ceil(log2(entries)).
std::int64_t path_length(std::int64_t entries);

class Ledger {
 public:
  Ledger(des::Engine& engine, const LedgerParams& params, hardware::Host& host,
         const LedgerFaults& faults = {});

  // One read: time on the wire is booked as ledger, signatures and path as hash.
  des::Task<> read(hardware::Account& spent, hardware::Trail& trail, Answer& answer);

  // The moment whose state the last read saw: what was revoked later is unknown to its reader.
  Time known() const { return known_; }

  // Whether the anchor in use is revoked, whoever knows.
  bool revoked(Time now) const { return revoked_at_ && *revoked_at_ <= now; }
  std::optional<Time> revoked_at() const { return revoked_at_; }
  // Another anchor takes the place of the one in use.
  void replace_anchor(Time now);

  std::int64_t reads() const { return reads_; }
  std::int64_t round_trips() const { return round_trips_; }
  Duration busy() const { return busy_; }
  std::int64_t lies_accepted() const { return lies_accepted_; }  // reads that rest on one
  std::int64_t lies_noticed() const { return lies_noticed_; }
  std::int64_t opened() const { return opened_; }  // reads answered from an old head, fail_open
  Duration partition_wait() const { return partition_wait_; }
  std::int64_t partitions(Time now) { return partitions_ ? partitions_->begun(now) : 0; }

 private:
  bool caches() const;
  bool needs_round_trip() const;
  bool uses_old_head();
  des::Task<> round_trip(hardware::Account& spent, hardware::Trail& trail);
  des::Task<> wait_for_the_log(Time asked);
  des::Task<> work(hardware::Limiter limiter, Duration length, hardware::Account& spent,
                   hardware::Trail& trail);
  Answer answer(Time asked);

  des::Engine& engine_;
  LedgerParams params_;
  hardware::Host& host_;
  Duration path_;
  LedgerFaults faults_;
  RandomStream revocations_, lies_;
  std::optional<Outages> partitions_;
  std::optional<Time> revoked_at_;
  Time head_at_, known_;
  bool have_head_ = false;
  bool head_lies_ = false;
  bool refused_ = false;
  bool refreshing_ = false;
  des::Gate refreshed_;
  hardware::TaskLog::Id refreshed_by_ = hardware::TaskLog::kNone;
  std::int64_t reads_ = 0, round_trips_ = 0;
  std::int64_t lies_accepted_ = 0, lies_noticed_ = 0, opened_ = 0;
  Duration busy_, partition_wait_;
  hardware::Lanes lanes_;
};

}  // namespace fieldsim::verify
