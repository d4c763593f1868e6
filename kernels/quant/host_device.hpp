#pragma once
// One function body for the host and the device: the reference, the CPU runs of a kernel and the
// kernel itself then share every arithmetic step. No CUDA header is needed on the host side.
#if defined(__CUDACC__)
#define FIELDSIM_HD __host__ __device__ __forceinline__
#define FIELDSIM_HD_UNROLL _Pragma("unroll")
#else
#define FIELDSIM_HD inline
#define FIELDSIM_HD_UNROLL _Pragma("GCC unroll 64")
#endif

#if defined(__FAST_MATH__)
#error "bit-exact kernels need IEEE arithmetic: build without -ffast-math"
#endif
