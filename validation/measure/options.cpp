#include "validation/measure/options.hpp"

#include <algorithm>
#include <charconv>

namespace fieldsim::measure {

namespace {

template <class Number>
bool parse_number(const std::string& text, Number* value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *value);
  return result.ec == std::errc() && result.ptr == end;
}

std::string group_names() {
  std::string names;
  for (const auto& group : groups()) names += (names.empty() ? "" : ", ") + group.name;
  return names;
}

bool known_group(const std::string& name) {
  return std::any_of(groups().begin(), groups().end(),
                     [&](const auto& group) { return group.name == name; });
}

// Comma-separated names, appended to `only`.
bool add_groups(const std::string& list, Options* options, std::string* error) {
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    const std::string name = list.substr(begin, comma - begin);
    if (!known_group(name)) {
      *error = "--only: no group '" + name + "'; the groups are " + group_names();
      return false;
    }
    options->only.push_back(name);
    begin = comma + 1;
  }
  return true;
}

}  // namespace

bool Options::wants(const std::string& group) const {
  return only.empty() || std::find(only.begin(), only.end(), group) != only.end();
}

const std::vector<Budget::Group>& groups() {
  static const std::vector<Budget::Group> kGroups{{"ceilings", 10}, {"latency", 3},   {"check", 8},
                                                  {"kernels", 34},  {"integrity", 6}, {"pcie", 10},
                                                  {"host", 7},      {"decode", 22}};
  return kGroups;
}

bool parse_options(const std::vector<std::string>& arguments, Options* options,
                   std::string* error) {
  bool budget_given = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i], value;
    const std::size_t equals = name.find('=');
    bool has_value = equals != std::string::npos;
    if (has_value) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const bool flag = name == "--quick" || name == "--help" || name == "-h" || name == "--list";
    const bool valued =
        name == "--budget" || name == "--only" || name == "--out" || name == "--device";
    if (!flag && !valued) {
      *error = "unknown argument '" + name + "'\n" + usage();
      return false;
    }
    if (flag && has_value) {
      *error = name + " takes no value";
      return false;
    }
    if (valued && !has_value) {
      if (i + 1 == arguments.size()) {
        *error = name + " needs a value";
        return false;
      }
      value = arguments[++i];
    }
    if (name == "--quick") options->quick = true;
    if (name == "--help" || name == "-h") options->help = true;
    if (name == "--list") options->list = true;
    if (name == "--budget") {
      budget_given = true;
      if (!parse_number(value, &options->budget_s) ||
          !(options->budget_s > 0 && options->budget_s <= 86400)) {
        *error = "--budget: '" + value + "' is not a number of seconds between 0 and 86400";
        return false;
      }
    }
    if (name == "--device" && (!parse_number(value, &options->device) || options->device < 0)) {
      *error = "--device: '" + value + "' is not a device number";
      return false;
    }
    if (name == "--out") {
      if (value.empty()) {
        *error = "--out needs a file name";
        return false;
      }
      options->out = value;
    }
    if (name == "--only" && !add_groups(value, options, error)) return false;
  }
  if (options->quick && !budget_given) options->budget_s = kQuickSeconds;
  return true;
}

std::string usage() {
  return "usage: fieldsim-measure [--quick] [--budget SECONDS] [--only GROUP[,GROUP...]]\n"
         "                        [--out FILE] [--device N] [--list]\n"
         "Measures this machine's GPU, host and link with the project's own kernels, within 450 s\n"
         "(--quick: 110 s), and writes FILE (measured.json) and FILE.trace.json.\n"
         "Groups: " +
         group_names() +
         "\n"
         "Exit codes: 0 done, 1 a kernel's result was wrong or CUDA failed, 2 bad arguments,\n"
         "77 no CUDA device.\n";
}

}  // namespace fieldsim::measure
