// Bad input to the tree hash is an error value that names the argument, before any launch.
#include <catch2/catch.hpp>
#include <string>

#include "kernels/hash/tree_launch.hpp"

using namespace fieldsim::integrity;

namespace {

struct Device {  // host memory stands in: check() looks at addresses only
  alignas(16) std::uint8_t data[256] = {};
  alignas(16) std::uint8_t digests[1024] = {};
  alignas(16) std::uint16_t x[256] = {};
  alignas(16) std::int8_t codes[256] = {};
  std::uint64_t first_nan = kNoNan;
  float scale = 1.0F;
  TreeArgs tree() { return TreeArgs{TreeShape{64, 2}, data, 256, digests, sizeof digests}; }
  QuantArgs quant() {
    return QuantArgs{Float16::f16, x, 256, Scales{&scale, 1, 1}, codes, &first_nan};
  }
};

void refused(const Outcome& outcome, Code code, const std::string& argument) {
  CHECK(std::string(code_name(outcome.code)) == code_name(code));
  CHECK(outcome.argument == argument);
}

}  // namespace

TEST_CASE("Tree hash: leaf size and arity have bounds") {
  for (const std::uint32_t bad : {0u, 1u, 63u, 65u, 4097u, kMaxLeafBytes + 64})
    refused(check(TreeShape{bad, 2}), Code::bad_argument, "leaf_bytes");
  for (const std::uint32_t bad : {0u, 1u, kMaxArity + 1})
    refused(check(TreeShape{4096, bad}), Code::bad_argument, "arity");
  CHECK(check(TreeShape{}).ok());
}

TEST_CASE("Tree hash: launch arguments are checked one by one") {
  Device d;
  CHECK(check(d.tree()).ok());
  const auto with = [&](auto change) {
    TreeArgs a = d.tree();
    change(a);
    return check(a);
  };
  refused(with([](TreeArgs& a) { a.data = nullptr; }), Code::bad_argument, "data");
  refused(with([](TreeArgs& a) { a.data += 8; }), Code::bad_align, "data");
  refused(with([](TreeArgs& a) { a.length = -1; }), Code::bad_argument, "length");
  refused(with([](TreeArgs& a) { a.length = INT64_MAX - 4096; }), Code::bad_argument, "length");
  refused(with([](TreeArgs& a) { a.digests = nullptr; }), Code::bad_argument, "digests");
  refused(with([](TreeArgs& a) { a.digests += 4; }), Code::bad_align, "digests");
  refused(with([](TreeArgs& a) { a.shape.arity = 0; }), Code::bad_argument, "arity");
  // 4 leaves, 2 nodes, 1 root.
  refused(with([](TreeArgs& a) { a.digests_bytes = 7 * 32 - 1; }), Code::too_small,
          "digests_bytes");
  CHECK(with([](TreeArgs& a) { a.digests_bytes = 7 * 32; }).ok());
  CHECK(with([](TreeArgs& a) { a.length = 0, a.data = nullptr, a.digests = nullptr; }).ok());
}

TEST_CASE("Fused quantise-and-hash: both halves' arguments are checked") {
  Device d;
  CHECK(check_fused(d.quant(), d.tree()).ok());
  QuantArgs quant = d.quant();
  quant.codes = nullptr;  // allowed: hashed, not kept
  CHECK(check_fused(quant, d.tree()).ok());
  quant = d.quant();
  quant.codes += 8;  // the fused kernel stores 16 codes at once
  refused(check_fused(quant, d.tree()), Code::bad_align, "codes");
  quant = d.quant();
  quant.x = nullptr;
  refused(check_fused(quant, d.tree()), Code::bad_argument, "x");
  TreeArgs tree = d.tree();
  tree.digests_bytes = 32;
  refused(check_fused(d.quant(), tree), Code::too_small, "digests_bytes");
}
