#pragma once
// Keeps a failed SIM_CHECK to one run of many. Within its scope and on its thread the check throws
// InternalError instead of ending the process; what was running is thrown away, never gone on with.
// A check that fails while another exception is on its way still ends the process.
#include <stdexcept>
#include <string>

namespace fieldsim {

struct InternalError : std::logic_error {
  using std::logic_error::logic_error;
};

class ContainChecks {
 public:
  ContainChecks();
  ~ContainChecks();
  ContainChecks(const ContainChecks&) = delete;
  ContainChecks& operator=(const ContainChecks&) = delete;

  // The first check that failed within, even if somebody caught its exception; empty: none did.
  const std::string& failure() const { return failure_; }
  // For check_failed().
  static ContainChecks* innermost();
  [[noreturn]] void fail(const std::string& message);

 private:
  ContainChecks* outer_;
  std::string failure_;
};

}  // namespace fieldsim
