// One asynchronous copy of each width, to check how gate.py reads the width from machine code.
#include <cstdint>

template <int kBytes>
__global__ void copy_kernel(const void* from) {
  extern __shared__ std::uint8_t shared[];
  const auto to = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(to), "l"(from), "n"(kBytes));
  asm volatile("cp.async.wait_all;");
}

template __global__ void copy_kernel<4>(const void*);
template __global__ void copy_kernel<8>(const void*);
template __global__ void copy_kernel<16>(const void*);
