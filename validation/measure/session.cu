#include <vector>

#include "validation/measure/session.cuh"

namespace fieldsim::measure {

Timing device_time(const Stream& stream, double box, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t kMostPerPass = 25;
  const Event begin, end;
  std::size_t run = 0;
  for (int warm_up = 0; warm_up < 3; ++warm_up) {
    if (warm_up == 2) begin.record(stream.get());  // the last one says how long a run takes
    work(run++);
  }
  end.record(stream.get());
  end.synchronize();
  const double estimate = std::max(1e-6, end.seconds_after(begin));
  const auto per_pass =
      static_cast<std::size_t>(std::clamp(box / 2 / estimate, 2.0, double{kMostPerPass}));
  std::vector<Event> events;
  for (std::size_t i = 0; i <= per_pass; ++i) events.emplace_back();
  std::vector<double> passes[2];
  for (auto& samples : passes) {
    events[0].record(stream.get());
    for (std::size_t i = 1; i <= per_pass; ++i) {
      work(run++);
      events[i].record(stream.get());
    }
    events[per_pass].synchronize();
    for (std::size_t i = 1; i <= per_pass; ++i)
      samples.push_back(1e6 * events[i].seconds_after(events[i - 1]));
  }
  FIELDSIM_CUDA(cudaGetLastError());
  return timing_of(passes[0], passes[1]);
}

Timing host_time(double box, const std::function<void()>& work, std::size_t most) {
  for (int warm_up = 0; warm_up < 3; ++warm_up) work();
  std::vector<double> passes[2];
  for (auto& samples : passes) {
    const double begin = steady_seconds();
    do {
      const double start = steady_seconds();
      work();
      samples.push_back(1e6 * (steady_seconds() - start));
    } while (samples.size() < most / 2 &&
             (samples.size() < 2 || steady_seconds() - begin < box / 2));
  }
  return timing_of(passes[0], passes[1]);
}

}  // namespace fieldsim::measure
