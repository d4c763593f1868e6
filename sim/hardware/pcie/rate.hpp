#pragma once
// Payload bandwidth of a host link from its protocol.
//
// PCIe 3 to 5: lane rate x 128b/130b encoding, less the acknowledge and flow-control packets (one
// of each per Ack interval) and the skip sets, times the share of a TLP that is payload. PCIe 6:
// fixed FLITs of 256 B of which 236 carry TLPs. After Neugebauer et al., "Understanding PCIe
// performance for end host networking" (SIGCOMM 2018) and their pcie-model; intervals from the PCI
// Express base specification, Ack latency limits.
#include "sim/base/units.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::hardware::pcie {

enum class Direction { to_device, to_host };

// Bytes per second of payload in one direction of an otherwise idle link.
BytesPerSecond payload_rate(const LinkParams& link, Direction direction);

// Wire bytes of the read requests that a copy to the device sends towards the host: one 64-bit MRd
// per MRRS. Zero for NVLink-C2C.
Bytes request_bytes(const LinkParams& link, Bytes payload);

}  // namespace fieldsim::hardware::pcie
