// The vector index: what each kind reads against its formula, what that takes, and whose rows show.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/serving/popularity.hpp"
#include "sim/serving/vector_index.hpp"
#include "tests/unit/hardware/machine.hpp"

using namespace fieldsim;
using namespace fieldsim::serving;
using namespace fieldsim::hardware::test;
using hardware::Category;

namespace {

IndexParams index(IndexKind kind) {
  IndexParams p;
  p.kind = kind;
  p.dimension = 100;
  p.vectors = 1'000'000;
  p.lists = 1000;
  p.probes = 10;
  p.code_bytes = 16;
  p.degree = 10;
  p.expansions = 50;
  return p;
}

des::Process search_at(Bench& b, VectorIndex& x, Duration at, std::optional<RowId>& found,
                       hardware::Account& spent) {
  co_await b.engine.delay(at);
  found = co_await x.search(0, spent);
}

double searched(const IndexParams& p, Bytes beside = 0_B) {
  Bench b;
  VectorIndex x({b.engine, b.device, b.link, b.host}, p, 3_us, true);
  x.load(0, 0);
  hardware::Account spent;
  std::optional<RowId> found;
  b.engine.spawn(search_at(b, x, 0_us, found, spent), "search");
  Time ended;
  if (beside > 0_B)
    b.engine.spawn(copy_at(b, 0_us, hardware::pcie::Direction::to_host, beside,
                           hardware::pcie::HostMemory::pinned, ended),
                   "copy");
  b.engine.run();
  REQUIRE(found.has_value());
  REQUIRE(x.size() == p.vectors);
  return seconds(spent[Category::retrieve]);
}

}  // namespace

TEST_CASE("bytes and operations of a search, by kind of index") {
  const std::int64_t n = 1'000'000;
  const KnnCost flat = knn_cost(index(IndexKind::flat), n);
  CHECK(flat.read == Bytes::raw(n * 400));
  CHECK(flat.flops == Flops::raw(n * 200));
  const KnnCost ivf = knn_cost(index(IndexKind::ivf_flat), n);
  CHECK(ivf.read == Bytes::raw(1000 * 400 + 10'000 * 408));
  CHECK(ivf.flops == Flops::raw((1000 + 10'000) * 200));
  CHECK(ivf.dependent == 10);
  const KnnCost pq = knn_cost(index(IndexKind::ivf_pq), n);
  CHECK(pq.read == Bytes::raw(1000 * 400 + 10'000 * 24));
  CHECK(pq.flops == Flops::raw(1000 * 200 + 10 * 256 * 200 + 10'000 * 16));
  // ln 10^6 / ln 10 = 6 layers of 10 neighbours, then 50 nodes of 20.
  const KnnCost hnsw = knn_cost(index(IndexKind::hnsw), n + 1);
  CHECK(hnsw.read == Bytes::raw((60 + 1000) * 400 + 56 * 80));
  CHECK(hnsw.flops == Flops::raw(1060 * 200));
  CHECK(hnsw.dependent == 112);
}

TEST_CASE("an index takes the bytes that FAISS documents") {
  CHECK(index_bytes(index(IndexKind::flat), 10) == Bytes::raw(10 * 400));
  CHECK(index_bytes(index(IndexKind::ivf_flat), 10) == Bytes::raw(10 * 408 + 1000 * 400));
  CHECK(index_bytes(index(IndexKind::ivf_pq), 10) == Bytes::raw(10 * 24 + 1000 * 400));
  CHECK(index_bytes(index(IndexKind::hnsw), 10) == Bytes::raw(10 * (400 + 80)));
}

TEST_CASE("insertion finds the row's place first") {
  CHECK(insert_cost(index(IndexKind::flat), 100).read == 400_B);
  CHECK(insert_cost(index(IndexKind::ivf_flat), 100).read == Bytes::raw(400'000 + 408));
  CHECK(insert_cost(index(IndexKind::hnsw), 1'000'001).read >
        knn_cost(index(IndexKind::hnsw), 1'000'001).read);
}

TEST_CASE("an exact search on the host takes its bytes over memory bandwidth") {
  IndexParams p = index(IndexKind::flat);
  p.threads = 8;
  CHECK(searched(p) == Approx(400e6 / 200e9 + 100e-9).epsilon(1e-9));
  p.threads = 1;
  p.core_rate = FlopsPerSecond::raw(20'000'000'000);  // arithmetic takes longer then
  CHECK(searched(p) == Approx(200e6 / 20e9 + 100e-9).epsilon(1e-9));
}

TEST_CASE("a search on the device takes two copies, the kernel and a wake-up") {
  IndexParams p = index(IndexKind::flat);
  p.place = IndexPlace::device;
  const double link = 2 * 8e-6 + 400 / 25.9e9 + 12 / 25.9e9;
  const double kernel = 3e-6 + 400e6 / 1000e9 + 0.6e-6 + 0.5e-6;
  CHECK(searched(p) == Approx(link + kernel + 10e-6).epsilon(2e-3));
}

TEST_CASE("searches contend with whatever else uses host memory") {
  IndexParams p = index(IndexKind::flat);
  p.vectors = 100'000'000;
  const double alone = searched(p), beside = searched(p, 4_GB);
  // The copy takes its link's rate out of 200 GB/s while it lasts.
  CHECK(beside > alone + 0.9 * 4e9 / 200e9);
  CHECK(beside < alone + 1.1 * 4e9 / 200e9);
}

TEST_CASE("a search misses its row as often as recall says") {
  Bench b;
  IndexParams p = index(IndexKind::hnsw);
  p.recall = 0.9;
  p.host_access = 1_ns;
  VectorIndex x({b.engine, b.device, b.link, b.host}, p, 3_us, true);
  x.load(0, 0);
  hardware::Account spent;
  const int n = 4000;
  std::vector<std::optional<RowId>> found(n);
  for (int i = 0; i < n; ++i)
    b.engine.spawn(search_at(b, x, 1_ms * i, found[static_cast<std::size_t>(i)], spent), "search");
  b.engine.run();
  CHECK(static_cast<double>(x.missed()) / n == Approx(0.1).margin(4 * std::sqrt(0.1 * 0.9 / n)));
}

TEST_CASE("I9: no snapshot shows a row of an invalidated origin, old snapshots keep erased rows") {
  VersionedRows rows;
  const RowId old = rows.insert(1, 100);
  const Version before = rows.snapshot();
  const RowId fresh = rows.insert(1, 200);
  CHECK(rows.find(1) == fresh);
  CHECK(rows.find(1, before) == old);
  rows.erase(fresh);
  CHECK(rows.find(1) == old);
  CHECK(rows.dead() == 1);
  CHECK(rows.invalidate(100) == 1);
  CHECK_FALSE(rows.find(1).has_value());
  CHECK_FALSE(rows.find(1, before).has_value());  // not even for those who began earlier
  CHECK(rows.stored() == 2);
  CHECK(rows.compact(rows.snapshot()) == 2);
  CHECK(rows.stored() == 0);
  CHECK(rows.dead() == 0);
}

TEST_CASE("popularity follows Zipf's law") {
  const Popularity uniform(4, 0);
  for (int i = 0; i < 4; ++i) CHECK(uniform.probability(i) == Approx(0.25));
  const Popularity zipf(1000, 0.8);
  CHECK(zipf.probability(0) / zipf.probability(99) == Approx(std::pow(100, 0.8)));
  CHECK(zipf.pick(1e-9) == 0);
  CHECK(zipf.pick(1 - 1e-12) == 999);
}
