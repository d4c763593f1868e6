#pragma once
// What a cross-field check says and asks. Keys are relative to the section: "window",
// "boundary.every_tokens"; "" is the section itself.
#include <string>

namespace fieldsim::config {

class Report {
 public:
  virtual void problem(const std::string& key, const std::string& message) = 0;
  virtual bool given(const std::string& key) const = 0;  // written, rather than a default
  virtual ~Report() = default;
};

}  // namespace fieldsim::config
