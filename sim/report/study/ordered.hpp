#pragma once
// Work of many threads, delivered in order.
#include <cstddef>
#include <functional>
#include <string>

namespace fieldsim::report {

struct OrderedWork {
  std::size_t count = 0;  // work(0) .. work(count - 1)
  std::size_t jobs = 1;
  std::function<std::string(std::size_t)> work;                 // called by any thread
  std::function<void(std::string text, std::size_t n)> deliver;  // n results that follow each other
  std::function<void(std::size_t done)> tick;                   // about ten times a second
};

// `deliver` and `tick` are called by the calling thread. What one of the three throws ends the work
// and is thrown here; results delivered before stay delivered.
void run_ordered(const OrderedWork& w);

}  // namespace fieldsim::report
