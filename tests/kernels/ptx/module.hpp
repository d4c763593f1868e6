#pragma once
// The PTX that nvcc emits, parsed. Only what our kernels use; anything else is an error that names
// the instruction, so that a compiler change cannot pass unnoticed.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fieldsim::kernels::ptx {

enum class Op {
  abs,
  add,
  and_,
  atom,
  bar,
  barrier,
  bfi,
  bra,
  cp,
  createpolicy,
  cvt,
  cvta,
  div,
  ex2,
  exit,
  fence,
  fma,
  ld,
  ldmatrix,
  lg2,
  mad,
  max,
  membar,
  min,
  mma,
  mov,
  mul,
  neg,
  not_,
  or_,
  rcp,
  rem,
  ret,
  selp,
  setp,
  shfl,
  shl,
  shr,
  st,
  sub,
  xor_,
};

enum class Kind { bits, unsigned_int, signed_int, floating, predicate };
struct Type {
  Kind kind = Kind::bits;
  int bytes = 4;
  bool bf16 = false;
  bool pair = false;  // x2: two 16-bit floats
};

enum class Space { generic, global, shared, param };

struct Operand {
  enum class Form { none, reg, immediate, memory, special };
  Form form = Form::none;
  int reg = -1;             // register, or base register of a memory operand
  bool inverted = false;    // !predicate
  std::uint64_t value = 0;  // immediate, special register number, or memory offset
};
enum Special : std::uint64_t { kTidX, kCtaidX, kNtidX, kNctaidX, kOtherDimension };

struct Instruction {
  Op op = Op::ret;
  Type type;  // the last type suffix: of the sources
  Type to;    // cvt: the one before it
  Space space = Space::generic;
  std::vector<std::string> modifiers;          // ".wide", ".trans", comparison, ...
  std::vector<std::vector<Operand>> operands;  // {a,b} groups are vectors
  int predicate = -1;
  bool negated = false;
  int target = -1;  // of a branch
  int line = 0;
  bool has(const char* modifier) const;
};

struct Kernel {
  std::vector<Instruction> code;
  int registers = 0;
};

// Kernels by mangled name. Throws std::runtime_error with the line of what it does not know.
std::map<std::string, Kernel> parse(const std::string& path);

}  // namespace fieldsim::kernels::ptx
