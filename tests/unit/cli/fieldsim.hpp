#pragma once
// Runs the built binary as a user would, in a folder of its own.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fieldsim::cli::test {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

struct Outcome {
  int code = -1;
  std::string out, err;
};

// A folder to stand in, removed when the test ends. What fieldsim writes to stdout and stderr is
// kept elsewhere, so that files() is what it left behind.
class Bench {
 public:
  Bench()
      : root_(std::filesystem::temp_directory_path() /
              ("fieldsim_cli_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "here");
  }
  ~Bench() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::filesystem::path here() const { return root_ / "here"; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(here() / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const { return read_file(here() / name); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& e : std::filesystem::directory_iterator(here()))
      names.push_back(e.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  // `arguments` as a shell sees them; `to` may send stdout elsewhere.
  Outcome run(const std::string& arguments, const std::string& to = "") const {
    const std::string out = (root_ / "out").string(), err = (root_ / "err").string();
    const std::string command = "cd '" + here().string() + "' && '" FIELDSIM_BINARY "' " +
                                arguments + " >'" + (to.empty() ? out : to) + "' 2>'" + err +
                                "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, to.empty() ? read_file(out) : "",
            read_file(err)};
  }

 private:
  std::filesystem::path root_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A small scenario that runs in a millisecond.
inline const char* const kSmall = R"(name: small
hardware: a100-sxm-80gb
model: llama-2-13b
workload: {prompt_tokens: 64, output_tokens: 8}
attention: {kernel: fused, anchor_tokens: 16}
verification:
  timing: optimistic
  boundary: 2
  payload: new_kv
faults: {verdict_failure: 0.3}
)";

}  // namespace fieldsim::cli::test
