// SHA-256 against the standard's vectors and against OpenSSL; portable and SHA-instruction
// versions.
#include <catch2/catch.hpp>
#include <string>

#include "kernels/hash/sha256_fast.hpp"
#include "tests/unit/hash/oracle.hpp"

using namespace fieldsim::integrity;
using oracle::hex;

namespace {

struct Vector {
  std::string message, digest;
};

// FIPS 180-4 examples (one, two blocks; a million letters) and the empty string of the NIST CAVP
// set.
std::vector<Vector> vectors() {
  return {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
       "klmnopqrlmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
}

}  // namespace

TEST_CASE("SHA-256: vectors of FIPS 180-4") {
  for (const auto blocks : {sha256_blocks_portable, sha256_blocks_fast()})
    for (const Vector& v : vectors())
      CHECK(hex(sha256(v.message.data(), v.message.size(), blocks)) == v.digest);
}

TEST_CASE("SHA-256: equals OpenSSL for every length to 300 and random ones to 10,000") {
  std::mt19937 random(1);
  int wrong = 0;
  for (std::uint32_t i = 0; i < 900; ++i) {
    const std::size_t n = i < 300 ? i : random() % 10'001;
    const oracle::Bytes data = oracle::random_bytes(n, i);
    const Digest want = oracle::sha256(data);
    wrong += sha256(data.data(), n) != want;
    wrong += sha256(data.data(), n, sha256_blocks_fast()) != want;
  }
  CHECK(wrong == 0);
}

TEST_CASE("SHA-256: the digest does not depend on how the message is cut into updates") {
  std::mt19937 random(2);
  for (std::uint32_t i = 0; i < 200; ++i) {
    const oracle::Bytes data = oracle::random_bytes(random() % 3000, i);
    Sha256 hash(i % 2 == 0 ? sha256_blocks_portable : sha256_blocks_fast());
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t step = std::min<std::size_t>(random() % 150, data.size() - at);
      hash.update(data.data() + at, step);
      at += step;
    }
    CHECK(hash.finish() == oracle::sha256(data));
  }
}
