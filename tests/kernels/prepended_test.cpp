// Anchors as pages in front of the block table: the same mathematics as concat, from a kernel that
// knows nothing of anchors.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

// Runs `c` with its anchors moved into pages; compares with the FP64 concat.
std::string run_prepended(Case c) {
  c.variant = Variant::prepended;  // makes room in the pools
  World w(c);
  const Expected expected = expect(w);
  const int sets = c.sharing == Sharing::per_request ? w.batch() : 1;
  const int per_set = ceil_div(c.anchors, c.page);
  std::vector<std::int32_t> anchor_pages;
  for (int s = 0; s < sets; ++s)
    for (int i = 0; i < per_set; ++i) {
      anchor_pages.push_back(w.spare_pages.back());
      w.spare_pages.pop_back();
      for (int t = 0; t < c.page && i * c.page + t < w.anchor_count(s); ++t)
        for (int h = 0; h < c.kv_heads; ++h) {
          const auto page = static_cast<std::int64_t>(anchor_pages.back());
          const KVPool& kv = w.args.kv;
          const std::size_t from = w.anchor_at(s, i * c.page + t, h);
          const std::size_t bytes = static_cast<std::size_t>(c.head_dim) * 2;
          std::memcpy(
              &w.k[static_cast<std::size_t>(page * kv.k_page + t * kv.k_token + h * kv.k_head)],
              &w.anchor_k[from], bytes);
          std::memcpy(
              &w.v[static_cast<std::size_t>(page * kv.v_page + t * kv.v_token + h * kv.v_head)],
              &w.anchor_v[from], bytes);
        }
    }
  const int wide = w.args.block_table_stride + per_set;
  std::vector<std::int32_t> table(static_cast<std::size_t>(wide * w.batch()), -1);
  std::vector<std::int32_t> lens(w.kv_lens.size());
  const Error e = prepend_anchor_pages(w.problem, w.lengths, c.page, w.block_table.data(),
                                       w.args.block_table_stride, anchor_pages.data(), table.data(),
                                       wide, lens.data());
  if (!e.ok()) return std::string(e.argument) + " " + e.reason;
  w.problem.max_anchors = 0;
  w.problem.cascade = false;
  w.problem.max_kv_len = *std::max_element(lens.begin(), lens.end());
  w.lengths.kv = lens.data();
  w.lengths.anchors = nullptr;
  w.args.block_table = table.data();
  w.args.block_table_stride = wide;
  const std::string problem = run_on_emulator(w, 3);
  return problem.empty() ? compare(w, expected) : problem;
}

}  // namespace

TEST_CASE("prepended pages equal concat") {
  for (int page : {16, 32, 64})
    for (Sharing sharing : {Sharing::shared, Sharing::per_request})
      for (int splits : {1, 3}) {
        Case c;
        c.page = page;
        c.sharing = sharing;
        c.anchors = 64;
        c.splits = splits;
        c.kv_lens = {70, 0, 33};
        c.q_lens = {3, 1, 5};
        c.layout = page == 32 ? LayoutKind::padded : LayoutKind::hnd;
        INFO(c.name());
        CHECK(run_prepended(c) == "");
        CHECK(check(c) == "");
      }
}

TEST_CASE("prepending refuses what pages cannot express") {
  Case c;
  c.anchors = 17;
  CHECK(run_prepended(c) == "lengths.anchors is not a multiple of the page size");
  c.anchors = 16;
  c.mode = Mode::gamma_mix;
  CHECK(run_prepended(c) == "mode pages in front of the cache can only be concatenated");
}
