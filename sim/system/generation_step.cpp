// The prefill and one decode step: what the device does, and what a scheme or an enclave adds.
#include <algorithm>

#include "sim/des/trace.hpp"
#include "sim/system/generation.hpp"

namespace fieldsim::system {

using hardware::Category;
using hardware::Limiter;

des::Task<> Session::prefill() {
  if (s_.workload.prefill) {
    const Time began = m_.engine.now();
    co_await m_.engine.delay(*s_.workload.prefill);
    trail_.add("prefill", Category::assumed, Limiter::pinned, began, m_.engine.now());
    out_.prefill.add(Category::assumed, *s_.workload.prefill);
    co_return;
  }
  for (std::int64_t before = 0; before < s_.workload.prompt_tokens;) {
    const std::int64_t tokens =
        std::min(s_.workload.prefill_chunk, s_.workload.prompt_tokens - before);
    const bool last = before + tokens == s_.workload.prompt_tokens;
    const auto& program = programs_.prefill(tokens, before, last);
    out_.prefill_totals += programs_.totals();
    const Time began = m_.engine.now();
    co_await prefill_stream_.run(program, out_.prefill);
    log_program("prefill chunk", began);
    before += tokens;
  }
}

// One decode step for all sequences; false when a failed verdict or a crash cut it short.
des::Task<bool> Session::step(Account& spent) {
  des::Engine& engine = m_.engine;
  const Time began = engine.now();
  bool whole = false;
  if (s_.workload.decode_step) {
    co_await timer_.wait(*s_.workload.decode_step);
    // Cut short at its very end it is whole: what counts is the time, not which event came first.
    whole = engine.now() - began == *s_.workload.decode_step;
    spent.add(Category::assumed, engine.now() - began);
    trail_.add("decode step", Category::assumed, Limiter::pinned, began, engine.now());
    if (auto* trace = engine.trace())
      trace->span(step_track_, whole ? "assumed step" : "step cut short", began, engine.now());
  } else {
    const Duration host = s_.hardware.host.step_overhead;
    const bool scheduled = co_await timer_.wait(host);
    spent.add(Category::host, engine.now() - began);
    trail_.add("host step", Category::host, Limiter::step, began, engine.now());
    if (!scheduled || interrupted()) co_return false;
    const auto& program = programs_.decode(s_.workload.prompt_tokens + log_.tokens() + 1);
    const Time launched = engine.now();
    whole = co_await stream_.run(program, spent);
    log_program("decode step", launched);
  }
  const Time inside = engine.now();
  const Duration step = inside - began;
  if (whole && timing() == Timing::attested_tee) {
    const Duration more = scaled(step, s_.verification.tee.compute_overhead);
    if (more > Duration::zero()) co_await timer_.wait(more);
    whole = engine.now() - inside == more;
    spent.add(Category::enclave, engine.now() - inside);
    if (more > Duration::zero())
      trail_.add("enclave", Category::enclave, Limiter::scheme, inside, engine.now());
  }
  if (whole) whole = co_await prove(step, spent);
  if (whole && !s_.workload.decode_step) out_.decode_totals += programs_.totals();
  co_return whole;
}

// What a scheme asks of the prover behind each step; false when a failed verdict cut it short.
des::Task<bool> Session::prove(Duration step, Account& spent) {
  const bool last = log_.tokens() + 1 == s_.workload.output_tokens;
  const Duration length = evidence_time(s_, step, last);
  if (length == Duration::zero()) co_return true;
  const Time began = m_.engine.now();
  co_await timer_.wait(length);
  const Duration spent_here = m_.engine.now() - began;
  trail_.add("evidence", Category::evidence, Limiter::scheme, began, m_.engine.now());
  spent.add(Category::evidence, spent_here);
  out_.proving += spent_here;
  co_return spent_here == length;
}

// Device energy, linear between idle and sustained power with the busier of memory and arithmetic
// (docs/model.md, "Energy"); a pinned step, and one cut short, keeps the device busy.
recovery::Work Session::work_of(const Account& spent, bool whole) const {
  const auto& p = s_.hardware.gpu.power;
  const Duration elapsed = spent.total();
  Duration busy = elapsed;
  recovery::Work w;
  if (whole) w.tokens = 1;
  if (whole && !s_.workload.decode_step) {
    const StepTotals& t = programs_.totals();
    w.bytes = t.hbm;
    busy =
        std::min(elapsed, std::max(time_for(t.hbm, m_.device.bandwidth()), arithmetic_time(s_, t)));
  }
  w.energy = p.idle * elapsed + (p.busy - p.idle) * busy;
  return w;
}

}  // namespace fieldsim::system
