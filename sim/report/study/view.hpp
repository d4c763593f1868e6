#pragma once
// What a study shows of its results: which points stay, which columns, which rows are best.
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/system/study/points.hpp"

namespace fieldsim::report {

// One line of a journal.
struct Record {
  std::size_t point = 0;
  bool skipped = false;                        // left out before it was run
  std::string error;                           // why it has no results
  std::vector<nlohmann::ordered_json> values;  // in the order of the keys
};
Record parse_record(std::string_view line, const std::vector<std::string>& keys);

class View {
 public:
  using Json = nlohmann::ordered_json;

  // Throws ConfigError for names that are neither an input, nor a result, nor derived.
  View(const system::Points& points, std::vector<std::string> keys);

  // Columns: varied paths, results, derived, ratios to the first row, the mark, error.
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t varied() const { return varied_; }
  const system::Points& points() const { return points_; }
  bool marked() const { return !points_.study().objectives.empty(); }

  struct Row {
    std::size_t point = 0;
    std::vector<Json> cells;         // ratios and the mark still empty
    std::vector<double> objectives;  // larger is better; empty without a number for each
    bool failed = false;
  };
  // Nothing when the point is left out. Throws ConfigError for an expression that goes wrong.
  std::optional<Row> row(const Record& record) const;
  // Divides by the first row's numbers, which it remembers.
  void set_ratios(Row& row);
  void set_mark(Row& row, bool best) const;

 private:
  struct Column {
    enum class Kind { varied, result, derived, input } kind;
    std::size_t a = 0, b = 0;  // axis and path, key, expression
    std::string name;
  };
  void add_results();
  void add_named(const config::Value& name);
  void check_names();
  void check(const system::Expression& e, const std::string& path);
  std::vector<std::string> known_names() const;
  system::Datum input(std::size_t point, const std::string& name,
                      std::optional<system::LoadedScenario>& loaded) const;

  const system::Points& points_;
  std::vector<std::string> keys_;
  std::unordered_map<std::string, std::size_t> key_index_;
  std::unordered_set<std::string> inputs_;  // names of expressions and columns that are inputs
  // Values of inputs that no varied key is near to, by name and files.
  mutable std::map<std::pair<std::string, std::vector<std::size_t>>, system::Datum> known_inputs_;
  std::vector<Column> sources_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> ratio_of_;  // column of each ratio
  std::size_t varied_ = 0, ratios_at_ = 0;
  std::optional<std::vector<Json>> first_;
  std::vector<Problem> problems_;
};

// Which rows no other row beats: with one objective, the best ones. Rows without numbers never.
std::vector<bool> front(const std::vector<std::vector<double>>& rows);

}  // namespace fieldsim::report
