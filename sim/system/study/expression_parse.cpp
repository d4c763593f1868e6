// Recursive descent over the text of an expression; a level of precedence is a function.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "sim/config/decimal.hpp"
#include "sim/config/units_table.hpp"
#include "sim/system/study/expression.hpp"

namespace fieldsim::system {

namespace {
constexpr int kMaxNesting = 200;
constexpr std::size_t kMaxText = 4000;
constexpr std::size_t kAny = 1000;

struct Arity {
  std::size_t least, most;
};
const std::map<std::string, Arity, std::less<>> kFunctions = {
    {"min", {1, kAny}}, {"max", {1, kAny}}, {"abs", {1, 1}},  {"log", {1, 1}},
    {"log2", {1, 1}},   {"log10", {1, 1}},  {"exp", {1, 1}},  {"sqrt", {1, 1}},
    {"floor", {1, 1}},  {"ceil", {1, 1}},   {"round", {1, 1}}, {"if", {3, 3}}};

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
}  // namespace

class ExpressionParser {
 public:
  ExpressionParser(Expression& e, std::string path) : e_(e), text_(e.text_), path_(std::move(path)) {}

  void parse() {
    if (text_.size() > kMaxText)
      throw ConfigError(e_.where_, path_, fmt::format("longer than {} characters", kMaxText));
    e_.root_ = either();
    skip();
    if (at_ < text_.size()) fail("expected an operator or the end");
  }

 private:
  using Node = Expression::Node;

  [[noreturn]] void fail(const std::string& message, const std::string& nearest = "") const {
    throw ConfigError({Problem{
        e_.where_, path_,
        fmt::format("{}\n    {}\n    {}^", message, text_, std::string(std::min(at_, text_.size()), ' ')),
        nearest}});
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool symbol(std::string_view s) {
    skip();
    if (!text_.substr(at_).starts_with(s)) return false;
    at_ += s.size();
    return true;
  }
  bool word(std::string_view w) {
    skip();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(w) || (rest.size() > w.size() && (in_name(rest[w.size()]) || rest[w.size()] == '.')))
      return false;
    at_ += w.size();
    return true;
  }
  std::size_t add(Node node) {
    e_.nodes_.push_back(std::move(node));
    return e_.nodes_.size() - 1;
  }
  std::size_t operation(std::string op, std::vector<std::size_t> operands) {
    return add({std::move(op), {}, "", std::move(operands)});
  }
  std::size_t constant(Datum v) { return add({"", std::move(v), "", {}}); }

  std::size_t either() {
    std::size_t left = both();
    while (word("or") || symbol("||")) left = operation("or", {left, both()});
    return left;
  }
  std::size_t both() {
    std::size_t left = negation();
    while (word("and") || symbol("&&")) left = operation("and", {left, negation()});
    return left;
  }
  std::size_t negation() {
    if (++nesting_ > kMaxNesting) fail(fmt::format("nested deeper than {} levels", kMaxNesting));
    skip();
    const bool bang = at_ < text_.size() && text_[at_] == '!' && !text_.substr(at_).starts_with("!=");
    if (bang) ++at_;
    const std::size_t node = bang || word("not") ? operation("not", {negation()}) : comparison();
    --nesting_;
    return node;
  }
  std::size_t comparison() {
    const std::size_t left = sum();
    for (const char* op : {"<=", ">=", "==", "!=", "<", ">", "="}) {
      if (!symbol(op)) continue;
      const std::size_t node = operation(std::string(op) == "=" ? "==" : op, {left, sum()});
      skip();
      if (at_ < text_.size() && std::string_view("<>=").find(text_[at_]) != std::string_view::npos)
        fail("two comparisons in a row: write 'a < b and b < c'");
      return node;
    }
    return left;
  }
  std::size_t sum() {
    std::size_t left = product();
    while (true) {
      if (symbol("+"))
        left = operation("+", {left, product()});
      else if (symbol("-"))
        left = operation("-", {left, product()});
      else
        return left;
    }
  }
  std::size_t product() {
    std::size_t left = power();
    while (true) {
      if (symbol("*"))
        left = operation("*", {left, power()});
      else if (symbol("/"))
        left = operation("/", {left, power()});
      else
        return left;
    }
  }
  // -2^2 is -4, and 2^-1 is a half.
  std::size_t power() {
    if (++nesting_ > kMaxNesting) fail(fmt::format("nested deeper than {} levels", kMaxNesting));
    std::size_t node = 0;
    if (symbol("-")) {
      node = operation("-", {constant(0.0), power()});
    } else {
      node = primary();
      if (symbol("^")) node = operation("^", {node, power()});
    }
    --nesting_;
    return node;
  }

  std::size_t primary() {
    skip();
    if (at_ >= text_.size()) fail("the expression ends too early: expected a number or a name");
    const char c = text_[at_];
    if (symbol("(")) {
      const std::size_t inner = either();
      if (!symbol(")")) fail("expected ')'");
      return inner;
    }
    if (c == '"' || c == '\'') return quoted(c);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
    if (word("true")) return constant(true);
    if (word("false")) return constant(false);
    if (word("null")) return constant({});
    if (starts_name(c)) return name();
    fail("expected a number, a name, a quoted text or '('");
  }

  std::size_t quoted(char mark) {
    const std::size_t end = text_.find(mark, at_ + 1);
    if (end == std::string_view::npos) fail("a quoted text is never closed");
    std::string inner(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return constant(std::move(inner));
  }

  std::size_t number() {
    // Only the front is a number: 3-1 must not be read as one text.
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0) ++end;
    };
    digits();
    if (end < text_.size() && text_[end] == '.') ++end, digits();
    if (end + 1 < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const bool sign = text_[end + 1] == '-' || text_[end + 1] == '+';
      const std::size_t first = end + (sign ? 2 : 1);
      if (first < text_.size() && std::isdigit(static_cast<unsigned char>(text_[first])) != 0)
        end = first, digits();
    }
    const std::string literal(text_.substr(at_, end - at_));
    const config::Parsed<double> bare = config::parse_ratio(literal);
    if (!bare.value) fail(bare.error);
    at_ = end;
    skip();
    if (symbol("%")) return constant(*bare.value / 100);
    const config::Unit* unit = unit_here();
    if (unit == nullptr) {
      if (at_ < text_.size() && starts_name(text_[at_]) && !operator_here())
        fail("expected an operator or a unit");
      return constant(*bare.value);
    }
    const auto parsed =
        config::parse_quantity(literal + " " + std::string(unit->name), unit->dimension);
    if (!parsed.value) fail(parsed.error);
    at_ += unit->name.size();
    return constant(static_cast<double>(*parsed.value) / counts_per_si(unit->dimension));
  }
  bool operator_here() const {
    std::size_t end = at_;
    while (end < text_.size() && in_name(text_[end])) ++end;
    const std::string_view w = text_.substr(at_, end - at_);
    return w == "and" || w == "or" || w == "not";
  }
  // The longest unit that is written here: TB/s, not TB and a division.
  const config::Unit* unit_here() const {
    const config::Unit* best = nullptr;
    const std::string_view rest = text_.substr(at_);
    for (const config::Unit& u : config::units()) {
      const bool ends = rest.size() <= u.name.size() || !in_name(rest[u.name.size()]);
      if (rest.starts_with(u.name) && ends && (best == nullptr || u.name.size() > best->name.size()))
        best = &u;
    }
    return best;
  }

  std::size_t name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (in_name(text_[at_]) || text_[at_] == '.')) ++at_;
    std::string called(text_.substr(begin, at_ - begin));
    if (symbol("(")) {
      at_ = begin;
      return call(called);
    }
    if (std::ranges::find(e_.names_, called) == e_.names_.end()) e_.names_.push_back(called);
    return add({"name", {}, std::move(called), {}});
  }

  std::size_t call(const std::string& function) {
    const auto known = kFunctions.find(function);
    if (known == kFunctions.end()) {
      std::vector<std::string> words;
      for (const auto& [w, arity] : kFunctions) words.push_back(w);
      fail(fmt::format("there is no function '{}'", function), nearest_word(function, words));
    }
    at_ += function.size();
    symbol("(");
    std::vector<std::size_t> operands;
    do operands.push_back(either());
    while (symbol(","));
    if (!symbol(")")) fail("expected ',' or ')'");
    const auto [least, most] = known->second;
    if (operands.size() < least || operands.size() > most)
      fail(fmt::format("{} takes {} values, got {}", function, least, operands.size()));
    return operation(function, std::move(operands));
  }

  Expression& e_;
  std::string_view text_;
  std::string path_;
  std::size_t at_ = 0;
  int nesting_ = 0;
};

Expression::Expression(std::string text, const Where& where, const std::string& path)
    : text_(std::move(text)), where_(where) {
  ExpressionParser(*this, path).parse();
}

}  // namespace fieldsim::system
