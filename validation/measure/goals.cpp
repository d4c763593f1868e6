#include "validation/measure/goals.hpp"

#include <algorithm>
#include <cstdio>

namespace fieldsim::measure {

namespace {

const Parameter* find(const Parameters& parameters, const std::string& name) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& p) { return p.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

std::int64_t integer(const Row& row, const char* name) {
  const Parameter* p = find(row.parameters, name);
  return p != nullptr && std::holds_alternative<std::int64_t>(*p) ? std::get<std::int64_t>(*p) : -1;
}

// The eager row of a variant at 32/8/128, page 16, BF16, equal lengths.
const Row* row_of(const Report& report, const std::string& variant, std::int64_t batch,
                  std::int64_t context, std::int64_t anchors) {
  const auto is = [](const Row& row, const char* name, const std::string& text) {
    const Parameter* p = find(row.parameters, name);
    return p != nullptr && text_of(*p) == text;
  };
  for (const Row& row : report.rows)
    if (row.group == "kernels" && row.name == variant + " eager" &&
        integer(row, "batch") == batch && integer(row, "context") == context &&
        integer(row, "anchors") == anchors && is(row, "heads", "32/8/128") &&
        is(row, "page", "16") && is(row, "dtype", "bf16") && is(row, "lengths", "equal") &&
        is(row, "layout", "nhd") && integer(row, "q_len") == 1 &&
        (anchors == 0 || is(row, "anchor_sets", "shared")))
      return &row;
  return nullptr;
}

Goal share(const Report& report, std::string name, std::int64_t batch, std::int64_t context,
           double target) {
  Goal goal{std::move(name), false, 0, target, true};
  if (const Row* row = row_of(report, "fused", batch, context, 0);
      row != nullptr && row->of_ceiling > 0) {
    goal.measured = true;
    goal.value = row->of_ceiling;
  }
  return goal;
}

Goal rate(const Report& report, std::string name, std::int64_t batch, std::int64_t context,
          double gb_per_s) {
  Goal goal{std::move(name), false, 0, gb_per_s, true};
  if (const Row* row = row_of(report, "fused", batch, context, 0); row != nullptr) {
    goal.measured = true;
    goal.value = row->rate;
  }
  return goal;
}

}  // namespace

std::vector<Goal> goals(const Report& report) {
  std::vector<Goal> all;
  all.push_back(share(report, "fused, 64k, batch 16: share of copy bandwidth", 16, 65536, 0.90));
  all.push_back(share(report, "fused, 64k, batch 1: share of copy bandwidth", 1, 65536, 0.75));
  for (const std::int64_t batch : {16, 1}) {
    const Row* plain = row_of(report, "fused", batch, 65536, 0);
    const Row* anchored = row_of(report, "fused", batch, 65536, 256);
    const Row* mixture = row_of(report, "gamma_fused", batch, 65536, 256);
    const std::string at = ", 64k, batch " + std::to_string(batch);
    Goal extra{"256 anchors: time over their share of bytes" + at, false, 0, 1.01, false};
    if (plain != nullptr && anchored != nullptr) {
      extra.measured = true;
      extra.value = anchored->timing.all.median / plain->timing.all.median /
                    (static_cast<double>(integer(*anchored, "bytes")) /
                     static_cast<double>(integer(*plain, "bytes")));
    }
    all.push_back(extra);
    Goal gamma{"gamma_fused: time over fused" + at, false, 0, 1.02, false};
    if (anchored != nullptr && mixture != nullptr) {
      gamma.measured = true;
      gamma.value = mixture->timing.all.median / anchored->timing.all.median;
    }
    all.push_back(gamma);
  }
  // FlashAttention's paged decode on an H200, 32/8 heads of 128.
  all.push_back(rate(report, "fused, 64k, batch 1: GB/s (FlashAttention: 3180)", 1, 65536, 3180));
  all.push_back(rate(report, "fused, 4k, batch 128: GB/s (FlashAttention: 4360)", 128, 4096, 4360));
  return all;
}

std::string text_of(const std::vector<Goal>& list) {
  std::string out;
  for (const Goal& goal : list) {
    char line[256];
    if (goal.measured)
      std::snprintf(line, sizeof line, "goal %s: %.4g, %s %.4g: %s\n", goal.name.c_str(),
                    goal.value, goal.at_least ? "at least" : "at most", goal.target,
                    goal.met() ? "met" : "MISSED");
    else
      std::snprintf(line, sizeof line, "goal %s: not measured (%s %.4g)\n", goal.name.c_str(),
                    goal.at_least ? "at least" : "at most", goal.target);
    out += line;
  }
  return out;
}

}  // namespace fieldsim::measure
