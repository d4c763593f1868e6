#include "sim/system/calibrate/table_json.hpp"

#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"

namespace fieldsim::calibrate {
namespace {

using nlohmann::json;

constexpr double kGiga = 1e9;  // nvbandwidth reports GB/s, decimal

// nvbandwidth test -> the hardware parameter it measures. Only whole-link payload rates have one.
std::optional<std::string> parameter_of(const std::string& test) {
  static const std::map<std::string, std::string> kTests = {
      {"host_to_device_memcpy_ce", "link.to_device"},
      {"device_to_host_memcpy_ce", "link.to_host"},
      {"device_local_copy", "hbm.copy_rate"},
  };
  const auto at = kTests.find(test);
  if (at == kTests.end()) return std::nullopt;
  return at->second;
}

Table nvbandwidth(const json& root) {
  Table table;
  for (const json& test : root.at("nvbandwidth").at("testcases")) {
    const std::string name = test.at("name").get<std::string>();
    const auto parameter = parameter_of(name);
    if (!parameter || !test.contains("bandwidth_matrix")) continue;
    // The matrix holds strings; "N/A" where a pair does not exist.
    for (const json& row : test.at("bandwidth_matrix"))
      for (const json& cell : row) {
        const std::string s = cell.is_string() ? cell.get<std::string>() : cell.dump();
        char* end = nullptr;
        const double v = std::strtod(s.c_str(), &end);
        if (end == s.c_str() || v <= 0) continue;
        table.points.push_back({*parameter, v * kGiga, "B/s", name, 0, 0});
      }
  }
  return table;
}

std::optional<std::int64_t> whole(const json& p, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (p.contains(key) && p.at(key).is_number()) return p.at(key).get<std::int64_t>();
  return std::nullopt;
}

// Attention results of our harness; other groups carry single parameters by their name.
Table measure(const json& root, const std::string& path) {
  Table table;
  const std::string device = root.contains("device") ? root.at("device").value("name", "") : "";
  for (const json& r : root.at("results")) {
    const json& p = r.at("parameters");
    const double median = r.at("all").at("median").get<double>();
    const auto batch = whole(p, {"batch", "batch_size"});
    const auto heads = whole(p, {"q_heads", "hq", "num_heads", "heads"});
    const auto kv = whole(p, {"kv_heads", "hkv", "num_key_value_heads"});
    const auto context = whole(p, {"context", "kv_tokens", "tokens"});
    if (batch && heads && kv && context) {
      Row row;
      row.op = Operation::decode;
      row.device = device;
      row.kernel = "fieldsim_" + r.at("name").get<std::string>();
      row.file = path;
      auto& a = row.attention;
      a.batch = *batch, a.query_heads = *heads, a.kv_heads = *kv, a.context = *context;
      a.head_dim = whole(p, {"head_dim", "dim"}).value_or(128);
      a.query_tokens = whole(p, {"q_len", "query_tokens"}).value_or(1);
      row.measured_us = median * (r.value("unit", "us") == "ms" ? 1e3 : 1);
      table.rows.push_back(std::move(row));
      continue;
    }
    if (p.value("device_memory", "idle") != "idle") continue;  // beside a load: no parameter
    if (r.contains("rate") && r.value("rate_unit", "") == "GB/s")
      table.points.push_back({r.value("group", "") + "." + r.value("name", ""),
                              r.at("rate").get<double>() * kGiga, "B/s", r.value("name", ""),
                              whole(p, {"bytes"}).value_or(0), median * 1e-6});
    else if (r.value("unit", "") == "us")
      table.points.push_back({r.value("group", "") + "." + r.value("name", ""), median * 1e-6, "s",
                              r.value("name", ""), 0, 0});
  }
  return table;
}

}  // namespace

Table read_json(const std::string& path, const std::string& text) {
  try {
    const json root = json::parse(text);
    if (root.is_object() && root.contains("nvbandwidth")) return nvbandwidth(root);
    if (root.is_object() && root.value("tool", "") == "fieldsim-measure")
      return measure(root, path);
  } catch (const json::exception& e) {
    throw ConfigError(Where{path, 0, 0}, "", fmt::format("not a table this reads: {}", e.what()));
  }
  throw ConfigError(Where{path, 0, 0}, "",
                    "this JSON is neither nvbandwidth's nor fieldsim-measure's");
}

Table read_nsight(const Csv& csv) {
  constexpr const char* kShare = "dram__throughput.avg.pct_of_peak_sustained_elapsed";
  Table table;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    if (csv.text(i, "Metric Name") != kShare) continue;
    table.points.push_back({"hbm.achieved", csv.number(i, "Metric Value") / 100, "1",
                            csv.text_or(i, "Kernel Name", "kernel"), 0, 0});
  }
  return table;
}

}  // namespace fieldsim::calibrate
