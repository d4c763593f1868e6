// A line of the journal as a row: what its names mean at that point.
#include <fmt/format.h>

#include <algorithm>

#include "sim/report/study/view.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::Datum;
using system::Expression;

namespace {

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
  using Input = std::function<Datum(const std::string&, std::optional<system::LoadedScenario>&)>;

  Names(const system::Points& points, const Record& record,
        const std::unordered_map<std::string, std::size_t>& keys,
        const std::unordered_set<std::string>& inputs, Input input)
      : points_(points), record_(record), keys_(keys), inputs_(inputs), input_(std::move(input)) {}

  Datum operator()(const std::string& name) {
    if (++depth_ > 50)
      throw system::ExpressionError(fmt::format("'{}' is derived from itself", name));
    Datum d = find(name);
    --depth_;
    return d;
  }

 private:
  Datum find(const std::string& name) {
    for (const auto& [called, e] : points_.study().derive)
      if (called == name) return e.value([this](const std::string& n) { return (*this)(n); });
    if (const system::AxisValue* v = points_.varied(record_.point, name)) return v->datum;
    if (inputs_.contains(name)) return input_(name, loaded_);
    const auto at = keys_.find(name);
    return at == keys_.end() || record_.values.empty() ? Datum()
                                                       : datum(record_.values[at->second]);
  }

  const system::Points& points_;
  const Record& record_;
  const std::unordered_map<std::string, std::size_t>& keys_;
  const std::unordered_set<std::string>& inputs_;
  Input input_;
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

Datum View::input(std::size_t point, const std::string& name,
                  std::optional<system::LoadedScenario>& loaded) const {
  const bool constant = points_.depends_on_files_only(name);
  const std::pair key(name, constant ? points_.files_key(point) : std::vector<std::size_t>{});
  if (constant)
    if (const auto known = known_inputs_.find(key); known != known_inputs_.end())
      return known->second;
  std::vector<Problem> ignored;
  if (!loaded) loaded = points_.scenario(point, ignored);
  Datum d = points_.input(*loaded, name);
  if (constant) known_inputs_.emplace(key, d);
  return d;
}

std::optional<View::Row> View::row(const Record& record) const {
  if (record.skipped) return std::nullopt;
  const system::Study& study = points_.study();
  Names names(points_, record, key_index_, inputs_,
              [&](const std::string& name, std::optional<system::LoadedScenario>& loaded) {
                return input(record.point, name, loaded);
              });
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
        throw ConfigError(
            e.where(), "where",
            fmt::format("'{}' is neither true nor false: compare it with something", e.text()));
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
      row.cells[i] =
          cell(c.kind == Column::Kind::input ? names(c.name)
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
