#pragma once
#include <cuda_runtime_api.h>

#include <string>

namespace fake {
// Runs the CPU form of the kernel with this mangled name; false when it has none.
bool run_kernel(const std::string& name, dim3 grid, dim3 block, void** arguments,
                std::size_t shared_bytes);
}  // namespace fake
