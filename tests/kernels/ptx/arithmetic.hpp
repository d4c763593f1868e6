#pragma once
// What single PTX instructions compute, on registers as 64-bit words.
#include <bit>
#include <cstdint>

#include "tests/kernels/ptx/module.hpp"

namespace fieldsim::kernels::ptx {

using u64 = std::uint64_t;

inline float as_float(u64 bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }
inline u64 bits_of(float f) { return std::bit_cast<std::uint32_t>(f); }

// An integer register read as a value of the type, and cut to a number of bytes.
u64 extended(u64 v, Type t);
u64 truncated(u64 v, int bytes);

[[noreturn]] void fail(const Instruction& i, const char* what);

float floating(const Instruction& i, float a, float b, float c);
u64 logical(const Instruction& i, u64 a, u64 b);  // of predicates
u64 integer(const Instruction& i, u64 a, u64 b, u64 c);
u64 compare(const Instruction& i, u64 a, u64 b);  // setp

}  // namespace fieldsim::kernels::ptx
