#pragma once
// A sweep as curves: each result asked for against the first varied path.
#include <string>
#include <vector>

#include "sim/config/provenance.hpp"
#include "sim/report/html/page.hpp"

namespace fieldsim::report::html {

// The finished table of a study. `columns` name the entries of each row, varied paths among them; a
// cell is a number, a text, or null.
struct SweepTable {
  std::string title;
  std::vector<std::string> varied;   // paths, outermost first
  std::vector<std::string> shown;    // results to draw, the objective first
  std::vector<std::string> columns;  // every column
  std::vector<std::vector<Json>> rows;
  std::vector<bool> front;  // on the Pareto front, by row; empty: none is asked for
};

// `base` is the provenance of the study's base scenario.
Page sweep_page(const SweepTable& table, const config::Provenance& base);

}  // namespace fieldsim::report::html
