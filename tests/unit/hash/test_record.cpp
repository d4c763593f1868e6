// The tensor record: every field reaches the digest, and nonsense is refused by name.
#include <catch2/catch.hpp>
#include <cfloat>
#include <functional>
#include <set>

#include "kernels/hash/record.hpp"
#include "tests/unit/hash/oracle.hpp"

using namespace fieldsim::integrity;

namespace {

TensorRecord int8_record() {
  TensorRecord r;
  r.type = ElementType::int8;
  r.shape = {2, 3, 64};
  r.scales = {0.5F, 0.25F, 0.125F};
  r.scale_inner = 64;
  r.length = 384;
  return r;
}

}  // namespace

TEST_CASE("Record: the preimage is the documented one") {
  const TensorRecord r = int8_record();
  const Digest root = oracle::sha256({1, 2, 3});
  oracle::Bytes preimage{0x02};
  for (const char c : std::string("fieldsim-tensor-v1"))
    preimage.push_back(static_cast<std::uint8_t>(c));
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) preimage.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  put(4096, 4);
  put(2, 4);
  put(3, 1);
  put(384, 8);
  put(3, 4);
  for (const std::uint64_t extent : {2u, 3u, 64u}) put(extent, 8);
  put(64, 8);
  put(3, 8);
  for (const std::uint32_t bits : {0x3f000000u, 0x3e800000u, 0x3e000000u}) put(bits, 4);
  preimage.insert(preimage.end(), root.begin(), root.end());
  CHECK(check(r).ok());
  CHECK(record_digest(r, root) == oracle::sha256(preimage));
}

TEST_CASE("Record: changing any field changes the digest") {
  const Digest root = oracle::sha256({1, 2, 3});
  std::set<Digest> digests{record_digest(int8_record(), root)};
  const std::vector<std::function<void(TensorRecord&)>> changes{
      [](TensorRecord& r) { r.tree.leaf_bytes = 1024; },
      [](TensorRecord& r) { r.tree.arity = 4; },
      [](TensorRecord& r) { r.type = ElementType::bytes; },
      [](TensorRecord& r) {
        r.shape = {3, 2, 64};
      },
      [](TensorRecord& r) {
        r.shape = {6, 64};
      },
      [](TensorRecord& r) { r.scales[1] = 0x1.000002p-2F; },
      [](TensorRecord& r) { r.scales.pop_back(); },
      [](TensorRecord& r) { r.scale_inner = 32; },
      [](TensorRecord& r) { r.length = 385; }};
  for (const auto& change : changes) {
    TensorRecord r = int8_record();
    change(r);
    digests.insert(record_digest(r, root));
  }
  digests.insert(record_digest(int8_record(), oracle::sha256({1, 2, 4})));
  CHECK(digests.size() == changes.size() + 2);
}

TEST_CASE("Record: what does not fit together is refused") {
  const auto refused = [](auto change) {
    TensorRecord r = int8_record();
    change(r);
    return std::string(check(r).argument);
  };
  CHECK(refused([](TensorRecord& r) { r.tree.leaf_bytes = 100; }) == "leaf_bytes");
  CHECK(refused([](TensorRecord& r) { r.tree.arity = 1; }) == "arity");
  CHECK(refused([](TensorRecord& r) { r.type = static_cast<ElementType>(4); }) == "type");
  CHECK(refused([](TensorRecord& r) { r.length = 383; }) == "length");
  CHECK(refused([](TensorRecord& r) { r.shape = {1ull << 40, 1ull << 40}; }) == "shape");
  CHECK(refused([](TensorRecord& r) { r.scales.clear(); }) == "scales");
  CHECK(refused([](TensorRecord& r) { r.type = ElementType::bytes; }) == "scales");
  CHECK(refused([](TensorRecord& r) { r.scale_inner = 0; }) == "scale_inner");
  CHECK(refused([](TensorRecord& r) { r.scales[2] = FLT_MIN / 2; }) == "scales");
  TensorRecord f16;
  f16.type = ElementType::f16;
  f16.shape = {10};
  f16.length = 20;
  CHECK(check(f16).ok());
}
