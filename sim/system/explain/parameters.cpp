#include "sim/system/explain/parameters.hpp"

#include <utility>

#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/pcie/rate.hpp"

namespace fieldsim::system::explain {

using hardware::Limiter;
using Law = Parameter::Law;
using verify::Consistency;
using verify::HashEngine;
using verify::Timing;
using verify::TransferMemory;

namespace {

class List {
 public:
  explicit List(const Scenario& s) : s_(s) {}

  Parameter* add(const char* label, const std::string& path, Law law,
                 std::vector<Limiter> parts = {}) {
    auto knob = Knob::find(s_, path);
    if (!knob) return nullptr;
    Parameter p{label, std::move(*knob), law, std::move(parts), true, true, std::nullopt};
    out_.push_back(std::move(p));
    return &out_.back();
  }
  std::vector<Parameter> take() { return std::move(out_); }

 private:
  const Scenario& s_;
  std::vector<Parameter> out_;
};

void device(List& list, const Scenario& s) {
  const auto& hbm = s.hardware.gpu.hbm;
  // Too few bytes in flight: then a faster memory is no faster (Little's law).
  const bool by_latency =
      hardware::gpu::effective_bandwidth(hbm) < scaled(hbm.bandwidth, hbm.achieved);
  const std::string gpu = "hardware.gpu.";
  if (by_latency) {
    list.add("HBM bandwidth", gpu + "hbm.bandwidth", Law::rate);
    list.add("HBM bytes in flight", gpu + "hbm.in_flight", Law::rate, {Limiter::memory});
    list.add("HBM latency", gpu + "hbm.latency", Law::time,
             {Limiter::memory, Limiter::memory_latency});
  } else {
    list.add("HBM bandwidth", gpu + "hbm.bandwidth", Law::rate, {Limiter::memory});
    list.add("HBM latency", gpu + "hbm.latency", Law::time, {Limiter::memory_latency});
  }
  list.add("fp16 FLOP/s", gpu + "compute.fp16", Law::rate, {Limiter::arithmetic});
  list.add("L2 bandwidth", gpu + "l2.bandwidth", Law::rate, {Limiter::cache});
  list.add("launch in a graph", gpu + "launch.graph", Law::time, {Limiter::graph});
  list.add("kernel launch", gpu + "launch.eager", Law::time, {Limiter::launch});
  list.add("host step", "hardware.host.step_overhead", Law::time, {Limiter::step});
  if (auto* p =
          list.add("pinned decode step", "workload.decode_step", Law::time, {Limiter::pinned}))
    p->prefill = false;
  if (auto* p = list.add("pinned prefill", "workload.prefill", Law::time, {Limiter::pinned}))
    p->decode = false;
}

void link(List& list, const Scenario& s) {
  const auto& link = s.hardware.link;
  const auto& transfer = s.verification.transfer;
  if (transfer.memory != TransferMemory::none) {
    auto unlimited = link;
    unlimited.to_host.reset();
    const bool pcie = link.kind == hardware::LinkKind::pcie;
    using hardware::pcie::Direction;
    const bool lanes_bind = pcie && payload_rate(unlimited, Direction::to_host) ==
                                        payload_rate(link, Direction::to_host);
    const std::vector<Limiter> wire = {Limiter::link};
    if (pcie)
      list.add("PCIe lanes", "hardware.link.lanes", Law::rate,
               lanes_bind ? wire : std::vector<Limiter>{});
    list.add("link rate to host", "hardware.link.to_host", Law::rate,
             lanes_bind ? std::vector<Limiter>{} : wire);
    if (transfer.memory == TransferMemory::pageable)
      list.add("pageable copy rate", "hardware.host.pageable_copy", Law::rate, {Limiter::staging});
  }
  list.add("copy submission", "hardware.link.submit", Law::time, {Limiter::submit});
  list.add("DMA start", "hardware.link.dma_start", Law::time, {Limiter::dma_start});
  list.add("wake-up",
           transfer.synchronize ? "verification.transfer.synchronize"
                                : "hardware.gpu.launch.synchronize",
           Law::time, {Limiter::wake_up});
}

void hashing(List& list, const Scenario& s) {
  const HashEngine engine = s.verification.hash.engine;
  if (engine == HashEngine::gpu_tree) {
    list.add("device tree hashing", "hardware.gpu.tree_hash.rate", Law::rate, {Limiter::tree_hash});
    list.add("tree level", "hardware.gpu.tree_hash.level", Law::time, {Limiter::tree_level});
    return;
  }
  const std::string function = engine == HashEngine::cpu_blake3        ? "blake3"
                               : engine == HashEngine::cpu_interpreted ? "interpreted"
                               : s.hardware.host.sha_ni                ? "sha256"
                                                                       : "sha256_plain";
  const std::string path = "hardware.host." + function;
  list.add("hash rate of a core", path + ".rate", Law::rate, {Limiter::hash});
  list.add("hash call", path + ".per_call", Law::time, {Limiter::hash_call});
  if (auto* p = list.add("hash threads", "verification.hash.threads", Law::rate, {Limiter::hash}))
    p->most = s.hardware.host.cores;
}

void ledger(List& list, const Scenario& s) {
  const Consistency c = s.verification.ledger.consistency;
  if (c == Consistency::none) return;
  if (c != Consistency::eventual)
    list.add("ledger round trip", "verification.ledger.round_trip", Law::time,
             {Limiter::round_trip});
  if (c == Consistency::linearizable)
    list.add("ledger commit", "verification.ledger.commit", Law::time, {Limiter::log_commit});
  list.add("Merkle node", "hardware.host.merkle_node", Law::time, {Limiter::merkle});
  if (c == Consistency::quorum || c == Consistency::cached_head)
    list.add("signature", "hardware.host.signature_verify", Law::time, {Limiter::signature});
}

void policies(List& list, const Scenario& s) {
  if (s.verification.timing == Timing::optimistic) {
    list.add("verifier workers", "verification.workers", Law::policy);
    list.add("window", "verification.window", Law::policy);
  }
  if (s.faults.verdict_failure > 0)
    list.add("rollback repair", "recovery.truncate", Law::time, {Limiter::repair});
  if (s.verification.timing != Timing::none)
    for (const char* key : {"every_tokens", "every", "dirty_bytes"})
      list.add("boundary interval", std::string("verification.boundary.") + key, Law::policy);
  // A pinned step does not know the batch.
  if (!s.workload.decode_step && !s.workload.agents)
    list.add("batch", "workload.batch", Law::policy);
  list.add("prefill chunk", "workload.prefill_chunk", Law::policy);
}

// What only agents share. Of how many there are, and how long they think, the scenario says what
// is asked of the machine; they stand here to show how far it is from saturated.
void agents(List& list, const Scenario& s) {
  list.add("HBM capacity", "hardware.gpu.hbm.capacity", Law::rate);
  list.add("places in the batch", "workload.agents.max_running", Law::policy);
  list.add("agents", "workload.agents.count", Law::policy);
  list.add("memory read", "workload.agents.memory.read_time", Law::time);
  if (s.workload.agents->paused_kv == serving::PausedKv::swap)
    list.add("host memory for KV", "workload.agents.host_kv", Law::rate);
}

}  // namespace

std::vector<Parameter> parameters(const Scenario& s) {
  List list(s);
  device(list, s);
  if (s.verification.timing != Timing::none) {
    link(list, s);
    hashing(list, s);
    ledger(list, s);
  }
  policies(list, s);
  if (s.workload.agents) agents(list, s);
  return list.take();
}

std::optional<double> predicted(const Parameter& p, const Metric& metric, const CriticalPath& path,
                                double factor) {
  if (p.law == Law::policy || !metric.a_time) return std::nullopt;
  Duration follows;
  for (Limiter l : p.parts) {
    if (metric.prefill && p.prefill) follows += path.prefill[l];
    if (metric.decode && p.decode) follows += path.decode[l];
  }
  const double whole = seconds(metric.stretch(path).total());
  if (whole <= 0) return std::nullopt;
  const double scale = p.law == Law::rate ? 1.0 / factor : factor;
  return whole / (whole + seconds(follows) * (scale - 1.0));
}

}  // namespace fieldsim::system::explain
