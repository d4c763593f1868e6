#include "sim/report/html/library.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/error.hpp"

namespace fieldsim::report::html {

namespace fs = std::filesystem;

// Made by cmake/EmbedFiles.cmake.
struct Embedded {
  std::string_view path, text;
};
extern const Embedded kEmbedded[];
extern const std::size_t kEmbeddedCount;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return in ? all.str() : "";
}

}  // namespace

std::string_view asset(std::string_view path) {
  for (std::size_t i = 0; i < kEmbeddedCount; ++i)
    if (kEmbedded[i].path == path) return kEmbedded[i].text;
  SIM_CHECK(false, fmt::format("no asset '{}' was compiled in", path));
  return "";
}

Library find_library() {
  Library library;
  std::vector<fs::path> folders;
  const char* env = std::getenv("FIELDSIM_PLOTS");
  const bool told = env != nullptr && *env != '\0';
  std::error_code error;
  if (told) {
    folders = {env};
  } else {
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
    folders = {here / "plots", (here / "../share/fieldsim/plots").lexically_normal(),
               FIELDSIM_PLOTS_FOLDER};
  }
  for (const fs::path& folder : folders) {
    const fs::path file = folder / "library.js";
    library.code = fs::is_regular_file(file, error) ? read(file) : "";
    if (!library.code.empty()) return library;
    if (library.tried.empty() || library.tried.back() != file.string())
      library.tried.push_back(file.string());
  }
  return library;
}

std::string missing_text(const Library& library) {
  return fmt::format(
      "The plots are left out: the plotting library (Vega-Lite) was not found in {}. To get it: "
      ".ci/install plots, then cmake --build --preset release --target plots; then make the report "
      "again.",
      fmt::join(library.tried, " or "));
}

}  // namespace fieldsim::report::html
