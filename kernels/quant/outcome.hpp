#pragma once
// Errors as values for the quantiser and the hashes: nothing is thrown across the kernels'
// boundary.
#include <cstdint>

namespace fieldsim::integrity {

enum class Code : int {
  ok,
  bad_argument,  // null, negative, too large or inconsistent; `argument` names it
  bad_scale,     // zero, negative, subnormal, infinite or NaN; `index` says which scale
  bad_align,     // a pointer that the kernel's vector loads or stores cannot use
  too_small,     // a buffer is shorter than its documented bound
  nan_input,     // `index` is the first NaN element
  cuda_error     // `index` is the cudaError_t
};

struct Outcome {
  Code code = Code::ok;
  const char* argument = "";  // name of the offending argument, a literal
  std::int64_t index = -1;    // element, scale or error number, when it says something
  constexpr bool ok() const { return code == Code::ok; }
};

constexpr Outcome fail(Code code, const char* argument, std::int64_t index = -1) {
  return Outcome{code, argument, index};
}

constexpr const char* code_name(Code code) {
  switch (code) {
    case Code::ok:
      return "ok";
    case Code::bad_argument:
      return "bad argument";
    case Code::bad_scale:
      return "bad scale";
    case Code::bad_align:
      return "misaligned pointer";
    case Code::too_small:
      return "buffer too small";
    case Code::nan_input:
      return "NaN in the input";
    case Code::cuda_error:
      return "CUDA error";
  }
  return "unknown";
}

inline bool aligned(const void* pointer, std::uintptr_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % bytes == 0;
}

}  // namespace fieldsim::integrity
