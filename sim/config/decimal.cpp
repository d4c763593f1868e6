#include "sim/config/decimal.hpp"

#include <algorithm>
#include <limits>

namespace fieldsim::config {

namespace {
constexpr int kMaxDigits = 20;
constexpr int kMaxExponent = 9999;  // beyond it the number is far outside 64 bits, or zero

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t i) {
  std::size_t n = 0;
  while (i + n < text.size() && is_digit(text[i + n])) ++n;
  return n;
}

std::string_view trimmed_front(std::string_view s) {
  s.remove_prefix(std::min(s.find_first_not_of(" \t"), s.size()));
  return s;
}
}  // namespace

DecimalScan scan_decimal(std::string_view text) {
  Decimal d;
  std::size_t i = 0;
  if (i < text.size() && text[i] == '-') {
    d.negative = true;
    ++i;
  }
  const std::size_t whole = digits_at(text, i);
  if (whole == 0) {
    if (i < text.size() && text[i] == '.' && digits_at(text, i + 1) > 0)
      return {{}, {}, "a number starts with a digit: write 0.5, not .5"};
    if (i < text.size() && text[i] == '+') return {{}, {}, "a number has no plus sign"};
    return {{}, {}, "it does not start with a number"};
  }
  if (whole > 1 && text[i] == '0') return {{}, {}, "a number has no leading zeros"};
  std::string digits(text.substr(i, whole));
  i += whole;
  if (i < text.size() && text[i] == '.') {
    const std::size_t fraction = digits_at(text, i + 1);
    if (fraction == 0) return {{}, {}, "digits must follow the decimal point"};
    d.has_point = true;
    d.exponent = -static_cast<int>(std::min<std::size_t>(fraction, 100'000));
    digits += text.substr(i + 1, fraction);
    i += 1 + fraction;
  }
  if (i < text.size() && (text[i] == '_' || text[i] == ',' || text[i] == '\''))
    return {{}, {}, "write digits without separators, or an exponent: 64000, 64e3"};
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    std::size_t j = i + 1;
    const bool negative = j < text.size() && text[j] == '-';
    if (j < text.size() && (text[j] == '+' || text[j] == '-')) ++j;
    const std::size_t n = digits_at(text, j);
    if (n == 0) return {{}, {}, "digits must follow the exponent's e"};
    int e = 0;
    for (std::size_t k = 0; k < n; ++k) e = std::min(e * 10 + (text[j + k] - '0'), kMaxExponent);
    d.exponent += negative ? -e : e;
    d.has_exponent = true;
    i = j + n;
  }
  const std::size_t last = digits.find_last_not_of('0');
  const std::size_t zeros = last == std::string::npos ? digits.size() : digits.size() - last - 1;
  digits.resize(digits.size() - zeros);
  d.exponent += static_cast<int>(std::min<std::size_t>(zeros, 100'000));
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > kMaxDigits) return {{}, {}, "it has more than 20 significant digits"};
  for (const char c : digits) d.digits = d.digits * 10 + (c - '0');
  if (d.digits == 0) {
    d.exponent = 0;
    d.negative = false;
  }
  return {d, trimmed_front(text.substr(i)), ""};
}

Scaled scale(const Decimal& d, std::int64_t numerator, std::int64_t denominator) {
  // digits < 1e20 and numerator < 4e15 keep the product below 4e35; 1e36 x 8 fits 127 bits too.
  constexpr int128 kRoom =
      static_cast<int128>(1'000'000'000'000'000'000) * 1'000'000'000'000'000'000;
  int128 product = d.digits * numerator;
  int128 divisor = denominator;
  for (int e = d.exponent; e > 0 && product != 0; --e) {
    if (product >= kRoom) return {Scaled::Outcome::too_large, 0};
    product *= 10;
  }
  for (int e = d.exponent; e < 0 && product != 0; ++e) {
    if (divisor >= kRoom) return {Scaled::Outcome::too_fine, 0};
    divisor *= 10;
  }
  if (product % divisor != 0) {
    const int128 nearest = (2 * product + divisor) / (2 * divisor);
    constexpr int128 kMost = std::numeric_limits<std::int64_t>::max();
    return {Scaled::Outcome::too_fine,
            static_cast<std::int64_t>(nearest < kMost ? nearest : kMost)};
  }
  product /= divisor;
  if (product > std::numeric_limits<std::int64_t>::max()) return {Scaled::Outcome::too_large, 0};
  const auto v = static_cast<std::int64_t>(product);
  return {Scaled::Outcome::exact, d.negative ? -v : v};
}

}  // namespace fieldsim::config
