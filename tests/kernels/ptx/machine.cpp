#include "tests/kernels/ptx/machine.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <stdexcept>

#include "kernels/emu/float16.hpp"
#include "tests/kernels/ptx/arithmetic.hpp"

namespace fieldsim::kernels::ptx {
namespace {

struct Copy {
  std::uint32_t dst;
  const void* src;
  std::uint32_t bytes;
};

enum class Wait { none, warp, block };

struct Thread {
  std::vector<u64> r;
  std::size_t pc = 0;
  bool done = false;
  Wait wait = Wait::none;
  std::vector<Copy> open;  // copies since the last commit
  std::deque<std::vector<Copy>> groups;
};

class Block {
 public:
  Block(const Kernel& kernel, Counts& counts, int index, int grid, int threads,
        std::size_t smem_bytes, const void* params)
      : kernel_(kernel),
        counts_(counts),
        index_(index),
        grid_(grid),
        params_(static_cast<const std::uint8_t*>(params)),
        shared_(smem_bytes, 0xff),
        threads_(static_cast<std::size_t>(threads)) {
    for (Thread& t : threads_)
      t.r.assign(static_cast<std::size_t>(kernel.registers), 0xdeadbeefdeadbeefu);
  }

  void run() {
    for (;;) {
      bool progress = false;
      bool live = false;
      for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (threads_[i].done) continue;
        live = true;
        if (threads_[i].wait != Wait::none) continue;
        run_thread(i);
        progress = true;
      }
      if (!live) return;
      for (std::size_t w = 0; w < threads_.size(); w += 32) progress |= try_collective(w);
      progress |= try_barrier();
      if (!progress) throw std::runtime_error("deadlock or divergent collective");
    }
  }

 private:
  u64 get(const Thread& t, const Operand& o, std::size_t thread) const {
    switch (o.form) {
      case Operand::Form::reg: {
        const u64 v = t.r[static_cast<std::size_t>(o.reg)];
        return o.inverted ? !(v & 1u) : v;
      }
      case Operand::Form::special:
        return o.value == kTidX      ? thread
               : o.value == kCtaidX  ? static_cast<u64>(index_)
               : o.value == kNtidX   ? threads_.size()
               : o.value == kNctaidX ? static_cast<u64>(grid_)
                                     : 0;
      default:
        return o.value;
    }
  }
  static u64& result(Thread& t, const Instruction& i, std::size_t n = 0) {
    return t.r[static_cast<std::size_t>(i.operands[0][n].reg)];
  }

  std::uint8_t* address(const Thread& t, const Instruction& i, const Operand& o, Space space,
                        std::size_t bytes) {
    const u64 at = (o.reg >= 0 ? t.r[static_cast<std::size_t>(o.reg)] : 0) + o.value;
    if (space == Space::param) return const_cast<std::uint8_t*>(params_) + at;
    if (space != Space::shared) return std::bit_cast<std::uint8_t*>(at);
    if (at + bytes > shared_.size()) fail(i, "shared address out of range");
    return shared_.data() + at;
  }

  bool try_collective(std::size_t first) {
    for (std::size_t l = 0; l < 32; ++l) {
      const Thread& t = threads_[first + l];
      if (t.done || t.wait != Wait::warp || t.pc != threads_[first].pc) return false;
    }
    collective(kernel_.code[threads_[first].pc], first);
    for (std::size_t l = 0; l < 32; ++l) {
      threads_[first + l].wait = Wait::none;
      ++threads_[first + l].pc;
    }
    return true;
  }

  bool try_barrier() {
    bool waiting = false;
    for (const Thread& t : threads_) {
      if (!t.done && t.wait != Wait::block) return false;
      waiting |= !t.done;
    }
    for (Thread& t : threads_) {
      if (t.done) continue;
      t.wait = Wait::none;
      ++t.pc;
    }
    return waiting;
  }

  void collective(const Instruction& i, std::size_t first) {
    if (i.op == Op::shfl) return shuffle(i, first);
    if (i.op == Op::ldmatrix) return load_matrix(i, first);
    if (i.op == Op::mma) return multiply(i, first);
    // bar.warp.sync: meeting was all.
  }

  void shuffle(const Instruction& i, std::size_t first) {
    if (!i.has("bfly")) fail(i, "only shfl.bfly is known");
    std::array<u64, 32> v;
    for (std::size_t l = 0; l < 32; ++l)
      v[l] = get(threads_[first + l], i.operands[1][0], first + l);
    for (std::size_t l = 0; l < 32; ++l) {
      Thread& t = threads_[first + l];
      const u64 mask = get(t, i.operands[2][0], first + l);
      result(t, i) = v[l ^ (mask & 31u)];
      if (i.operands[0].size() > 1) result(t, i, 1) = 1;
    }
  }

  void load_matrix(const Instruction& i, std::size_t first) {
    ++counts_.ldmatrix;
    const bool transpose = i.has("trans");
    std::array<const std::uint8_t*, 32> rows;
    for (std::size_t l = 0; l < 32; ++l)
      rows[l] = address(threads_[first + l], i, i.operands[1][0], Space::shared, 16);
    const auto element = [&](std::size_t row, std::size_t n) {
      std::uint16_t v;
      std::memcpy(&v, rows[row] + 2 * n, 2);
      return std::uint32_t{v};
    };
    for (std::size_t l = 0; l < 32; ++l)
      for (std::size_t m = 0; m < i.operands[0].size(); ++m) {
        const std::size_t n = 2 * (l % 4);
        const std::uint32_t lo = transpose ? element(m * 8 + n, l / 4) : element(m * 8 + l / 4, n);
        const std::uint32_t hi =
            transpose ? element(m * 8 + n + 1, l / 4) : element(m * 8 + l / 4, n + 1);
        result(threads_[first + l], i, m) = lo | hi << 16;
      }
  }

  void multiply(const Instruction& i, std::size_t first) {
    ++counts_.mma;
    const DType type = i.type.bf16 ? DType::bf16 : DType::f16;
    float a[16][16];
    float b[16][8];
    for (std::size_t l = 0; l < 32; ++l) {
      const Thread& t = threads_[first + l];
      const auto half = [&](std::size_t operand, std::size_t n, int which) {
        const u64 v = get(t, i.operands[operand][n], first + l);
        return to_float(type, static_cast<std::uint16_t>(v >> (16 * which)));
      };
      for (std::size_t n = 0; n < 4; ++n)
        for (int h = 0; h < 2; ++h)
          a[l / 4 + 8 * (n & 1)][2 * (l % 4) + 8 * (n >> 1) + static_cast<std::size_t>(h)] =
              half(1, n, h);
      for (std::size_t n = 0; n < 2; ++n)
        for (int h = 0; h < 2; ++h)
          b[2 * (l % 4) + 8 * n + static_cast<std::size_t>(h)][l / 4] = half(2, n, h);
    }
    for (std::size_t l = 0; l < 32; ++l) {
      Thread& t = threads_[first + l];
      std::array<u64, 4> out;
      for (std::size_t n = 0; n < 4; ++n) {
        const std::size_t row = l / 4 + 8 * (n >> 1);
        const std::size_t column = 2 * (l % 4) + (n & 1);
        float sum = 0.0f;
        for (std::size_t k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
        out[n] = bits_of(as_float(get(t, i.operands[3][n], first + l)) + sum);
      }
      for (std::size_t n = 0; n < 4; ++n) result(t, i, n) = out[n];
    }
  }

  void run_thread(std::size_t index) {
    Thread& t = threads_[index];
    for (;;) {
      const Instruction& i = kernel_.code[t.pc];
      ++counts_.instructions;
      if (i.predicate >= 0 &&
          ((t.r[static_cast<std::size_t>(i.predicate)] & 1u) != 0) == i.negated) {
        ++t.pc;
        continue;
      }
      switch (i.op) {
        case Op::bra:
          t.pc = static_cast<std::size_t>(i.target);
          continue;
        case Op::ret:
        case Op::exit:
          t.done = true;
          return;
        case Op::bar:
        case Op::barrier:
          t.wait = i.has("warp") ? Wait::warp : Wait::block;
          return;
        case Op::shfl:
        case Op::ldmatrix:
        case Op::mma:
          t.wait = Wait::warp;
          return;
        default:
          execute(i, t, index);
      }
      ++t.pc;
    }
  }

  void execute(const Instruction& i, Thread& t, std::size_t index) {
    const auto in = [&](std::size_t n) { return get(t, i.operands[n][0], index); };
    switch (i.op) {
      case Op::membar:
      case Op::fence:
        return;
      case Op::createpolicy:
        result(t, i) = 0;
        return;
      case Op::cvta:
        result(t, i) = in(1);
        return;
      case Op::ld:
        return load(i, t);
      case Op::st:
        return store(i, t, index);
      case Op::mov:
        return move(i, t, index);
      case Op::cvt:
        result(t, i) = converted(i, t, index);
        return;
      case Op::cp:
        return copy(i, t, index);
      case Op::atom:
        return atomic(i, t, index);
      case Op::setp:
        result(t, i) = compare(i, in(1), in(2));
        return;
      case Op::selp:
        result(t, i) = (in(3) & 1u) != 0 ? in(1) : in(2);
        return;
      case Op::bfi: {
        const u64 length = in(4) & 0xffu;
        const u64 mask = (length >= 32 ? 0xffffffffu : (u64{1} << length) - 1) << (in(3) & 0xffu);
        result(t, i) = (in(2) & ~mask & 0xffffffffu) | ((in(1) << (in(3) & 0xffu)) & mask);
        return;
      }
      default:
        break;
    }
    const u64 a = in(1);
    const u64 b = i.operands.size() > 2 ? in(2) : 0;
    const u64 c = i.operands.size() > 3 ? in(3) : 0;
    if (i.type.kind == Kind::floating)
      result(t, i) = bits_of(floating(i, as_float(a), as_float(b), as_float(c)));
    else if (i.type.kind == Kind::predicate)
      result(t, i) = logical(i, a, b) & 1u;
    else
      result(t, i) = integer(i, a, b, c);
  }

  u64 converted(const Instruction& i, const Thread& t, std::size_t index) const {
    const u64 v = get(t, i.operands[1][0], index);
    if (i.to.pair) {  // the first source goes to the high half
      const u64 low = get(t, i.operands[2][0], index);
      const DType type = i.to.bf16 ? DType::bf16 : DType::f16;
      return static_cast<u64>(from_float(type, as_float(v))) << 16 |
             from_float(type, as_float(low));
    }
    const bool from_real = i.type.kind == Kind::floating;
    const bool to_real = i.to.kind == Kind::floating;
    if (to_real && from_real) {
      if (i.to.bytes == 4 && i.type.bytes == 2)
        return bits_of(
            to_float(i.type.bf16 ? DType::bf16 : DType::f16, static_cast<std::uint16_t>(v)));
      if (i.to.bytes == 2 && i.type.bytes == 4)
        return from_float(i.to.bf16 ? DType::bf16 : DType::f16, as_float(v));
      fail(i, "unknown conversion");
    }
    if (to_real || from_real) fail(i, "unknown conversion");
    return truncated(extended(v, i.type), i.to.bytes);
  }

  void load(const Instruction& i, Thread& t) {
    const auto bytes = static_cast<std::size_t>(i.type.bytes);
    const std::size_t n = i.operands[0].size();
    const std::uint8_t* p = address(t, i, i.operands[1][0], i.space, bytes * n);
    std::array<u64, 4> values;
    for (std::size_t e = 0; e < n; ++e) {
      u64 v = 0;
      std::memcpy(&v, p + e * bytes, bytes);
      values[e] = extended(v, i.type);
    }
    for (std::size_t e = 0; e < n; ++e) result(t, i, e) = values[e];
  }

  void store(const Instruction& i, Thread& t, std::size_t index) {
    const auto bytes = static_cast<std::size_t>(i.type.bytes);
    const std::size_t n = i.operands[1].size();
    std::uint8_t* p = address(t, i, i.operands[0][0], i.space, bytes * n);
    for (std::size_t e = 0; e < n; ++e) {
      const u64 v = get(t, i.operands[1][e], index);
      std::memcpy(p + e * bytes, &v, bytes);
    }
  }

  // Also packs {a, b} into one register and unpacks it.
  void move(const Instruction& i, Thread& t, std::size_t index) {
    const int half = 4 * i.type.bytes;
    if (i.operands[0].size() == 2) {
      const u64 v = get(t, i.operands[1][0], index);
      result(t, i, 0) = truncated(v, i.type.bytes / 2);
      result(t, i, 1) = truncated(v >> half, i.type.bytes / 2);
    } else if (i.operands[1].size() == 2) {
      result(t, i) = truncated(get(t, i.operands[1][0], index), i.type.bytes / 2) |
                     get(t, i.operands[1][1], index) << half;
    } else {
      result(t, i) = get(t, i.operands[1][0], index);
    }
  }

  void copy(const Instruction& i, Thread& t, std::size_t index) {
    if (i.has("commit_group")) {
      t.groups.push_back(std::move(t.open));
      t.open.clear();
      return;
    }
    if (i.has("wait_group")) {
      const u64 pending = get(t, i.operands[0][0], index);
      while (t.groups.size() > pending) {
        for (const Copy& c : t.groups.front()) {
          std::memset(shared_.data() + c.dst, 0, 16);
          std::memcpy(shared_.data() + c.dst, c.src, c.bytes);
        }
        t.groups.pop_front();
      }
      return;
    }
    if (!i.has("async")) fail(i, "unknown copy");
    ++counts_.copies;
    std::uint8_t* to = address(t, i, i.operands[0][0], Space::shared, 16);
    const void* from = address(t, i, i.operands[1][0], Space::global, 16);
    std::memset(to, 0xff, 16);
    t.open.push_back({static_cast<std::uint32_t>(to - shared_.data()), from,
                      static_cast<std::uint32_t>(get(t, i.operands[3][0], index))});
  }

  void atomic(const Instruction& i, Thread& t, std::size_t index) {
    if (!i.has("inc")) fail(i, "only atom.inc is known");
    auto* p = std::bit_cast<std::uint32_t*>(address(t, i, i.operands[1][0], Space::global, 4));
    const std::uint32_t old = *p;
    *p = old >= static_cast<std::uint32_t>(get(t, i.operands[2][0], index)) ? 0 : old + 1;
    result(t, i) = old;
  }

  const Kernel& kernel_;
  Counts& counts_;
  int index_;
  int grid_;
  const std::uint8_t* params_;
  std::vector<std::uint8_t> shared_;
  std::vector<Thread> threads_;
};

}  // namespace

void Machine::launch(const std::string& name, int grid, int threads, std::size_t smem_bytes,
                     const void* params) {
  for (const auto& [mangled, kernel] : kernels_) {
    if (mangled.find(name) == std::string::npos) continue;
    for (int b = 0; b < grid; ++b)
      Block(kernel, counts_, b, grid, threads, smem_bytes, params).run();
    return;
  }
  throw std::runtime_error("no kernel named " + name);
}

}  // namespace fieldsim::kernels::ptx
