#include "sim/system/study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/config/overlay.hpp"
#include "sim/config/paths.hpp"
#include "sim/config/schema.hpp"
#include "sim/system/load.hpp"
#include "sim/system/study/range.hpp"

namespace fieldsim::system {

using config::Field;
using config::Value;

namespace {

// The file as written; free-form parts keep their positions.
struct StudyFile {
  std::string name, description;
  Value base, vary, where, derive, columns, objective, baseline;
};

config::Schema<StudyFile> file_schema() {
  using P = StudyFile;
  config::Schema<P> s("study", "A scenario with dimensions");
  s.field("name", &P::name, "what the study is called")
      .field("description", &P::description, "what it shows")
      .field("base", &P::base, "a scenario: shipped name, path relative to this file, or a map")
      .required()
      .field("vary", &P::vary, "paths of the scenario and their values; zip moves paths together")
      .required()
      .field("where", &P::where, "expression, or a list of them: points for which it is false are left out")
      .field("derive", &P::derive, "further columns: name and expression")
      .field("columns", &P::columns, "results to write: names, prefix.*, or * for all")
      .field("objective", &P::objective, "{maximize: expression} or {minimize: ...}; a list: Pareto front")
      .field("baseline", &P::baseline, "columns that are also given as a ratio to the first row");
  return s;
}

class StudyReader {
 public:
  StudyReader(Study& study, std::vector<Problem>& problems) : study_(study), problems_(problems) {}

  void views(const StudyFile& f) {
    for (const Value& v : list_of(f.where, "where", "an expression or a list of them"))
      expression(v, "where", [&](Expression e) { study_.where.push_back(std::move(e)); });
    derive(f.derive);
    study_.columns = list_of(f.columns, "columns", "names of results");
    study_.baseline = list_of(f.baseline, "baseline", "names of columns");
    if (f.objective.is_map()) {
      objective(f.objective);
    } else {
      for (const Value& v : f.objective.items) objective(v);
      if (f.objective.is_scalar()) objective(f.objective);
    }
  }

 private:
  void say(const Where& where, const std::string& path, std::string message,
           std::string nearest = "") {
    problems_.push_back({where, path, std::move(message), std::move(nearest)});
  }

  // A scalar is a list of one.
  std::vector<Value> list_of(const Value& v, const std::string& path, const char* what) {
    std::vector<Value> out;
    if (v.is_null()) return out;
    if (v.is_scalar()) return {v};
    for (const Value& item : v.items)
      if (item.is_scalar()) out.push_back(item);
    if (!v.is_list() || v.items.empty() || out.size() != v.items.size())
      say(v.where, path, fmt::format("expected {}, got {}", what, config::flow_text(v)));
    return out;
  }

  template <class F>
  void expression(const Value& v, const std::string& path, F&& keep) {
    if (!v.is_scalar() || v.text.empty())
      return say(v.where, path,
                 fmt::format("expected an expression, got {}", config::kind_and_text(v)));
    try {
      keep(Expression(v.text, v.where, path));
    } catch (const ConfigError& e) {
      problems_.insert(problems_.end(), e.problems().begin(), e.problems().end());
    }
  }

  void derive(const Value& v) {
    if (v.is_null()) return;
    if (!v.is_map())
      return say(v.where, "derive",
                 fmt::format("expected names and expressions, got {}", config::kind_and_text(v)));
    for (const Field& f : v.fields)
      expression(f.value, "derive." + f.key,
                 [&](Expression e) { study_.derive.emplace_back(f.key, std::move(e)); });
  }

  void objective(const Value& v) {
    const std::vector<std::string> words = {"maximize", "minimize"};
    if (!v.is_map() || v.fields.empty())
      return say(v.where, "objective",
                 fmt::format("expected {{maximize: expression}} or {{minimize: expression}}, got {}",
                             config::kind_and_text(v)));
    for (const Field& f : v.fields) {
      if (f.key != "maximize" && f.key != "minimize") {
        say(f.where, "objective." + f.key, "expected maximize or minimize",
            nearest_word(f.key, words));
        continue;
      }
      expression(f.value, "objective." + f.key, [&](Expression e) {
        study_.objectives.push_back({f.key == "maximize", std::move(e)});
      });
    }
  }

  Study& study_;
  std::vector<Problem>& problems_;
};

void append(std::vector<Problem>& to, const std::vector<Problem>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

config::Document open_base(const Value& base, const config::Catalogue& catalogue,
                           const config::SchemaNode& scenario) {
  if (base.is_map()) return config::open_value(base, scenario, catalogue, "scenarios");
  if (!base.is_scalar())
    throw ConfigError(base.where, "base",
                      fmt::format("expected a scenario: a shipped name, a path or a map, got {}",
                                  config::kind_and_text(base)));
  return config::open_file(catalogue.find("scenarios", base.text, base.where, "base"), scenario,
                           catalogue, "scenarios");
}

// The seed that draws depend on: the base scenario's, --seed included.
std::uint64_t seed_of(const Value& root) {
  const Field* f = root.find("seed");
  if (f == nullptr) return 1;
  const auto parsed = config::parse_count(f->value.text);
  return parsed.value ? static_cast<std::uint64_t>(*parsed.value) : 1;
}

// The command line would be overruled in silence.
void check_assignments(const Study& study, const std::vector<std::string>& assignments,
                       std::vector<Problem>& problems) {
  for (const std::string& a : assignments) {
    const std::string path = a.substr(0, a.find('='));
    if (path == "seed") continue;  // moves the drawn seeds along
    for (const Axis& axis : study.axes)
      for (const AxisPath& p : axis.paths)
        if (p.path == path || path.starts_with(p.path + "."))
          problems.push_back({{"--set " + a, 0, 0}, path,
                              fmt::format("'{}' is varied by the study, which would overrule this",
                                          p.path), ""});
  }
}

}  // namespace

std::size_t Study::points() const {
  std::size_t n = 1;
  for (const Axis& a : axes) n *= a.size();
  return n;
}

config::NodePtr study_schema() { return file_schema().share(); }

std::string find_study(const std::string& reference, const config::Catalogue& catalogue) {
  return config::is_path(reference) ? reference : catalogue.find("studies", reference, {});
}

Study open_study(const std::string& reference, const config::Catalogue& catalogue,
                 const config::SchemaNode& scenario, const std::vector<std::string>& assignments) {
  const config::Schema<StudyFile> schema = file_schema();
  Study study;
  study.file = find_study(reference, catalogue);
  config::Document d = config::open_file(study.file, schema.node(), catalogue, "studies");
  std::vector<Problem> problems = std::move(d.problems);
  StudyFile file;
  config::Provenance ignored;
  config::read_into(schema.node(), d.root, &file, ignored, problems);
  study.name = file.name.empty() ? std::filesystem::path(study.file).stem().string() : file.name;
  study.description = file.description;

  if (!file.base.is_null()) {
    try {
      study.base = open_base(file.base, catalogue, scenario);
      for (const std::string& a : assignments) config::assign(study.base, a, scenario);
      append(problems, study.base.problems);
    } catch (const ConfigError& e) {
      append(problems, e.problems());
    }
  }
  if (!file.vary.is_null())
    study.axes = read_axes(file.vary, scenario, seed_of(study.base.root), problems);
  StudyReader(study, problems).views(file);
  check_assignments(study, assignments, problems);
  long double points = 1;
  for (const Axis& a : study.axes) points *= static_cast<long double>(a.size());
  if (points > static_cast<long double>(kMostValues))
    problems.push_back({file.vary.where, "vary",
                        fmt::format("{:.4g} points are more than the {} a study may have",
                                    static_cast<double>(points), kMostValues), ""});
  config::sort_problems(problems);
  if (!problems.empty()) throw ConfigError(std::move(problems));
  return study;
}

}  // namespace fieldsim::system
