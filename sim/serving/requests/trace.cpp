#include "sim/serving/requests/trace.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "sim/base/error.hpp"

namespace fieldsim::serving {

namespace {

constexpr std::size_t kColumns = 3;
constexpr std::array<std::string_view, kColumns> kNames = {"TIMESTAMP", "ContextTokens",
                                                           "GeneratedTokens"};
constexpr std::size_t kMostProblems = 20;  // a file of another kind is wrong on every line
constexpr std::int64_t kMostTokens = 100'000'000;

struct Instant {
  std::int64_t seconds = 0, ps = 0;
};

struct Cell {
  std::string_view text;
  int column = 1;
};

std::vector<Cell> split(std::string_view line) {
  std::vector<Cell> cells;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back({line.substr(begin, end - begin), static_cast<int>(begin) + 1});
    if (end == line.size()) return cells;
    begin = end + 1;
  }
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size())
    return {};
  return v;
}

// ".6805900" in ps; nothing for what is finer.
std::optional<std::int64_t> fraction(std::string_view text) {
  if (text.empty()) return 0;
  constexpr std::size_t kDigits = 12;
  if (text.front() != '.' || text.size() < 2 || text.size() > kDigits + 1) return {};
  std::string digits(text.substr(1));
  digits.resize(kDigits, '0');
  return whole(digits);
}

// "2023-11-16 18:15:46.6805900" or "46.68".
std::optional<Instant> instant(std::string_view text) {
  constexpr std::size_t kDate = 10, kClock = 8;
  if (text.size() < kDate + 1 + kClock || text[4] != '-') {
    const std::size_t point = std::min(text.find('.'), text.size());
    const auto s = whole(text.substr(0, point));
    const auto f = fraction(text.substr(point));
    return s && f ? std::optional<Instant>({*s, *f}) : std::nullopt;
  }
  for (const std::string_view zone : {"Z", "+00:00"})
    if (text.ends_with(zone)) text.remove_suffix(zone.size());
  const bool shaped =
      text[7] == '-' && (text[10] == ' ' || text[10] == 'T') && text[13] == ':' && text[16] == ':';
  const auto part = [&](std::size_t at, std::size_t n) { return whole(text.substr(at, n)); };
  const auto y = part(0, 4), mo = part(5, 2), d = part(8, 2), h = part(11, 2), mi = part(14, 2),
             s = part(17, 2), f = fraction(text.substr(19));
  if (!shaped || !y || !mo || !d || !h || !mi || !s || !f || *h > 23 || *mi > 59 || *s > 60)
    return {};
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*y)),
                                         std::chrono::month(static_cast<unsigned>(*mo)),
                                         std::chrono::day(static_cast<unsigned>(*d)));
  if (!date.ok()) return {};
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return Instant{((days * 24 + *h) * 60 + *mi) * 60 + *s, *f};
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::vector<Request> read() {
    for (; !text_.empty(); ++line_) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      std::string_view line = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line_ == 1)
        header(line);
      else if (!line.empty())
        row(split(line));
      if (problems_.size() >= kMostProblems) break;
    }
    if (line_ == 1) problem(0, 0, "", "is empty: expected a header with the columns " + wanted());
    if (problems_.empty() && requests_.empty())
      problem(0, 0, "", "has a header and no request: expected at least one row");
    if (!problems_.empty()) throw ConfigError(std::move(problems_));
    return std::move(requests_);
  }

 private:
  void problem(int line, int column, std::string_view path, std::string message,
               std::string nearest = "") {
    problems_.push_back(
        {{file_, line, column}, std::string(path), std::move(message), std::move(nearest)});
  }

  static std::string wanted() {
    std::string all;
    for (const auto name : kNames) all += (all.empty() ? "" : ", ") + std::string(name);
    return all;
  }

  void header(std::string_view line) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);  // a byte order mark
    std::vector<std::string> known;
    for (const Cell& c : split(line)) known.emplace_back(c.text);
    width_ = known.size();
    for (std::size_t i = 0; i < kColumns; ++i) {
      const auto at = std::find(known.begin(), known.end(), kNames[i]);
      places_[i] = static_cast<std::size_t>(at - known.begin());
      if (at == known.end())
        problem(line_, 1, kNames[i],
                "the trace has no such column: its header must name " + wanted(),
                nearest_word(std::string(kNames[i]), known));
    }
    usable_ = problems_.empty();
  }

  void row(const std::vector<Cell>& cells) {
    if (!usable_) return;  // the header says it all
    if (cells.size() != width_)
      return problem(
          line_, 1, "",
          std::to_string(cells.size()) + " fields, but the header has " + std::to_string(width_));
    Request r;
    const Cell& time = cells[places_[0]];
    const auto at = instant(time.text);
    if (!at) {
      problem(line_, time.column, kNames[0],
              "expected a time such as '2023-11-16 18:15:46.6805900' or seconds such as '46.68', "
              "got '" +
                  std::string(time.text.substr(0, 40)) + "'");
    } else {
      arrival(*at, time, r);
    }
    r.prompt = tokens(cells[places_[1]], kNames[1]);
    r.output = tokens(cells[places_[2]], kNames[2]);
    requests_.push_back(r);
  }

  void arrival(Instant at, const Cell& cell, Request& r) {
    if (!first_) first_ = at;
    const int128 ps =
        static_cast<int128>(at.seconds - first_->seconds) * kPsPerSecond + (at.ps - first_->ps);
    const auto most = static_cast<int128>(Duration::max().count()) / 2;
    if (ps > most)
      return problem(line_, cell.column, kNames[0],
                     "is more than 53 days after the first request: the clock ends there");
    if (ps < (requests_.empty() ? 0 : requests_.back().arrival.count()))
      return problem(line_, cell.column, kNames[0],
                     "is before the request above: a trace must be sorted by arrival");
    r.arrival = Duration::raw(static_cast<std::int64_t>(ps));
  }

  std::int64_t tokens(const Cell& cell, std::string_view name) {
    const auto n = whole(cell.text);
    if (n && *n >= 1 && *n <= kMostTokens) return *n;
    problem(line_, cell.column, name,
            "expected a whole number of tokens, 1 to 100000000, got '" +
                std::string(cell.text.substr(0, 40)) + "'");
    return 1;
  }

  std::string_view text_;
  const std::string& file_;
  int line_ = 1;
  std::size_t width_ = 0;
  std::array<std::size_t, kColumns> places_{};
  bool usable_ = false;
  std::optional<Instant> first_;
  std::vector<Request> requests_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Request> parse_trace(const std::string& text, const std::string& file) {
  return Reader(text, file).read();
}

}  // namespace fieldsim::serving
