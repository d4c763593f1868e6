#pragma once
// Where every number of a run came from: one entry per leaf of the schema, given or default.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"

namespace fieldsim::config {

enum class SourceKind { none, datasheet, measured, fitted, assumed };

std::string_view to_string(SourceKind kind);  // "" for none

struct Source {
  SourceKind kind = SourceKind::none;
  std::string reference;  // what follows the colon: "NVIDIA A100 datasheet, 2021"
};

// "datasheet: NVIDIA A100 ..." ; nothing when the prefix is not one of the four.
std::optional<Source> parse_source(std::string_view text);

struct Origin {
  std::string path;  // hardware.gpu.hbm.bandwidth
  std::string text;  // as written; a default as it would be written
  Where where;       // empty for a default
  bool given = false;
  Source source;
  std::string note;
  std::string uncertainty;
  std::string rows;  // the rows of a measured table behind a fitted value
};

class Provenance {
 public:
  void add(Origin origin) { origins_.push_back(std::move(origin)); }
  const Origin* find(std::string_view path) const;
  const std::vector<Origin>& all() const { return origins_; }

 private:
  std::vector<Origin> origins_;
};

}  // namespace fieldsim::config
