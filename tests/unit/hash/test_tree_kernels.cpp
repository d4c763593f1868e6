// The kernels' own source on the CPU, threads, barriers and shared memory included, against the
// plain reference: the device path without a device.
#include <catch2/catch.hpp>

#include "kernels/hash/tree_launch.hpp"
#include "tests/unit/hash/cpu_block.hpp"
#include "tests/unit/hash/oracle.hpp"

using namespace fieldsim::integrity;

namespace {

template <class Source>
std::vector<Digest> run_tree(const LeafArgs& source_args, const TreeShape& shape) {
  const TreeLevels levels = tree_levels(shape, source_args.length);
  std::vector<Digest> nodes(static_cast<std::size_t>(levels.total));
  for (auto& node : nodes) node.fill(0xee);
  LeafArgs args = source_args;
  args.leaf_bytes = shape.leaf_bytes;
  args.digests = nodes.data()->data();
  cpu::launch(leaf_blocks(shape, args.length), kLeafThreads, kLeafSharedWords,
              [&](const cpu::Block& block) { hash_leaves<Source>(block, args); });
  for (const LevelArgs& level : level_launches(shape, args.length, args.digests))
    cpu::launch(level_blocks(level), kLevelThreads, kLevelSharedWords,
                [&](const cpu::Block& block) { hash_levels(block, level); });
  return nodes;
}

std::vector<Digest> run_raw(const oracle::Bytes& data, const TreeShape& shape) {
  LeafArgs args;
  args.data = data.data();
  args.length = static_cast<std::int64_t>(data.size());
  return run_tree<RawSource>(args, shape);
}

struct Tensor {
  std::vector<std::uint16_t> x;
  std::vector<float> scale;
  Scales scales;
  Tensor(std::size_t n, std::size_t channels, std::int64_t inner) : x(n), scale(channels) {
    std::mt19937 random(static_cast<std::uint32_t>(n + channels));
    for (auto& bits : x) bits = static_cast<std::uint16_t>(random() & 0xbfffu);  // never NaN
    for (auto& s : scale) s = std::exp2(-static_cast<float>(random() % 1000) / 100.0F);
    scales = Scales{scale.data(), static_cast<std::int64_t>(channels), inner};
  }
};

template <Float16 kType, bool kPerTensor>
void check_fused_on_cpu(std::size_t n, const TreeShape& shape, const Tensor& t, bool keep) {
  const auto length = static_cast<std::int64_t>(n);
  std::vector<std::int8_t> want(n), got(n, 99);
  REQUIRE(quantize_int8_reference(kType, t.x.data(), length, t.scales, want.data()).ok());
  std::uint64_t first_nan = kNoNan;
  LeafArgs args;
  args.length = length;
  args.quant =
      QuantArgs{kType, t.x.data(), length, t.scales, keep ? got.data() : nullptr, &first_nan};
  const auto nodes = run_tree<QuantSource<kType, kPerTensor>>(args, shape);
  CHECK(nodes == tree_reference(shape, want.data(), n));
  CHECK(first_nan == kNoNan);
  CHECK(got == (keep ? want : std::vector<std::int8_t>(n, 99)));
}

}  // namespace

TEST_CASE("Tree kernels: all nodes equal the reference around block and leaf boundaries") {
  // 64-byte leaves: padding cases of every length mod 64; 64 leaves a CTA: one, two and three CTAs.
  const TreeShape shape{64, 2};
  for (const std::size_t n : {1u, 15u, 16u, 17u, 53u, 54u, 55u, 56u, 63u, 64u, 65u, 127u, 128u,
                              200u, 4095u, 4096u, 4097u, 8192u, 8200u}) {
    const oracle::Bytes data = oracle::random_bytes(n, static_cast<std::uint32_t>(n));
    INFO("length " << n);
    CHECK(run_raw(data, shape) == tree_reference(shape, data.data(), n));
  }
}

TEST_CASE("Tree kernels: long leaves, ragged tails, wide trees") {
  const auto [leaf_bytes, arity, n] = GENERATE(table<std::uint32_t, std::uint32_t, std::size_t>({
      {4096, 2, 4096 * 3 + 1},
      {4096, 16, 4096 * 2 + 4095},
      {1024, 3, 1024 * 70 + 63},
      {192, 5, 192 * 130 + 100},
      {128, 64, 128 * 65},
  }));
  const oracle::Bytes data = oracle::random_bytes(n, 77);
  const TreeShape shape{leaf_bytes, arity};
  CHECK(run_raw(data, shape) == tree_reference(shape, data.data(), n));
}

TEST_CASE("Tree kernels: levels past one launch, odd nodes promoted at every level") {
  // 64-byte leaves: 600 leaves need two launches at arity 2 (256 nodes a CTA), and 513 promotes its
  // last node eight times.
  for (const auto& [arity, leaves] : std::vector<std::pair<std::uint32_t, std::size_t>>{
           {2, 600}, {2, 513}, {2, 257}, {3, 244}, {7, 400}}) {
    const TreeShape shape{64, arity};
    const oracle::Bytes data = oracle::random_bytes(64 * leaves, arity);
    LeafArgs args;
    std::vector<Digest> want = tree_reference(shape, data.data(), data.size());
    std::vector<Digest> nodes(want.size());
    std::copy_n(want.begin(), leaves, nodes.begin());
    const auto launches =
        level_launches(shape, static_cast<std::int64_t>(data.size()), nodes.data()->data());
    CHECK(launches.size() == 2);
    for (const LevelArgs& level : launches)
      cpu::launch(level_blocks(level), kLevelThreads, kLevelSharedWords,
                  [&](const cpu::Block& block) { hash_levels(block, level); });
    CHECK(nodes == want);
  }
}

TEST_CASE("Fused quantise-and-hash: codes and all nodes equal quantising, then hashing") {
  for (const std::size_t n : {1u, 8u, 9u, 64u, 1000u, 64u * 70u + 13u})
    for (const bool keep : {true, false}) {
      check_fused_on_cpu<Float16::f16, true>(n, TreeShape{128, 2}, Tensor(n, 1, 1), keep);
      check_fused_on_cpu<Float16::bf16, true>(n, TreeShape{128, 2}, Tensor(n, 1, 1), keep);
      check_fused_on_cpu<Float16::f16, false>(n, TreeShape{64, 3}, Tensor(n, 3, 5), keep);
      check_fused_on_cpu<Float16::bf16, false>(n, TreeShape{256, 4}, Tensor(n, 4, 64), keep);
    }
}

TEST_CASE("Fused quantise-and-hash: the first NaN is reported") {
  Tensor t(3000, 1, 1);
  t.x[2001] = 0x7fff;
  t.x[1777] = 0xffff;
  std::uint64_t first_nan = kNoNan;
  LeafArgs args;
  args.length = 3000;
  args.quant = QuantArgs{Float16::bf16, t.x.data(), 3000, t.scales, nullptr, &first_nan};
  run_tree<QuantSource<Float16::bf16, true>>(args, TreeShape{64, 2});
  CHECK(first_nan == 1777);
}

TEST_CASE("Leaf kernel: eight lanes never meet in a shared-memory bank group") {
  // 128-bit accesses are served eight lanes at a time from 32 four-byte banks.
  for (int base = 0; base < kLeafThreads; base += 8)
    for (int column = 0; column < 4; ++column) {
      int read = 0, written = 0;
      for (int lane = 0; lane < 8; ++lane) {
        read |= 1 << (leaf_slot(base + lane, column) % 32 / 4);
        const int piece = base + lane + kLeafThreads * column;
        written |= 1 << (leaf_slot(piece / 4, piece % 4) % 32 / 4);
      }
      CHECK(read == 0xff);
      CHECK(written == 0xff);
    }
}
