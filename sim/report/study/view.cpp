#include "sim/report/study/view.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::Axis;
using system::AxisPath;
using system::Datum;
using system::Expression;

namespace {

// What is shown when the study does not say; those that a result has.
const std::vector<std::string> kUsual = {
    "throughput.tokens_per_s", "throughput.committed_tokens_per_s", "latency.ttft_s",
    "latency.tpot_s.mean", "latency.tpot_s.p50", "latency.tpot_s.p90", "latency.tpot_s.p99",
    "latency.output_commit_s.mean", "time_breakdown_s.*", "bound", "verification.utilization",
    "verification.boundaries", "verification.failures", "verification.latency_s",
    "verification.exposure_tokens", "recovery.rollbacks", "recovery.discarded_tokens",
    "recovery.discarded_fraction", "memory.total_bytes", "memory.capacity_bytes", "memory.fits",
    "energy_j_per_token"};

Json cell(const Datum& d) {
  if (const auto* n = std::get_if<double>(&d)) {
    constexpr double kExact = 9007199254740992.0;  // 2^53: whole numbers are written as such
    if (*n == static_cast<double>(static_cast<std::int64_t>(std::clamp(*n, -kExact, kExact))))
      return static_cast<std::int64_t>(*n);
    return *n;
  }
  if (const auto* b = std::get_if<bool>(&d)) return *b;
  if (const auto* s = std::get_if<std::string>(&d)) return *s;
  return {};
}

Datum datum(const Json& j) {
  if (j.is_number()) return j.get<double>();
  if (j.is_boolean()) return j.get<bool>();
  if (j.is_string()) return j.get<std::string>();
  return {};
}

// What names mean at one point. The scenario is only built when an input is asked for that is not
// varied.
class Names {
 public:
  Names(const system::Points& points, const Record& record,
        const std::unordered_map<std::string, std::size_t>& keys)
      : points_(points), record_(record), keys_(keys) {}

  Datum operator()(const std::string& name) {
    if (++depth_ > 50) throw system::ExpressionError(fmt::format("'{}' is derived from itself", name));
    Datum d = find(name);
    --depth_;
    return d;
  }

 private:
  Datum find(const std::string& name) {
    for (const auto& [called, e] : points_.study().derive)
      if (called == name) return e.value([this](const std::string& n) { return (*this)(n); });
    if (const system::AxisValue* v = points_.varied(record_.point, name)) return v->datum;
    if (points_.is_input(name)) {
      if (!loaded_) {
        std::vector<Problem> ignored;
        loaded_ = points_.scenario(record_.point, ignored);
      }
      return points_.input(*loaded_, name);
    }
    const auto at = keys_.find(name);
    return at == keys_.end() || record_.values.empty() ? Datum() : datum(record_.values[at->second]);
  }

  const system::Points& points_;
  const Record& record_;
  const std::unordered_map<std::string, std::size_t>& keys_;
  std::optional<system::LoadedScenario> loaded_;
  int depth_ = 0;
};

}  // namespace

Record parse_record(std::string_view line, const std::vector<std::string>& keys) {
  Json j = Json::parse(line);
  Record r;
  r.point = j.at("point");
  r.skipped = j.contains("skipped");
  if (j.contains("error")) r.error = j["error"];
  if (j.contains("values")) r.values = std::move(j["values"].get_ref<Json::array_t&>());
  if (j.contains("results"))
    for (const std::string& key : keys) r.values.push_back(j["results"].value(key, Json()));
  return r;
}

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
    if (!points_.is_input(name) && std::ranges::find(known, name) == known.end())
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
      problems_.push_back({e.where(), "derive." + name, "there is a result or a key of this name", ""});
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

std::optional<View::Row> View::row(const Record& record) const {
  if (record.skipped) return std::nullopt;
  const system::Study& study = points_.study();
  Names names(points_, record, key_index_);
  const auto value = [&](const Expression& e, const std::string& path) {
    try {
      return e.value(std::ref(names));
    } catch (const system::ExpressionError& error) {
      throw ConfigError(e.where(), path,
                        fmt::format("{} (at {})", error.what(), points_.label(record.point)));
    }
  };
  Row row;
  row.point = record.point;
  row.failed = !record.error.empty();
  if (!row.failed)
    for (const Expression& e : study.where) {
      const Datum d = value(e, "where");
      if (!std::holds_alternative<bool>(d) && !std::holds_alternative<std::monostate>(d))
        throw ConfigError(e.where(), "where",
                          fmt::format("'{}' is neither true nor false: compare it with something",
                                      e.text()));
      if (d != Datum(true)) return std::nullopt;
    }
  row.cells.assign(columns_.size(), Json());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Column& c = sources_[i];
    if (c.kind == Column::Kind::varied) {
      row.cells[i] = cell(points_.value(record.point, c.a, c.b).datum);
      continue;
    }
    if (row.failed) continue;
    if (c.kind == Column::Kind::result)
      row.cells[i] = record.values[c.a];
    else
      row.cells[i] = cell(c.kind == Column::Kind::input
                              ? names(c.name)
                              : value(study.derive[c.a].second, "derive." + c.name));
  }
  if (row.failed) {
    row.cells.back() = record.error;
    return row;
  }
  for (const system::Objective& o : study.objectives) {
    const Datum d = value(o.expression, "objective");
    if (const auto* n = std::get_if<double>(&d)) {
      row.objectives.push_back(o.maximize ? *n : -*n);
    } else if (!std::holds_alternative<std::monostate>(d)) {
      throw ConfigError(o.expression.where(), "objective",
                        fmt::format("'{}' is not a number", o.expression.text()));
    }
  }
  if (row.objectives.size() != study.objectives.size()) row.objectives.clear();
  return row;
}

void View::set_ratios(Row& row) {
  if (!first_ && !row.failed) first_ = row.cells;
  if (!first_) return;
  for (std::size_t i = 0; i < ratio_of_.size(); ++i) {
    const Json& base = (*first_)[ratio_of_[i]];
    const Json& mine = row.cells[ratio_of_[i]];
    if (!base.is_number() || !mine.is_number() || base.get<double>() == 0) continue;
    row.cells[ratios_at_ + i] = mine.get<double>() / base.get<double>();
  }
}

void View::set_mark(Row& row, bool best) const {
  if (marked() && !row.failed) row.cells[row.cells.size() - 2] = best;
}

std::vector<bool> front(const std::vector<std::vector<double>>& rows) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!rows[i].empty()) order.push_back(i);
  // Best first objective first: whoever beats a row comes before it.
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return rows[a] > rows[b]; });
  std::vector<bool> best(rows.size(), false);
  std::vector<std::size_t> kept;
  for (std::size_t i : order) {
    const bool beaten = std::ranges::any_of(kept, [&](std::size_t k) {
      bool all = true;
      for (std::size_t o = 0; o < rows[i].size(); ++o) all = all && rows[k][o] >= rows[i][o];
      return all && rows[k] != rows[i];
    });
    if (beaten) continue;
    best[i] = true;
    kept.push_back(i);
  }
  return best;
}

}  // namespace fieldsim::report
