#include "sim/system/study/range.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/random.hpp"
#include "sim/config/leaf.hpp"
#include "sim/config/paths.hpp"

namespace fieldsim::system {

using config::NodeKind;
using config::SchemaNode;
using config::Value;

namespace {

const std::vector<std::string> kShapes = {"linear",  "log",         "log2",
                                          "uniform", "log_uniform", "normal"};

// The range of a path, as numbers of its base unit.
class Range {
 public:
  Range(const Value& spec, const RangeContext& context, std::vector<Problem>& problems)
      : spec_(spec), c_(context), problems_(problems) {}

  std::vector<Value> values() {
    const std::size_t before = problems_.size();
    const config::Field* shape = nullptr;
    for (const config::Field& f : spec_.fields) {
      if (std::ranges::find(kShapes, f.key) != kShapes.end()) {
        if (shape != nullptr)
          say(f.where, fmt::format("'{}' and '{}' are two ranges for one path", shape->key, f.key));
        shape = &f;
      } else if (f.key != "draws") {
        say(f.where,
            fmt::format("there is no range '{}'; there are {} and draws", f.key.substr(0, 60),
                        fmt::join(kShapes, ", ")),
            nearest_word(f.key, kShapes));
      }
    }
    if (problems_.size() != before) return {};
    if (shape == nullptr) return seeds();
    if (!c_.node.is_number()) {
      say(shape->where, fmt::format("is {}, no number: give a list of values",
                                    config::type_text(c_.node)));
      return {};
    }
    std::vector<Value> out = shape->key.ends_with("uniform") || shape->key == "normal"
                                 ? drawn(*shape)
                                 : spaced(*shape);
    return problems_.size() == before ? out : std::vector<Value>{};
  }

 private:
  void say(const Where& where, std::string message, std::string nearest = "") {
    problems_.push_back({where, "vary." + c_.path, std::move(message), std::move(nearest)});
  }

  bool whole() const { return c_.node.kind != NodeKind::ratio; }

  double number(const Value& v) {
    const config::LeafReading r = config::read_leaf(unbounded(), v);
    if (const auto* n = std::get_if<std::int64_t>(&r.value)) return static_cast<double>(*n);
    if (const auto* d = std::get_if<double>(&r.value)) return *d;
    say(v.where, r.error, r.nearest);
    return 0;
  }
  // A standard deviation may be smaller than the least legal value.
  const SchemaNode& unbounded() {
    free_ = c_.node;
    free_.low.reset();
    free_.high.reset();
    return free_;
  }

  std::int64_t count(const Value& v, const char* what) {
    const auto parsed = config::parse_count(v.is_scalar() ? v.text : "");
    if (parsed.value && *parsed.value >= 1 && *parsed.value <= kMostValues) return *parsed.value;
    say(v.where, fmt::format("expected {} from 1 to {}, got {}", what, kMostValues,
                             config::kind_and_text(v)));
    return 0;
  }

  // The items of [a, b] or [a, b, n].
  bool items(const config::Field& shape, std::size_t n, const char* form) {
    if (shape.value.is_list() && shape.value.items.size() == n) return true;
    say(shape.value.where, fmt::format("expected {}: {}, got {}", shape.key, form,
                                       config::kind_and_text(shape.value)));
    return false;
  }

  Value scalar(double v) const {
    const Where& at = spec_.where;
    if (!whole()) return Value::scalar(fmt::format("{:.12g}", v), at);
    const auto n = static_cast<std::int64_t>(std::llround(v));
    return Value::scalar(c_.node.kind == NodeKind::quantity
                             ? config::to_string(c_.node.dimension, n)
                             : fmt::format("{}", n),
                         at);
  }

  bool fits(double v) const {
    if (!whole()) return config::in_range(c_.node, v);
    if (std::fabs(v) >= 0x1p62) return false;
    return config::in_range(c_.node, static_cast<std::int64_t>(std::llround(v)));
  }

  std::vector<Value> spaced(const config::Field& shape) {
    const bool doubling = shape.key == "log2";
    if (!items(shape, doubling ? 2 : 3, doubling ? "[first, last]" : "[first, last, how many]"))
      return {};
    if (const config::Field* draws = spec_.find("draws"))
      say(draws->where, fmt::format("'{}' is not drawn; draws goes with uniform, log_uniform and "
                                    "normal",
                                    shape.key));
    const std::vector<Value>& given = shape.value.items;
    const double a = number(given[0]), b = number(given[1]);
    const std::int64_t n = doubling ? 0 : count(given[2], "how many values");
    if (shape.key != "linear" && (a <= 0 || b <= 0) && problems_.empty())
      say(shape.value.where, "a logarithmic range needs ends above zero");
    if (doubling && a > b && problems_.empty())
      say(shape.value.where, fmt::format("is empty: the first value, {}, is above the last, {}",
                                         given[0].text, given[1].text));
    if (n == 1 && a != b) say(given[2].where, "one value cannot be both ends");
    if (!problems_.empty()) return {};
    std::vector<double> numbers;
    if (doubling) {
      for (double v = a; v <= b; v *= 2) numbers.push_back(v);
    } else {
      for (std::int64_t i = 0; i < n; ++i) numbers.push_back(between(shape.key == "log", a, b, i, n));
    }
    return written(numbers, true, shape.value.where);
  }

  static double between(bool logarithmic, double a, double b, std::int64_t i, std::int64_t n) {
    if (i == 0) return a;
    if (i == n - 1) return b;
    const double t = static_cast<double>(i) / static_cast<double>(n - 1);
    return logarithmic ? a * std::pow(b / a, t) : a + (b - a) * t;
  }

  std::vector<Value> drawn(const config::Field& shape) {
    const bool normal = shape.key == "normal";
    if (!items(shape, 2, normal ? "[mean, standard deviation]" : "[low, high]")) return {};
    const config::Field* draws = spec_.find("draws");
    if (draws == nullptr) {
      say(shape.where, fmt::format("needs draws: how many, as in {{{}: {}, draws: 100}}", shape.key,
                                   config::flow_text(shape.value)));
      return {};
    }
    const std::int64_t n = count(draws->value, "how many draws");
    const double a = number(shape.value.items[0]), b = number(shape.value.items[1]);
    if (problems_.empty() && !normal && a > b)
      say(shape.value.where, "is empty: the low end is above the high end");
    if (problems_.empty() && shape.key == "log_uniform" && a <= 0)
      say(shape.value.where, "a logarithmic range needs ends above zero");
    if (problems_.empty() && normal && b < 0)
      say(shape.value.where, "a standard deviation is not negative");
    if (!problems_.empty()) return {};
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < n; ++i) {
      RandomStream stream(c_.seed, fmt::format("study {} {}", c_.path, i));
      numbers.push_back(normal ? gauss(stream, a, b) : uniform(stream, shape.key, a, b));
      if (std::isnan(numbers.back())) {
        say(shape.value.where, fmt::format("hardly ever falls into the range of {}: {}", c_.path,
                                           config::range_text(c_.node)));
        return {};
      }
    }
    return written(numbers, false, shape.value.where);
  }

  double uniform(RandomStream& stream, const std::string& shape, double a, double b) const {
    const double u = stream.uniform();
    if (shape == "log_uniform") return a * std::pow(b / a, u);
    // Both ends of a range of whole numbers are as likely as what is between them.
    if (c_.node.kind == NodeKind::count) return a + std::floor(u * (b - a + 1));
    return a + u * (b - a);
  }

  // Marsaglia's polar method, cut off at the ends of the path's own range.
  double gauss(RandomStream& stream, double mean, double deviation) const {
    constexpr int kTries = 10'000;
    for (int i = 0; i < kTries; ++i) {
      const double x = 2 * stream.uniform() - 1, y = 2 * stream.uniform() - 1;
      const double s = x * x + y * y;
      if (s >= 1 || s <= std::numeric_limits<double>::min()) continue;
      const double v = mean + deviation * x * std::sqrt(-2 * portable_log(s) / s);
      if (fits(v)) return v;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  std::vector<Value> written(const std::vector<double>& numbers, bool once, const Where& where) {
    std::vector<Value> out;
    for (double v : numbers) {
      if (!fits(v)) {
        say(where, fmt::format("{} is out of range: expected {}",
                               whole() && std::fabs(v) < 0x1p62 ? scalar(v).text
                                                                : fmt::format("{:.6g}", v),
                               config::range_text(c_.node)));
        return {};
      }
      Value next = scalar(v);
      if (!once || out.empty() || out.back().text != next.text) out.push_back(std::move(next));
    }
    return out;
  }

  std::vector<Value> seeds() {
    const config::Field& draws = spec_.fields.front();
    if (c_.path != "seed") {
      say(draws.where, "draws alone goes with 'seed'; another path says what is drawn: "
                       "{uniform: [low, high], draws: n}");
      return {};
    }
    const std::int64_t n = count(draws.value, "how many seeds");
    std::vector<Value> out;
    for (std::int64_t i = 0; i < n; ++i)
      out.push_back(Value::scalar(fmt::format("{}", c_.seed + static_cast<std::uint64_t>(i)),
                                  spec_.where));
    return out;
  }

  const Value& spec_;
  const RangeContext& c_;
  std::vector<Problem>& problems_;
  SchemaNode free_;
};

}  // namespace

bool is_range(const Value& spec) { return spec.is_map(); }

std::vector<Value> range_values(const Value& spec, const RangeContext& context,
                                std::vector<Problem>& problems) {
  if (spec.fields.empty()) {
    problems.push_back({spec.where, "vary." + context.path, "is empty: no value is given", ""});
    return {};
  }
  std::vector<Problem> own;
  std::vector<Value> out = Range(spec, context, own).values();
  problems.insert(problems.end(), own.begin(), own.end());
  return out;
}

}  // namespace fieldsim::system
