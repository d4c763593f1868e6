#include "tests/kernels/ptx/arithmetic.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace fieldsim::kernels::ptx {

void fail(const Instruction& i, const char* what) {
  throw std::runtime_error("PTX line " + std::to_string(i.line) + ": " + what);
}

u64 extended(u64 v, Type t) {
  const bool sign = t.kind == Kind::signed_int;
  switch (t.bytes) {
    case 1:
      return sign ? static_cast<u64>(static_cast<std::int8_t>(v)) : v & 0xffu;
    case 2:
      return sign ? static_cast<u64>(static_cast<std::int16_t>(v)) : v & 0xffffu;
    case 4:
      return sign ? static_cast<u64>(static_cast<std::int32_t>(v)) : v & 0xffffffffu;
    default:
      return v;
  }
}
u64 truncated(u64 v, int bytes) { return bytes >= 8 ? v : v & ((u64{1} << (8 * bytes)) - 1); }

float floating(const Instruction& i, float a, float b, float c) {
  if (i.type.bytes != 4) fail(i, "only f32 arithmetic is known");
  switch (i.op) {
    case Op::add:
      return a + b;
    case Op::sub:
      return a - b;
    case Op::mul:
      return a * b;
    case Op::fma:
      return std::fma(a, b, c);
    case Op::div:
      return a / b;
    case Op::max:
      return std::fmax(a, b);
    case Op::min:
      return std::fmin(a, b);
    case Op::neg:
      return -a;
    case Op::abs:
      return std::fabs(a);
    case Op::ex2:
      return std::exp2(a);
    case Op::lg2:
      return std::log2(a);
    case Op::rcp:
      return 1.0f / a;
    default:
      fail(i, "unknown float operation");
  }
}

u64 logical(const Instruction& i, u64 a, u64 b) {
  switch (i.op) {
    case Op::and_:
      return a & b;
    case Op::or_:
      return a | b;
    case Op::xor_:
      return a ^ b;
    case Op::not_:
      return ~a;
    default:
      fail(i, "unknown predicate operation");
  }
}

u64 integer(const Instruction& i, u64 a, u64 b, u64 c) {
  const bool sign = i.type.kind == Kind::signed_int;
  const bool wide = i.has("wide");
  const auto bits = static_cast<u64>(8 * i.type.bytes);
  const u64 x = extended(a, i.type);
  const u64 y = extended(b, i.type);
  const auto sx = static_cast<std::int64_t>(x);
  const auto sy = static_cast<std::int64_t>(y);
  u64 r = 0;
  switch (i.op) {
    case Op::add:
      r = x + y;
      break;
    case Op::sub:
      r = x - y;
      break;
    case Op::mul:
    case Op::mad:
      if (i.has("hi")) fail(i, "mul.hi is not known");
      r = x * y + (i.op == Op::mad ? (wide ? c : extended(c, i.type)) : 0);
      break;
    case Op::div:
      if (y == 0) fail(i, "division by zero");
      r = sign ? static_cast<u64>(sx / sy) : x / y;
      break;
    case Op::rem:
      if (y == 0) fail(i, "division by zero");
      r = sign ? static_cast<u64>(sx % sy) : x % y;
      break;
    case Op::max:
      r = (sign ? sx > sy : x > y) ? x : y;
      break;
    case Op::min:
      r = (sign ? sx < sy : x < y) ? x : y;
      break;
    case Op::and_:
      r = x & y;
      break;
    case Op::or_:
      r = x | y;
      break;
    case Op::xor_:
      r = x ^ y;
      break;
    case Op::not_:
      r = ~x;
      break;
    case Op::neg:
      r = 0 - x;
      break;
    case Op::abs:
      r = sx < 0 ? 0 - x : x;
      break;
    case Op::shl:
      r = b >= bits ? 0 : x << b;
      break;
    case Op::shr:  // shifts clamp at the width
      if (sign)
        r = static_cast<u64>(sx >> (b >= bits ? bits - 1 : b));
      else
        r = b >= bits ? 0 : x >> b;
      break;
    default:
      fail(i, "unknown integer operation");
  }
  return truncated(r, wide ? 2 * i.type.bytes : i.type.bytes);
}

u64 compare(const Instruction& i, u64 a, u64 b) {
  const std::string& how = i.modifiers.at(0);
  if (i.type.kind == Kind::floating) {
    const float x = as_float(a);
    const float y = as_float(b);
    const bool unordered = std::isnan(x) || std::isnan(y);
    if (how == "eq") return x == y;
    if (how == "ne") return !unordered && x != y;
    if (how == "neu") return x != y;
    if (how == "lt") return x < y;
    if (how == "le") return x <= y;
    if (how == "gt") return x > y;
    if (how == "ge") return x >= y;
    if (how == "nan") return unordered;
    fail(i, "unknown comparison");
  }
  const u64 x = extended(a, i.type);
  const u64 y = extended(b, i.type);
  const bool sign = i.type.kind == Kind::signed_int;
  const bool less = sign ? static_cast<std::int64_t>(x) < static_cast<std::int64_t>(y) : x < y;
  if (how == "eq") return x == y;
  if (how == "ne") return x != y;
  if (how == "lt" || how == "lo") return less;
  if (how == "le" || how == "ls") return less || x == y;
  if (how == "gt" || how == "hi") return !less && x != y;
  if (how == "ge" || how == "hs") return !less;
  fail(i, "unknown comparison");
}

}  // namespace fieldsim::kernels::ptx
