// Anchors against shared memory: streamed through the ring as our kernel does, or kept resident in
// a tile beside it. Residency, occupancy and the bandwidth that the bytes in flight can sustain.
// Prints CSV on stdout.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "kernels/resources.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/system/load.hpp"

namespace {

using namespace fieldsim;
using kernels::DeviceInfo;

constexpr int kHead = 128;  // head size
constexpr std::array kAnchors = {16, 32, 64, 128, 192, 256, 320, 384, 512, 1024, 2048, 4096};

struct Part {
  std::string name;
  DeviceInfo device;
};

// Bytes of device memory a second that the outstanding copies of all CTAs can ask for (Little's
// law), as a share of the peak.
double bandwidth_share(const hardware::GpuParams& gpu, int ctas, const kernels::Tiling& tiling) {
  const double in_flight = static_cast<double>(gpu.sm.count) * ctas * tiling.bytes_in_flight();
  const double rate = in_flight / seconds(gpu.hbm.latency);
  return std::min(1.0, rate / static_cast<double>(gpu.hbm.bandwidth.count()));
}

void print(const Part& part, const hardware::GpuParams& gpu, const char* layout, int anchors,
           int smem, int registers, const kernels::Tiling& tiling) {
  const int over = std::max(0, smem - part.device.smem_per_cta);
  const int ctas = over > 0 ? 0 : kernels::resident_ctas(part.device, registers, smem);
  fmt::print("{},sm_{},{},{},{},{},{},{},{},{:.4g},{:.4g}\n", part.name, part.device.arch, layout,
             anchors, smem, part.device.smem_per_cta, over, ctas, ctas * kernels::kWarps,
             static_cast<double>(ctas * kernels::kWarps) / part.device.warps_per_sm,
             bandwidth_share(gpu, ctas, tiling));
}

}  // namespace

int main() {
  const config::Catalogue catalogue;
  const std::array parts = {Part{"a100-sxm-80gb", kernels::kA100}, Part{"h100-sxm", kernels::kH100},
                            Part{"b200-sxm", kernels::kB200}};
  fmt::print(
      "hardware,architecture,layout,anchor_tokens,shared_memory_bytes,limit_bytes,over_bytes,"
      "ctas_per_sm,warps_per_sm,occupancy,bandwidth_share\n");
  for (const Part& part : parts) {
    const auto gpu = system::load_scenario("paper_13b_64k", catalogue, {"hardware=" + part.name})
                         .scenario.hardware.gpu;
    const kernels::Tiling tiling = kernels::fused_tiling(kHead, part.device.smem_per_sm);
    const auto* resources = kernels::find_resources(kernels::Kernel::fused, kHead, tiling.stages,
                                                    kernels::DType::f16, part.device.arch);
    for (const int anchors : kAnchors) {
      const int ring = tiling.smem_bytes() + resources->static_smem_bytes;
      const auto resident = static_cast<int>(kernels::stream_bytes(anchors, 1, kHead));
      print(part, gpu, "streamed", anchors, ring, resources->registers, tiling);
      print(part, gpu, "resident", anchors, ring + resident, resources->registers, tiling);
    }
  }
}
