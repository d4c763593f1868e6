#include "sim/system/study/points.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/random.hpp"
#include "sim/config/overlay.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"
#include "sim/config/source_text.hpp"
#include "sim/system/study/input.hpp"

namespace fieldsim::system {

using config::Document;
using config::SchemaNode;
using config::Value;

Points::Points(const Study& study, const config::Catalogue& catalogue, const SchemaNode& scenario)
    : study_(study), schema_(scenario) {
  for (std::size_t a = 0; a < study.axes.size(); ++a)
    for (std::size_t p = 0; p < study.axes[a].paths.size(); ++p) {
      const bool reads = study.axes[a].paths[p].reads_files;
      (reads ? files_ : plain_).push_back({a, p});
      if (reads && (file_axes_.empty() || file_axes_.back() != a)) file_axes_.push_back(a);
    }
  // A section before a key of it, whatever the order in the file.
  const auto depth = [&](const Place& at) {
    return std::ranges::count(study.axes[at.axis].paths[at.path].path, '.');
  };
  std::ranges::stable_sort(files_, {}, depth);
  std::ranges::stable_sort(plain_, {}, depth);
  prepare(catalogue);
}

std::vector<std::size_t> Points::steps(std::size_t point) const {
  std::vector<std::size_t> out(study_.axes.size());
  for (std::size_t a = out.size(); a-- > 0;) {
    out[a] = point % study_.axes[a].size();
    point /= study_.axes[a].size();
  }
  return out;
}

const AxisValue& Points::value(std::size_t point, std::size_t axis, std::size_t path) const {
  for (std::size_t a = study_.axes.size() - 1; a > axis; --a) point /= study_.axes[a].size();
  return study_.axes[axis].paths[path].values[point % study_.axes[axis].size()];
}

std::string Points::label(std::size_t point) const {
  std::string out;
  for (std::size_t a = 0; a < study_.axes.size(); ++a)
    for (std::size_t p = 0; p < study_.axes[a].paths.size(); ++p)
      out += fmt::format("{}{}={}", out.empty() ? "" : ", ", study_.axes[a].paths[p].path,
                         value(point, a, p).text);
  return out;
}

const AxisValue* Points::varied(std::size_t point, const std::string& path) const {
  for (std::size_t a = 0; a < study_.axes.size(); ++a)
    for (std::size_t p = 0; p < study_.axes[a].paths.size(); ++p)
      if (study_.axes[a].paths[p].path == path) return &value(point, a, p);
  return nullptr;
}

// Every combination of values that name files is resolved here, once.
void Points::prepare(const config::Catalogue& catalogue) {
  std::vector<std::size_t> at(study_.axes.size(), 0);
  std::vector<Problem> problems;
  while (true) {
    Document d;
    d.root = study_.base.root;
    try {
      for (const Place& f : files_) {
        const AxisPath& p = study_.axes[f.axis].paths[f.path];
        d.root = config::set(d.root, p.path, p.values[at[f.axis]].value, schema_);
      }
      config::resolve(d, schema_, catalogue);
    } catch (const ConfigError& e) {
      d.problems.insert(d.problems.end(), e.problems().begin(), e.problems().end());
    }
    for (const Problem& p : d.problems) {
      const bool known =
          std::ranges::any_of(problems, [&](const Problem& q) { return q.str() == p.str(); });
      if (!known) problems.push_back(p);
    }
    std::vector<std::size_t> key;
    for (std::size_t a : file_axes_) key.push_back(at[a]);
    bases_.emplace(std::move(key), std::move(d));
    std::size_t i = file_axes_.size();
    while (i > 0 && ++at[file_axes_[i - 1]] == study_.axes[file_axes_[i - 1]].size())
      at[file_axes_[--i]] = 0;
    if (i == 0) break;
  }
  if (!problems.empty()) throw ConfigError(std::move(problems));
}

std::vector<std::size_t> Points::files_key(std::size_t point) const {
  const std::vector<std::size_t> at = steps(point);
  std::vector<std::size_t> key;
  for (std::size_t a : file_axes_) key.push_back(at[a]);
  return key;
}

// Keys of one section can exclude each other, so a varied neighbour counts.
bool Points::depends_on_files_only(const std::string& path) const {
  const std::string section = config::split_path(path).front();
  return std::ranges::none_of(plain_, [&](const Place& f) {
    return config::split_path(study_.axes[f.axis].paths[f.path].path).front() == section;
  });
}

const model::ModelShape& Points::shape(const std::string& file, const std::string& name) const {
  const std::lock_guard lock(shapes_mutex_);
  const auto found = shapes_.find({file, name});
  if (found != shapes_.end()) return found->second;
  return shapes_.emplace(std::pair(file, name), load_model_shape(file, name)).first->second;
}

LoadedScenario Points::scenario(std::size_t point, std::vector<Problem>& problems) const {
  const std::vector<std::size_t> at = steps(point);
  Value upper = Value::map(study_.base.root.where);
  Value root;
  try {
    for (const Place& f : plain_) {
      const AxisPath& p = study_.axes[f.axis].paths[f.path];
      upper = config::set(upper, p.path, p.values[at[f.axis]].value, schema_);
    }
    root = config::overlay(bases_.at(files_key(point)).root, upper, schema_);
  } catch (const ConfigError& e) {
    problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    return {};
  }
  return read_scenario(
      schema_, root, study_.name,
      [this](const std::string& file, const std::string& name) { return shape(file, name); },
      problems);
}

bool Points::is_input(const std::string& path) const {
  const config::PathLookup found = config::find_path(schema_, path);
  if (!found) return false;
  if (found.node->is_leaf()) return true;
  for (const Axis& a : study_.axes)
    for (const AxisPath& p : a.paths)
      if (p.path == path) return true;  // `hardware`, varied, is its name
  return false;
}

Datum Points::input(const LoadedScenario& loaded, const std::string& path) const {
  return input_at(loaded, schema_, path);
}

}  // namespace fieldsim::system
