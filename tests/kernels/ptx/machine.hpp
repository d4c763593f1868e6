#pragma once
// Executes parsed PTX on the CPU, CTA by CTA. Threads run until a warp collective or a barrier;
// shared memory starts as NaN bytes; copies land at wait_group and not before.
#include <cstdint>
#include <map>
#include <string>

#include "tests/kernels/ptx/module.hpp"

namespace fieldsim::kernels::ptx {

struct Counts {
  std::uint64_t instructions = 0;  // of threads
  std::uint64_t mma = 0;           // of warps, like the rest
  std::uint64_t ldmatrix = 0;
  std::uint64_t copies = 0;  // of threads
};

class Machine {
 public:
  explicit Machine(const std::string& path) : kernels_(parse(path)) {}

  // Runs the kernel whose mangled name contains `name`. `params` is its parameter block. Throws
  // std::runtime_error on a deadlock, a divergent collective or a shared address out of range.
  void launch(const std::string& name, int grid, int threads, std::size_t smem_bytes,
              const void* params);
  const Counts& counts() const { return counts_; }
  std::map<std::string, Kernel>& kernels() { return kernels_; }  // for planting faults

 private:
  std::map<std::string, Kernel> kernels_;
  Counts counts_;
};

}  // namespace fieldsim::kernels::ptx
