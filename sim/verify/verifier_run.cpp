// One check from its worker to its verdict, through crashes and slow hours of the verifier.
#include <string>

#include "sim/des/trace.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::verify {

using hardware::Account;
using hardware::Category;
using hardware::Limiter;
using hardware::Split;

namespace {
constexpr std::int64_t kLost = 1000;  // crashes in a row after which a check has failed
}

des::Task<> Verifier::run(Check& check) {
  check.asked = m_.engine.now();
  co_await workers_.acquire();
  worker_places_.taken(check.trail);
  check.began = m_.engine.now();
  const std::size_t lane = lanes_.take();
  if (auto* trace = m_.engine.trace(); trace != nullptr && check.flow != 0 && !check.cancelled)
    trace->flow_step(check.flow, lanes_.track(lane), "verdict", check.began);
  // A crash is seen at the end of the check at the latest; the check begins again.
  std::int64_t lost = 0;
  for (bool again = !check.cancelled; again;) {
    co_await wait_until_up(check);
    const Time attempt = m_.engine.now();
    co_await stages(check);
    again = crashes_ && !check.cancelled && crashes_->began_within(attempt, m_.engine.now());
    if (again) ++restarted_;
    check.answer.refused |= again && ++lost == kLost;
    again = again && !check.answer.refused;
  }
  if (faults_.slow && !check.cancelled) co_await slow_down(check);
  check.ended = m_.engine.now();
  busy_ += check.ended - check.began;
  lanes_.give(lane, "boundary " + std::to_string(check.boundary), check.began);
  worker_places_.given(check.trail);
  workers_.release();
}

des::Task<> Verifier::wait_until_up(Check& check) {
  if (!crashes_ || !crashes_->down(m_.engine.now())) co_return;
  const Time began = m_.engine.now();
  co_await m_.engine.until(crashes_->up_again());
  check.spent.add(Category::sync, m_.engine.now() - began);
  check.trail.add("verifier restart", Category::sync, Limiter::repair, began, m_.engine.now());
  if (auto* trace = m_.engine.trace())
    trace->span(trace->track("host", "verifier crashed"), "restart", began, m_.engine.now());
}

// Every stage takes `factor` times as long.
des::Task<> Verifier::slow_down(Check& check) {
  if (!slow_.bernoulli_at(check.draw, faults_.slow->probability)) co_return;
  const Time began = m_.engine.now();
  Account more;
  Split split;
  for (std::size_t i = 0; i < hardware::kCategories; ++i) {
    const auto c = static_cast<Category>(i);
    const Duration d = scaled(check.spent[c], faults_.slow->factor - 1);
    more.add(c, d);
    split.add(c, Limiter::queue, d);
  }
  check.spent += more;
  co_await m_.engine.delay(more.total());
  check.trail.add("slow verifier", began, m_.engine.now(), split);
}

}  // namespace fieldsim::verify
