#pragma once
// The parts that reports have in common.
#include <string>
#include <vector>

#include "sim/config/provenance.hpp"
#include "sim/report/html/page.hpp"
#include "sim/report/html/timeline.hpp"
#include "sim/system/load.hpp"

namespace fieldsim::report::html {

// A run by the name that it has in the report's plots.
struct NamedResult {
  std::string name;
  const Json* json;  // result_json
};

void summary_section(Page& page, const Json& result);
void timeline_section(Page& page, const Timeline& timeline, const Json& result);
void breakdown_section(Page& page, const std::vector<NamedResult>& runs);
void resources_section(Page& page, const Json& result);
void roofline_section(Page& page, const system::Scenario& scenario);
void memory_section(Page& page, const std::vector<NamedResult>& runs);

// Every number that was given with a source, by kind; and what was given without one, or is
// default.
void assumptions_section(Page& page, const config::Provenance& provenance);

// "12.3", four significant digits.
std::string number_text(double v);

}  // namespace fieldsim::report::html
