#include "sim/serving/residency.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

void Residency::request(Tenant& t, std::int64_t tokens) {
  SIM_CHECK(!t.running_ && !t.waiting_ && fits(tokens), "an agent asks for KV that cannot be had");
  t.wanted_ = tokens;
  t.waiting_ = true;
  t.order_ = t.rank_ ? *t.rank_ : next_order_++;
  t.woken.close();
  auto at = queue_.end();
  while (at != queue_.begin() && (*(at - 1))->order_ > t.order_) --at;
  queue_.insert(at, &t);
  serve();
}

void Residency::withdraw(Tenant& t) {
  growing_.erase(t.order_);
  if (!t.waiting_) return;
  t.waiting_ = false;
  queue_.erase(std::find(queue_.begin(), queue_.end(), &t));
  serve();
}

// Who runs goes before who waits.
void Residency::serve() {
  while (!growing_.empty()) {
    Tenant& t = *growing_.begin()->second;
    if (!grow(t, t.wanted_)) return;
    t.woken.open();
  }
  while (!queue_.empty() && admit(*queue_.front())) queue_.pop_front();
}

bool Residency::make_room(std::int64_t blocks, const Tenant* self) {
  const auto room = [&] { return pool_.free(Place::device) - reserved_; };
  const bool own = self != nullptr && self->idle_ && !self->swapped_;
  const std::int64_t evictable = idle_blocks_ - (own ? self->table_.size() : 0) +
                                 (others_.evictable ? others_.evictable() : 0);
  if (room() + evictable < blocks) return false;  // in vain
  if (room() < blocks && others_.make_room) others_.make_room(blocks + reserved_);
  for (auto i = idle_.begin(); room() < blocks && i != idle_.end();) {
    Tenant& victim = **i++;
    if (&victim == self || victim.swapped_) continue;
    unidle(victim);
    pool_.drop(victim.table_);
    ++evictions_;
  }
  return room() >= blocks;
}

bool Residency::set_aside(Bytes bytes) {
  if (!make_room(pool_.blocks_for_bytes(bytes), nullptr)) return false;
  return pool_.reserve(Holder::retained, bytes);
}

void Residency::give_back(Bytes bytes) {
  pool_.unreserve(Holder::retained, bytes);
  if (released != nullptr) released->open();
  serve();
}

bool Residency::admit(Tenant& t) {
  if (free_places_ == 0) return false;
  const std::int64_t more =
      std::max<std::int64_t>(0, pool_.blocks_for(t.wanted_) - t.table_.size());
  const std::int64_t back = t.swapped_ ? t.table_.size() : 0;
  // Paused caches make room, but not this one's own.
  if (!make_room(more + back + (running_.empty() ? 0 : watermark_), &t)) return false;
  unidle(t);
  --free_places_;
  t.reserved_ = more;
  reserved_ += more + back;
  t.waiting_ = false;
  t.running_ = true;
  running_.emplace(t.order_, &t);
  t.woken.open();
  return true;
}

bool Residency::grow(Tenant& t, std::int64_t tokens) {
  SIM_CHECK(t.running_ && fits(tokens), "a sequence grows that does not run, or beyond all memory");
  const std::int64_t more = pool_.blocks_for(tokens) - t.table_.size() - t.reserved_;
  if (more <= 0 || make_room(more)) {
    const std::int64_t taken = std::max<std::int64_t>(0, more);
    t.reserved_ += taken;
    reserved_ += taken;
    growing_.erase(t.order_);
    return true;
  }
  t.wanted_ = tokens;
  growing_.emplace(t.order_, &t);
  press();
  return false;
}

// Asks the running sequence that came last to go: one at a time, and of those that grow the last
// itself.
void Residency::press() {
  if (leaving_ > 0) return;
  Tenant& victim = *running_.rbegin()->second;
  SIM_CHECK(victim.must_go != nullptr, "a sequence that asked for enough is asked to go");
  victim.leaving_ = true;
  ++leaving_;
  victim.must_go();
}

Bytes Residency::take_swapped(Tenant& t) {
  if (!t.swapped_) return Bytes::zero();
  t.swapped_ = false;
  reserved_ -= t.table_.size();
  const auto moved = pool_.swap_in(t.table_);
  SIM_CHECK(moved.has_value(), "room for a swapped cache was promised and is not there");
  return *moved;
}

void Residency::append(Tenant& t, std::int64_t tokens) {
  const std::int64_t before = t.table_.size();
  SIM_CHECK(t.running_ && pool_.append(t.table_, tokens, t.content_).has_value(),
            "a running sequence lacks KV blocks");
  const std::int64_t taken = t.table_.size() - before;
  SIM_CHECK(taken <= t.reserved_, "a sequence takes more KV than it asked for");
  t.reserved_ -= taken;
  reserved_ -= taken;
}

void Residency::truncate(Tenant& t, std::int64_t tokens) {
  if (tokens >= t.table_.tokens()) return;
  const std::int64_t before = t.table_.size();
  if (tokens == 0)
    pool_.release(t.table_);
  else
    pool_.truncate(t.table_, tokens);
  if (t.idle_ && !t.swapped_) idle_blocks_ -= before - t.table_.size();
  if (t.running_ && !t.swapped_) {  // what it gave back it may need again
    t.reserved_ += before - t.table_.size();
    reserved_ += before - t.table_.size();
  }
  if (t.swapped_ && t.running_) reserved_ -= before - t.table_.size();
  if (t.table_.size() == 0) t.swapped_ = false;
}

bool Residency::lose(Tenant& t) {
  if (t.swapped_ || t.table_.size() == 0) return false;
  truncate(t, 0);
  return true;
}

void Residency::release_place(Tenant& t) {
  SIM_CHECK(t.running_, "a sequence leaves that does not run");
  reserved_ -= t.reserved_ + (t.swapped_ ? t.table_.size() : 0);
  t.reserved_ = 0;
  t.running_ = false;
  if (std::exchange(t.leaving_, false)) --leaving_;
  running_.erase(t.order_);
  growing_.erase(t.order_);
  const bool shared_pages = !t.pages.empty();
  let_go_of_pages(t);
  ++free_places_;
  if (released != nullptr && shared_pages) released->open();
}

void Residency::let_go_of_pages(Tenant& t) {
  for (BlockTable& shared : t.pages) pool_.release(shared);
  t.pages.clear();
}

void Residency::unidle(Tenant& t) {
  if (!t.idle_) return;
  idle_.erase(t.place_);
  if (!t.swapped_) idle_blocks_ -= t.table_.size();
  t.idle_ = false;
}

void Residency::keep(Tenant& t) {
  release_place(t);
  t.place_ = idle_.insert(idle_.end(), &t);
  if (!t.swapped_) idle_blocks_ += t.table_.size();
  t.idle_ = true;
  serve();
}

void Residency::drop(Tenant& t) {
  release_place(t);
  pool_.drop(t.table_);
  t.swapped_ = false;
  serve();
}

Bytes Residency::swap(Tenant& t) {
  release_place(t);
  const std::int64_t left = pool_.free(Place::host) - host_aside_;
  const auto moved = t.table_.size() <= left ? pool_.swap_out(t.table_) : std::nullopt;
  if (moved)
    t.swapped_ = t.table_.size() > 0;
  else
    pool_.drop(t.table_);
  serve();
  return moved.value_or(Bytes::zero());
}

void Residency::leave(Tenant& t, bool leak) {
  if (t.running_) release_place(t);
  withdraw(t);
  unidle(t);
  if (!leak) pool_.release(t.table_);
  t.swapped_ = false;
  if (released != nullptr) released->open();
  serve();
}

}  // namespace fieldsim::serving
