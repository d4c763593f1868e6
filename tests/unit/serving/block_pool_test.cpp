// Paged KV blocks, one operation at a time.
#include <catch2/catch.hpp>

#include "sim/serving/block_pool.hpp"

using namespace fieldsim;
using namespace fieldsim::literals;
using namespace fieldsim::serving;

namespace {

// 4 tokens of 10 bytes a block.
BlockPool pool(std::int64_t device = 8, std::int64_t host = 4) {
  return BlockPool(
      {.block_bytes = 40_B, .block_tokens = 4, .device_blocks = device, .host_blocks = host});
}

BlockTable filled(BlockPool& p, std::int64_t tokens, Holder holder = Holder::sequence,
                  std::uint64_t tag = 0) {
  BlockTable t(holder, tag);
  REQUIRE(p.append(t, tokens, 7).has_value());
  return t;
}

}  // namespace

TEST_CASE("appending takes whole blocks, and none when they are lacking") {
  BlockPool p = pool(2);
  BlockTable t;
  CHECK(p.needed(t, 5) == 2);
  CHECK(p.append(t, 5, 1) == 0_B);
  CHECK(t.tokens() == 5);
  CHECK(p.used(Place::device) == 2);
  CHECK(p.needed(t, 3) == 0);
  CHECK_FALSE(p.append(t, 4, 1).has_value());
  CHECK(t.tokens() == 5);
  CHECK(p.append(t, 3, 1) == 0_B);
  p.release(t);
  CHECK(p.used(Place::device) == 0);
  CHECK(p.peak(Place::device) == 2);
  p.verify();
}

TEST_CASE("a shared block is copied before it is written, and only its filled part") {
  BlockPool p = pool();
  BlockTable a = filled(p, 6);
  BlockTable snapshot = p.fork(a, Holder::retained);
  CHECK(p.used(Place::device) == 2);
  CHECK(p.references(a.blocks()[1]) == 2);
  const std::uint64_t before = p.digest(snapshot);
  CHECK(p.needed(a, 1) == 1);
  CHECK(p.append(a, 1, 9) == 20_B);  // two of four tokens
  CHECK(p.digest(snapshot) == before);
  CHECK(p.digest(a, 6) == before);
  CHECK(p.digest(a) != before);
  CHECK(a.blocks()[0] == snapshot.blocks()[0]);
  CHECK(a.blocks()[1] != snapshot.blocks()[1]);
  CHECK(p.append(a, 1, 9) == 0_B);  // its own by now
  CHECK(p.used(Holder::retained) == 1);
  CHECK(p.used(Holder::sequence) == 2);
  p.release(a);
  CHECK(p.used(Holder::retained) == 2);
  p.release(snapshot);
  CHECK(p.used(Place::device) == 0);
  p.verify();
}

TEST_CASE("a full last block is shared without a copy") {
  BlockPool p = pool();
  BlockTable a = filled(p, 4);
  BlockTable b = p.fork(a, Holder::sequence);
  CHECK(p.append(a, 1, 9) == 0_B);
  CHECK(p.used(Place::device) == 2);
  p.release(a);
  p.release(b);
  p.verify();
}

TEST_CASE("I8: after a rollback length, digest and reference counts are those of the boundary") {
  BlockPool p = pool();
  BlockTable live = filled(p, 6);
  const std::int64_t length = live.tokens();
  const std::uint64_t recorded = p.digest(live);
  BlockTable boundary = p.fork(live, Holder::retained);
  REQUIRE(p.append(live, 9, 11).has_value());
  SECTION("back to the snapshot's own blocks") {
    p.release(live);
    live = p.fork(boundary, Holder::sequence);
    p.release(boundary);
  }
  SECTION("by truncation") {
    p.release(boundary);
    p.truncate(live, length);
  }
  CHECK(live.tokens() == length);
  CHECK(p.digest(live) == recorded);
  CHECK(p.used(Place::device) == 2);
  for (const BlockId id : live.blocks()) CHECK(p.references(id) == 1);
  // Generating anew gives what generating for the first time gives.
  REQUIRE(p.append(live, 9, 11).has_value());
  BlockTable straight = filled(p, 6);
  REQUIRE(p.append(straight, 9, 11).has_value());
  CHECK(p.digest(live) == p.digest(straight));
  p.release(live);
  p.release(straight);
  p.verify();
}

TEST_CASE("the victim is the least recently used block that only a cache holds, once, unpinned") {
  BlockPool p = pool();
  BlockTable a = filled(p, 8, Holder::anchor, 1), b = filled(p, 4, Holder::anchor, 2),
             c = filled(p, 4, Holder::anchor, 3);
  BlockTable d = filled(p, 4);
  CHECK(p.victim() == 1u);
  CHECK(p.evictable_blocks() == 4);
  BlockTable user = p.fork(a, Holder::sequence);
  CHECK(p.victim() == 2u);
  CHECK_FALSE(p.evictable(a));
  p.pin(b);
  CHECK(p.victim() == 3u);
  p.unpin(b);
  p.release(user);  // last used just now
  CHECK(p.victim() == 3u);
  p.touch(c);
  CHECK(p.victim() == 2u);
  p.release(b);
  CHECK(p.victim() == 1u);
  p.release(a);
  p.release(c);
  CHECK_FALSE(p.victim().has_value());
  CHECK_FALSE(p.evictable(d));
  p.release(d);
  p.verify();
}

TEST_CASE("swapping moves what a sequence holds alone, and leaves what it shares") {
  BlockPool p = pool(8, 2);
  BlockTable anchor = filled(p, 4, Holder::anchor, 1);
  BlockTable user = p.fork(anchor, Holder::sequence);
  REQUIRE(p.append(user, 8, 3).has_value());
  const std::uint64_t content = p.digest(user);
  CHECK(p.swap_out(user) == 80_B);
  CHECK_FALSE(p.on_device(user));
  CHECK(p.on_device(anchor));
  CHECK(p.used(Place::device) == 1);
  CHECK(p.used(Place::host) == 2);
  BlockTable other = filled(p, 4);
  CHECK_FALSE(p.swap_out(other).has_value());  // no room on the host
  CHECK(p.on_device(other));
  CHECK(p.swap_in(user) == 80_B);
  CHECK(p.digest(user) == content);
  CHECK(p.used(Place::host) == 0);
  p.release(user);
  p.release(other);
  p.release(anchor);
  p.verify();
}

TEST_CASE("swapping in needs room, a pinned table stays, dropping tells what to recompute") {
  BlockPool p = pool(2, 2);
  BlockTable a = filled(p, 8);
  p.pin(a);
  CHECK_FALSE(p.swap_out(a).has_value());
  p.unpin(a);
  CHECK(p.swap_out(a) == 80_B);
  BlockTable b = filled(p, 8);
  CHECK_FALSE(p.swap_in(a).has_value());
  CHECK(p.drop(b) == 8);
  CHECK(p.swap_in(a) == 80_B);
  p.release(a);
  p.verify();
}

TEST_CASE("reserved state counts against the same blocks and shows in its holder's peak") {
  BlockPool p = pool(4);
  BlockTable t = filled(p, 8);
  CHECK(p.reserve(Holder::retained, 41_B));  // two blocks
  CHECK_FALSE(p.reserve(Holder::retained, 1_B));
  CHECK(p.used(Holder::retained) == 2);
  CHECK_FALSE(p.append(t, 1, 0).has_value());
  p.unreserve(Holder::retained, 41_B);
  CHECK(p.append(t, 1, 0).has_value());
  CHECK(p.peak(Holder::retained) == 2);
  p.release(t);
  p.verify();
}

TEST_CASE("a table that is forgotten shows as blocks in use") {
  BlockPool p = pool();
  { BlockTable leaked = filled(p, 5); }
  CHECK(p.used(Place::device) == 2);
}
