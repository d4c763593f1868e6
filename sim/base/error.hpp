#pragma once
// The two kinds of error. ConfigError is the user's: it names the place in the file, what was
// expected and the nearest valid word, and carries every problem found. SIM_CHECK is ours: a broken
// invariant prints the simulated time and the component that was running, then aborts.
#include <stdexcept>
#include <string>
#include <vector>

namespace fieldsim {

// A position in an input: 1-based; line 0 means "the whole file" or "the command line".
struct Where {
  std::string file;
  int line = 0;
  int column = 0;
  std::string str() const;  // "file:line:col", without the parts that are unknown
};

struct Problem {
  Where where;
  std::string path;     // key path, "workload.prompt_tokens"; may be empty
  std::string message;  // what is wrong and what was expected, with units
  std::string nearest;  // the nearest valid word; empty when there is none
  std::string str() const;
};

class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<Problem> problems);
  ConfigError(Where where, std::string path, std::string message);
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

// The word of `words` with the smallest edit distance, if it is near enough to be a slip.
std::string nearest_word(const std::string& word, const std::vector<std::string>& words);

// Says where the simulation is, for the text of a failed check; the engine sets it while it runs.
struct RunContext {
  long long now_ps = -1;
  const char* component = "";
};
RunContext& run_context();

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& message);

}  // namespace fieldsim

#define SIM_CHECK(condition, message)                                      \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::fieldsim::check_failed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)
