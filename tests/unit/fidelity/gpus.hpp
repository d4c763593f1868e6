#pragma once
// Datasheet parts for tests that must not depend on the configuration reader. The numbers are those
// of configs/hardware; a test compares them where that reader is linked.
#include <string>

#include "sim/hardware/params.hpp"

namespace fieldsim::fidelity_test {

using namespace fieldsim::literals;

inline hardware::GpuParams a100() {
  hardware::GpuParams g;
  g.architecture = "sm_80";
  g.sm = {108, 1410_MHz, 164_KiB, 163_KiB, 65536, 64, 32, 64};
  g.l2 = {40_MiB, BytesPerSecond::raw(3'530'000'000'000)};
  g.hbm.bandwidth = 2039_GBps;
  g.hbm.achieved = 0.82;
  g.compute.fp16 = 312_TFLOPs;
  g.compute.achieved = 0.95;
  g.launch.graph = 1_us;
  return g;
}

inline hardware::GpuParams h100() {
  hardware::GpuParams g;
  g.architecture = "sm_90";
  g.sm = {132, 1830_MHz, 228_KiB, 227_KiB, 65536, 64, 32, 128};
  g.l2 = {50_MiB, BytesPerSecond::raw(5'600'000'000'000)};
  g.hbm.bandwidth = 3350_GBps;
  g.hbm.achieved = 0.916;
  g.compute.fp16 = FlopsPerSecond::raw(989'400'000'000'000);
  g.compute.achieved = 0.83;
  g.launch.graph = 1_us;
  return g;
}

inline hardware::GpuParams h200() {
  hardware::GpuParams g = h100();
  g.hbm.bandwidth = 4800_GBps;
  g.hbm.achieved = 0.885;
  g.compute.achieved = 0.78;
  return g;
}

inline hardware::GpuParams l40s() {
  hardware::GpuParams g;
  g.architecture = "sm_89";
  g.sm = {142, 2520_MHz, 100_KiB, 99_KiB, 65536, 48, 24, 128};
  g.l2 = {96_MiB, BytesPerSecond::raw(8'300'000'000'000)};
  g.hbm.bandwidth = 864_GBps;
  g.compute.fp16 = 362_TFLOPs;
  g.launch.graph = 1_us;
  return g;
}

inline hardware::GpuParams b200() {
  hardware::GpuParams g;
  g.architecture = "sm_100";
  g.sm = {148, 1850_MHz, 228_KiB, 227_KiB, 65536, 64, 32, 128};
  g.l2 = {126_MiB, BytesPerSecond::raw(9'360'000'000'000)};
  g.hbm.bandwidth = 8000_GBps;
  g.compute.fp16 = 2250_TFLOPs;
  g.launch.graph = 1_us;
  return g;
}

}  // namespace fieldsim::fidelity_test
