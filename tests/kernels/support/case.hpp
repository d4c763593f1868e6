#pragma once
// One attention problem with data, as the emulator, the PTX interpreter and a GPU run it.
// Everything a kernel must not read is NaN: unused page slots, unused pages, gaps of padded
// layouts.
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/attention.hpp"

namespace fieldsim::kernels::test {

enum class LayoutKind { nhd, hnd, padded };  // padded: NHD with gaps, K and V strided differently
enum class Sharing { per_request, shared, cascade };
enum class Variant { fused, two_pass, unfused, prepended };

struct Case {
  DType dtype = DType::bf16;
  Mode mode = Mode::concat;
  int head_dim = 64;
  int group = 4;
  int kv_heads = 2;
  int page = 16;
  LayoutKind layout = LayoutKind::nhd;
  std::vector<int> kv_lens = {33};
  std::vector<int> q_lens = {};  // empty: 1 each
  int anchors = 0;
  std::vector<int> anchor_counts = {};  // empty: `anchors` each
  Sharing sharing = Sharing::per_request;
  float gamma = 0.3f;
  bool gamma_per_head = false;
  int splits = 1;
  bool causal = true;
  float q_gain = 1.0f;        // scales Q, and with it the logits
  bool equal_logits = false;  // all keys the same
  Variant variant = Variant::fused;
  DeviceInfo device = kH200;
  std::uint64_t seed = 1;

  std::string name() const;
};

// The case's data and arguments; pointers stay valid while the world lives and does not move.
struct World {
  explicit World(const Case& c);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int batch() const { return static_cast<int>(c.kv_lens.size()); }
  int q_len(int b) const { return c.q_lens.empty() ? 1 : c.q_lens[static_cast<std::size_t>(b)]; }
  int anchor_count(int b) const {
    return c.anchor_counts.empty() ? c.anchors : c.anchor_counts[static_cast<std::size_t>(b)];
  }
  int q_heads() const { return c.group * c.kv_heads; }
  // Element index of token t of request b, head h, in the K or V pool.
  std::size_t k_at(int b, int t, int h) const;
  std::size_t v_at(int b, int t, int h) const;
  std::size_t anchor_at(int b, int t, int h) const;
  void poison_outputs();

  Case c;
  Problem problem;
  Lengths lengths;
  Args args;
  std::vector<std::int32_t> kv_lens, q_lens, anchor_counts, q_start;
  std::vector<std::uint16_t> q, k, v, anchor_k, anchor_v, out;
  std::vector<float> lse, gamma;
  std::vector<std::int32_t> block_table;
  std::vector<std::int32_t> spare_pages;  // of the pools, full of NaN
  int query_tokens = 0;
};

// A 256-byte aligned workspace of NaN bytes.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) : storage_(bytes + 256, 0xff), bytes_(bytes) {}
  void* data() {
    auto base = reinterpret_cast<std::uintptr_t>(storage_.data());
    return storage_.data() + (256 - base % 256) % 256;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> storage_;
  std::size_t bytes_;
};

// What the case should have given, in FP64, [token][q_head][head_dim].
struct Expected {
  std::vector<double> out;
  std::vector<double> lse;   // [2][token][q_head] under gamma_mix
  double naive_error = 0.0;  // largest error of a 16-bit implementation of the formula
};
Expected expect(const World& world, bool with_naive = false);

// Compares world.out and world.lse; an empty string when all is within tolerance.
std::string compare(const World& world, const Expected& expected, double lse_tolerance = 1e-3);

// Runs the case on the emulator (its variant, its splits); an empty string when it succeeded and
// left every arrival counter at zero.
std::string run_on_emulator(World& world, std::uint64_t schedule_seed, int repeats = 1);

// World, run and compare in one.
std::string check(const Case& c);

}  // namespace fieldsim::kernels::test
