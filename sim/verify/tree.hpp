#pragma once
// SHA-256 tree hashing on the device: how many levels, and the kernel that the stream runs.
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/hardware/gpu/kernel.hpp"
#include "sim/hardware/params.hpp"

namespace fieldsim::verify {

// Levels above the leaves: ceil(log2(leaves)).
std::int64_t tree_levels(Bytes payload, Bytes leaf);

// Bytes that are compressed for each byte of payload, less one: SHA-2 padding of a leaf and the
// inner nodes. w = (64 / leaf) * (1 + 2): 18.75 % at 1 KiB, 4.7 % at 4 KiB.
double tree_overhead(Bytes leaf);

// levels * level + max(payload * (1 + w) / rate, (leaf / 64 + 1) * compression).
// Shape of the model after the times of itzmeanjan/merklize-sha (V100), ceiling after hashcat -m
// 1400: a leaf is hashed by one thread, whose compressions depend on each other.
hardware::gpu::Kernel tree_hash_kernel(const hardware::TreeHashParams& params, Bytes payload,
                                       Bytes leaf);

}  // namespace fieldsim::verify
