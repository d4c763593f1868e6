#include "tests/property/agents/isolate.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace fieldsim::test {

namespace {

struct Pipe {
  Pipe() {
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::read(ends[0], part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<std::size_t>(n));
    return text;
  }
  std::array<int, 2> ends{};
};

void write_all(int to, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(to, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

std::string isolated(const std::function<std::string()>& body) {
  const Pipe answer, complaint;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    for (const int s : {SIGABRT, SIGSEGV, SIGFPE}) std::signal(s, SIG_DFL);  // not the framework's
    ::dup2(complaint.ends[1], STDERR_FILENO);
    ::close(complaint.ends[1]);
    write_all(answer.ends[1], body());
    ::_exit(0);
  }
  ::close(answer.ends[1]);
  ::close(complaint.ends[1]);
  std::string said = answer.read_all();
  const std::string stderr_text = complaint.read_all();
  ::close(answer.ends[0]);
  ::close(complaint.ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  return "crash: " + last_line(stderr_text);
}

}  // namespace fieldsim::test
