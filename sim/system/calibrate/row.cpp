#include "sim/system/calibrate/row.hpp"

#include <fmt/format.h>

namespace fieldsim::calibrate {
namespace {

const char* rows_band(std::int64_t m) {
  return m <= 64     ? "m<=64"
         : m <= 256  ? "m<=256"
         : m <= 1024 ? "m<=1024"
         : m <= 4096 ? "m<=4096"
                     : "m>4096";
}

bool is_attention(Operation op) { return op == Operation::decode || op == Operation::prefill; }

}  // namespace

std::string Row::layout() const {
  if (is_attention(op)) {
    std::string s = fmt::format("{}/{}", attention.query_heads, attention.kv_heads);
    if (attention.head_dim != 128) s += fmt::format(" d{}", attention.head_dim);
    return s;
  }
  return rows_band(op == Operation::gemm ? gemm.m : quantize.rows);
}

std::string Row::precision() const {
  if (is_attention(op)) return attention.fp8 ? "fp8" : "bf16";
  return op == Operation::gemm ? "bf16" : "fp8";
}

std::int64_t Row::length() const {
  if (op == Operation::decode) return attention.context;
  if (op == Operation::prefill) return attention.query_tokens;
  return op == Operation::gemm ? gemm.k : quantize.columns;
}

double Row::flops() const {
  if (op == Operation::gemm)
    return 2.0 * static_cast<double>(gemm.m) * static_cast<double>(gemm.n) *
           static_cast<double>(gemm.k);
  if (!is_attention(op)) return 0;
  // Q K^T and P V over the tokens that the causal mask leaves visible.
  const auto& a = attention;
  const auto q = static_cast<double>(a.query_tokens);
  const double visible = static_cast<double>(a.context) - (q - 1) / 2;
  return 4.0 * static_cast<double>(a.batch) * q * visible * static_cast<double>(a.query_heads) *
         static_cast<double>(a.head_dim);
}

double Row::bytes() const {
  if (op == Operation::gemm) {
    const auto m = static_cast<double>(gemm.m), n = static_cast<double>(gemm.n),
               k = static_cast<double>(gemm.k);
    return 2 * (m * k + n * k + m * n);
  }
  if (is_attention(op)) {
    const auto& a = attention;
    return 2.0 * static_cast<double>(a.batch) * static_cast<double>(a.context) *
           static_cast<double>(a.kv_heads) * static_cast<double>(a.head_dim) * (a.fp8 ? 1 : 2);
  }
  return 3.0 * static_cast<double>(quantize.rows) * static_cast<double>(quantize.columns);
}

}  // namespace fieldsim::calibrate
