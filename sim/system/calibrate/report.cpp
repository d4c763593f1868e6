// Validation as JSON, and gates read from JSON.
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/system/calibrate/csv.hpp"
#include "sim/system/calibrate/validate.hpp"

namespace fieldsim::calibrate {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Score& s) {
  return {{"n", s.n}, {"mape", s.mape}, {"median", s.median}, {"p90", s.p90}, {"bias", s.bias}};
}

std::optional<double> value_of(const Score& s, const std::string& key) {
  if (key == "mape") return s.mape;
  if (key == "median") return s.median;
  if (key == "p90") return s.p90;
  if (key == "bias") return s.bias;
  return std::nullopt;
}

// "overall", an operation, or "operation/precision", "operation/layout", "operation/regime": the
// strata that match, weighted by their rows.
std::optional<Score> find(const Validation& v, const std::string& key) {
  if (key == "overall") return v.overall;
  if (const auto at = v.operations.find(key); at != v.operations.end()) return at->second;
  const auto slash = key.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string op = key.substr(0, slash), rest = key.substr(slash + 1);
  Score sum;
  for (const Stratum& s : v.strata) {
    if (s.operation != op || (s.precision != rest && s.layout != rest && s.regime != rest))
      continue;
    const auto n = static_cast<double>(s.score.n);
    sum.n += s.score.n;
    sum.mape += n * s.score.mape;
    sum.median += n * s.score.median;
    sum.p90 += n * s.score.p90;
    sum.bias += n * s.score.bias;
  }
  if (sum.n == 0) return std::nullopt;
  for (double* d : {&sum.mape, &sum.median, &sum.p90, &sum.bias}) *d /= static_cast<double>(sum.n);
  return sum;
}

}  // namespace

std::vector<std::string> missed_gates(const Validation& v, const std::string& path) {
  const auto fail = [&path](const std::string& at, const std::string& what) {
    throw ConfigError(Where{path, 0, 0}, at, what);
  };
  ordered_json gates;
  try {
    gates = ordered_json::parse(read_file(path));
  } catch (const ordered_json::exception& e) {
    fail("", fmt::format("not a gate file: {}", e.what()));
  }
  std::vector<std::string> missed;
  for (const auto& [key, limits] : gates.items()) {
    if (key.starts_with("_")) continue;  // comments
    const auto s = find(v, key);
    if (!s) continue;  // this table has no such rows
    for (const auto& [what, limit] : limits.items()) {
      const auto got = value_of(*s, what);
      if (!got || !limit.is_number())
        fail(key + "." + what, "expected mape, median, p90 or bias with a number");
      if (std::abs(*got) > limit.get<double>())
        missed.push_back(fmt::format("{} {} is {:.2f} %, gate {:.2f} %", key, what, 100 * *got,
                                     100 * limit.get<double>()));
    }
  }
  return missed;
}

std::string to_json(const Validation& v, const std::vector<Row>& rows, bool with_rows) {
  ordered_json out;
  out["overall"] = json_of(v.overall);
  out["operations"] = ordered_json::object();
  for (const auto& [op, s] : v.operations) out["operations"][op] = json_of(s);
  out["strata"] = ordered_json::array();
  for (const Stratum& s : v.strata) {
    ordered_json j = {{"operation", s.operation},
                      {"regime", s.regime},
                      {"layout", s.layout},
                      {"precision", s.precision}};
    j.update(json_of(s.score));
    out["strata"].push_back(j);
  }
  out["rejected"] = v.rejected;
  out["covered"] = v.covered;
  if (with_rows) {
    out["by_row"] = ordered_json::array();
    for (const RowResult& r : v.by_row) {
      const Row& row = rows.at(r.row);
      out["by_row"].push_back(
          {{"file", row.file},
           {"line", row.line},
           {"operation", hardware::tile::name(row.op)},
           {"layout", row.layout()},
           {"precision", row.precision()},
           {"regime", name(r.regime)},
           {"measured_us", row.measured_us},
           {"predicted_us", r.predicted_us},
           {"lower_us", r.lower_us},
           {"upper_us", r.upper_us},
           {"inside", row.measured_us >= r.lower_us && row.measured_us <= r.upper_us}});
    }
  }
  return out.dump(2) + "\n";
}

}  // namespace fieldsim::calibrate
