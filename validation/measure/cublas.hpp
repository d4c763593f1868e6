#pragma once
// cuBLAS, found at run time: the executable builds and starts without it and says what is then left
// out. FIELDSIM_CUBLAS names a library file to try first.
#include <cstddef>
#include <string>

struct CUstream_st;

namespace fieldsim::measure {

class Cublas {
 public:
  Cublas();
  ~Cublas();
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;
  bool loaded() const { return handle_ != nullptr; }
  const std::string& why() const { return why_; }  // not loaded because

  // C [m, n] = A [m, k] B [n, k]^T, all row-major BF16, FP32 accumulation. For a linear layer A is
  // its input [tokens, in], B its weights [out, in]. Throws std::runtime_error when refused.
  void gemm_bf16(int m, int n, int k, const void* a, const void* b, void* c,
                 CUstream_st* stream) const;
  // Device memory for split products, so that calls can be captured in a graph.
  void set_workspace(void* workspace, std::size_t bytes);

 private:
  void use_stream(CUstream_st* stream) const;
  void* library_ = nullptr;
  void* handle_ = nullptr;
  std::string why_;
  void* workspace_ = nullptr;
  std::size_t workspace_bytes_ = 0;
  mutable CUstream_st* stream_ = nullptr;
};

}  // namespace fieldsim::measure
