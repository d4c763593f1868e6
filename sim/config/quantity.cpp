#include "sim/config/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "sim/config/decimal.hpp"
#include "sim/config/units_table.hpp"

namespace fieldsim::config {

namespace {
std::string_view trimmed(std::string_view s) {
  const std::size_t first = s.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

// Long or odd text is cut: it is only there to be recognised.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 40;
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
}

std::string expected(Dimension d) {
  return fmt::format("expected {} such as '{}'", info(d).name, info(d).example);
}
}  // namespace

Parsed<std::int64_t> parse_quantity(std::string_view text, Dimension dimension) {
  text = trimmed(text);
  const auto fail = [&](const std::string& why, std::string nearest = "") {
    return Parsed<std::int64_t>{
        {},
        fmt::format("{}, got '{}'{}", expected(dimension), shown(text), why),
        std::move(nearest)};
  };
  const DecimalScan scan = scan_decimal(text);
  if (!scan.value) return fail(": " + scan.error);
  if (scan.rest.empty()) return fail(": a unit is needed");
  const Unit* unit = find_unit(scan.rest);
  if (unit == nullptr) {
    const UnitHint hint = unit_hint(scan.rest, dimension);
    return fail(fmt::format(": there is no unit '{}'{}{}", shown(scan.rest),
                            hint.note.empty() ? "" : "; ", hint.note),
                hint.nearest);
  }
  if (unit->dimension != dimension) return fail(fmt::format(" ({})", info(unit->dimension).name));
  if (scan.value->negative) return fail(": it cannot be negative");
  const Scaled s = scale(*scan.value, unit->numerator, unit->denominator);
  // "78.7 GiB" is not a whole number of bytes, and nobody means a part of one.
  constexpr std::int64_t kRoundedSize = 1 << 20;
  if (s.outcome == Scaled::Outcome::too_fine && dimension == Dimension::size &&
      s.value >= kRoundedSize)
    return {s.value, "", ""};
  if (s.outcome == Scaled::Outcome::too_fine)
    return fail(fmt::format(": finer than {}, the smallest step", info(dimension).base));
  if (s.outcome == Scaled::Outcome::too_large) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    return fail(fmt::format(": too large, the limit is {}", to_string(dimension, most)));
  }
  return {s.value, "", ""};
}

Parsed<std::int64_t> parse_count(std::string_view text) {
  text = trimmed(text);
  const auto fail = [&](const std::string& why) {
    return Parsed<std::int64_t>{
        {}, fmt::format("expected a whole number, got '{}'{}", shown(text), why), ""};
  };
  const DecimalScan scan = scan_decimal(text);
  if (!scan.value) return fail(": " + scan.error);
  if (!scan.rest.empty()) {
    const Unit* unit = find_unit(scan.rest);
    if (unit != nullptr)
      return fail(fmt::format(" ({}): a count has no unit", info(unit->dimension).name));
    if (scan.rest.size() == 1 &&
        std::string_view("kKMG").find(scan.rest[0]) != std::string_view::npos)
      return fail(": write it out, k could be 1000 or 1024");
    return fail(": a count has no unit");
  }
  if (scan.value->has_point && !scan.value->has_exponent)
    return fail(": no decimal point in a count");
  const Scaled s = scale(*scan.value, 1, 1);
  if (s.outcome == Scaled::Outcome::too_fine) return fail(": not whole");
  if (s.outcome == Scaled::Outcome::too_large) return fail(": it does not fit 64 bits");
  return {s.value, "", ""};
}

Parsed<double> parse_ratio(std::string_view text) {
  text = trimmed(text);
  const auto fail = [&](const std::string& why) {
    return Parsed<double>{
        {},
        fmt::format("expected a ratio such as '0.92' or '5 %', got '{}'{}", shown(text), why),
        ""};
  };
  const DecimalScan scan = scan_decimal(text);
  if (!scan.value) return fail(": " + scan.error);
  if (!scan.rest.empty() && scan.rest != "%") {
    const Unit* unit = find_unit(scan.rest);
    return fail(unit == nullptr ? ": a ratio has no unit but %"
                                : fmt::format(" ({})", info(unit->dimension).name));
  }
  // Per cent shifts the exponent, so that 0.1 % is the double nearest to 0.001.
  const Decimal& d = *scan.value;
  const std::string normal = fmt::format("{}{}e{}", d.negative ? "-" : "", d.digits,
                                         d.exponent - (scan.rest == "%" ? 2 : 0));
  double value = 0;
  const auto [end, error] = std::from_chars(normal.data(), normal.data() + normal.size(), value);
  if (error == std::errc::result_out_of_range && d.exponent > 0) return fail(": it is too large");
  if (error == std::errc::result_out_of_range) return fail(": it is too small to tell from zero");
  if (error != std::errc() || end != normal.data() + normal.size()) return fail("");
  return {value, "", ""};
}

Parsed<bool> parse_bool(std::string_view text) {
  if (text == "true") return {true, "", ""};
  if (text == "false") return {false, "", ""};
  std::string nearest;
  for (const std::string_view yes : {"yes", "on", "True", "TRUE", "y", "1"})
    if (text == yes) nearest = "true";
  for (const std::string_view no : {"no", "off", "False", "FALSE", "n", "0"})
    if (text == no) nearest = "false";
  return {{}, fmt::format("expected true or false, got '{}'", shown(text)), nearest};
}

std::string to_string(Dimension dimension, std::int64_t count) {
  if (count < 0) {
    if (count == std::numeric_limits<std::int64_t>::min()) return fmt::format("{}", count);
    return "-" + to_string(dimension, -count);
  }
  std::string best;
  // A decimal unit always divides exactly; a binary one only sometimes, and then it may be shorter.
  const Unit* decimal = nullptr;
  const Unit* base = nullptr;  // the smallest
  for (const Unit& u : units()) {
    if (u.dimension != dimension || !u.printed) continue;
    if (base == nullptr || u.numerator < base->numerator) base = &u;
    const bool binary = u.numerator > 1 && u.numerator % 1024 == 0 && u.numerator % 1000 != 0;
    constexpr std::int64_t kReadable =
        10'000;  // above it a binary unit says less than a decimal one
    if (binary && count % u.numerator == 0 && count > 0 && count / u.numerator < kReadable)
      best = fmt::format("{} {}", count / u.numerator, u.name);
    if (!binary && count >= u.numerator) decimal = &u;
  }
  if (decimal == nullptr) decimal = base;
  std::string digits = fmt::format("{}", count / decimal->numerator);
  std::int64_t rest = count % decimal->numerator;
  if (rest != 0) {
    digits += '.';
    for (std::int64_t step = decimal->numerator / 10; rest != 0; step /= 10) {
      digits += static_cast<char>('0' + rest / step);
      rest %= step;
    }
  }
  std::string plain = fmt::format("{} {}", digits, decimal->name);
  return best.empty() || plain.size() <= best.size() ? plain : best;
}

std::string dimension_name(Dimension dimension) { return std::string(info(dimension).name); }
std::string dimension_example(Dimension dimension) { return std::string(info(dimension).example); }

std::vector<std::string> unit_names(Dimension dimension) {
  std::vector<std::string> names;
  for (const Unit& u : units())
    if (u.dimension == dimension) names.emplace_back(u.name);
  return names;
}

}  // namespace fieldsim::config
