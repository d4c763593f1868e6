#include "sim/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>

#include "sim/base/contain.hpp"

namespace fieldsim {

std::string Where::str() const {
  if (line == 0) return file;
  return fmt::format("{}:{}:{}", file, line, column);
}

std::string Problem::str() const {
  std::string s = where.str();
  if (!s.empty()) s += ": ";
  if (!path.empty()) s += path + ": ";
  s += message;
  if (!nearest.empty()) s += fmt::format(" (did you mean '{}'?)", nearest);
  return s;
}

namespace {
std::string join(const std::vector<Problem>& problems) {
  std::string s;
  for (const Problem& p : problems) s += (s.empty() ? "" : "\n") + p.str();
  return s;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}
}  // namespace

ConfigError::ConfigError(std::vector<Problem> problems)
    : std::runtime_error(join(problems)), problems_(std::move(problems)) {}

ConfigError::ConfigError(Where where, std::string path, std::string message)
    : ConfigError(
          std::vector<Problem>{{std::move(where), std::move(path), std::move(message), ""}}) {}

std::string nearest_word(const std::string& word, const std::vector<std::string>& words) {
  constexpr std::size_t kLongestCompared = 64;  // a longer word is not a slip of the pen
  if (word.size() > kLongestCompared) return "";
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : words) {
    const std::size_t d = edit_distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

RunContext& run_context() {
  thread_local RunContext context;
  return context;
}

namespace {
ContainChecks*& containing() {
  thread_local ContainChecks* innermost = nullptr;
  return innermost;
}
}  // namespace

ContainChecks::ContainChecks() : outer_(containing()) { containing() = this; }
ContainChecks::~ContainChecks() { containing() = outer_; }
ContainChecks* ContainChecks::innermost() { return containing(); }

void ContainChecks::fail(const std::string& message) {
  if (failure_.empty()) failure_ = message;
  throw InternalError(message);
}

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  const RunContext& c = run_context();
  const std::string at =
      c.now_ps < 0 ? "outside a run" : fmt::format("at {} ps in '{}'", c.now_ps, c.component);
  const std::string text =
      fmt::format("internal error {}: {} [{} failed, {}:{}]", at, message, condition, file, line);
  if (ContainChecks* scope = ContainChecks::innermost(); scope && std::uncaught_exceptions() == 0)
    scope->fail(text);
  fmt::print(stderr, "fieldsim: {}\n", text);
  std::fflush(stderr);
  std::_Exit(3);  // the documented exit code of the simulator's own fault
}

}  // namespace fieldsim
