// The columns of a study, and whether its names mean anything.
#include "sim/report/study/view.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldsim::report {

using system::Axis;
using system::AxisPath;
using system::Expression;

namespace {

// What is shown when the study does not say; those that a result has.
const std::vector<std::string> kUsual = {"throughput.tokens_per_s",
                                         "throughput.committed_tokens_per_s",
                                         "latency.ttft_s",
                                         "latency.tpot_s.mean",
                                         "latency.tpot_s.p50",
                                         "latency.tpot_s.p90",
                                         "latency.tpot_s.p99",
                                         "latency.output_commit_s.mean",
                                         "time_breakdown_s.*",
                                         "bound",
                                         "verification.utilization",
                                         "verification.boundaries",
                                         "verification.failures",
                                         "verification.latency_s",
                                         "verification.exposure_tokens",
                                         "recovery.rollbacks",
                                         "recovery.discarded_tokens",
                                         "recovery.discarded_fraction",
                                         "memory.total_bytes",
                                         "memory.capacity_bytes",
                                         "memory.fits",
                                         "energy_j_per_token"};

}  // namespace

View::View(const system::Points& points, std::vector<std::string> keys)
    : points_(points), keys_(std::move(keys)) {
  for (std::size_t i = 0; i < keys_.size(); ++i) key_index_.emplace(keys_[i], i);
  const system::Study& study = points.study();
  for (std::size_t a = 0; a < study.axes.size(); ++a)
    for (std::size_t p = 0; p < study.axes[a].paths.size(); ++p) {
      sources_.push_back({Column::Kind::varied, a, p, study.axes[a].paths[p].path});
      columns_.push_back(study.axes[a].paths[p].column);
    }
  varied_ = columns_.size();
  add_results();
  for (std::size_t i = 0; i < study.derive.size(); ++i) {
    sources_.push_back({Column::Kind::derived, i, 0, study.derive[i].first});
    columns_.push_back(study.derive[i].first);
  }
  ratios_at_ = columns_.size();
  check_names();
  if (!problems_.empty()) throw ConfigError(std::move(problems_));
  for (std::size_t c : ratio_of_) columns_.push_back("ratio." + columns_[c]);
  if (marked()) columns_.push_back(study.objectives.size() == 1 ? "best" : "pareto");
  columns_.push_back("error");
}

void View::add_results() {
  const std::vector<config::Value>& wanted = points_.study().columns;
  for (const config::Value& v : wanted) add_named(v);
  if (wanted.empty())
    for (const std::string& name : kUsual)
      if (name.ends_with(".*") || key_index_.contains(name))
        add_named(config::Value::scalar(name, {}));
}

void View::add_named(const config::Value& name) {
  const auto add = [&](Column column) {
    if (std::ranges::find(columns_, column.name) != columns_.end()) return;
    columns_.push_back(column.name);
    sources_.push_back(std::move(column));
  };
  const std::string& text = name.text;
  if (text == "*" || text.ends_with(".*")) {
    const std::string prefix = text.substr(0, text.size() - 1);
    bool any = false;
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (keys_[i].starts_with(prefix)) add({Column::Kind::result, i, 0, keys_[i]}), any = true;
    if (!any && name.where.line != 0)
      problems_.push_back({name.where, "columns", fmt::format("no result begins with '{}'", prefix),
                           nearest_word(prefix, keys_)});
  } else if (const auto at = key_index_.find(text); at != key_index_.end()) {
    add({Column::Kind::result, at->second, 0, text});
  } else if (points_.is_input(text)) {
    inputs_.insert(text);
    add({Column::Kind::input, 0, 0, text});
  } else {
    problems_.push_back({name.where, "columns", fmt::format("there is no result '{}'", text),
                         nearest_word(text, keys_)});
  }
}

std::vector<std::string> View::known_names() const {
  std::vector<std::string> all = keys_;
  for (const auto& [name, e] : points_.study().derive) all.push_back(name);
  for (const Axis& a : points_.study().axes)
    for (const AxisPath& p : a.paths) all.push_back(p.path);
  return all;
}

void View::check(const Expression& e, const std::string& path) {
  const std::vector<std::string> known = known_names();
  for (const std::string& name : e.names())
    if (points_.is_input(name))
      inputs_.insert(name);
    else if (std::ranges::find(known, name) == known.end())
      problems_.push_back({e.where(), path,
                           fmt::format("'{}' is neither a key of a scenario nor a result", name),
                           nearest_word(name, known)});
}

void View::check_names() {
  const system::Study& study = points_.study();
  for (const Expression& e : study.where) check(e, "where");
  for (const auto& [name, e] : study.derive) {
    check(e, "derive." + name);
    if (key_index_.contains(name) || points_.is_input(name))
      problems_.push_back(
          {e.where(), "derive." + name, "there is a result or a key of this name", ""});
  }
  for (const system::Objective& o : study.objectives) check(o.expression, "objective");
  for (const config::Value& v : study.baseline) {
    const auto at = std::ranges::find(columns_, v.text);
    if (at == columns_.end())
      problems_.push_back({v.where, "baseline", fmt::format("there is no column '{}'", v.text),
                           nearest_word(v.text, columns_)});
    else
      ratio_of_.push_back(static_cast<std::size_t>(at - columns_.begin()));
  }
}

}  // namespace fieldsim::report
