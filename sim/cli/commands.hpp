#pragma once
// The commands behind the command line. Each returns its exit code; errors are exceptions, which
// guarded() turns into messages and codes.
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/report/html/page.hpp"

namespace fieldsim::cli {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> assignments;
  std::optional<std::uint64_t> seed;
  std::string json, csv, trace, report, kind;
  std::string listed;  // kind that `list` is asked for; empty: how many there are of each
  std::string hardware, gate, output;  // validate, calibrate
  std::string fidelity, metric;        // explain
  std::vector<std::string> shapes;
  std::int64_t plan = 0;
  bool rows = false;
  std::string jsonl, shard;  // sweep, merge
  std::size_t jobs = 0;
  bool force = false;
  bool timing = false, quiet = false, no_color = false;
  // --set assignments with --seed among them.
  std::vector<std::string> settings() const;
};

const char* version();
// Whether the first word is a command or an option; says what is near when it is not.
bool is_command(const std::string& word, const std::vector<std::string>& commands);
int guarded(const std::function<int()>& command);

int run(const Options& o);
int compare(const Options& o);
int explain(const Options& o);
int explain_tile(const Options& o);
int sweep(const Options& o);
int merge(const Options& o);
int reproduce(const Options& o);
int validate(const Options& o);
int calibrate(const Options& o);
int check(const Options& o);
int schema(const Options& o);
int list(const Options& o);
int describe(const Options& o);

// An output that cannot be written: the user's to mend, but no fault of the input.
struct OutputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws OutputError before anything is run if a file could not be made there.
void require_writable(const std::string& path);
// The same for all outputs of a command, of which no two may be one file.
void require_outputs(const std::vector<std::string>& paths);

// Writes a whole file or fails without leaving part of one; "-" is stdout.
void write_output(const std::string& path, const std::string& text);
void print(const std::string& text);

// Writes a report; says on stderr what is left out where the plotting library is missing.
void write_report(const std::string& path, const report::html::Page& page, bool quiet);

}  // namespace fieldsim::cli
