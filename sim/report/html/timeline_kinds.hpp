#pragma once
// The kinds of span and instant that a timeline tells apart, each with its look. The data of a plot
// carries the looks that it needs: the specification names no kind.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace fieldsim::report::html {

// What something on a track is; for a track that is not known here, the name of its device.
std::string kind_of(std::string_view device, std::string_view track, std::string_view name);

// {fill, stroke, dash, shape} of each kind, in their order. Fills are Okabe and Ito's, and tints of
// them; dashes and shapes say again what must not be missed.
nlohmann::ordered_json looks_of(const std::vector<std::string>& kinds);

}  // namespace fieldsim::report::html
