#pragma once
// Comma-separated tables with a header: quoted fields, no embedded newlines.
#include <map>
#include <string>
#include <vector>

namespace fieldsim::calibrate {

class Csv {
 public:
  // Throws ConfigError (file:line) on an empty file, a ragged line or an unclosed quote.
  static Csv read(const std::string& path);
  static Csv parse(const std::string& text, const std::string& path);

  std::size_t size() const { return cells_.size(); }
  bool has(const std::string& column) const { return columns_.contains(column); }
  const std::string& text(std::size_t row, const std::string& column) const;
  std::string text_or(std::size_t row, const std::string& column, const std::string& other) const;
  double number(std::size_t row, const std::string& column) const;
  std::int64_t integer(std::size_t row, const std::string& column) const;
  std::int64_t integer_or(std::size_t row, const std::string& column, std::int64_t other) const;
  int line(std::size_t row) const { return lines_[row]; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> cells_;
  std::vector<int> lines_;
};

std::string read_file(const std::string& path);  // ConfigError if it cannot be read

}  // namespace fieldsim::calibrate
