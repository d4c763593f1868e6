#pragma once
// Spans of a run in Chrome's trace format, which Perfetto opens: one process per experiment, one
// track per engine (GPU, link, hash worker, host).
#include <mutex>
#include <string>
#include <vector>

namespace fieldsim::measure {

class Timeline {
 public:
  // Times in seconds on one clock. Safe to call from several threads.
  void span(int process, const std::string& track, const std::string& name, double begin,
            double end);
  void name_process(int process, const std::string& name);
  std::string json() const;
  std::size_t size() const;

 private:
  struct Span {
    int process, track;
    std::string name;
    double begin, end;
  };
  int track_of(int process, const std::string& track);
  mutable std::mutex mutex_;
  std::vector<Span> spans_;
  std::vector<std::pair<int, std::string>> processes_;
  std::vector<std::pair<int, std::string>> tracks_;  // (process, name); the index is the id
};

}  // namespace fieldsim::measure
