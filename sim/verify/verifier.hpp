#pragma once
// Checks one payload from device memory to verdict: quantise, hash on the device or move to the
// host and hash there, walk the Merkle path, read the ledger. `workers` payloads are checked at
// once, each from its first byte to its verdict by one worker.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/des/gate.hpp"
#include "sim/des/process.hpp"
#include "sim/des/server.hpp"
#include "sim/des/trace.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/hardware/host/host.hpp"
#include "sim/hardware/lanes.hpp"
#include "sim/hardware/pcie/link.hpp"
#include "sim/hardware/task_log.hpp"
#include "sim/verify/faults.hpp"
#include "sim/verify/ledger.hpp"
#include "sim/verify/outages.hpp"
#include "sim/verify/params.hpp"

namespace fieldsim::verify {

// A pass over a boundary's tokens as a prefill runs it: what a replay computes and moves.
struct ReplayWork {
  Flops flops;
  Bytes hbm;
};

// One payload on its way to a verdict. `spent` sums to the time from start to end of the check (not
// to the wait for a worker).
struct Check {
  std::int64_t boundary = 0;
  Bytes payload;            // as it lies in device memory, before quantising
  std::int64_t tokens = 0;  // of all sequences
  Bytes evidence;           // published beside the digest
  ReplayWork replay;
  std::uint64_t flow = 0;  // ties its spans together in a trace
  std::uint64_t draw = 0;  // indexes what chance has to say about it
  bool cancelled = false;  // its boundary was rolled back: stop at the next stage
  Answer answer;           // of the ledger
  hardware::Account spent;
  Time asked, began, ended;
  hardware::Trail trail;  // its place in the task log
};

class Verifier {
 public:
  struct Machine {
    des::Engine& engine;
    hardware::gpu::Device& device;
    hardware::pcie::Link& link;
    hardware::Host& host;
  };
  Verifier(Machine machine, const VerificationParams& params, Duration kernel_gap,
           bool fast_forward, const VerifierFaults& faults = {});

  // Takes the quantising kernel from `kernel(payload)` instead of the roofline.
  using QuantizeKernel = std::function<hardware::gpu::Kernel(Bytes payload)>;
  void quantize_with(QuantizeKernel kernel) { quantize_kernel_ = std::move(kernel); }

  // Ends with the evidence in hand; whether it matches is for the caller to draw.
  des::Task<> run(Check& check);

  // The same for bytes that lie in host memory, as they are stored: nothing crosses the link.
  des::Task<> run_stored(Check& check);

  // on_load: compares the device's digest with the verified one, a 32-byte copy and a wake-up.
  des::Task<> compare_digest(hardware::Account& spent, hardware::Trail& trail);

  const Ledger& ledger() const { return ledger_; }
  Ledger& ledger() { return ledger_; }
  const des::Server& workers() const { return workers_; }
  Duration busy() const { return busy_; }
  std::int64_t restarted() const { return restarted_; }  // checks that a crash began again

 private:
  des::Task<> stages(Check& check);
  des::Task<> read_ledger(Check& check);
  des::Task<> slow_down(Check& check);
  des::Task<> wait_until_up(Check& check);
  des::Task<> on_host(Check& check, Bytes codes);
  des::Task<> on_device(Check& check, Bytes codes);
  des::Task<> hashed(Check& check);
  des::Task<> quantize(Check& check);
  des::Task<> on_stream(Check& check, const char* what, const hardware::gpu::Program& program);
  hardware::gpu::Kernel quantize_kernel(Bytes payload) const;
  des::Task<> copy_piece(Bytes bytes, bool first, bool last, hardware::Trail* trail);
  des::Task<> beside(hardware::gpu::Kernel kernel, Check& check);
  des::Task<> publish(Check& check);
  des::Task<> judged(Check& check);
  des::Task<> replayed(Check& check, double share);
  des::Task<> bisected(Check& check);
  des::Task<> spend(Payer payer, Duration length, hardware::Category category, Check& check);
  des::Task<> copy_ahead(Check& check, Bytes codes);
  des::Task<> wait(Duration d);
  des::Task<> finish_piece(Check& check, Bytes bytes);
  Bytes piece(Bytes total, std::int64_t i) const;
  // What set the length of a copy that began then and ends now.
  hardware::Split copy_split(Bytes bytes, TransferMemory memory, Duration submit, Time began) const;
  hardware::Split hash_split(Bytes bytes, Time began) const;
  des::Task<> wake_up(hardware::Account& spent, hardware::Trail& trail);
  Duration synchronize() const;
  hardware::HashParams hash_params() const;

  Machine m_;
  VerificationParams params_;
  hardware::gpu::Stream stream_;  // quantising and tree hashing, beside generation
  des::Server stream_turn_;
  des::Server workers_;
  hardware::Places turn_places_{1}, worker_places_;
  QuantizeKernel quantize_kernel_;
  Ledger ledger_;
  VerifierFaults faults_;
  std::optional<Outages> crashes_;
  RandomStream slow_;
  std::int64_t restarted_ = 0;
  Duration busy_;
  hardware::Lanes lanes_;
};

}  // namespace fieldsim::verify
