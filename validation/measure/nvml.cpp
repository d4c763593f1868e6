#include "validation/measure/nvml.hpp"

#include <dlfcn.h>

namespace fieldsim::measure {

namespace {

// From nvml.h, part of the library's binary interface.
constexpr unsigned kClockSm = 1, kClockMemory = 2, kTemperatureGpu = 0;

class Nvml {
 public:
  Nvml() {
    library_ = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    usable_ = library_ != nullptr && call("nvmlInit_v2");
  }
  ~Nvml() {
    if (usable_) call("nvmlShutdown");
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  bool usable() const { return usable_; }
  // True when the function exists and returns 0 (NVML_SUCCESS).
  template <class... Arguments>
  bool call(const char* name, Arguments... arguments) const {
    const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(library_, name));
    return function != nullptr && function(arguments...) == 0;
  }

 private:
  void* library_ = nullptr;
  bool usable_ = false;
};

}  // namespace

Clocks read_clocks(const std::string& pci_bus_id) {
  Clocks clocks;
  const Nvml nvml;
  void* device = nullptr;
  if (!nvml.usable() ||
      !nvml.call("nvmlDeviceGetHandleByPciBusId_v2", pci_bus_id.c_str(), &device)) {
    clocks.source = nvml.usable() ? "NVML does not know the device" : "no NVML library";
    return clocks;
  }
  clocks.source = "nvml";
  unsigned value = 0;
  if (nvml.call("nvmlDeviceGetClockInfo", device, kClockSm, &value))
    clocks.sm_mhz = static_cast<int>(value);
  if (nvml.call("nvmlDeviceGetClockInfo", device, kClockMemory, &value))
    clocks.memory_mhz = static_cast<int>(value);
  if (nvml.call("nvmlDeviceGetTemperature", device, kTemperatureGpu, &value))
    clocks.temperature_c = static_cast<int>(value);
  if (nvml.call("nvmlDeviceGetPowerUsage", device, &value))
    clocks.power_w = value / 1000.0;  // from mW
  return clocks;
}

std::string driver_version() {
  const Nvml nvml;
  char text[96] = {};
  if (!nvml.usable() ||
      !nvml.call("nvmlSystemGetDriverVersion", &text[0], static_cast<unsigned>(sizeof text)))
    return "";
  return text;
}

}  // namespace fieldsim::measure
