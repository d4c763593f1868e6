// Inclusion proofs: every leaf of every small tree verifies; nothing that was altered does.
#include <catch2/catch.hpp>

#include "kernels/hash/proof.hpp"
#include "tests/unit/hash/oracle.hpp"

using namespace fieldsim::integrity;

namespace {

struct Tree {
  TensorRecord record;
  oracle::Bytes data;
  std::vector<Digest> nodes;
  Digest digest;

  Tree(std::size_t bytes, std::uint32_t arity) : data(oracle::random_bytes(bytes, arity)) {
    record.tree = TreeShape{64, arity};
    record.length = bytes;
    nodes = tree_reference(record.tree, data.data(), bytes);
    digest = record_digest(record, tree_root(nodes));
  }
  std::size_t leaves() const { return (data.size() + 63) / 64; }
  oracle::Bytes leaf(std::size_t i) const {
    const auto begin = data.begin() + static_cast<std::ptrdiff_t>(64 * i);
    const auto end = data.begin() + static_cast<std::ptrdiff_t>(std::min(64 * i + 64, data.size()));
    return oracle::Bytes(begin, end);
  }
  Proof proof(std::size_t i) const {
    Proof p;
    REQUIRE(make_proof(record, nodes, i, &p).ok());
    return p;
  }
  bool verifies(const Proof& p, const oracle::Bytes& bytes) const {
    return verify_proof(record, digest, p, bytes.data(), bytes.size());
  }
};

}  // namespace

TEST_CASE("Proof: every leaf of every tree of up to 40 leaves verifies, and only at its index") {
  const std::uint32_t arity = GENERATE(2u, 3u, 5u, 16u);
  int wrong = 0;
  for (std::size_t leaves = 1; leaves <= 40; ++leaves) {
    const Tree tree(64 * leaves - leaves % 3, arity);
    for (std::size_t i = 0; i < leaves; ++i) {
      Proof p = tree.proof(i);
      wrong += !tree.verifies(p, tree.leaf(i));
      p.leaf = (i + 1) % leaves;
      wrong += leaves > 1 && tree.verifies(p, tree.leaf(i));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("Proof: the last, promoted leaf does not verify under an index past the end") {
  // Three leaves: index 3 would walk the same path as leaf 2.
  const Tree tree(64 * 3, 2);
  Proof p = tree.proof(2);
  REQUIRE(tree.verifies(p, tree.leaf(2)));
  p.leaf = 3;
  CHECK_FALSE(tree.verifies(p, tree.leaf(2)));
}

TEST_CASE("Proof: a changed byte anywhere is detected") {
  const Tree tree(64 * 21 - 7, 3);
  for (std::size_t i = 0; i < tree.leaves(); ++i) {
    const Proof good = tree.proof(i);
    const oracle::Bytes leaf = tree.leaf(i);
    for (std::size_t at = 0; at < leaf.size(); ++at) {
      oracle::Bytes bad = leaf;
      bad[at] ^= 0x10;
      REQUIRE_FALSE(tree.verifies(good, bad));
    }
    for (std::size_t s = 0; s < good.siblings.size(); ++s) {
      Proof bad = good;
      bad.siblings[s][s % 32] ^= 1;
      REQUIRE_FALSE(tree.verifies(bad, leaf));
    }
  }
}

TEST_CASE("Proof: missing, extra and reordered siblings, other lengths and records are refused") {
  const Tree tree(64 * 21 - 7, 2);
  const oracle::Bytes leaf = tree.leaf(5);
  const Proof good = tree.proof(5);
  REQUIRE(tree.verifies(good, leaf));
  Proof bad = good;
  bad.siblings.pop_back();
  CHECK_FALSE(tree.verifies(bad, leaf));
  bad = good;
  bad.siblings.push_back(Digest{});
  CHECK_FALSE(tree.verifies(bad, leaf));
  bad = good;
  std::swap(bad.siblings[0], bad.siblings[1]);
  CHECK_FALSE(tree.verifies(bad, leaf));
  bad = good;
  bad.leaf = 21;
  CHECK_FALSE(tree.verifies(bad, leaf));
  oracle::Bytes shorter(leaf.begin(), leaf.end() - 1);
  CHECK_FALSE(tree.verifies(good, shorter));
  TensorRecord other = tree.record;
  other.length += 1;
  CHECK_FALSE(verify_proof(other, tree.digest, good, leaf.data(), leaf.size()));
  other = tree.record;
  other.type = ElementType::f16;
  CHECK_FALSE(verify_proof(other, tree.digest, good, leaf.data(), leaf.size()));
}

TEST_CASE("Proof: two child digests cannot be presented as a leaf of a shorter tensor") {
  const Tree tree(256, 2);  // 4 leaves; an attacker shows the middle level as a 2-leaf tensor
  oracle::Bytes pair(tree.nodes[0].begin(), tree.nodes[0].end());
  pair.insert(pair.end(), tree.nodes[1].begin(), tree.nodes[1].end());
  Proof p;
  p.siblings = {tree.nodes[5]};
  TensorRecord shorter = tree.record;
  shorter.length = 128;
  CHECK_FALSE(verify_proof(shorter, tree.digest, p, pair.data(), pair.size()));
  CHECK_FALSE(tree.verifies(p, pair));
}

TEST_CASE("Proof: making one needs the whole tree and an existing leaf") {
  const Tree tree(640, 2);
  Proof p;
  CHECK(std::string(make_proof(tree.record, tree.nodes, 10, &p).argument) == "leaf");
  auto nodes = tree.nodes;
  nodes.pop_back();
  CHECK(std::string(make_proof(tree.record, nodes, 0, &p).argument) == "nodes");
  CHECK(std::string(make_proof(tree.record, tree.nodes, 0, nullptr).argument) == "proof");
  CHECK(std::string(make_proof(Tree(0, 2).record, {}, 0, &p).argument) == "leaf");
}
