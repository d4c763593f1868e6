// Tree hash: roots against the recursive definition over OpenSSL, and RFC 6962's own values.
#include <catch2/catch.hpp>

#include "kernels/hash/sha256_fast.hpp"
#include "kernels/hash/tree.hpp"
#include "tests/unit/hash/oracle.hpp"

using namespace fieldsim::integrity;
using oracle::hex;

TEST_CASE("Tree hash: prefixes and the empty root are RFC 6962's") {
  // From the Certificate Transparency reference tests: the empty tree, the empty leaf, and the tree
  // of the leaves "" and 0x00.
  CHECK(hex(empty_root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::uint8_t zero = 0;
  const Digest children[2] = {leaf_digest(nullptr, 0), leaf_digest(&zero, 1)};
  CHECK(hex(children[0]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(hex(node_digest(children, 2)) ==
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

TEST_CASE("Tree hash: the root equals the recursive definition") {
  const std::uint32_t leaf_bytes = GENERATE(64u, 192u, 1024u);
  const std::uint32_t arity = GENERATE(2u, 3u, 4u, 16u);
  std::mt19937 random(leaf_bytes + arity);
  for (std::uint32_t i = 0; i < 120; ++i) {
    // Every leaf count to 40, each once exact, once ragged; then random longer ones.
    const std::size_t leaves = i < 80 ? i / 2 + 1 : 1 + random() % 300;
    const std::size_t n = leaves * leaf_bytes - (i % 2 == 0 ? 0 : 1 + random() % (leaf_bytes - 1));
    const oracle::Bytes data = oracle::random_bytes(n, i);
    const auto blocks = i % 3 == 0 ? sha256_blocks_fast() : sha256_blocks_portable;
    const auto nodes = tree_reference(TreeShape{leaf_bytes, arity}, data.data(), n, blocks);
    REQUIRE(tree_root(nodes) == oracle::root(data, leaf_bytes, arity));
  }
}

TEST_CASE("Tree hash: levels shrink to one root and fill the array without gaps") {
  for (const std::uint32_t arity : {2u, 3u, 64u})
    for (const std::int64_t length : {1, 4096, 4097, 8192, 8193, 1'000'000'000}) {
      const TreeShape shape{4096, arity};
      const TreeLevels levels = tree_levels(shape, length);
      CHECK(levels.count.front() == (length + 4095) / 4096);
      CHECK(levels.count.back() == 1);
      std::int64_t next = 0;
      for (std::size_t i = 0; i < levels.count.size(); ++i) {
        CHECK(levels.offset[i] == next);
        next += levels.count[i];
        if (i > 0) CHECK(levels.count[i] == (levels.count[i - 1] + arity - 1) / arity);
      }
      CHECK(levels.total == next);
      CHECK(tree_bytes(shape, length) == static_cast<std::size_t>(next) * 32);
    }
  CHECK(tree_levels(TreeShape{}, 0).total == 0);
}

TEST_CASE("Tree hash: no duplication collision, and a leaf cannot pose as a node") {
  // With duplicated odd nodes, leaves (a, b, c) and (a, b, c, c) would share a root.
  const oracle::Bytes a = oracle::random_bytes(192, 5);
  oracle::Bytes b = a;
  b.insert(b.end(), a.end() - 64, a.end());
  const TreeShape shape{64, 2};
  CHECK(tree_root(tree_reference(shape, a.data(), 192)) !=
        tree_root(tree_reference(shape, b.data(), 256)));
  // The 64 bytes of two child digests, presented as one leaf, must not give their parent.
  const auto nodes = tree_reference(shape, a.data(), 128);
  CHECK(leaf_digest(nodes.data(), 64) != tree_root(nodes));
}
