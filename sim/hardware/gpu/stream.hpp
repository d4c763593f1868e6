#pragma once
// A stream runs the kernels of a program one after another.
//
// While a stream is alone on the device, the end of every kernel is known in advance: the whole
// rest of the program is then one event. When anything else touches the device (a copy reads device
// memory, another stream starts a kernel), the stream steps back to where it is at that moment,
// puts the running kernel on the shared resources as a flow that began when it began, and goes on
// kernel by kernel until the device is quiet again. The result is the same to the picosecond
// (tests/property/hardware).
#include <cstdint>
#include <string>

#include "sim/base/units.hpp"
#include "sim/des/gate.hpp"
#include "sim/des/process.hpp"
#include "sim/des/timer.hpp"
#include "sim/des/trace.hpp"
#include "sim/hardware/account.hpp"
#include "sim/hardware/gpu/device.hpp"
#include "sim/hardware/task_log.hpp"

namespace fieldsim::hardware::gpu {

struct StreamOptions {
  Duration gap;  // before each kernel: eager or graph launch
  Limiter launched_by = Limiter::launch;
  bool fast_forward = true;
  std::int64_t traced_kernels = 100'000;  // kernel spans drawn before only whole programs are
};

class Stream {
 public:
  Stream(Device& device, std::string name, StreamOptions options);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Runs `program` to its end, or until cancel() drops the kernels that have not started; returns
  // whether it ran to its end. Time spent is added to `account` by category. One program at a time.
  des::Task<bool> run(const Program& program, Account& account);
  void cancel();

  // From here on, what sets the length of each kernel is added to `split` (null: to nothing).
  void split_into(Split* split) { split_ = split; }

  // How long `program` takes on a device that nothing else uses.
  Duration alone(const Program& program) const { return remaining(program, {}); }

 private:
  friend class Device;
  // A place in a program: kernel `index` of round `round` of segment `segment`.
  struct Cursor {
    std::size_t segment = 0;
    std::int64_t round = 0;
    std::size_t index = 0;
  };
  bool at_end(const Program& p, const Cursor& c) const { return c.segment == p.segments.size(); }
  const Kernel& kernel(const Program& p, const Cursor& c) const {
    return p.segments[c.segment].kernels[c.index];
  }
  void next(const Program& p, Cursor& c) const;
  Duration gap(const Kernel& k) const { return options_.gap * k.launches + k.launch; }
  Duration alone(const Kernel& k) const;
  Duration remaining(const Program& p, Cursor c) const;
  // Books kernels that ran alone from `begin` on and have ended by `until`; leaves the cursor at
  // the first that has not, and returns when that one began.
  Time settle(const Program& p, Cursor& c, Time begin, Time until, Account& account);
  void show_end(const Kernel& k, Time end);
  void book(const Kernel& k, Time begin, Duration body, Account& account);
  void take_apart(const Kernel& k, Duration body, std::int64_t times);
  void book_group(const Segment& s, std::int64_t rounds, Time begin, Account& account);

  des::Task<> run_kernel(const Kernel& k, Time began, Account& account);
  des::Task<> body(const Kernel& k, Time began);
  des::Task<> memory_leg(const Kernel& k, Time began);
  des::Task<> compute_leg(const Kernel& k, Time began);
  des::Task<> arrived();  // the flows of the running kernel are on the shared resources
  des::Task<> make_way();
  void let_in();  // whoever waits for this stream to step back

  Device& device_;
  std::string name_;
  StreamOptions options_;
  des::Timer timer_;
  des::Gate resumed_;
  bool cancelled_ = false;
  Split* split_ = nullptr;
  des::TrackId track_;
};

}  // namespace fieldsim::hardware::gpu
