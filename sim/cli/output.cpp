#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <new>

#include "sim/base/error.hpp"
#include "sim/cli/commands.hpp"
#include "sim/des/engine.hpp"
#include "sim/report/version.hpp"

namespace fieldsim::cli {

namespace {
constexpr int kDone = 0, kInputWrong = 2, kOurFault = 3;

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

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const ConfigError& e) {
    return report_config_error(e);
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
    throw ConfigError({"stdout", 0, 0}, "", "cannot be written to");
}

void write_output(const std::string& path, const std::string& text) {
  if (path == "-") return print(text);
  // A device (/dev/null, a pipe) is written as it is; a file only ever appears whole.
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path) &&
      !std::filesystem::is_directory(path)) {
    std::ofstream(path, std::ios::binary) << text;
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
    throw ConfigError({path, 0, 0}, "", "cannot be written: no such folder, no permission, or a full disk");
  }
}

}  // namespace fieldsim::cli
