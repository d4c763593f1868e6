#pragma once
// A sweep as a page: the best points, each result asked for against each varied path, the Pareto
// front, every point, and what the base scenario assumes.
#include <string>
#include <utility>
#include <vector>

#include "sim/config/provenance.hpp"
#include "sim/report/html/page.hpp"

namespace fieldsim::report::html {

struct Goal {
  std::string column;
  bool maximize = true;
};

// The finished table of a study. `columns` name the entries of each row, varied paths among them; a
// cell is a number, a text, or null.
struct SweepTable {
  std::string title;
  std::vector<std::string> notes;    // what there is to say of the whole
  std::vector<std::string> varied;   // paths, outermost first
  std::vector<std::size_t> axis;     // by varied path: those of one axis move together; empty: all
                                     // are axes of their own
  std::vector<bool> drawn;           // by varied path: at random; empty: none
  std::vector<std::string> shown;    // results to draw, the objectives first
  std::vector<std::string> columns;  // every column
  std::vector<std::vector<Json>> rows;
  std::vector<Goal> goals;
  std::vector<bool> front;  // best by row, or on the Pareto front; empty: none is asked for
  std::vector<std::string> left_out;                        // points that the constraints leave out
  std::vector<std::pair<std::string, std::string>> failed;  // points, and why
};

// `base` is the provenance of the study's first point.
Page sweep_page(const SweepTable& table, const config::Provenance& base);

// The parts of the page that are plots.
void sweep_curves(Page& page, const SweepTable& table);
void sweep_trade_offs(Page& page, const SweepTable& table);

std::size_t sweep_column(const SweepTable& table, const std::string& name);
std::string sweep_cell(const Json& value);

}  // namespace fieldsim::report::html
