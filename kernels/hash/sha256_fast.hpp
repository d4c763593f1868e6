#pragma once
// SHA-256 with the processor's SHA instructions where it has them (cpuid decides at run time), for
// measuring what a host hash worker costs. No library needed: OpenSSL is only the tests' oracle.
#include "kernels/hash/sha256.hpp"

namespace fieldsim::integrity {

bool sha256_has_instructions();     // SHA extensions, SSSE3 and SSE4.1
Sha256Blocks sha256_blocks_fast();  // the instructions' version, or the portable one

}  // namespace fieldsim::integrity
