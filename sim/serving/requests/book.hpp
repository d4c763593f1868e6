#pragma once
// What a run of requests counts while it runs: the life of each request, and how many were in the
// system, in the queue and in memory over time.
#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/des/engine.hpp"
#include "sim/des/level.hpp"
#include "sim/des/trace.hpp"
#include "sim/serving/block_pool.hpp"
#include "sim/serving/requests/params.hpp"

namespace fieldsim::serving {

struct RequestLife {
  enum class State : std::uint8_t { coming, queued, served, done, refused, given_up };
  State state = State::coming;
  Time arrived, placed, first, last;    // first place in the batch; tokens as they were made
  Time first_released, last_released;   // to the reader
  std::int64_t made = 0, released = 0;  // tokens; those of a failed boundary are taken back
  std::int64_t preemptions = 0;
};

class RequestBook {
 public:
  RequestBook(des::Engine& engine, const BlockPool& pool, const std::vector<Request>& requests);

  void arrived(std::int64_t id);
  void refused(std::int64_t id);  // needs more blocks than there are
  void placed(std::int64_t id);   // has a place in the batch and its anchors
  void preempted(std::int64_t id);
  void made(std::int64_t id, std::int64_t tokens);  // now
  void taken_back(std::int64_t id, std::int64_t tokens, bool released);
  void retract(std::int64_t tokens) { retracted_ += tokens; }  // of a stretch that was undone
  void released(std::int64_t id, std::int64_t tokens, Time at);
  void finished(std::int64_t id, bool given_up);
  void swapped(Bytes out, Bytes in);
  void memory();  // looks at the pool: call after it changed

  const std::vector<RequestLife>& lives() const { return lives_; }
  const des::Level& in_system() const { return in_system_; }
  const des::Level& queued() const { return queued_; }  // arrived, and never placed yet
  const des::Level& blocks() const { return blocks_; }
  std::int64_t preemptions() const { return preemptions_; }
  std::int64_t retracted() const { return retracted_; }  // tokens that a reader had seen
  Bytes swapped_out() const { return swapped_out_; }
  Bytes swapped_in() const { return swapped_in_; }
  std::vector<des::TrackId> tracks;  // of the first requests, when traced

 private:
  RequestLife& life(std::int64_t id) { return lives_[static_cast<std::size_t>(id)]; }
  void span(std::int64_t id, const char* name, Time began);
  void draw();

  des::Engine& engine_;
  const BlockPool& pool_;
  const std::vector<Request>& requests_;
  std::vector<RequestLife> lives_;
  des::Level in_system_, queued_, blocks_;
  std::int64_t preemptions_ = 0, retracted_ = 0;
  Bytes swapped_out_, swapped_in_;
};

}  // namespace fieldsim::serving
