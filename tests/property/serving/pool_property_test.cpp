// Laws of the block pool and of versioned rows under random sequences of operations, against
// models that know nothing of blocks: a table is the list of what was appended to it.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/base/random.hpp"
#include "sim/serving/block_pool.hpp"
#include "sim/serving/versioned_rows.hpp"

using namespace fieldsim;
using namespace fieldsim::serving;

namespace {

constexpr std::uint64_t kRuns = 300;
constexpr int kOperations = 400;

using Content = std::vector<std::pair<std::uint64_t, std::int64_t>>;  // (content, i) of each token

struct Twin {
  BlockTable table;
  Content content;
  int pins = 0;
};

class Walk {
 public:
  explicit Walk(std::uint64_t seed)
      : random_(seed, "walk"),
        pool_({.block_bytes = Bytes::raw(64),
               .block_tokens = 1 + static_cast<std::int64_t>(random_.below(5)),
               .device_blocks = 4 + static_cast<std::int64_t>(random_.below(40)),
               .host_blocks = static_cast<std::int64_t>(random_.below(12))}) {}

  void run() {
    for (int i = 0; i < kOperations; ++i) {
      operate();
      require_laws();
    }
    for (Twin& t : tables_) {
      while (t.pins-- > 0) pool_.unpin(t.table);
      pool_.release(t.table);
    }
    pool_.verify();
    REQUIRE(pool_.used(Place::device) == 0);
    REQUIRE(pool_.used(Place::host) == 0);
    REQUIRE(pool_.evictable_blocks() == 0);
  }

 private:
  Twin& any() { return tables_[random_.below(tables_.size())]; }

  void operate() {
    const std::uint64_t what = tables_.empty() ? 0 : random_.below(10);
    switch (what) {
      case 0:
        tables_.push_back({BlockTable(static_cast<Holder>(random_.below(3)), next_), {}, 0});
        ++next_;
        break;
      case 1:
      case 2:
      case 3:
        append(any());
        break;
      case 4: {
        Twin& t = any();
        BlockTable copy = pool_.fork(t.table, static_cast<Holder>(random_.below(3)), next_++);
        tables_.push_back({std::move(copy), Content(t.content), 0});
        break;
      }
      case 5: {
        Twin& t = any();
        if (t.pins > 0) break;
        const auto keep = random_.below(t.content.size() + 1);
        pool_.truncate(t.table, static_cast<std::int64_t>(keep));
        t.content.resize(keep);
        break;
      }
      case 6: {
        Twin& t = any();
        if (t.pins > 0) break;
        REQUIRE(pool_.drop(t.table) == static_cast<std::int64_t>(t.content.size()));
        std::swap(t, tables_.back());
        tables_.pop_back();
        break;
      }
      case 7:
        swap(any());
        break;
      case 8: {
        Twin& t = any();
        if (t.pins > 0 && random_.bernoulli(0.5)) {
          pool_.unpin(t.table);
          --t.pins;
        } else if (t.table.tokens() > 0) {
          pool_.pin(t.table);
          ++t.pins;
        }
        break;
      }
      case 9:
        evict();
        break;
    }
  }

  void append(Twin& t) {
    if (!pool_.on_device(t.table) || t.pins > 0) return;
    const auto n = static_cast<std::int64_t>(random_.below(12));
    const std::uint64_t content = random_.below(4);
    const std::int64_t needed = pool_.needed(t.table, n), free = pool_.free(Place::device);
    const bool fits = pool_.append(t.table, n, content).has_value();
    REQUIRE(fits == (needed <= free));
    REQUIRE(pool_.free(Place::device) <= free);
    if (!fits) return;
    for (std::int64_t i = 0; i < n; ++i) t.content.push_back({content, i});
  }

  void swap(Twin& t) {
    const std::int64_t total = pool_.used(Place::device) + pool_.used(Place::host);
    if (pool_.on_device(t.table))
      pool_.swap_out(t.table);
    else
      pool_.swap_in(t.table);
    REQUIRE(pool_.used(Place::device) + pool_.used(Place::host) == total);
  }

  // The holder of the victim lets it go, as a cache does.
  void evict() {
    const auto victim = pool_.victim();
    if (!victim) return;
    const auto t = std::find_if(tables_.begin(), tables_.end(), [&](const Twin& x) {
      return x.table.holder() == Holder::anchor && x.table.tag() == *victim && x.table.tokens() > 0;
    });
    REQUIRE(t != tables_.end());
    REQUIRE(t->pins == 0);
    const std::int64_t free = pool_.free(Place::device);
    pool_.release(t->table);
    REQUIRE(pool_.free(Place::device) > free);
    std::swap(*t, tables_.back());
    tables_.pop_back();
  }

  void require_laws() {
    pool_.verify();
    std::map<BlockId, std::int64_t> references;
    std::map<std::pair<std::uint64_t, std::size_t>, Content> seen;
    for (const Twin& t : tables_) {
      REQUIRE(t.table.tokens() == static_cast<std::int64_t>(t.content.size()));
      for (const BlockId id : t.table.blocks()) ++references[id];
      // Equal digests, equal contents; and a table's digest is that of its own contents alone.
      const auto [first, fresh] =
          seen.insert({{pool_.digest(t.table), t.content.size()}, t.content});
      if (!fresh) REQUIRE(first->second == t.content);
      const auto [digest, unknown] = digests_.insert({t.content, pool_.digest(t.table)});
      if (!unknown) REQUIRE(digest->second == pool_.digest(t.table));
    }
    for (const auto& [id, n] : references) REQUIRE(pool_.references(id) == n);
    for (const Place place : {Place::device, Place::host})
      REQUIRE(pool_.used(place) + pool_.free(place) == pool_.capacity(place));
    REQUIRE(static_cast<std::int64_t>(references.size()) ==
            pool_.used(Place::device) + pool_.used(Place::host));
    REQUIRE(pool_.used(Holder::anchor) + pool_.used(Holder::sequence) +
                pool_.used(Holder::retained) ==
            pool_.used(Place::device));
  }

  RandomStream random_;
  BlockPool pool_;
  std::vector<Twin> tables_;
  std::map<Content, std::uint64_t> digests_;
  std::uint64_t next_ = 1;
};

}  // namespace

TEST_CASE("reference counts, capacity and contents hold under any sequence of operations") {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    Walk(seed).run();
  }
}

TEST_CASE("I9: a read never returns a tombstoned row, nor one newer than its snapshot") {
  struct Row {
    std::uint64_t key, origin;
    Version born, ended;
  };
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    RandomStream random(seed, "rows");
    VersionedRows rows;
    std::map<RowId, Row> model;
    std::set<std::uint64_t> condemned;
    std::vector<Version> snapshots = {0};
    std::uint64_t origin = 0;
    for (int i = 0; i < kOperations; ++i) {
      const std::uint64_t what = random.below(6);
      if (what < 3) {
        const std::uint64_t key = random.below(8);
        const RowId id = rows.insert(key, ++origin / 3);
        model[id] = {key, origin / 3, rows.snapshot(), UINT64_MAX};
        if (condemned.count(origin / 3) > 0) model.erase(id), rows.invalidate(origin / 3);
      } else if (what == 3 && !model.empty()) {
        auto at = std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
        if (rows.visible(at->first, rows.snapshot())) {
          rows.erase(at->first);
          at->second.ended = rows.snapshot();
        }
      } else if (what == 4) {
        const std::uint64_t bad = random.below(origin / 3 + 1);
        rows.invalidate(bad);
        condemned.insert(bad);
      } else {
        snapshots.push_back(rows.snapshot());
      }
      const Version at = snapshots[random.below(snapshots.size())];
      const std::uint64_t key = random.below(8);
      std::optional<RowId> expected;
      for (const auto& [id, r] : model)
        if (r.key == key && r.born <= at && at < r.ended && condemned.count(r.origin) == 0)
          expected = id;
      REQUIRE(rows.find(key, at) == expected);
    }
    rows.compact(rows.snapshot());
    REQUIRE(rows.dead() == 0);
  }
}
