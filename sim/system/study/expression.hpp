#pragma once
// Expressions of a study: where, derive, objective.
//
//   or, and, not | = == != < <= > >= | + - | * / | - | ^ | numbers with units, "texts", true, false,
//   null, names with dots, min max abs log log2 log10 exp sqrt floor ceil round if(c, a, b)
//
// A quantity with a unit is a number in SI (20 ms is 0.02, 4 MiB is 4194304), as results are.
// Arithmetic with null is null, an order with null is false. Debian has muParser, which knows
// numbers only: no texts to compare a machine's name with, no units, no null, no positions.
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/system/study/datum.hpp"

namespace fieldsim::system {

// Operands that do not fit: "'<' compares numbers, got the text 'fused'".
struct ExpressionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Expression {
 public:
  using Lookup = std::function<Datum(const std::string& name)>;

  // Throws ConfigError at `where`, with the text and a mark below the character that is wrong.
  Expression(std::string text, const Where& where, const std::string& path);

  Datum value(const Lookup& lookup) const;  // throws ExpressionError
  bool holds(const Lookup& lookup) const;   // null is false; a number or a text is an error
  const std::vector<std::string>& names() const { return names_; }
  const std::string& text() const { return text_; }
  const Where& where() const { return where_; }

 private:
  friend class ExpressionParser;
  struct Node {
    std::string op;  // "" for a constant, "name", an operator, a function
    Datum constant;
    std::string name;
    std::vector<std::size_t> operands;
  };
  Datum evaluate(std::size_t node, const Lookup& lookup) const;

  std::string text_;
  Where where_;
  std::vector<Node> nodes_;
  std::size_t root_ = 0;
  std::vector<std::string> names_;
};

}  // namespace fieldsim::system
