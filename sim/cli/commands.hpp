#pragma once
// The commands behind the command line. Each returns its exit code; errors are exceptions, which
// guarded() turns into messages and codes.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fieldsim::cli {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> assignments;
  std::optional<std::uint64_t> seed;
  std::string json, csv, trace, kind;
  bool timing = false, quiet = false, no_color = false;
  // --set assignments with --seed among them.
  std::vector<std::string> settings() const;
};

const char* version();
int guarded(const std::function<int()>& command);

int run(const Options& o);
int compare(const Options& o);
int reproduce(const Options& o);
int check(const Options& o);
int schema(const Options& o);
int list(const Options& o);
int describe(const Options& o);

// Writes a whole file or fails without leaving part of one; "-" is stdout.
void write_output(const std::string& path, const std::string& text);
void print(const std::string& text);

}  // namespace fieldsim::cli
