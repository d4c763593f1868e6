#include "sim/config/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace fieldsim::config {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t kMaxListed = 4096;  // a directory of a million files is not a catalogue

bool is_dir(const fs::path& p) {
  std::error_code error;
  return fs::is_directory(p, error);
}

std::vector<fs::directory_entry> entries(const fs::path& directory) {
  std::vector<fs::directory_entry> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    found.push_back(*it);
    if (found.size() == kMaxListed) break;
  }
  return found;
}

// The executable's own folder comes last: a build tree may sit beside an older installation.
std::string default_root() {
  if (const char* env = std::getenv("FIELDSIM_CONFIGS"); env != nullptr && *env != '\0') {
    if (!is_dir(env))
      throw ConfigError({}, "FIELDSIM_CONFIGS", fmt::format("'{}' is not a directory", env));
    return env;
  }
  if (is_dir(FIELDSIM_SHIPPED_CONFIGS)) return FIELDSIM_SHIPPED_CONFIGS;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* near : {"configs", "../configs", "../share/fieldsim/configs"})
    if (!here.empty() && is_dir(here / near)) return (here / near).lexically_normal().string();
  return FIELDSIM_SHIPPED_CONFIGS;
}
}  // namespace

Catalogue::Catalogue() : root_(default_root()) {}

std::vector<std::string> Catalogue::kinds() const {
  std::vector<std::string> found;
  for (const fs::directory_entry& e : entries(root_))
    if (is_dir(e.path())) found.push_back(e.path().filename().string());
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> Catalogue::names(const std::string& kind) const {
  std::vector<std::string> found;
  for (const fs::directory_entry& e : entries(fs::path(root_) / kind))
    if (e.path().extension() == ".yaml") found.push_back(e.path().stem().string());
  std::ranges::sort(found);
  return found;
}

std::string Catalogue::find(const std::string& kind, const std::string& reference,
                            const Where& where, const std::string& path) const {
  std::error_code error;
  if (is_path(reference)) {
    std::string file = resolve_path(reference, where);
    if (fs::exists(file, error)) return file;
    throw ConfigError(
        {Problem{where, path, fmt::format("no such file: {}", file), nearest_file(file)}});
  }
  const fs::path file = fs::path(root_) / kind / (reference + ".yaml");
  if (!reference.empty() && reference != "." && reference != ".." && fs::exists(file, error))
    return file.string();
  const std::vector<std::string> known = names(kind);
  constexpr std::size_t kShown = 12;
  std::string message =
      fmt::format("'{}' is not in {}", reference, (fs::path(root_) / kind).string());
  std::string nearest = nearest_word(reference, known);
  if (nearest.empty() && !known.empty() && known.size() <= kShown)
    message += fmt::format("; there are: {}", fmt::join(known, ", "));
  throw ConfigError({Problem{where, path, std::move(message), std::move(nearest)}});
}

bool is_path(const std::string& reference) {
  return reference.find('/') != std::string::npos || reference.ends_with(".yaml") ||
         reference.ends_with(".yml") || reference.ends_with(".json");
}

std::string resolve_path(const std::string& path, const Where& where) {
  const fs::path p(path);
  // Line 0 is the command line: "--set model=./x.yaml" is relative to where the user stands.
  if (p.is_absolute() || where.line == 0) return p.lexically_normal().string();
  return (fs::path(where.file).parent_path() / p).lexically_normal().string();
}

std::string resolve_path(const std::string& path, const Where& where, const std::string& folder) {
  std::string file = resolve_path(path, where);
  std::error_code error;
  if (folder.empty() || path.find('/') != std::string::npos || fs::exists(file, error)) return file;
  const fs::path shipped = fs::path(Catalogue().root()) / folder / path;
  return fs::exists(shipped, error) ? shipped.string() : file;
}

std::string nearest_file(const std::string& path) {
  const fs::path p(path);
  const fs::path directory = p.has_parent_path() ? p.parent_path() : fs::path(".");
  std::vector<std::string> names;
  for (const fs::directory_entry& e : entries(directory))
    names.push_back(e.path().filename().string());
  std::ranges::sort(names);
  const std::string name = nearest_word(p.filename().string(), names);
  if (name.empty()) return "";
  return p.has_parent_path() ? (directory / name).string() : name;
}

}  // namespace fieldsim::config
