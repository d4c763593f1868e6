#include "sim/system/study/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fieldsim::system {

namespace {

bool is_null(const Datum& v) { return std::holds_alternative<std::monostate>(v); }

std::string shown(const Datum& v) {
  if (const auto* n = std::get_if<double>(&v)) return fmt::format("the number {}", *n);
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const auto* s = std::get_if<std::string>(&v)) return fmt::format("the text '{}'", *s);
  return "nothing";
}

double number(const Datum& v, const std::string& op) {
  if (const auto* n = std::get_if<double>(&v)) return *n;
  throw ExpressionError(fmt::format("'{}' takes numbers, got {}", op, shown(v)));
}

bool truth(const Datum& v, const std::string& op) {
  if (is_null(v)) return false;
  if (const auto* b = std::get_if<bool>(&v)) return *b;
  throw ExpressionError(fmt::format("'{}' takes true or false, got {}", op, shown(v)));
}

Datum compared(const std::string& op, const Datum& a, const Datum& b) {
  if (op == "==" || op == "!=") {
    if (!is_null(a) && !is_null(b) && a.index() != b.index())
      throw ExpressionError(fmt::format("'{}' compares {} with {}", op, shown(a), shown(b)));
    return (a == b) == (op == "==");
  }
  if (is_null(a) || is_null(b)) return false;
  const double x = number(a, op), y = number(b, op);
  return op == "<" ? x < y : op == "<=" ? x <= y : op == ">" ? x > y : x >= y;
}

// What is no number, as a division by zero, is nothing.
Datum finite(double v) { return std::isfinite(v) ? Datum(v) : Datum(); }

Datum arithmetic(const std::string& op, const std::vector<Datum>& operands) {
  if (std::ranges::any_of(operands, is_null)) return {};
  const double a = number(operands[0], op);
  if (op == "min" || op == "max") {
    double best = a;
    for (const Datum& d : operands)
      best = op == "min" ? std::min(best, number(d, op)) : std::max(best, number(d, op));
    return best;
  }
  if (op == "abs") return std::fabs(a);
  if (op == "log") return finite(std::log(a));
  if (op == "log2") return finite(std::log2(a));
  if (op == "log10") return finite(std::log10(a));
  if (op == "exp") return finite(std::exp(a));
  if (op == "sqrt") return finite(std::sqrt(a));
  if (op == "floor") return std::floor(a);
  if (op == "ceil") return std::ceil(a);
  if (op == "round") return std::round(a);
  const double b = number(operands[1], op);
  if (op == "+") return finite(a + b);
  if (op == "-") return finite(a - b);
  if (op == "*") return finite(a * b);
  if (op == "/") return finite(a / b);
  SIM_CHECK(op == "^", "an operator without a meaning: " + op);
  return finite(std::pow(a, b));
}

}  // namespace

Datum Expression::evaluate(std::size_t index, const Lookup& lookup) const {
  const Node& node = nodes_[index];
  const auto operand = [&](std::size_t i) { return evaluate(node.operands[i], lookup); };
  if (node.op.empty()) return node.constant;
  if (node.op == "name") return lookup(node.name);
  if (node.op == "or") return truth(operand(0), "or") || truth(operand(1), "or");
  if (node.op == "and") return truth(operand(0), "and") && truth(operand(1), "and");
  if (node.op == "not") return !truth(operand(0), "not");
  if (node.op == "if") return truth(operand(0), "if") ? operand(1) : operand(2);
  std::vector<Datum> operands;
  for (std::size_t i = 0; i < node.operands.size(); ++i) operands.push_back(operand(i));
  if (std::string_view("== != <= >=").find(node.op) != std::string_view::npos)
    return compared(node.op, operands[0], operands[1]);
  return arithmetic(node.op, operands);
}

Datum Expression::value(const Lookup& lookup) const { return evaluate(root_, lookup); }

bool Expression::holds(const Lookup& lookup) const { return truth(value(lookup), "where"); }

}  // namespace fieldsim::system
