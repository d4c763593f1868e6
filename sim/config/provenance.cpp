#include "sim/config/provenance.hpp"

#include <algorithm>
#include <array>

namespace fieldsim::config {

namespace {
constexpr std::array<std::string_view, 5> kNames = {"", "datasheet", "measured", "fitted",
                                                    "assumed"};
}

std::string_view to_string(SourceKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<Source> parse_source(std::string_view text) {
  for (const SourceKind kind :
       {SourceKind::datasheet, SourceKind::measured, SourceKind::fitted, SourceKind::assumed}) {
    const std::string_view prefix = to_string(kind);
    if (!text.starts_with(prefix)) continue;
    std::string_view rest = text.substr(prefix.size());
    if (!rest.starts_with(':')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.empty()) return std::nullopt;  // a kind without a reference says nothing
    return Source{kind, std::string(rest)};
  }
  return std::nullopt;
}

const Origin* Provenance::find(std::string_view path) const {
  const auto it = std::ranges::find(origins_, path, &Origin::path);
  return it == origins_.end() ? nullptr : &*it;
}

}  // namespace fieldsim::config
