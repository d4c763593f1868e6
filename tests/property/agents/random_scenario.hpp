#pragma once
// What random scenarios of agents and of requests have in common: draws of all magnitudes, and the
// sections verification, faults and recovery.
#include <cstdint>
#include <initializer_list>
#include <string>

#include "sim/base/random.hpp"
#include "tests/property/agents/yaml_tree.hpp"

namespace fieldsim::test {

class RandomScenario {
 protected:
  // Llama-3.1-8B in FP16, as the simulator counts it: what is left beside it is room for KV.
  static constexpr std::int64_t kWeights = 16'060'522'496;
  static constexpr std::int64_t kKvPerToken = 131'072;

  RandomScenario(std::uint64_t seed, const char* stream) : random_(seed, stream), seed_(seed) {}

  using Words = std::initializer_list<const char*>;

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  template <class T>
  void put(const std::string& path, const T& value) {
    test::put(root_, path, value);
  }
  void pick(const std::string& path, Words words) {
    put(path, std::string(words.begin()[below(static_cast<std::int64_t>(words.size()))]));
  }
  static std::string share(std::int64_t tenths);
  void chance(const std::string& path);      // 0 and 1 are as likely as all between
  std::string time(std::int64_t most);       // of all magnitudes below `most` ms
  std::string some_time(std::int64_t most);  // not zero
  void durations(const std::string& path, std::int64_t most);  // a distribution
  void counts(const std::string& path, std::int64_t most);

  void verification();
  void boundary();
  void rule(const std::string& section);
  void faults(bool crashes);  // of the device, too
  void recovery(Words rollbacks);

  RandomStream random_;
  std::uint64_t seed_;
  config::Value root_ = config::Value::map({});
  std::int64_t anchors_ = 0;  // tokens

 private:
  void crash(const std::string& which);
};

}  // namespace fieldsim::test
