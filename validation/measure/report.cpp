#include "validation/measure/report.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "validation/measure/json.hpp"

namespace fieldsim::measure {

namespace {

void write(JsonWriter& json, const Parameters& parameters) {
  json.key("parameters").begin_object();
  for (const auto& [name, value] : parameters)
    std::visit([&, &key = name](const auto& v) { json.member(key, v); }, value);
  json.end_object();
}

void write(JsonWriter& json, const char* name, const Summary& s) {
  json.key(name).begin_object();
  json.member("count", std::uint64_t{s.count}).member("min", s.min).member("q1", s.q1);
  json.member("median", s.median).member("q3", s.q3).member("max", s.max).end_object();
}

void write(JsonWriter& json, const Row& row) {
  json.begin_object().member("group", row.group).member("name", row.name);
  write(json, row.parameters);
  json.member("unit", row.unit);
  write(json, "all", row.timing.all);
  write(json, "first_pass", row.timing.first);
  write(json, "second_pass", row.timing.second);
  json.member("noise", row.timing.noise());
  if (row.rate != 0) json.member("rate", row.rate).member("rate_unit", row.rate_unit);
  if (row.of_ceiling != 0) json.member("of_ceiling", row.of_ceiling);
  if (!row.note.empty()) json.member("note", row.note);
  json.end_object();
}

void write(JsonWriter& json, const Check& check) {
  json.begin_object().member("name", check.name);
  write(json, check.parameters);
  json.member("passed", check.passed).member("error", check.error);
  json.member("tolerance", check.tolerance);
  if (!check.note.empty()) json.member("note", check.note);
  json.end_object();
}

void write(JsonWriter& json, const char* name, const Clocks& c) {
  json.key(name).begin_object().member("sm_mhz", c.sm_mhz).member("memory_mhz", c.memory_mhz);
  json.member("temperature_c", c.temperature_c).member("power_w", c.power_w);
  json.member("source", c.source).end_object();
}

std::string significant(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string percent(double share) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * share);
  return text;
}

std::string line_of(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters)
    text += (text.empty() ? "" : " ") + name + "=" + text_of(value);
  return text;
}

}  // namespace

bool Report::checks_passed() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& c) { return c.passed; });
}

std::string text_of(const Parameter& parameter) {
  if (const auto* text = std::get_if<std::string>(&parameter)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&parameter)) return std::to_string(*number);
  return significant(std::get<double>(parameter), 6);
}

std::string json_of(const Report& r) {
  JsonWriter json;
  json.begin_object().member("format", "fieldsim-measure-1").member("tool", "fieldsim-measure");
  json.member("commit", r.commit).member("date", r.date).member("command", r.command);
  json.key("host").begin_object().member("cpu", r.host).member("threads", r.host_threads);
  json.member("sha_instructions", r.sha_instructions).end_object();
  json.key("device").begin_object().member("name", r.device.name).member("arch", r.device.arch);
  json.member("sm_count", r.device.sm_count).member("memory_bytes", r.device.memory_bytes);
  json.member("l2_bytes", r.device.l2_bytes).member("smem_per_sm", r.device.smem_per_sm);
  json.member("driver", r.device.driver).member("runtime", r.device.runtime).end_object();
  write(json, "clocks_before", r.before);
  write(json, "clocks_after", r.after);
  json.member("budget_s", r.budget_s).member("elapsed_s", r.elapsed_s);
  json.member("complete", r.stopped.empty() && r.skipped.empty()).member("stopped", r.stopped);
  json.key("checks").begin_array();
  for (const Check& check : r.checks) write(json, check);
  json.end_array().key("results").begin_array();
  for (const Row& row : r.rows) write(json, row);
  json.end_array().key("skipped").begin_array();
  for (const Skipped& s : r.skipped)
    json.begin_object()
        .member("group", s.group)
        .member("what", s.what)
        .member("why", s.why)
        .end_object();
  json.end_array().end_object();
  return json.str();
}

std::string table_of(const Report& r) {
  std::string out;
  for (const Check& c : r.checks)
    out += std::string(c.passed ? "ok     " : "WRONG  ") + c.name + " " + line_of(c.parameters) +
           "  error " + significant(c.error, 3) + " of " + significant(c.tolerance, 3) +
           (c.note.empty() ? "" : "  " + c.note) + "\n";
  char line[512];
  std::snprintf(line, sizeof line, "%-9s %-26s %11s %9s %6s %5s %12s %6s  %s\n", "group", "name",
                "median", "IQR", "noise", "n", "rate", "of max", "parameters");
  out += line;
  for (const Row& row : r.rows) {
    const Summary& s = row.timing.all;
    std::snprintf(
        line, sizeof line, "%-9s %-26s %8.3f %-2s %9.3f %5.1f%% %5zu %6s %-8s %5s  %s%s\n",
        row.group.c_str(), row.name.c_str(), s.median, row.unit.c_str(), s.q3 - s.q1,
        100 * row.timing.noise(), s.count, row.rate == 0 ? "" : significant(row.rate, 4).c_str(),
        row.rate_unit.c_str(), row.of_ceiling == 0 ? "" : percent(row.of_ceiling).c_str(),
        line_of(row.parameters).c_str(), row.note.empty() ? "" : ("  " + row.note).c_str());
    out += line;
  }
  for (const Skipped& s : r.skipped)
    out += "skipped " + s.group + ": " + s.what + " (" + s.why + ")\n";
  return out;
}

std::string utc_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace fieldsim::measure
