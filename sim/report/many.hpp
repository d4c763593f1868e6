#pragma once
// What the summaries of many sequences on one device share: agents and request streams.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/system/result.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::report {

nlohmann::ordered_json spread_json(const system::Spread& spread);

// A line of a summary: two spaces, the label in its column, the text.
void labelled(std::string& out, const char* label, const std::string& text);

// Name and machine of a run of `count` of `what`.
std::string heading(const system::Scenario& scenario, std::int64_t count, const char* what);

// Device memory at its most.
std::string memory_text(const system::MemoryUse& memory);

// `error`: the largest deviation of the table of iteration times, a share.
void table_line(std::string& out, double error);

}  // namespace fieldsim::report
