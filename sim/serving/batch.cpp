#include "sim/serving/batch.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

using State = Stretch::State;

namespace {
Duration rounded(double ps) { return Duration::raw(std::llround(ps)); }
}  // namespace

Batch::Batch(des::Engine& engine, IterationCost cost, std::int64_t chunk, Power busy)
    : engine_(engine),
      cost_(std::move(cost)),
      chunk_(chunk),
      watts_(static_cast<double>(busy.count()) * 1e-6),  // mW x ps = 1e-6 nJ
      timer_(engine, "batch"),
      work_(engine) {}

void Batch::join(Stretch& s) {
  SIM_CHECK(s.state_ == State::idle && s.prefill + s.decode > 0, "an empty stretch joins a batch");
  s.state_ = State::joining;
  s.serial_ = next_serial_++;
  joining_.push_back(&s);
  change();
}

void Batch::cancel(Stretch& s) {
  if (s.state_ == State::idle || s.cancelled) return;
  s.cancelled = true;
  cancelled_.push_back(&s);
  change();
}

void Batch::change() {
  if (!stepping_) return work_.open();
  const Duration elapsed = own();
  std::int64_t j = done_by(elapsed);
  if (j < planned_ && rounded(cost_.decode(running(), kv_, j)) < elapsed) ++j;
  if (j >= planned_) return;
  planned_ = j;
  granted_ = others();
  timer_.rearm(began_ + rounded(j == 0 ? 0.0 : cost_.decode(running(), kv_, j)) + granted_ -
               engine_.now());
}

void Batch::halt(Time until) {
  down_until_ = std::max(down_until_, until);
  if (!stepping_ || !timer_.waiting()) return;
  planned_ = planned_ <= 1 ? 0 : done_by(own());
  granted_ = others();
  timer_.rearm(Duration::zero());
}

Duration Batch::others() const {
  if (device_ == nullptr) return Duration::zero();
  const Bytes moved = device_->memory_bytes() - bytes_before_;
  const Duration moving =
      moved > Bytes::zero() ? time_for(moved, device_->bandwidth()) : Duration::zero();
  return std::max(moving, device_->compute_busy() - compute_before_);
}

Duration Batch::own() const {
  return std::max(Duration::zero(), engine_.now() - began_ - others());
}

// Most iterations whose end is not after `elapsed`: bisection on a monotone series.
std::int64_t Batch::done_by(Duration elapsed) const {
  if (planned_ <= 1) return elapsed > Duration::zero() ? planned_ : 0;
  std::int64_t low = 0, high = planned_;
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    if (rounded(cost_.decode(running(), kv_, middle)) <= elapsed)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

std::int64_t Batch::decoded(const Stretch& s) const {
  if (s.state_ != State::decoding) return s.decoded;
  const bool pure = stepping_ && prefilling_queue_.empty() && planned_ > 1;
  return iteration_ - s.began_ + (pure ? done_by(own()) : 0);
}

Duration Batch::iteration_time() const {
  return rounded(cost_.decode(std::max<std::int64_t>(1, running()), kv_));
}

double Batch::energy(const Stretch& s) const {
  return s.energy +
         (s.state_ == State::idle || s.state_ == State::joining ? 0.0 : share_ - s.energy_before_);
}

Duration Batch::busy() const {
  return busy_ + (stepping_ ? engine_.now() - began_ : Duration::zero());
}

void Batch::finish(Stretch& s) {
  s.state_ = State::idle;
  s.energy += share_ - s.energy_before_;
  s.running += engine_.now() - s.began_at_;
  engine_.resume_now(s.waiter_);
}

void Batch::start_decoding(Stretch& s) {
  s.state_ = State::decoding;
  s.began_ = iteration_;
  s.ends_ = iteration_ + s.decode;
  kv_ += s.before + s.prefilled;
  ends_.emplace(std::pair(s.ends_, s.serial_), &s);
  peak_ = std::max(peak_, running());
}

void Batch::admit() {
  for (; !joining_.empty(); joining_.pop_front()) {
    Stretch& s = *joining_.front();
    s.energy_before_ = share_;
    s.began_at_ = engine_.now();
    if (s.prefill > 0) {
      s.state_ = State::prefilling;
      prefilling_queue_.push_back(&s);
    } else {
      start_decoding(s);
    }
  }
}

// Cancelled stretches go, wherever they are.
void Batch::leave() {
  for (; !cancelled_.empty(); cancelled_.pop_front()) {
    Stretch& s = *cancelled_.front();
    if (s.state_ == State::idle) continue;  // it ended by itself in this iteration
    if (s.state_ == State::joining) {
      joining_.erase(std::find(joining_.begin(), joining_.end(), &s));
      s.state_ = State::idle;
      engine_.resume_now(s.waiter_);
      continue;
    }
    if (s.state_ == State::prefilling) {
      prefilling_queue_.erase(std::find(prefilling_queue_.begin(), prefilling_queue_.end(), &s));
    } else {
      s.decoded = iteration_ - s.began_;
      kv_ -= s.before + s.prefilled + s.decoded;
      ends_.erase({s.ends_, s.serial_});
    }
    finish(s);
  }
}

// Fills one chunk from the queue, first come first served; a prompt that ends here decodes from the
// next iteration on.
void Batch::prefill_chunk() {
  std::int64_t room = chunk_;
  while (room > 0 && !prefilling_queue_.empty()) {
    Stretch& s = *prefilling_queue_.front();
    const std::int64_t tokens = std::min(room, s.prefill - s.prefilled);
    s.prefilled += tokens;
    prefill_tokens_ += tokens;
    room -= tokens;
    if (s.prefilled < s.prefill) break;
    prefilling_queue_.pop_front();
    if (s.decode == 0)
      finish(s);
    else
      start_decoding(s);
  }
}

// Books `iterations` that ended now, and ends the stretches whose last one is among them.
void Batch::advance(std::int64_t iterations, Time began) {
  const Duration took = engine_.now() - began;
  const auto sharers = static_cast<std::int64_t>(ends_.size() + prefilling_queue_.size());
  if (sharers > 0)
    share_ += static_cast<double>(took.count()) * watts_ / static_cast<double>(sharers);
  busy_ += took;
  if (iterations > 0 && running() > 0) attention_ += cost_.attention(running(), kv_, iterations);
  iteration_ += iterations;
  kv_ += iterations * running();
  decode_tokens_ += iterations * running();
  while (!ends_.empty() && ends_.begin()->first.first <= iteration_) {
    Stretch& s = *ends_.begin()->second;
    ends_.erase(ends_.begin());
    s.decoded = s.decode;
    kv_ -= s.before + s.prefilled + s.decoded;
    finish(s);
  }
}

des::Process Batch::serve() {
  for (;;) {
    leave();
    if (engine_.now() < down_until_) {
      co_await engine_.until(down_until_);
      continue;
    }
    admit();
    if (ends_.empty() && prefilling_queue_.empty()) {
      work_.close();
      co_await work_.wait();
      continue;
    }
    const bool prefills = !prefilling_queue_.empty();
    double ps = 0, chunk = 0;
    if (prefills) {
      std::int64_t tokens = 0;
      for (const Stretch* s : prefilling_queue_) {
        tokens = std::min(chunk_, tokens + s->prefill - s->prefilled);
        if (tokens == chunk_) break;
      }
      const Stretch& first = *prefilling_queue_.front();
      chunk = cost_.chunk_attention(tokens, first.before + first.prefilled);
      planned_ = 1;
      ps = cost_.mixed(running(), kv_, tokens, first.before + first.prefilled);
    } else {
      planned_ = ends_.begin()->first.first - iteration_;
      ps = cost_.decode(running(), kv_, planned_);
    }
    began_ = engine_.now();
    if (device_ != nullptr) {
      bytes_before_ = device_->memory_bytes();
      compute_before_ = device_->compute_busy();
    }
    granted_ = Duration::zero();
    stepping_ = true;
    co_await timer_.wait(rounded(ps));
    for (Duration more = others() - granted_; more > Duration::zero(); more = others() - granted_) {
      granted_ += more;
      co_await timer_.wait(more);
    }
    stepping_ = false;
    displaced_ += granted_;
    if (prefills) prefilling_ += engine_.now() - began_;
    advance(planned_, began_);
    if (prefills && planned_ > 0) {
      attention_ += chunk;
      prefill_chunk();
    }
    // Whoever ended here may go on at once: let it join before the next iteration is planned.
    co_await engine_.delay(Duration::zero());
  }
}

}  // namespace fieldsim::serving
