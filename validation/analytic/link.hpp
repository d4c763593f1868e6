#pragma once
// Closed forms of the link, written from their sources and not from sim/: the oracle of its tests.
#include <cstdint>

namespace fieldsim::analytic {

enum class Way { to_device, to_host };

// Payload bytes/s of a PCIe link: GT/s * lanes / 8 * encoding * (1 - 8/Ack - 8/FC - 4/1538)
// * MPS / (MPS + overhead). Neugebauer et al., SIGCOMM 2018; Ack limits of the PCI Express base
// specification for x16: 144, 168 and 182 symbols at MPS 128, 256 and 512. Generation 6: 236 of the
// 256 bytes of a FLIT carry packets.
// REQUIRES: x16 for generations below 6; mps 128, 256 or 512.
double pcie_x16_rate(int generation, std::int64_t mps, Way way);

// submit + start + bytes / rate.
double copy_seconds(double submit, double start, double bytes, double rate);

// Little's law: the rate of a memory with so many bytes in flight over its latency, at most what
// streaming reaches.
double memory_rate(double peak, double share, double in_flight, double latency);

}  // namespace fieldsim::analytic
