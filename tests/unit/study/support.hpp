#pragma once
// Studies from text.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/config/parse.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/study/axis.hpp"
#include "sim/system/study/points.hpp"

namespace fieldsim::system::test {

inline const config::Schema<Scenario>& schema() {
  static const config::Schema<Scenario> s = scenario_schema();
  return s;
}

inline std::vector<Axis> axes(const std::string& vary, std::uint64_t seed = 1) {
  std::vector<Problem> problems;
  std::vector<Axis> out =
      read_axes(config::parse_text(vary, "study.yaml"), schema().node(), seed, problems);
  if (!problems.empty()) throw ConfigError(problems);
  return out;
}

// The texts of the first path of the first axis.
inline std::vector<std::string> texts(const std::string& vary, std::uint64_t seed = 1) {
  std::vector<std::string> out;
  const std::vector<Axis> all = axes(vary, seed);
  for (const AxisValue& v : all.front().paths.front().values) out.push_back(v.text);
  return out;
}

inline std::string problem(const std::string& vary) {
  try {
    axes(vary);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

inline Study study(const std::string& text, const std::vector<std::string>& assignments = {}) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("fieldsim_study_" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << text;
  struct Remove {
    std::filesystem::path p;
    ~Remove() { std::filesystem::remove(p); }
  } const remove{path};
  return open_study(path.string(), config::Catalogue(), schema().node(), assignments);
}

}  // namespace fieldsim::system::test
