#pragma once
// Clocks, temperature and power through NVML, loaded at run time; without it they are reported as
// unknown. Nothing here changes a setting of the device.
#include <string>

#include "validation/measure/report.hpp"

namespace fieldsim::measure {

// `pci_bus_id` as cudaDeviceGetPCIBusId gives it.
Clocks read_clocks(const std::string& pci_bus_id);
std::string driver_version();  // empty when NVML cannot tell

}  // namespace fieldsim::measure
