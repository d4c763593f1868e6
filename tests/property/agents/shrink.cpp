#include "tests/property/agents/shrink.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "tests/property/agents/yaml_tree.hpp"

namespace fieldsim::test {

using config::Value;

namespace {

// What a run needs to have an end, and to be small: halved, never taken away.
bool is_size(const KeyPath& path) {
  const std::string& key = path.back();
  return key == "count" || key == "steps" || key == "context_limit" || key == "context_tokens" ||
         key == "objects" || key == "extends" || key == "capacity";
}

// "37 ms" becomes "18 ms", "5" becomes "2", "0.4" becomes "0"; nothing for words and zeros.
std::vector<std::string> smaller(const std::string& text) {
  const auto end = std::find_if(text.begin(), text.end(),
                                [](unsigned char c) { return std::isdigit(c) == 0 && c != '.'; });
  const std::string number(text.begin(), end), unit(end, text.end());
  if (number.empty()) return {};
  if (number.find('.') != std::string::npos)
    return std::stod(number) > 0 ? std::vector<std::string>{"0" + unit, "1" + unit}
                                 : std::vector<std::string>{};
  const long long n = std::stoll(number);
  if (n == 0) return {};
  constexpr long long kSmall = 8;  // below it every number is tried
  std::vector<std::string> found = {"0" + unit};
  for (const long long m : {1LL, n / 2, n <= kSmall ? n - 1 : 0})
    if (m > 0 && m < n) found.push_back(std::to_string(m) + unit);
  return found;
}

class Shrinker {
 public:
  Shrinker(Value tree, const std::function<bool(const Value&)>& fails)
      : best_{std::move(tree), 0}, fails_(fails) {}

  Shrunk run() {
    while (take_away() || make_smaller()) {
    }
    return std::move(best_);
  }

 private:
  bool keep_if_failing(const Value& candidate) {
    ++best_.tried;
    if (!fails_(candidate)) return false;
    best_.tree = candidate;
    return true;
  }

  // Sections come first: most of them go at once.
  bool take_away() {
    bool any = false;
    for (const KeyPath& path : paths(best_.tree)) {
      if (is_size(path) || at(best_.tree, path) == nullptr) continue;
      any = keep_if_failing(without(best_.tree, path)) || any;
    }
    return any;
  }

  // Shares of a whole, which no key can leave alone: all of it goes to one.
  bool gather(const KeyPath& path) {
    const Value& map = *at(best_.tree, path);
    std::vector<std::string> keys;
    double sum = 0;
    for (const auto& field : map.fields) {
      if (smaller(field.value.text).empty() && field.value.text.substr(0, 1) != "0") return false;
      keys.push_back(field.key);
      sum += std::atof(field.value.text.c_str());
    }
    constexpr double kRounding = 1e-9;
    if (keys.size() < 2 || std::fabs(sum - 1) > kRounding) return false;
    for (const std::string& all : keys) {
      if (at(map, {all})->text == "1") return false;
      Value candidate = best_.tree;
      for (const std::string& key : keys) {
        KeyPath to = path;
        to.push_back(key);
        candidate = with(candidate, to, key == all ? "1" : "0");
      }
      if (keep_if_failing(candidate)) return true;
    }
    return false;
  }

  bool make_smaller() {
    bool any = false;
    for (const KeyPath& path : paths(best_.tree)) {
      const Value* v = at(best_.tree, path);
      if (v != nullptr && v->is_map()) any = gather(path) || any;
      if (v == nullptr || v->is_map() || path.back() == "capacity") continue;
      if (v->is_list()) {  // a range becomes its upper end
        any = keep_if_failing(
                  with(best_.tree, {path.begin(), path.end() - 1}, v->items.back().text)) ||
              any;
        continue;
      }
      for (const std::string& text : smaller(v->text))
        if (keep_if_failing(with(best_.tree, path, text))) {
          any = true;
          break;
        }
    }
    return any;
  }

  Shrunk best_;
  const std::function<bool(const Value&)>& fails_;
};

}  // namespace

Shrunk shrink(Value tree, const std::function<bool(const Value&)>& fails) {
  return Shrinker(std::move(tree), fails).run();
}

std::string keep_failing(const std::string& name, const Value& tree, const std::string& why) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(FIELDSIM_BINARY_DIR) / "failing";
  fs::create_directories(folder);
  const fs::path path = folder / (name + ".yaml");
  std::string comment = "# " + why;
  for (auto at = comment.find('\n'); at != std::string::npos; at = comment.find('\n', at + 3))
    comment.replace(at, 1, "\n# ");
  std::ofstream(path) << comment << "\n" << yaml_text(tree);
  return path.string();
}

}  // namespace fieldsim::test
