#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "validation/measure/matrix.hpp"

using namespace fieldsim::measure;

TEST_CASE("Matrix: the goals come first, nothing comes twice, nothing is above the cap") {
  const auto matrix = benchmark_matrix(false);
  CHECK(matrix.size() > 1000);
  CHECK((matrix[0].batch == 16 && matrix[0].context == 65536 && matrix[0].anchors == 0));
  CHECK((matrix[1].batch == 16 && matrix[1].context == 65536 && matrix[1].anchors == 256));
  CHECK(matrix[2].variant == Variant::gamma_fused);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    CHECK(kv_bytes(matrix[i]) <= 100'000'000'000);
    CHECK(std::find(matrix.begin(), matrix.begin() + static_cast<std::ptrdiff_t>(i), matrix[i]) ==
          matrix.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

TEST_CASE("Matrix: quick is a prefix of the full order") {
  const auto quick = benchmark_matrix(true), full = benchmark_matrix(false);
  REQUIRE(quick.size() < full.size());
  CHECK(std::equal(quick.begin(), quick.end(), full.begin()));
}

TEST_CASE("Matrix: every axis of the specification is there") {
  std::set<int> batch, context, anchors, page, q_len, dim;
  std::set<Variant> variant;
  std::set<Ragged> ragged;
  std::set<bool> f16, shared;
  for (const Point& p : benchmark_matrix(false)) {
    batch.insert(p.batch);
    context.insert(p.context);
    anchors.insert(p.anchors);
    page.insert(p.page);
    q_len.insert(p.q_len);
    dim.insert(p.heads.dim);
    variant.insert(p.variant);
    ragged.insert(p.ragged);
    f16.insert(p.f16);
    shared.insert(p.shared_anchors);
  }
  CHECK(batch == std::set<int>{1, 4, 16, 64, 128, 256});
  CHECK(context == std::set<int>{1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072});
  CHECK(anchors == std::set<int>{0, 16, 64, 256, 1024, 4096});
  CHECK(page == std::set<int>{16, 64});
  CHECK(q_len == std::set<int>{1, 4, 16, 64});
  CHECK(dim == std::set<int>{64, 128, 256});
  CHECK(variant.size() == 6);
  CHECK(ragged.size() == 4);
  CHECK((f16.size() == 2 && shared.size() == 2));
}

TEST_CASE("Matrix: an early end leaves an even coverage of the first grid") {
  // The grid without anchors comes after the goals; its first ten points already span both axes.
  std::set<int> batch, context;
  const auto matrix = benchmark_matrix(false);
  std::size_t taken = 0;
  for (std::size_t i = goal_points(); taken < 10; ++i) {
    if (matrix[i].variant != Variant::fused || matrix[i].anchors != 0) continue;
    ++taken;
    batch.insert(matrix[i].batch);
    context.insert(matrix[i].context);
  }
  CHECK(batch.size() == 5);
  CHECK(context.size() >= 6);
}

TEST_CASE("Matrix: bytes and operations of one point, by hand") {
  Point p;
  p.batch = 2;
  p.context = 1000;
  p.anchors = 10;
  // K and V: 2 x 2 x 128 x 8 = 4096 bytes a token; Q and out: 2 x 2 x 2 x 32 x 128 = 32,768 bytes;
  // 63 pages a request.
  CHECK(compulsory_bytes(p) == (2000 + 10) * 4096 + 32'768 + 4 * 126);
  CHECK(kv_bytes(p) == 126 * 16 * 4096);
  CHECK(flops(p) == 4.0 * 128 * 32 * 2 * 1010);
  p.shared_anchors = false;
  CHECK(compulsory_bytes(p) == (2000 + 20) * 4096 + 32'768 + 4 * 126);
  p.q_len = 4;  // causal: the four rows see 997, 998, 999 and 1000 tokens, and the anchors
  CHECK(flops(p) == 4.0 * 128 * 32 * 2 * (997 + 998 + 999 + 1000 + 4 * 10));
}

TEST_CASE("Matrix: ragged lengths keep the total and their shape") {
  Point p;
  p.batch = 64;
  p.context = 4096;
  for (const Ragged r : {Ragged::equal, Ragged::uniform, Ragged::zipf, Ragged::one_long}) {
    p.ragged = r;
    const auto lengths = kv_lengths(p);
    REQUIRE(lengths.size() == 64);
    const double total = std::accumulate(lengths.begin(), lengths.end(), 0.0);
    CHECK(total == Approx(64 * 4096).epsilon(0.01));
    CHECK(*std::min_element(lengths.begin(), lengths.end()) >= 1);
  }
  p.ragged = Ragged::one_long;
  CHECK(kv_lengths(p)[0] == Approx(32 * 4096).epsilon(0.01));
  p.ragged = Ragged::uniform;
  CHECK(kv_lengths(p)[63] == Approx(2 * 4096).epsilon(0.02));
}
