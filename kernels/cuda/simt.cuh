#pragma once
// The device primitives that the kernels are written in, namespace `prim`. Under nvcc each is one
// PTX instruction; under a host compiler it is the fiber emulator (kernels/emu). The kernel bodies
// contain no other device construct, so one source runs on both.
#if defined(__CUDACC__)
#include "kernels/cuda/prim_cuda.cuh"
#else
#include "kernels/emu/prim_emu.hpp"
#endif
