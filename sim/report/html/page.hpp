#pragma once
// One self-contained HTML file: sections of prose, tables and plots. Without the plotting library
// everything but the plots is there, with a note that says how to get them.
#include <nlohmann/json.hpp>
#include <string>

#include "sim/report/html/library.hpp"
#include "sim/report/html/markup.hpp"

namespace fieldsim::report::html {

using Json = nlohmann::ordered_json;

// A plot: a specification of plots/specs, the named tables it reads, and the words that stand for
// "@name" in it (titles of axes, lists of values).
struct Plot {
  std::string spec;  // "roofline"
  Json datasets = Json::object();
  Json words = Json::object();
  Json timeline = nullptr;  // instead of datasets, for the timeline
  std::string caption;      // what to see, and in which units
};

class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}

  void part(const std::string& heading);        // sections that follow belong to it
  void section(const std::string& heading);     // ends the one before
  void subsection(const std::string& heading);  // folds, open
  void text(const std::string& paragraph);
  void note(const std::string& paragraph);  // smaller
  void warning(const std::string& paragraph);
  void table(const Table& table);
  void figures(const std::vector<std::pair<std::string, std::string>>& value_and_name);
  void plot(Plot plot);

  std::string html(const Library& library) const;

 private:
  void close();
  std::string title_, body_, contents_;
  int sections_ = 0;
  bool open_ = false, folded_ = false, in_part_ = false;
  std::vector<Plot> plots_;
};

}  // namespace fieldsim::report::html
