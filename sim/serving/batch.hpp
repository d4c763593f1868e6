#pragma once
// Iteration-level continuous batching on one device (Orca: Yu et al., OSDI'22), with chunked
// prefill that shares iterations with decoding (Sarathi-Serve: Agrawal et al., OSDI'24). Sequences
// join and leave at iteration boundaries only.
//
// While the set of decoding sequences does not change, many iterations are one event: their time is
// an arithmetic series. A join or a cancellation in between shortens the event to the end of the
// iteration that is then running. O(log running) for each join and leave.
//
// What else runs on the device (a check's kernels, copies, searches) takes its time from the batch:
// an iteration lasts longer by the time that those bytes take of device memory, or by the
// arithmetic beside them where that is longer. Bytes count when their transfer ends.
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/timer.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/serving/iteration_cost.hpp"

namespace fieldsim::serving {

// A stretch of one sequence: prefill, then decode; owned by the process that waits for it.
struct Stretch {
  enum class State : std::uint8_t { idle, joining, prefilling, decoding };
  std::int64_t before = 0;                  // tokens in the cache when it begins
  std::int64_t prefill = 0;                 // tokens to prefill behind them
  std::int64_t decode = 0;                  // tokens to generate then; 0: prefill only
  std::int64_t prefilled = 0, decoded = 0;  // done; final when the wait is over
  bool cancelled = false;
  Duration running;   // time in iterations that it took part in
  double energy = 0;  // its equal share of these iterations, nJ

 private:
  friend class Batch;
  State state_ = State::idle;
  std::uint64_t serial_ = 0;
  std::int64_t began_ = 0, ends_ = 0;  // iterations
  double energy_before_ = 0;
  Time began_at_;
  std::coroutine_handle<> waiter_;
};

class Batch {
 public:
  class Run {
   public:
    Run(Batch* batch, Stretch* stretch) : batch_(batch), stretch_(stretch) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      stretch_->waiter_ = h;
      batch_->join(*stretch_);
    }
    void await_resume() const noexcept {}

   private:
    Batch* batch_;
    Stretch* stretch_;
  };

  Batch(des::Engine& engine, IterationCost cost, std::int64_t chunk, Power busy);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // From now on `device` is shared with what else runs there. REQUIRES: it outlives the batch.
  void share(const hardware::gpu::Device& device) { device_ = &device; }
  // The device stands still until then; the iteration that runs is lost, those that ended are not.
  void halt(Time until);

  // co_await; ends with the stretch, or at the iteration boundary after its cancellation.
  Run run(Stretch& stretch) { return Run(this, &stretch); }
  void cancel(Stretch& stretch);  // no-op when it does not run
  // Tokens that a running stretch has decoded by now: whole iterations.
  std::int64_t decoded(const Stretch& stretch) const;
  // Energy of a running stretch up to the last change of the batch, nJ.
  double energy(const Stretch& stretch) const;

  des::Process serve();  // a service

  Duration iteration_time() const;  // of the next one, without a prefill
  Duration busy() const;            // in iterations, up to now
  std::int64_t iterations() const { return iteration_; }
  std::int64_t prefill_tokens() const { return prefill_tokens_; }
  std::int64_t decode_tokens() const { return decode_tokens_; }
  std::int64_t running() const { return static_cast<std::int64_t>(ends_.size()); }
  std::int64_t peak() const { return peak_; }
  double attention() const { return attention_; }      // of busy(), ps
  Duration prefilling() const { return prefilling_; }  // time of iterations with a prefill
  Duration displaced() const { return displaced_; }    // of busy(), taken by what else ran there

 private:
  void join(Stretch& s);
  void change();  // the batch differs from the next iteration on
  void admit();
  void finish(Stretch& s);
  void start_decoding(Stretch& s);
  void advance(std::int64_t iterations, Time began);
  void prefill_chunk();
  void leave();
  std::int64_t done_by(Duration elapsed) const;  // iterations of this event that end by then
  Duration others() const;                       // what others took of this event so far
  Duration own() const;                          // the event's time less that

  des::Engine& engine_;
  IterationCost cost_;
  std::int64_t chunk_;
  double watts_;  // nJ per ps
  des::Timer timer_;
  des::Gate work_;
  std::deque<Stretch*> joining_, prefilling_queue_, cancelled_;
  std::map<std::pair<std::int64_t, std::uint64_t>, Stretch*> ends_;  // (iteration, serial)
  std::uint64_t next_serial_ = 1;
  std::int64_t iteration_ = 0, kv_ = 0;
  // The event in progress: `planned_` iterations from `began_`.
  std::int64_t planned_ = 0;
  Time began_;
  bool stepping_ = false;
  Time down_until_;
  const hardware::gpu::Device* device_ = nullptr;
  Bytes bytes_before_;  // moved by others when the event began, and their arithmetic
  Duration compute_before_;
  Duration granted_;  // of others(), by which the event is longer already
  double share_ = 0;  // cumulative energy of one equal share, nJ
  double attention_ = 0;
  Duration busy_, prefilling_, displaced_;
  std::int64_t prefill_tokens_ = 0, decode_tokens_ = 0, peak_ = 0;
};

}  // namespace fieldsim::serving
