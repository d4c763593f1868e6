#include "sim/serving/requests/book.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

using State = RequestLife::State;

RequestBook::RequestBook(des::Engine& engine, const BlockPool& pool,
                         const std::vector<Request>& requests)
    : engine_(engine), pool_(pool), requests_(requests), lives_(requests.size()) {}

void RequestBook::span(std::int64_t id, const char* name, Time began) {
  if (static_cast<std::size_t>(id) < tracks.size() && engine_.now() > began)
    engine_.trace()->span(tracks[static_cast<std::size_t>(id)], name, began, engine_.now());
}

void RequestBook::draw() {
  if (des::TraceSink* trace = engine_.trace())
    trace->counter("requests in the queue", engine_.now(), static_cast<double>(queued_.value()));
}

void RequestBook::memory() {
  const std::int64_t change = pool_.used(Place::device) - blocks_.value();
  if (change == 0) return;
  blocks_.add(engine_.now(), change);
  if (des::TraceSink* trace = engine_.trace())
    trace->counter("KV blocks in use", engine_.now(), static_cast<double>(blocks_.value()));
}

void RequestBook::arrived(std::int64_t id) {
  life(id).state = State::queued;
  life(id).arrived = engine_.now();
  in_system_.add(engine_.now(), 1);
  queued_.add(engine_.now(), 1);
  draw();
}

void RequestBook::refused(std::int64_t id) {
  life(id).state = State::refused;
  in_system_.add(engine_.now(), -1);
  queued_.add(engine_.now(), -1);
}

void RequestBook::placed(std::int64_t id) {
  RequestLife& l = life(id);
  if (l.state != State::queued) return;
  l.state = State::served;
  l.placed = engine_.now();
  queued_.add(engine_.now(), -1);
  span(id, "queued", l.arrived);
  draw();
}

void RequestBook::preempted(std::int64_t id) {
  ++preemptions_;
  ++life(id).preemptions;
  if (static_cast<std::size_t>(id) < tracks.size())
    engine_.trace()->instant(tracks[static_cast<std::size_t>(id)], "preempted", engine_.now());
}

void RequestBook::made(std::int64_t id, std::int64_t tokens) {
  RequestLife& l = life(id);
  if (l.first == Time::zero() && tokens > 0) {
    l.first = engine_.now();
    span(id, "to first token", l.placed);
  }
  l.made += tokens;
  l.last = engine_.now();
}

void RequestBook::taken_back(std::int64_t id, std::int64_t tokens, bool released) {
  RequestLife& l = life(id);
  l.made -= tokens;
  if (!released) return;
  retracted_ += tokens;
  l.released -= tokens;
}

void RequestBook::released(std::int64_t id, std::int64_t tokens, Time at) {
  RequestLife& l = life(id);
  if (tokens <= 0) return;
  if (l.first_released == Time::zero()) l.first_released = at;
  l.last_released = std::max(l.last_released, at);
  l.released += tokens;
  SIM_CHECK(l.released <= l.made, "a reader gets tokens that were not made");
}

void RequestBook::finished(std::int64_t id, bool given_up) {
  RequestLife& l = life(id);
  if (l.state == State::queued) queued_.add(engine_.now(), -1);  // its anchors failed
  l.state = given_up ? State::given_up : State::done;
  const std::int64_t all = requests_[static_cast<std::size_t>(id)].output;
  SIM_CHECK(given_up || (l.made == all && l.released == all),
            "a request is completed without all its tokens");
  in_system_.add(engine_.now(), -1);
}

void RequestBook::swapped(Bytes out, Bytes in) {
  swapped_out_ += out;
  swapped_in_ += in;
}

}  // namespace fieldsim::serving
