#pragma once
// A whole study: computes what is missing, keeps it in a journal, writes the rows.
#include <functional>
#include <string>
#include <vector>

#include "sim/report/study/journal.hpp"
#include "sim/report/study/view.hpp"
#include "sim/system/result.hpp"

namespace fieldsim::report {

struct StudyRun;

struct StudyOptions {
  std::string csv, jsonl;  // files; "-" is stdout; "" is none
  std::size_t jobs = 0;    // 0: a thread for each core
  Shard shard;
  bool force = false;       // results of another study may be overwritten
  std::size_t preview = 0;  // rows to hand back
  // Called with every row in `all` once the files are written, even if no row is left.
  std::function<void(const StudyRun& run)> report;
  std::function<void(std::size_t done, std::size_t total)> progress;
  // What runs a point: the simulator, unless a test puts another in its place.
  std::function<system::Result(const system::Scenario&)> simulate;
};

struct StudyRun {
  std::size_t points = 0;    // of this shard
  std::size_t resumed = 0;   // of them, found in the journal
  std::size_t computed = 0;  // of them, simulated now (those left out before a run are not)
  std::size_t rows = 0, failed = 0, left_out = 0;
  std::size_t retried = 0;  // points among `computed` whose run had ended in a fault of ours
  double wall_s = 0;        // of computing
  std::size_t jobs = 0;
  std::string first_error;  // with the point it is at
  std::vector<std::string> columns;
  std::size_t varied = 0;        // of the columns, the first ones
  std::vector<View::Row> shown;  // the best rows, or without an objective the first ones
  std::size_t best = 0;          // rows that are marked
  // For a report:
  Shard shard;
  std::vector<View::Row> all;         // every row
  std::vector<std::string> omitted;   // points that `where` leaves out, by what is varied
  std::vector<std::string> failures;  // points that failed, one for each failed row
  config::Provenance provenance;      // of the first point
};

// Throws ConfigError for what is wrong in the study or in any of its scenarios, before anything is
// run; ResultsError for files that cannot be written or hold something else.
StudyRun run_study(const system::Study& study, const config::Catalogue& catalogue,
                   const config::SchemaNode& scenario, const StudyOptions& options);

// Reads every scenario and every name of the study, and runs one point: what run_study does before
// it writes anything. Throws ConfigError.
void check_study(const system::Study& study, const config::Catalogue& catalogue,
                 const config::SchemaNode& scenario);

// Joins the journals of all shards (given by themselves or by the results beside them).
StudyRun merge_study(const system::Study& study, const config::Catalogue& catalogue,
                     const config::SchemaNode& scenario, const std::vector<std::string>& shards,
                     const StudyOptions& options);

// The best rows, or the first ones, as a table.
std::string study_table(const StudyRun& run, const system::Study& study);

}  // namespace fieldsim::report
