#include "sim/system/calibrate/csv.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "sim/base/error.hpp"

namespace fieldsim::calibrate {
namespace {

std::vector<std::string> split(const std::string& line, const Where& where) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      cells.back() += '"', ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else if (c != '\r')
      cells.back() += c;
  }
  if (quoted) throw ConfigError(where, "", "a quote is not closed on this line");
  return cells;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw ConfigError(Where{path, 0, 0}, "", "cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Csv Csv::read(const std::string& path) { return parse(read_file(path), path); }

Csv Csv::parse(const std::string& text, const std::string& path) {
  Csv csv;
  csv.path_ = path;
  std::istringstream in(text);
  std::string line;
  int number = 0;
  bool header = false;
  while (std::getline(in, line)) {
    ++number;
    if (line.empty() || line == "\r" || line[0] == '#' || line.starts_with("==")) continue;
    auto cells = split(line, Where{path, number, 1});
    if (!header) {
      header = true;
      for (std::size_t i = 0; i < cells.size(); ++i) csv.columns_[cells[i]] = i;
      continue;
    }
    if (cells.size() != csv.columns_.size())
      throw ConfigError(
          Where{path, number, 1}, "",
          fmt::format("{} fields, but the header has {}", cells.size(), csv.columns_.size()));
    csv.cells_.push_back(std::move(cells));
    csv.lines_.push_back(number);
  }
  if (!header) throw ConfigError(Where{path, 0, 0}, "", "is empty: expected a CSV header");
  return csv;
}

const std::string& Csv::text(std::size_t row, const std::string& column) const {
  const auto at = columns_.find(column);
  if (at == columns_.end())
    throw ConfigError(Where{path_, 1, 1}, column, "the table has no such column");
  return cells_[row][at->second];
}

std::string Csv::text_or(std::size_t row, const std::string& column,
                         const std::string& other) const {
  return has(column) ? text(row, column) : other;
}

double Csv::number(std::size_t row, const std::string& column) const {
  const std::string& s = text(row, column);
  double v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc() || end != s.data() + s.size() || !std::isfinite(v))
    throw ConfigError(Where{path_, line(row), 1}, column,
                      fmt::format("expected a number, found '{}'", s));
  return v;
}

std::int64_t Csv::integer(std::size_t row, const std::string& column) const {
  const double v = number(row, column);
  if (v != std::floor(v) || std::abs(v) > 1e15)
    throw ConfigError(Where{path_, line(row), 1}, column,
                      fmt::format("expected an integer, found '{}'", text(row, column)));
  return static_cast<std::int64_t>(v);
}

std::int64_t Csv::integer_or(std::size_t row, const std::string& column, std::int64_t other) const {
  return has(column) ? integer(row, column) : other;
}

}  // namespace fieldsim::calibrate
