#include "validation/measure/cublas.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace fieldsim::measure {

namespace {

// Values of cublas_api.h and library_types.h, which are part of cuBLAS's binary interface.
constexpr int kNoTranspose = 0, kTranspose = 1, kBf16 = 14, kCompute32F = 68,
              kDefaultAlgorithm = -1;

using Create = int (*)(void**);
using Destroy = int (*)(void*);
using SetStream = int (*)(void*, CUstream_st*);
using SetWorkspace = int (*)(void*, void*, std::size_t);
using GemmEx = int (*)(void*, int, int, int, int, int, const void*, const void*, int, int,
                       const void*, int, int, const void*, void*, int, int, int, int);

template <class Function>
Function symbol(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

void accept(int status, const char* what) {
  if (status != 0)
    throw std::runtime_error(std::string("cuBLAS: ") + what + " returned " +
                             std::to_string(status));
}

}  // namespace

Cublas::Cublas() {
  const char* named = std::getenv("FIELDSIM_CUBLAS");
  for (const char* file : {named, "libcublas.so.13", "libcublas.so.12", "libcublas.so",
                           "/usr/local/cuda/lib64/libcublas.so"}) {
    if (file == nullptr || library_ != nullptr) continue;
    library_ = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  }
  if (library_ == nullptr) {
    why_ = "no libcublas found (FIELDSIM_CUBLAS can name one)";
    return;
  }
  const auto create = symbol<Create>(library_, "cublasCreate_v2");
  if (create == nullptr || symbol<GemmEx>(library_, "cublasGemmEx") == nullptr ||
      symbol<SetStream>(library_, "cublasSetStream_v2") == nullptr) {
    why_ = "libcublas lacks a function";
    return;
  }
  if (const int status = create(&handle_); status != 0) {
    handle_ = nullptr;
    why_ = "cublasCreate returned " + std::to_string(status);
  }
}

Cublas::~Cublas() {
  if (handle_ != nullptr)
    if (const auto destroy = symbol<Destroy>(library_, "cublasDestroy_v2")) destroy(handle_);
  // The library stays mapped: it registers work at exit.
}

void Cublas::gemm_bf16(int m, int n, int k, const void* a, const void* b, void* c,
                       CUstream_st* stream) const {
  use_stream(stream);
  const float one = 1, zero = 0;
  // Column-major, C^T [n, m] is what a row-major C [m, n] looks like: C^T = B A^T, where cuBLAS
  // sees B as [k, n] and A as [k, m].
  accept(symbol<GemmEx>(library_, "cublasGemmEx")(handle_, kTranspose, kNoTranspose, n, m, k, &one,
                                                  b, kBf16, k, a, kBf16, k, &zero, c, kBf16, n,
                                                  kCompute32F, kDefaultAlgorithm),
         "cublasGemmEx");
}

void Cublas::set_workspace(void* workspace, std::size_t bytes) {
  workspace_ = workspace;
  workspace_bytes_ = bytes;
  stream_ = nullptr;
}

// Setting a stream puts the library's own workspace back, so ours follows every change of stream.
void Cublas::use_stream(CUstream_st* stream) const {
  if (stream == stream_) return;
  accept(symbol<SetStream>(library_, "cublasSetStream_v2")(handle_, stream), "cublasSetStream");
  const auto set = symbol<SetWorkspace>(library_, "cublasSetWorkspace_v2");
  if (set != nullptr && workspace_ != nullptr)
    accept(set(handle_, workspace_, workspace_bytes_), "cublasSetWorkspace");
  stream_ = stream;
}

}  // namespace fieldsim::measure
