#pragma once
// A cancellable, re-armable call at a simulated time: the building block of Timer and FairShare,
// for resources that must change their mind about when something happens. A cancelled or replaced
// setting leaves no trace: it is no event, moves no clock and does not enter the fingerprint.
#include <coroutine>
#include <cstdint>
#include <string_view>

#include "sim/des/engine.hpp"

namespace fieldsim::des {

class Alarm {
 public:
  // Called when the alarm goes off, disarmed. Returns a suspended process to resume as part of the
  // same event, or null.
  using Fire = std::coroutine_handle<> (*)(void* owner);

  Alarm(Engine& engine, std::string_view component, Fire fire, void* owner);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void arm(Time when);  // replaces an earlier setting; REQUIRES: when >= now
  void cancel();        // no-op when not armed
  bool armed() const { return armed_; }
  Time when() const { return when_; }  // meaningful while armed

 private:
  friend class Engine;
  std::uint64_t word() const;

  Engine* engine_;
  const detail::ComponentRecord* component_;
  Fire fire_;
  void* owner_;
  Time when_;
  std::uint32_t slot_;
  bool armed_ = false;
};

}  // namespace fieldsim::des
