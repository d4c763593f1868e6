#include "validation/measure/budget.hpp"

#include <algorithm>

namespace fieldsim::measure {

Budget::Budget(double seconds, double reserve, std::vector<Group> groups, Now now)
    : now_(std::move(now)), groups_(std::move(groups)) {
  begin_ = now_();
  end_ = group_end_ = begin_ + std::max(0.0, seconds - reserve);
}

void Budget::start(const std::string& group) {
  refused_ = 0;
  const auto found = std::find_if(groups_.begin() + static_cast<std::ptrdiff_t>(next_),
                                  groups_.end(), [&](const Group& g) { return g.name == group; });
  double weights = 0;
  for (auto g = found; g != groups_.end(); ++g) weights += g->weight;
  const double share = weights > 0 ? found->weight / weights : 1;
  group_end_ = now_() + left() * share;
  if (found != groups_.end()) next_ = static_cast<std::size_t>(found - groups_.begin()) + 1;
}

bool Budget::allows(double expected) {
  if (expected <= left_in_group()) return true;
  ++refused_;
  return false;
}

double Budget::left_in_group() const { return std::max(0.0, group_end_ - now_()); }
double Budget::left() const { return std::max(0.0, end_ - now_()); }

}  // namespace fieldsim::measure
