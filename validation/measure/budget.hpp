#pragma once
// Shares out a time budget. Each group gets its share of what is left when it starts, so that time
// a group does not use flows to the ones after it; nothing starts that is expected to end too late.
#include <functional>
#include <string>
#include <vector>

namespace fieldsim::measure {

class Budget {
 public:
  struct Group {
    std::string name;
    double weight = 1;
  };
  using Now = std::function<double()>;  // seconds, monotone

  // `seconds` from now on; `reserve` of them are kept for writing the results.
  Budget(double seconds, double reserve, std::vector<Group> groups, Now now);

  void start(const std::string& group);  // groups start in the order given; others may be left out
  // May something that takes `expected` seconds start now? A refusal is counted.
  bool allows(double expected);
  double left_in_group() const;
  double left() const;  // until the end, the reserve taken off
  double elapsed() const { return now_() - begin_; }
  int refused() const { return refused_; }  // in the current group

 private:
  Now now_;
  double begin_ = 0, end_ = 0, group_end_ = 0;
  std::vector<Group> groups_;
  std::size_t next_ = 0;
  int refused_ = 0;
};

double steady_seconds();  // the real clock

}  // namespace fieldsim::measure
