#pragma once
// The oracle: OpenSSL's SHA-256, and a Merkle root written as recursion over the definition instead
// of level by level.
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/hash/sha256.hpp"

namespace oracle {

using Bytes = std::vector<std::uint8_t>;
using fieldsim::integrity::Digest;

inline Digest sha256(const Bytes& data) {
  Digest digest{};
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != 32)
    throw std::runtime_error("OpenSSL failed");
  return digest;
}

inline Digest prefixed(std::uint8_t prefix, const Bytes& data) {
  Bytes all{prefix};
  all.insert(all.end(), data.begin(), data.end());
  return sha256(all);
}

// Root over leaves [begin, end): the children of a node over n leaves are arity^k-leaf subtrees, k
// the largest with arity^k < n. For arity 2 this is MTH of RFC 6962, word for word.
inline Digest subtree(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end,
                      std::size_t arity) {
  const std::size_t n = end - begin;
  if (n == 1) return leaves[begin];
  std::size_t child = 1;
  while (child * arity < n) child *= arity;
  Bytes children;
  for (std::size_t at = begin; at < end; at += child) {
    const Digest d = subtree(leaves, at, std::min(at + child, end), arity);
    children.insert(children.end(), d.begin(), d.end());
  }
  return prefixed(0x01, children);
}

inline Digest root(const Bytes& data, std::size_t leaf_bytes, std::size_t arity) {
  if (data.empty()) return sha256({});
  std::vector<Digest> leaves;
  for (std::size_t at = 0; at < data.size(); at += leaf_bytes) {
    const auto first = data.begin() + static_cast<std::ptrdiff_t>(at);
    const auto left = std::min(leaf_bytes, data.size() - at);
    leaves.push_back(prefixed(0x00, Bytes(first, first + static_cast<std::ptrdiff_t>(left))));
  }
  return subtree(leaves, 0, leaves.size(), arity);
}

inline Bytes random_bytes(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(n);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return bytes;
}

inline std::string hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t b : digest) {
    text += kDigits[b >> 4];
    text += kDigits[b & 15];
  }
  return text;
}

}  // namespace oracle
