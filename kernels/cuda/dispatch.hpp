#pragma once
// From run-time shape to template instantiation. FIELDSIM_KERNELS_SMALL keeps two of them, for the
// builds that compile the kernels many times (mutations, sanitizers).
#include "kernels/attention.hpp"

namespace fieldsim::kernels {

constexpr std::size_t softmax_smem_bytes() { return kThreads * 2 * sizeof(float); }

template <int kDim, class Function>
void dispatch_dtype(DType dtype, Function f) {
  if (dtype == DType::bf16) f.template operator()<DType::bf16, kDim>();
#if !defined(FIELDSIM_KERNELS_SMALL)
  else
    f.template operator()<DType::f16, kDim>();
#endif
}

// f<dtype, head_dim>()
template <class Function>
void dispatch(const Problem& problem, Function f) {
  if (problem.head_dim == 64) dispatch_dtype<64>(problem.dtype, f);
#if !defined(FIELDSIM_KERNELS_SMALL)
  if (problem.head_dim == 128) dispatch_dtype<128>(problem.dtype, f);
  if (problem.head_dim == 256) dispatch_dtype<256>(problem.dtype, f);
#endif
}

// f<dtype, head_dim, stages>() over kFusedTilings
template <class Function>
void dispatch_fused(const Problem& problem, int stages, Function f) {
  dispatch(problem, [&]<DType kType, int kDim>() {
    if (stages == 3) f.template operator()<kType, kDim, 3>();
    if constexpr (kDim > 64) {
      if (stages == 2) f.template operator()<kType, kDim, 2>();
    }
  });
}

}  // namespace fieldsim::kernels
