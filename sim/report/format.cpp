#include <fmt/format.h>

#include <cmath>

#include "sim/report/summary.hpp"

namespace fieldsim::report {

namespace {

// Three significant digits without an exponent.
std::string digits(double v) {
  const double a = std::fabs(v);
  if (a == 0) return "0";
  if (a >= 99.95) return fmt::format("{:.0f}", v);
  if (a >= 9.995) return fmt::format("{:.1f}", v);
  return fmt::format("{:.2f}", v);
}

}  // namespace

std::string duration_text(double s) {
  const double a = std::fabs(s);
  if (a == 0) return "0 s";
  if (a < 0.9995e-6) return digits(s * 1e9) + " ns";
  if (a < 0.9995e-3) return digits(s * 1e6) + " us";
  if (a < 0.9995) return digits(s * 1e3) + " ms";
  return digits(s) + " s";
}

std::string bytes_text(double bytes) {
  constexpr double kKiB = 1024.0;
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t u = 0;
  double v = bytes;
  while (std::fabs(v) >= 999.5 && u + 1 < std::size(units)) {
    v /= kKiB;
    ++u;
  }
  return digits(v) + " " + units[u];
}

std::string listed(const std::string& head, const std::vector<std::string>& words) {
  constexpr std::size_t kLine = 110;
  std::string out, line = "  " + head;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = " " + words[i] + (i + 1 < words.size() ? "," : "");
    if (line.size() + word.size() > kLine) {
      out += line + '\n';
      line = "   ";
    }
    line += word;
  }
  return out + line + '\n';
}

std::string grouped(std::int64_t n) {
  std::string s = std::to_string(n);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(s.size()) - 3; i > (n < 0 ? 1 : 0); i -= 3)
    s.insert(static_cast<std::size_t>(i), ",");
  return s;
}

}  // namespace fieldsim::report
