#pragma once
// The kinds of file that ship.
#include <memory>
#include <string>
#include <vector>

#include "sim/config/schema_node.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::cli {

struct Kind {
  std::string word;       // of `schema` and in messages
  std::string catalogue;  // folder in configs/
  config::NodePtr node;
};

std::vector<Kind> kinds();

// Which kind of file this is: by the keys only one of them has.
const Kind& kind_of(const std::vector<Kind>& all, const config::Value& root);

}  // namespace fieldsim::cli
