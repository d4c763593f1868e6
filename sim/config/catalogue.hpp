#pragma once
// The files that ship: ROOT/KIND/NAME.yaml. A reference is a name, or a path (it has a slash or
// ends in .yaml, .yml or .json), taken relative to the file that says it.
#include <string>
#include <vector>

#include "sim/base/error.hpp"

namespace fieldsim::config {

class Catalogue {
 public:
  // $FIELDSIM_CONFIGS, else the source tree this was built from, else configs/ near the executable.
  Catalogue();
  explicit Catalogue(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::vector<std::string> kinds() const;
  std::vector<std::string> names(const std::string& kind) const;  // sorted, without .yaml

  // The file that `reference`, written at `where`, names. Throws with the nearest name.
  std::string find(const std::string& kind, const std::string& reference, const Where& where,
                   const std::string& path = "") const;

 private:
  std::string root_;
};

bool is_path(const std::string& reference);
// Relative to the directory of the file in `where`; to the working directory for a command line.
std::string resolve_path(const std::string& path, const Where& where);
// The same, or ROOT/FOLDER/path for a bare name that is not there but here.
std::string resolve_path(const std::string& path, const Where& where, const std::string& folder);
// The nearest file name in the directory of a path that does not exist; empty when none is near.
std::string nearest_file(const std::string& path);

}  // namespace fieldsim::config
