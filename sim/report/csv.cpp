#include "sim/report/csv.hpp"

#include <nlohmann/json.hpp>

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

namespace {



void columns(const Json& object, const std::string& path, const Json::json_pointer& pointer,
             std::vector<std::pair<std::string, Json::json_pointer>>& out) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object())
      columns(value, name, pointer / key, out);
    else if (!value.is_array())
      out.emplace_back(name, pointer / key);
  }
}

void flatten(const Json& object, const std::string& path,
             std::vector<std::pair<std::string, Json>>& out) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object())
      flatten(value, name, out);
    else if (!value.is_array())
      out.emplace_back(name, value);
  }
}

}  // namespace

std::string csv_cell(const Json& v) {
  if (v.is_null()) return "";
  if (!v.is_string()) return v.dump();
  const auto& s = v.get_ref<const std::string&>();
  if (s.find_first_of(",\"\n\r") == std::string::npos) return s;
  std::string quoted = "\"";
  for (char c : s) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::vector<std::pair<std::string, Json>> flat(const Json& result) {
  std::vector<std::pair<std::string, Json>> out;
  flatten(result, "", out);
  return out;
}

std::string csv(const std::vector<Json>& results) {
  if (results.empty()) return "";
  std::vector<std::pair<std::string, Json::json_pointer>> cols;
  columns(results.front(), "", Json::json_pointer(), cols);
  std::string out;
  for (const auto& [name, pointer] : cols) out += (out.empty() ? "" : ",") + csv_cell(Json(name));
  out += '\n';
  for (const Json& r : results) {
    std::string row;
    for (const auto& [name, pointer] : cols) {
      if (!row.empty() || &name != &cols.front().first) row += ',';
      if (r.contains(pointer)) row += csv_cell(r.at(pointer));
    }
    out += row + '\n';
  }
  return out;
}

}  // namespace fieldsim::report
