#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <new>

#include "sim/base/error.hpp"
#include "sim/cli/commands.hpp"
#include "sim/des/engine.hpp"
#include "sim/report/study/journal.hpp"
#include "sim/report/version.hpp"

namespace fieldsim::cli {

namespace {
constexpr int kInputWrong = 2, kOurFault = 3;

int report_config_error(const ConfigError& e) {
  const auto n = e.problems().size();
  for (const Problem& p : e.problems()) fmt::print(stderr, "{}\n", p.str());
  fmt::print(stderr, "fieldsim: {} {} in the input; nothing was run or written\n", n,
             n == 1 ? "problem" : "problems");
  return kInputWrong;
}
}  // namespace

const char* version() { return report::kVersion; }

std::vector<std::string> Options::settings() const {
  std::vector<std::string> all = assignments;
  if (seed) all.push_back("seed=" + std::to_string(*seed));
  return all;
}

bool is_command(const std::string& word, const std::vector<std::string>& commands) {
  if (word.empty() || word.front() == '-') return true;
  for (const std::string& c : commands)
    if (c == word) return true;
  const std::string near = nearest_word(word, commands);
  fmt::print(stderr, "fieldsim: there is no command '{}'{}; 'fieldsim --help' lists them\n", word,
             near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
  return false;
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const ConfigError& e) {
    return report_config_error(e);
  } catch (const OutputError& e) {
    fmt::print(stderr, "fieldsim: {}\n", e.what());
    return kInputWrong;
  } catch (const report::ResultsError& e) {
    fmt::print(stderr, "fieldsim: {}\n", e.what());
    return kInputWrong;
  } catch (const des::ProcessError& e) {
    // A quantity that leaves 64 bits is most often an input out of this world.
    fmt::print(stderr, "fieldsim: the simulation stopped: {}\n", e.what());
    return kOurFault;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "fieldsim: out of memory\n");
    return kOurFault;
  } catch (const std::exception& e) {
    fmt::print(stderr, "fieldsim: internal error: {}\n", e.what());
    return kOurFault;
  }
}

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw OutputError("standard output cannot be written to");
}

void require_writable(const std::string& path) {
  if (path.empty() || path == "-") return;
  const std::filesystem::path file(path);
  if (std::filesystem::is_directory(file)) throw OutputError(path + ": is a directory, not a file");
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder))
    throw OutputError(
        fmt::format("{}: cannot be written: there is no folder '{}'", path, folder.string()));
  // A file is replaced by a whole one, so it is the folder that has to allow it.
  const bool device = std::filesystem::exists(file) && !std::filesystem::is_regular_file(file);
  if (::access(device ? path.c_str() : folder.c_str(), W_OK) != 0)
    throw OutputError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

void require_outputs(const std::vector<std::string>& paths) {
  for (auto at = paths.begin(); at != paths.end(); ++at) {
    require_writable(*at);
    const bool file = !at->empty() && *at != "-" &&
                      (!std::filesystem::exists(*at) || std::filesystem::is_regular_file(*at));
    if (file && std::find(paths.begin(), at, *at) != at)
      throw OutputError(*at + ": is asked for twice; each output needs a file of its own");
  }
}

void write_output(const std::string& path, const std::string& text) {
  if (path == "-") return print(text);
  // A device (/dev/null, a pipe) is written as it is; a file only ever appears whole.
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path) &&
      !std::filesystem::is_directory(path)) {
    std::ofstream device(path, std::ios::binary);
    device << text;
    device.close();
    if (!device) throw OutputError(path + ": cannot be written");
    return;
  }
  const std::string part = path + ".part";
  bool good = false;
  {
    std::ofstream out(part, std::ios::binary);
    out << text;
    out.close();
    good = out.good();
  }
  std::error_code failed;
  if (good) std::filesystem::rename(part, path, failed);
  if (!good || failed) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    throw OutputError(path + ": cannot be written: no permission, or a full disk");
  }
}

void write_report(const std::string& path, const report::html::Page& page, bool quiet) {
  const report::html::Library library = report::html::find_library();
  write_output(path, page.html(library));
  if (library.code.empty() && !quiet)
    fmt::print(stderr, "{}: {}\n", path, report::html::missing_text(library));
}

}  // namespace fieldsim::cli
