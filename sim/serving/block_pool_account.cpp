// State without a block table, and the recount of the pool's books.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/serving/block_pool.hpp"

namespace fieldsim::serving {

bool BlockPool::reserve(Holder holder, Bytes bytes) {
  const std::int64_t blocks = blocks_for_bytes(bytes);
  if (blocks > free(Place::device)) return false;
  count(Place::device, blocks);
  hold(index(holder), blocks);
  reserved_[index(holder)] += blocks;
  return true;
}

void BlockPool::unreserve(Holder holder, Bytes bytes) {
  const std::int64_t blocks = blocks_for_bytes(bytes);
  SIM_CHECK(blocks <= reserved_[index(holder)], "more is given back than was reserved");
  count(Place::device, -blocks);
  hold(index(holder), -blocks);
  reserved_[index(holder)] -= blocks;
}

void BlockPool::verify() const {
  std::array<std::int64_t, kPlaces> used{};
  std::array<std::int64_t, kHolders> held = reserved_;
  for (const std::int64_t r : reserved_) used[index(Place::device)] += r;
  std::int64_t listed = 0, idle = 0;
  for (const Block& b : blocks_) {
    SIM_CHECK(*std::min_element(b.refs.begin(), b.refs.end()) >= 0, "a negative reference count");
    if (b.references() == 0) {
      ++idle;
      SIM_CHECK(!b.listed && b.pins == 0, "a free block is pinned or evictable");
      continue;
    }
    ++used[index(b.place)];
    listed += b.listed ? 1 : 0;
    if (b.place == Place::device)
      ++held[static_cast<std::size_t>(
          std::find_if(b.refs.begin(), b.refs.end(), [](auto n) { return n > 0; }) -
          b.refs.begin())];
  }
  SIM_CHECK(used == used_, "used blocks differ from the count");
  SIM_CHECK(held == held_, "charged blocks differ from the count");
  SIM_CHECK(listed == evictable_, "evictable blocks differ from the count");
  SIM_CHECK(idle == static_cast<std::int64_t>(spare_.size()), "free blocks differ from the list");
}

}  // namespace fieldsim::serving
