#include "sim/base/units.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using config::Sources;
namespace hw = hardware;

namespace {

constexpr Duration kPicosecond = Duration::raw(1);
constexpr Bytes kByte = Bytes::raw(1);
constexpr BytesPerSecond kSlowest = BytesPerSecond::raw(1);

Schema<hw::SmParams> sm_schema() {
  using P = hw::SmParams;
  Schema<P> s("sm", "Occupancy limits and on-chip memory of one streaming multiprocessor");
  s.field("count", &P::count, "multiprocessors (cores, for a TPU)")
      .range(1, 100'000)
      .field("clock", &P::clock, "boost clock")
      .at_least(Hertz::raw(1))
      .field("shared_memory", &P::shared_memory, "usable by the CTAs of one SM together")
      .field("shared_memory_per_cta", &P::shared_memory_per_cta, "opt-in limit of one CTA")
      .field("registers", &P::registers, "32-bit registers of one SM")
      .at_least(0)
      .field("warps", &P::warps, "resident warps of one SM")
      .at_least(0)
      .field("ctas", &P::ctas, "resident CTAs of one SM")
      .at_least(0)
      .field("fp32_lanes", &P::fp32_lanes, "FP32 FMA lanes of one SM")
      .at_least(0)
      .field("l1", &P::l1, "L1 and shared memory of one SM together; for comparison only");
  return s;
}

Schema<hw::L2Params> l2_schema() {
  using P = hw::L2Params;
  Schema<P> s("l2", "Last-level cache of the device");
  s.field("capacity", &P::capacity, "bytes it holds")
      .field("bandwidth", &P::bandwidth, "of hits")
      .at_least(kSlowest);
  return s;
}

Schema<hw::HbmParams> hbm_schema() {
  using P = hw::HbmParams;
  Schema<P> s("hbm", "Device memory");
  s.field("capacity", &P::capacity, "what a program can allocate")
      .at_least(kByte)
      .field("bandwidth", &P::bandwidth, "datasheet peak")
      .at_least(kSlowest)
      .field("achieved", &P::achieved, "share of the peak that a long streaming read reaches")
      .range(0.01, 1.0)
      .field("latency", &P::latency, "DRAM load to use, under load")
      .at_least(kPicosecond)
      .field("in_flight", &P::in_flight,
             "bytes that all SMs keep outstanding; over latency it "
             "bounds the bandwidth (Little's law)")
      .at_least(kByte);
  return s;
}

Schema<hw::ComputeParams> compute_schema() {
  using P = hw::ComputeParams;
  constexpr FlopsPerSecond one = FlopsPerSecond::raw(1);
  Schema<P> s("compute", "Arithmetic rates");
  s.field("fp16", &P::fp16, "dense FP16/BF16 matrix rate")
      .at_least(one)
      .field("int8", &P::int8, "dense 8-bit matrix rate")
      .at_least(one)
      .field("fp32", &P::fp32, "FP32 vector rate")
      .at_least(one)
      .field("achieved", &P::achieved, "share of the matrix rate that a large product reaches")
      .range(0.01, 1.0)
      .field("mma_sync", &P::mma_sync,
             "share of the fp16 rate that mma.sync kernels reach; default 1")
      .range(0.01, 1.0);
  return s;
}

Schema<hw::LaunchParams> launch_schema() {
  using P = hw::LaunchParams;
  Schema<P> s("launch", "Fixed costs of driving the device");
  s.field("eager", &P::eager, "between kernels that the host launches")
      .at_least(kPicosecond)
      .field("graph", &P::graph, "between kernels of a replayed graph")
      .at_least(kPicosecond)
      .field("synchronize", &P::synchronize, "the host waits for the device and wakes up");
  return s;
}

Schema<hw::TreeHashParams> tree_hash_schema() {
  using P = hw::TreeHashParams;
  Schema<P> s("tree_hash", "SHA-256 tree hashing on the device");
  s.field("rate", &P::rate, "bytes compressed, padding and inner nodes included")
      .at_least(kSlowest)
      .field("level", &P::level, "one level of the tree")
      .field("compression", &P::compression, "one 64-byte compression in one thread");
  return s;
}

Schema<hw::PowerParams> power_schema() {
  using P = hw::PowerParams;
  Schema<P> s("power", "Electrical power");
  s.field("idle", &P::idle, "with a context, nothing running")
      .field("busy", &P::busy, "sustained limit");
  return s;
}

Schema<hw::GpuParams> gpu_schema() {
  using P = hw::GpuParams;
  Schema<P> s("gpu", "The device");
  s.field("architecture", &P::architecture, "sm_80, sm_90, gfx942, ...")
      .section("sm", &P::sm, sm_schema(), "one streaming multiprocessor")
      .section("l2", &P::l2, l2_schema(), "last-level cache")
      .section("hbm", &P::hbm, hbm_schema(), "device memory")
      .section("compute", &P::compute, compute_schema(), "arithmetic rates")
      .section("launch", &P::launch, launch_schema(), "fixed costs")
      .section("tree_hash", &P::tree_hash, tree_hash_schema(), "hashing on the device")
      .field("copy_engines", &P::copy_engines, "copies in flight at once")
      .range(1, 64)
      .section("power", &P::power, power_schema(), "electrical power")
      .section("tile", &P::tile, tile_schema(), "fitted numbers of the tile model");
  return s;
}

Schema<hw::LinkParams> link_schema() {
  using P = hw::LinkParams;
  Schema<P> s("link", "Between host and device");
  s.choice("kind", &P::kind,
           {{"pcie", hw::LinkKind::pcie, "rate from generation, lanes and protocol overhead"},
            {"nvlink_c2c", hw::LinkKind::nvlink_c2c, "rates given in to_device and to_host"}},
           "protocol")
      .field("generation", &P::generation, "PCIe generation")
      .range(3, 6)
      .field("lanes", &P::lanes, "PCIe lanes")
      .range(1, 32)
      .field("max_payload", &P::max_payload, "PCIe maximum payload size")
      .range(Bytes::raw(64), Bytes::raw(4096))
      .field("max_read_request", &P::max_read_request, "PCIe maximum read request size")
      .range(Bytes::raw(64), Bytes::raw(4096))
      .field("to_device", &P::to_device, "payload rate (nvlink_c2c), or limit of the DMA engine")
      .at_least(kSlowest)
      .field("to_host", &P::to_host, "payload rate (nvlink_c2c), or limit of the DMA engine")
      .at_least(kSlowest)
      .field("submit", &P::submit, "the host enqueues one copy")
      .field("dma_start", &P::dma_start, "until the first byte of a copy moves")
      .check([](const P& p, config::Report& report) {
        if (p.kind == hw::LinkKind::nvlink_c2c && !(p.to_device && p.to_host))
          report.problem("kind", "an nvlink_c2c link needs to_device and to_host");
      });
  return s;
}

Schema<hw::HashParams> hash_schema(const char* name, const char* doc) {
  using P = hw::HashParams;
  Schema<P> s(name, doc);
  s.field("per_call", &P::per_call, "fixed cost of one digest")
      .field("rate", &P::rate, "bytes of one core")
      .at_least(kSlowest);
  return s;
}

}  // namespace

Schema<hw::HostParams> host_schema() {
  using P = hw::HostParams;
  Schema<P> s("host", "The host: cores that hash, memory, the serving loop");
  s.sourced(Sources::demanded);
  s.field("name", &P::name, "its name in configs/hardware/hosts")
      .field("description", &P::description, "the machine it is")
      .field("cpu", &P::cpu, "the processor")
      .field("cores", &P::cores, "cores that can hash")
      .range(1, 10'000)
      .field("sha_ni", &P::sha_ni, "whether the CPU has SHA-256 instructions")
      .section("sha256", &P::sha256, hash_schema("sha256", "SHA-256 with the instructions"),
               "SHA-256 with SHA instructions")
      .section("sha256_plain", &P::sha256_plain, hash_schema("sha256_plain", "SHA-256 without"),
               "SHA-256 without them")
      .section("blake3", &P::blake3, hash_schema("blake3", "BLAKE3"), "BLAKE3")
      .section("interpreted", &P::interpreted, hash_schema("interpreted", "element by element"),
               "element by element in an interpreter")
      .field("merkle_node", &P::merkle_node, "one inner node of a Merkle path")
      .field("signature_verify", &P::signature_verify, "one signature of a tree head")
      .field("memory_bandwidth", &P::memory_bandwidth, "host memory")
      .at_least(kSlowest)
      .field("pageable_copy", &P::pageable_copy, "a copy through a staging buffer")
      .at_least(kSlowest)
      .field("step_overhead", &P::step_overhead, "scheduler, sampler and bookkeeping of one step")
      .section("power", &P::power, power_schema(), "of one core");
  return s;
}

Schema<hw::HardwareParams> hardware_schema() {
  using P = hw::HardwareParams;
  Schema<P> s("hardware", "One device, its link and its host; every number with its source");
  s.sourced(Sources::demanded);
  s.field("name", &P::name, "its name in configs/hardware")
      .field("description", &P::description, "what the part is")
      .section("gpu", &P::gpu, gpu_schema(), "the device")
      .section("link", &P::link, link_schema(), "host to device")
      .reference("host", &P::host, host_schema(), "hardware/hosts", "the host it sits in");
  return s;
}

}  // namespace fieldsim::system
