#include <fmt/format.h>

#include <algorithm>

#include "sim/report/study/run.hpp"

namespace fieldsim::report {

namespace {

std::string short_text(const View::Json& v) {
  constexpr std::size_t kWidest = 28;
  if (v.is_null()) return "-";
  if (v.is_number_float()) return fmt::format("{:.5g}", v.get<double>());
  std::string s = v.is_string() ? v.get<std::string>() : v.dump();
  return s.size() <= kWidest ? s : s.substr(0, kWidest - 3) + "...";
}

// What fits a screen when the study does not say which columns it wants.
bool is_main(const std::string& column) {
  for (const char* name : {"throughput.tokens_per_s", "latency.ttft_s", "latency.tpot_s.mean",
                           "bound", "memory.fits"})
    if (column == name) return true;
  return false;
}

}  // namespace

std::string study_table(const StudyRun& run, const system::Study& study) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < run.columns.size(); ++c) {
    const std::string& name = run.columns[c];
    const bool derived = std::ranges::any_of(
        study.derive, [&](const auto& d) { return d.first == name; });
    const bool chosen = !study.columns.empty() && name != "best" && name != "pareto";
    const bool error = name == "error";
    if (error ? run.failed > 0
              : c < run.varied || derived || chosen || is_main(name) || name.starts_with("ratio."))
      columns.push_back(c);
  }
  std::string out;
  std::vector<std::vector<std::string>> lines(1 + run.shown.size());
  for (std::size_t c : columns) {
    std::size_t width = run.columns[c].size();
    for (const View::Row& row : run.shown)
      width = std::max(width, short_text(row.cells[c]).size());
    lines[0].push_back(fmt::format("{:>{}}", run.columns[c], width));
    for (std::size_t r = 0; r < run.shown.size(); ++r)
      lines[r + 1].push_back(fmt::format("{:>{}}", short_text(run.shown[r].cells[c]), width));
  }
  for (const auto& line : lines) {
    for (const std::string& cell : line) out += "  " + cell;
    out += '\n';
  }
  return out;
}

}  // namespace fieldsim::report
