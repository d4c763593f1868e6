// What starting and finishing work costs: launches one by one and in graphs, stream and event
// waits.
#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

__global__ void empty_kernel() {}

void add(Session& s, const char* name, Timing timing, const char* note = "") {
  Row row;
  row.group = "latency";
  row.name = name;
  row.timing = std::move(timing);
  row.note = note;
  s.add(std::move(row));
}

// Per launch, from a region of many.
Timing divided(Timing timing, double by) {
  for (Summary* summary : {&timing.all, &timing.first, &timing.second})
    for (double* v : {&summary->min, &summary->q1, &summary->median, &summary->q3, &summary->max})
      *v /= by;
  return timing;
}

}  // namespace

void measure_latency(Session& s) {
  constexpr int kLaunches = 200;
  const cudaStream_t stream = s.stream.get();
  const auto launches = [&] {
    for (int i = 0; i < kLaunches; ++i) empty_kernel<<<1, 32, 0, stream>>>();
  };
  const double box = s.box(0.5, 0.2);
  add(s, "launch, eager",
      divided(device_time(s.stream, box, [&](std::size_t) { launches(); }), kLaunches),
      "back to back, device time per kernel");
  add(s, "launch, host side", divided(host_time(box, [&] { launches(); }), kLaunches),
      "time of the call itself, queue filling included");
  s.stream.synchronize();
  {
    const Graph graph(s.stream, launches);
    add(s, "launch, in a graph",
        divided(device_time(s.stream, box, [&](std::size_t) { graph.launch(stream); }), kLaunches),
        "graph of 200, per kernel");
    const Graph one(s.stream, [&] { empty_kernel<<<1, 32, 0, stream>>>(); });
    add(s, "graph launch + sync",
        host_time(box,
                  [&] {
                    one.launch(stream);
                    s.stream.synchronize();
                  }),
        "graph of one kernel");
  }
  add(s, "launch + stream sync", host_time(box, [&] {
        empty_kernel<<<1, 32, 0, stream>>>();
        s.stream.synchronize();
      }));
  add(s, "stream sync, idle", host_time(box, [&] { s.stream.synchronize(); }));
  const Event spinning(cudaEventDisableTiming),
      blocking(cudaEventDisableTiming | cudaEventBlockingSync);
  add(s, "launch + event sync", host_time(box, [&] {
        empty_kernel<<<1, 32, 0, stream>>>();
        spinning.record(stream);
        spinning.synchronize();
      }));
  add(s, "launch + blocking event sync",
      host_time(box,
                [&] {
                  empty_kernel<<<1, 32, 0, stream>>>();
                  blocking.record(stream);
                  blocking.synchronize();
                }),
      "the waiting thread sleeps");
  add(s, "event across streams", host_time(box, [&] {
        spinning.record(stream);
        FIELDSIM_CUDA(cudaStreamWaitEvent(s.other.get(), spinning.get(), 0));
        s.other.synchronize();
      }));
}

}  // namespace fieldsim::measure
