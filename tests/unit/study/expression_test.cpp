// Expressions of where, derive and objective.
#include <catch2/catch.hpp>

#include "sim/system/study/expression.hpp"

using namespace fieldsim;
using Catch::Matchers::Contains;
using system::Datum;
using system::Expression;

namespace {

Datum value(const std::string& text) {
  return Expression(text, {"study.yaml", 3, 8}, "where")
      .value([](const std::string& name) -> Datum {
        if (name == "a.b") return 6.0;
        if (name == "hardware") return std::string("h100-sxm");
        if (name == "fits") return true;
        return {};
      });
}
double number(const std::string& text) { return std::get<double>(value(text)); }
bool truth(const std::string& text) { return std::get<bool>(value(text)); }

std::string problem(const std::string& text) {
  try {
    value(text);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("operators bind as in arithmetic, and to the left but for powers") {
  CHECK(number("1 + 2 * 3") == 7);
  CHECK(number("(1 + 2) * 3") == 9);
  CHECK(number("8 / 4 / 2") == 1);
  CHECK(number("8 - 4 - 2") == 2);
  CHECK(number("2 ^ 3 ^ 2") == 512);
  CHECK(number("-2 ^ 2") == -4);
  CHECK(number("2 ^ -1") == 0.5);
  CHECK(number("3-1") == 2);
  CHECK(number("a.b*2") == 12);
  CHECK(number("1e3 + 2.5e-1") == 1000.25);
}

TEST_CASE("truths: comparisons, and before or, not before and") {
  CHECK(truth("1 < 2 and 2 <= 2 and 3 != 4 and not 1 >= 2"));
  CHECK(truth("true or false and false"));
  CHECK(truth("not false and fits"));
  CHECK(truth("hardware == \"h100-sxm\" or hardware == 'a100'"));
  CHECK(truth("1 < 2 && !(2 < 1) || false"));
  CHECK(truth("a.b = 6"));
}

TEST_CASE("a quantity is its number in SI") {
  CHECK(number("20 ms") == 0.02);
  CHECK(number("4 MiB") == 4194304);
  CHECK(number("2.039 TB/s") == 2.039e12);
  CHECK(number("6 TB/s / 2") == 3e12);
  CHECK(number("400 W + 1 kW") == 1400);
  CHECK(number("5 %") == 0.05);
  CHECK(truth("2 ms < 1 s and a.b > 1"));
}

TEST_CASE("functions") {
  CHECK(number("min(3, a.b, 9) + max(1, 2)") == 5);
  CHECK(number("abs(-2) + sqrt(9) + log2(8) + log10(100) + floor(1.9) + ceil(1.1) + round(2.5)") ==
        16);
  CHECK(number("log(exp(2))") == Approx(2));
  CHECK(number("if(a.b > 5, 1, 2)") == 1);
}

TEST_CASE("nothing stays nothing, and is not more or less than anything") {
  CHECK(std::holds_alternative<std::monostate>(value("missing + 1")));
  CHECK(std::holds_alternative<std::monostate>(value("1 / 0")));
  CHECK_FALSE(truth("missing < 1"));
  CHECK(truth("missing == null"));
  CHECK(truth("a.b != null"));
}

TEST_CASE("a slip is shown in the text") {
  CHECK_THAT(problem("1 + "), Contains("study.yaml:3:8") && Contains("ends too early"));
  CHECK_THAT(problem("(1 + 2"), Contains("expected ')'") && Contains("\n          ^"));
  CHECK_THAT(problem("1 2"), Contains("expected an operator"));
  CHECK_THAT(problem("3 furlongs"), Contains("a unit"));
  CHECK_THAT(problem("mix(1, 2)"), Contains("did you mean 'max'"));
  CHECK_THAT(problem("abs(1, 2)"), Contains("takes 1"));
  CHECK_THAT(problem("1 < 2 < 3"), Contains("two comparisons"));
  CHECK_THAT(problem("'open"), Contains("never closed"));
  CHECK_THAT(problem("hardware < 3"), Contains("the text 'h100-sxm'"));
  CHECK_THAT(problem("hardware == 3"), Contains("compares"));
  CHECK_THAT(problem("1 and true"), Contains("true or false"));
  CHECK_THAT(problem(std::string(3000, '(')), Contains("nested deeper"));
  CHECK_THAT(problem(std::string(9000, '1')), Contains("longer than"));
}
