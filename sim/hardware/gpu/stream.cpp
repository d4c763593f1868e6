#include "sim/hardware/gpu/stream.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/des/latch.hpp"

namespace fieldsim::hardware::gpu {

Stream::Stream(Device& device, std::string name, StreamOptions options)
    : device_(device),
      name_(std::move(name)),
      options_(options),
      timer_(device.engine()),
      resumed_(device.engine()) {
  if (auto* trace = device_.engine().trace()) track_ = trace->track("gpu", name_);
}

void Stream::next(const Program& p, Cursor& c) const {
  const Segment& s = p.segments[c.segment];
  if (++c.index < s.kernels.size()) return;
  c.index = 0;
  if (++c.round < s.repeat) return;
  c.round = 0;
  ++c.segment;
}

Duration Stream::alone(const Kernel& k) const { return gap(k) + device_.body_alone(k); }

Duration Stream::remaining(const Program& p, Cursor c) const {
  Duration sum;
  while (!at_end(p, c)) {
    const Segment& s = p.segments[c.segment];
    if (c.index > 0) {
      sum += alone(kernel(p, c));
      next(p, c);
      continue;
    }
    Duration round;
    for (const Kernel& k : s.kernels) round += alone(k);
    sum += round * (s.repeat - c.round);
    c = {c.segment + 1, 0, 0};
  }
  return sum;
}

Time Stream::settle(const Program& p, Cursor& c, Time begin, Time until, Account& account) {
  Time t = begin;
  const Kernel* last = nullptr;
  while (!at_end(p, c)) {
    const Segment& s = p.segments[c.segment];
    if (c.index == 0) {
      Duration round;
      for (const Kernel& k : s.kernels) round += alone(k);
      const std::int64_t left = s.repeat - c.round;
      const std::int64_t ended =
          round > Duration::zero() ? std::min(left, (until - t) / round) : left;
      if (ended > 0) {
        book_group(s, ended, t, account);
        t = t + round * ended;
        c.round += ended;
        last = &s.kernels.back();
        if (c.round == s.repeat) c = {c.segment + 1, 0, 0};
        continue;
      }
    }
    const Kernel& k = kernel(p, c);
    const Duration d = alone(k);
    if (t + d > until) break;
    book_group({{k}, 1}, 1, t, account);
    t = t + d;
    last = &k;
    next(p, c);
  }
  if (last != nullptr && t == until) show_end(*last, until);
  return t;
}

// A flow that begins in the picosecond in which the last one ended takes up what that left of it:
// so device memory must know of a kernel that ended just now.
void Stream::show_end(const Kernel& k, Time end) {
  if (k.hbm == Bytes::zero()) return;
  const BytesPerSecond cap = std::min(k.hbm_cap, device_.bandwidth_);
  const Duration moving = time_for(k.hbm, cap);
  const Time began = end - std::max(moving, k.compute);
  const bool over = device_.memory_.transfer_since(began, k.hbm, cap).await_ready();
  SIM_CHECK(over, "a kernel that ended still moves bytes");
  device_.elided_memory_busy_ -= moving;
}

void Stream::book_group(const Segment& s, std::int64_t rounds, Time begin, Account& account) {
  // Equal rounds cost the same: book one and multiply, unless every span is wanted.
  const bool drawn = device_.engine().trace() != nullptr;
  const std::int64_t booked = drawn ? rounds : 1;
  const std::int64_t times = drawn ? 1 : rounds;
  Time t = begin;
  for (std::int64_t r = 0; r < booked; ++r) {
    for (const Kernel& k : s.kernels) {
      const Duration body = device_.body_alone(k);
      Account one;
      book(k, t, body, one);
      t = t + gap(k) + body;
      for (std::size_t i = 0; i < kCategories; ++i) {
        const auto category = static_cast<Category>(i);
        account.add(category, one[category] * times);
      }
      take_apart(k, body, times);
      if (times > 1) device_.memory_bytes_ += k.hbm * (times - 1);
      if (k.hbm > Bytes::zero())
        device_.elided_memory_busy_ +=
            time_for(k.hbm, std::min(k.hbm_cap, device_.bandwidth_)) * times;
      device_.elided_compute_busy_ += k.compute * times;
      device_.kernels_elided_ += static_cast<std::uint64_t>(times);
    }
  }
}

void Stream::book(const Kernel& k, Time begin, Duration body, Account& account) {
  const Duration waited = gap(k);
  account.add(Category::launch, waited);
  Duration anchors;
  if (k.hbm_anchors > Bytes::zero())
    anchors = Duration::raw(
        detail::narrow(static_cast<int128>(body.count()) * k.hbm_anchors.count() / k.hbm.count()));
  account.add(Category::anchors, anchors);
  account.add(k.category, body - anchors);
  device_.memory_bytes_ += k.hbm;
  auto* trace = device_.engine().trace();
  if (trace == nullptr || options_.traced_kernels < 0) return;
  if (options_.traced_kernels-- > 0)
    trace->span(track_, k.name, begin + waited, begin + waited + body);
  else
    trace->instant(track_, "from here on, whole steps only", begin);
}

// What a kernel beside others takes longer is put down to the limit that it would have alone.
void Stream::take_apart(const Kernel& k, Duration body, std::int64_t times) {
  if (split_ == nullptr) return;
  const bool hashes = k.category == Category::hash;
  const BytesPerSecond cap = std::min(k.hbm_cap, device_.bandwidth_);
  const Duration latency = k.hbm > Bytes::zero() ? device_.params_.hbm.latency : Duration::zero();
  const Duration moving = k.hbm > Bytes::zero() ? time_for(k.hbm, cap) : Duration::zero();
  const Limiter longest = moving < k.compute                         ? Limiter::arithmetic
                          : hashes && k.hbm_cap < device_.bandwidth_ ? Limiter::tree_hash
                                                                     : Limiter::memory;
  const auto of_anchors = [&](Duration d) {
    if (k.hbm_anchors == Bytes::zero()) return Duration::zero();
    return Duration::raw(
        detail::narrow(static_cast<int128>(d.count()) * k.hbm_anchors.count() / k.hbm.count()));
  };
  Duration anchors = of_anchors(body);
  const auto part = [&](Limiter l, Duration d, Duration for_anchors) {
    split_->add(Category::anchors, l, for_anchors * times);
    split_->add(k.category, l, (d - for_anchors) * times);
    anchors -= for_anchors;
  };
  split_->add(Category::launch, options_.launched_by, options_.gap * k.launches * times);
  part(hashes ? Limiter::tree_level : Limiter::cache, k.fixed, of_anchors(k.fixed));
  part(Limiter::memory_latency, latency, of_anchors(latency));
  part(longest, body - k.fixed - latency, anchors);
}

des::Task<bool> Stream::run(const Program& program, Account& account) {
  des::Engine& engine = device_.engine();
  const Time started = engine.now();
  const Bytes moved_before = device_.memory_bytes_;
  Cursor c;
  cancelled_ = false;
  while (!at_end(program, c) && !cancelled_) {
    Time began = engine.now();
    if (options_.fast_forward && device_.quiet()) {
      device_.claimant_ = this;
      resumed_.close();
      const Duration rest = remaining(program, c);
      co_await timer_.wait(rest);
      began = settle(program, c, began, engine.now(), account);
      if (at_end(program, c) || (cancelled_ && began == engine.now())) {
        let_in();
        break;
      }
    }
    // A kernel that would start at the moment of a cancellation does not, whichever event came
    // first.
    if (began == engine.now()) {
      let_in();
      co_await timer_.wait(gap(kernel(program, c)));
      if (cancelled_ && began == engine.now()) break;
    }
    co_await run_kernel(kernel(program, c), began, account);
    next(program, c);
  }
  if (auto* trace = engine.trace(); trace != nullptr && engine.now() > started) {
    if (program.name[0] != '\0') trace->span(track_, program.name, started, engine.now());
    constexpr double kGiga = 1e9;
    const auto moved = static_cast<double>((device_.memory_bytes_ - moved_before).count());
    trace->counter("device memory GB/s", started, moved / seconds(engine.now() - started) / kGiga);
  }
  co_return at_end(program, c);
}

void Stream::cancel() {
  cancelled_ = true;
  timer_.cancel();
}

des::Task<> Stream::make_way() {
  timer_.cancel();
  co_await resumed_.wait();
}

void Stream::let_in() {
  if (device_.claimant_ != this) return;
  device_.claimant_ = nullptr;
  resumed_.open();
}

des::Task<> Stream::run_kernel(const Kernel& k, Time began, Account& account) {
  des::Engine& engine = device_.engine();
  const Time body_began = began + gap(k);
  co_await body(k, body_began);
  book(k, began, engine.now() - body_began, account);
  take_apart(k, engine.now() - body_began, 1);
}

des::Task<> Stream::body(const Kernel& k, Time began) {
  des::Engine& engine = device_.engine();
  const Time flows_began = began + device_.lead(k);
  if (engine.now() < flows_began) {
    let_in();
    co_await engine.until(flows_began);
  }
  // Whoever arrives at this moment waits until the flows of a kernel that began in the past are
  // there.
  if (device_.claimant_ != this) co_await device_.make_way();
  ++device_.arriving_;
  co_await des::all(engine, memory_leg(k, flows_began), compute_leg(k, flows_began), arrived());
}

des::Task<> Stream::memory_leg(const Kernel& k, Time began) {
  if (k.hbm == Bytes::zero()) co_return;
  const BytesPerSecond cap = std::min(k.hbm_cap, device_.bandwidth_);
  if (began < device_.engine().now())
    co_await device_.memory_.transfer_since(began, k.hbm, cap);
  else
    co_await device_.memory_.transfer(k.hbm, cap);
}

des::Task<> Stream::compute_leg(const Kernel& k, Time began) {
  if (k.compute == Duration::zero()) co_return;
  if (began < device_.engine().now())
    co_await device_.compute_.transfer_since(began, k.compute);
  else
    co_await device_.compute_.transfer(k.compute);
}

des::Task<> Stream::arrived() {
  --device_.arriving_;
  let_in();
  co_return;
}

}  // namespace fieldsim::hardware::gpu
