#include "sim/serving/block_pool.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

namespace {
// Chains a symbol to a digest: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA'14).
std::uint64_t chain(std::uint64_t digest, std::uint64_t symbol) {
  std::uint64_t z = digest + 0x9e3779b97f4a7c15ull + symbol * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
}  // namespace

BlockTable::BlockTable(BlockTable&& o) noexcept
    : blocks_(std::exchange(o.blocks_, {})),
      tokens_(std::exchange(o.tokens_, 0)),
      tag_(o.tag_),
      holder_(o.holder_) {}

BlockTable& BlockTable::operator=(BlockTable&& o) noexcept {
  SIM_CHECK(blocks_.empty(), "a block table is overwritten with its references");
  blocks_ = std::exchange(o.blocks_, {});
  tokens_ = std::exchange(o.tokens_, 0);
  tag_ = o.tag_;
  holder_ = o.holder_;
  return *this;
}

BlockPool::BlockPool(const PoolParams& params) : p_(params) {
  SIM_CHECK(p_.block_tokens > 0 && p_.block_bytes > Bytes::zero(), "blocks hold nothing");
  SIM_CHECK(p_.device_blocks >= 0 && p_.host_blocks >= 0, "a pool of a negative size");
  SIM_CHECK(p_.device_blocks + p_.host_blocks < std::int64_t{kNone}, "too many blocks");
}

std::int64_t BlockPool::capacity(Place place) const {
  return place == Place::device ? p_.device_blocks : p_.host_blocks;
}

std::uint64_t& BlockPool::slot(BlockId id, std::int64_t i) {
  return contents_[id * static_cast<std::size_t>(p_.block_tokens) + static_cast<std::size_t>(i)];
}

std::int64_t BlockPool::references(BlockId id) const { return blocks_[id].references(); }

std::uint64_t BlockPool::digest(const BlockTable& table, std::int64_t tokens) const {
  SIM_CHECK(tokens >= 0 && tokens <= table.tokens_, "the digest of more than a table holds");
  if (tokens == 0) return 0;
  const auto last = static_cast<std::size_t>(tokens - 1);
  const auto width = static_cast<std::size_t>(p_.block_tokens);
  return contents_[table.blocks_[last / width] * width + last % width];
}

void BlockPool::count(Place place, std::int64_t blocks) {
  std::int64_t& used = used_[index(place)];
  used += blocks;
  SIM_CHECK(used >= 0 && used <= capacity(place), "blocks in use beyond the pool");
  used_peak_[index(place)] = std::max(used_peak_[index(place)], used);
}

void BlockPool::hold(std::size_t holder, std::int64_t blocks) {
  held_[holder] += blocks;
  held_peak_[holder] = std::max(held_peak_[holder], held_[holder]);
}

// Adds (or takes back) a device block to the account of the first holder that references it.
void BlockPool::charge(const Block& b, std::int64_t sign) {
  if (b.place != Place::device) return;
  for (std::size_t h = 0; h < kHolders; ++h)
    if (b.refs[h] > 0) return hold(h, sign);
}

void BlockPool::unlink(BlockId id) {
  Block& b = blocks_[id];
  (b.previous == kNone ? oldest_ : blocks_[b.previous].next) = b.next;
  (b.next == kNone ? newest_ : blocks_[b.next].previous) = b.previous;
  b.previous = b.next = kNone;
  b.listed = false;
  --evictable_;
}

// Puts a block that has become evictable at the recent end; takes one out that no longer is.
void BlockPool::relist(BlockId id) {
  Block& b = blocks_[id];
  const bool may = b.place == Place::device && b.pins == 0 && b.references() == 1 &&
                   b.refs[index(Holder::anchor)] == 1;
  if (b.listed == may) return;
  if (b.listed) return unlink(id);
  b.listed = true;
  b.previous = newest_;
  (newest_ == kNone ? oldest_ : blocks_[newest_].next) = id;
  newest_ = id;
  ++evictable_;
}

BlockId BlockPool::take(Holder holder, std::uint64_t tag) {
  BlockId id = 0;
  if (spare_.empty()) {
    id = static_cast<BlockId>(blocks_.size());
    blocks_.emplace_back();
    contents_.resize(contents_.size() + static_cast<std::size_t>(p_.block_tokens));
  } else {
    id = spare_.back();
    spare_.pop_back();
    blocks_[id] = {};
  }
  count(Place::device, 1);
  add_reference(id, holder, tag);
  return id;
}

void BlockPool::add_reference(BlockId id, Holder holder, std::uint64_t tag) {
  Block& b = blocks_[id];
  charge(b, -1);
  ++b.refs[index(holder)];
  if (holder == Holder::anchor) b.tag ^= tag;
  charge(b, 1);
  relist(id);
}

void BlockPool::drop_reference(BlockId id, Holder holder, std::uint64_t tag) {
  Block& b = blocks_[id];
  SIM_CHECK(b.refs[index(holder)] > 0, "a block loses a reference that it has not");
  charge(b, -1);
  --b.refs[index(holder)];
  if (holder == Holder::anchor) b.tag ^= tag;
  charge(b, 1);
  relist(id);
  if (b.references() > 0) return;
  SIM_CHECK(b.pins == 0, "a pinned block is freed");
  count(b.place, -1);
  spare_.push_back(id);
}

bool BlockPool::shares_last(const BlockTable& table) const {
  return table.tokens_ % p_.block_tokens != 0 && blocks_[table.blocks_.back()].references() > 1;
}

std::int64_t BlockPool::needed(const BlockTable& table, std::int64_t tokens) const {
  if (tokens == 0) return 0;
  return blocks_for(table.tokens_ + tokens) - table.size() + (shares_last(table) ? 1 : 0);
}

std::optional<Bytes> BlockPool::append(BlockTable& table, std::int64_t tokens,
                                       std::uint64_t content) {
  SIM_CHECK(tokens >= 0, "a negative number of tokens");
  if (needed(table, tokens) > free(Place::device)) return std::nullopt;
  Bytes copied;
  if (tokens > 0 && shares_last(table)) {
    const BlockId shared = table.blocks_.back();
    const BlockId own = take(table.holder_, table.tag_);
    const std::int64_t filled = table.tokens_ % p_.block_tokens;
    for (std::int64_t i = 0; i < filled; ++i) slot(own, i) = slot(shared, i);
    drop_reference(shared, table.holder_, table.tag_);
    table.blocks_.back() = own;
    copied = p_.block_bytes * filled / p_.block_tokens;
  }
  std::uint64_t d = digest(table);
  for (std::int64_t i = 0; i < tokens; ++i) {
    const std::int64_t at = table.tokens_ % p_.block_tokens;
    if (at == 0) table.blocks_.push_back(take(table.holder_, table.tag_));
    SIM_CHECK(blocks_[table.blocks_.back()].place == Place::device, "a swapped block is written");
    d = chain(chain(d, content), static_cast<std::uint64_t>(i));
    slot(table.blocks_.back(), at) = d;
    ++table.tokens_;
  }
  return copied;
}

BlockTable BlockPool::fork(const BlockTable& table, Holder holder, std::uint64_t tag) {
  BlockTable copy(holder, tag);
  copy.blocks_ = table.blocks_;
  copy.tokens_ = table.tokens_;
  for (const BlockId id : copy.blocks_) add_reference(id, holder, tag);
  return copy;
}

void BlockPool::truncate(BlockTable& table, std::int64_t tokens) {
  SIM_CHECK(tokens >= 0 && tokens <= table.tokens_, "a table is truncated to more than it holds");
  const std::int64_t keep = blocks_for(tokens);
  while (table.size() > keep) {
    drop_reference(table.blocks_.back(), table.holder_, table.tag_);
    table.blocks_.pop_back();
  }
  table.tokens_ = tokens;
}

void BlockPool::release(BlockTable& table) { truncate(table, 0); }

std::int64_t BlockPool::drop(BlockTable& table) {
  const std::int64_t tokens = table.tokens_;
  release(table);
  return tokens;
}

bool BlockPool::may_move(const BlockTable& table, Place from, std::int64_t& blocks) const {
  blocks = 0;
  for (const BlockId id : table.blocks_) {
    const Block& b = blocks_[id];
    if (b.place != from || b.references() > 1) continue;
    if (b.pins > 0) return false;
    ++blocks;
  }
  return true;
}

void BlockPool::move(BlockTable& table, Place from, Place to) {
  for (const BlockId id : table.blocks_) {
    Block& b = blocks_[id];
    if (b.place != from || b.references() > 1) continue;
    charge(b, -1);
    b.place = to;
    charge(b, 1);
    count(to, 1);
    count(from, -1);
    relist(id);
  }
}

std::optional<Bytes> BlockPool::swap_out(BlockTable& table) {
  std::int64_t blocks = 0;
  if (!may_move(table, Place::device, blocks) || blocks > free(Place::host)) return std::nullopt;
  move(table, Place::device, Place::host);
  return bytes(blocks);
}

std::optional<Bytes> BlockPool::swap_in(BlockTable& table) {
  std::int64_t blocks = 0;
  if (!may_move(table, Place::host, blocks) || blocks > free(Place::device)) return std::nullopt;
  move(table, Place::host, Place::device);
  return bytes(blocks);
}

bool BlockPool::on_device(const BlockTable& table) const {
  return std::all_of(table.blocks_.begin(), table.blocks_.end(),
                     [this](BlockId id) { return blocks_[id].place == Place::device; });
}

void BlockPool::pin(const BlockTable& table) {
  for (const BlockId id : table.blocks_) {
    ++blocks_[id].pins;
    relist(id);
  }
}

void BlockPool::unpin(const BlockTable& table) {
  for (const BlockId id : table.blocks_) {
    SIM_CHECK(blocks_[id].pins > 0, "a block is unpinned that was not pinned");
    --blocks_[id].pins;
    relist(id);
  }
}

std::optional<std::uint64_t> BlockPool::victim() const {
  if (oldest_ == kNone) return std::nullopt;
  return blocks_[oldest_].tag;
}

void BlockPool::touch(const BlockTable& table) {
  for (const BlockId id : table.blocks_) {
    if (!blocks_[id].listed) continue;
    unlink(id);
    relist(id);
  }
}

bool BlockPool::evictable(const BlockTable& table) const {
  return std::all_of(table.blocks_.begin(), table.blocks_.end(),
                     [this](BlockId id) { return blocks_[id].listed; });
}

}  // namespace fieldsim::serving
