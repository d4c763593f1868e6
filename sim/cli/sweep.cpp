// fieldsim sweep and merge: many scenarios, one table.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>

#include "sim/cli/commands.hpp"
#include "sim/report/html/sweep_report.hpp"
#include "sim/report/study/run.hpp"
#include "sim/report/study/table.hpp"
#include "sim/report/summary.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::cli {

namespace {

report::Shard parse_shard(const std::string& text) {
  report::Shard s;
  if (text.empty()) return s;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, s.number);
  const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = slash ? std::from_chars(first.ptr + 1, end, s.of) : first;
  if (!slash || second.ec != std::errc() || second.ptr != end || s.number < 1 || s.number > s.of)
    throw ConfigError({"--shard", 0, 0}, "",
                      fmt::format("expected i/n with 1 <= i <= n, such as 1/4, got '{}'", text));
  return s;
}

// A bar on a terminal; nothing anywhere else.
class Progress {
 public:
  explicit Progress(bool quiet) : shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void operator()(std::size_t done, std::size_t total) {
    if (!shown_) return;
    const auto now = Clock::now();
    if (!drawn_) first_ = done, began_ = now;
    constexpr std::chrono::milliseconds kRedraw{100};
    if (drawn_ && now - last_ < kRedraw) return;
    last_ = now;
    drawn_ = true;
    constexpr std::size_t kWidth = 30;
    const std::size_t full = done * kWidth / std::max<std::size_t>(total, 1);
    const double s = std::chrono::duration<double>(now - began_).count();
    const double rate = s > 0 ? static_cast<double>(done - first_) / s : 0;
    const std::string left =
        rate > 0 ? report::duration_text(static_cast<double>(total - done) / rate) + " left" : "";
    fmt::print(stderr, "\r\033[K[{:=<{}}{:.<{}}] {}/{} points, {:.0f}/s, {}", "", full, "",
               kWidth - full, report::grouped(static_cast<std::int64_t>(done)),
               report::grouped(static_cast<std::int64_t>(total)), rate, left);
    std::fflush(stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_, drawn_ = false;
  std::size_t first_ = 0;
  Clock::time_point began_, last_;
};

std::string number(std::size_t n) { return report::grouped(static_cast<std::int64_t>(n)); }

std::string overview(const report::StudyRun& run, const system::Study& study, const Options& o) {
  std::string out = fmt::format("{}\n{} points", study.name, number(run.points));
  if (run.left_out > 0) out += fmt::format(", {} left out by where", number(run.left_out));
  if (run.failed > 0) out += fmt::format(", {} failed", number(run.failed));
  out += fmt::format(", {} rows", number(run.rows));
  for (const std::string& file : {o.csv, o.jsonl, o.report})
    if (!file.empty()) out += fmt::format(" -> {}", file);
  out += '\n';
  for (const system::Objective& objective : study.objectives)
    out += fmt::format("{} {}\n", objective.maximize ? "maximize" : "minimize",
                       objective.expression.text());
  if (study.objectives.size() > 1)
    out += fmt::format("Pareto front: {} {} that no other beats in every respect\n", run.best,
                       run.best == 1 ? "row" : "rows");
  const std::size_t all = study.objectives.empty() ? run.rows : run.best;
  if (run.shown.empty()) return out;
  out += '\n' + report::study_table(run, study);
  if (run.shown.size() < all) {
    out += fmt::format("  ... and {} more", number(all - run.shown.size()));
    if (o.csv.empty() && o.jsonl.empty()) out += "; --csv FILE has all";
    out += '\n';
  }
  return out;
}

report::StudyOptions study_options(const Options& o) {
  constexpr std::size_t kRowsAlone = 100, kRowsBesideFile = 12;
  report::StudyOptions s;
  s.csv = o.csv;
  s.jsonl = o.jsonl;
  s.jobs = o.jobs;
  s.shard = parse_shard(o.shard);
  s.force = o.force;
  s.preview = o.csv.empty() && o.jsonl.empty() ? kRowsAlone : kRowsBesideFile;
  const auto to_stdout = (o.csv == "-") + (o.jsonl == "-") + (o.report == "-");
  if (to_stdout > 1)
    throw OutputError("only one of --csv, --jsonl and --report can go to standard output");
  require_outputs({o.csv, o.jsonl, o.report});
  if (s.shard.of > 1 && (o.csv.empty() || o.csv == "-") && (o.jsonl.empty() || o.jsonl == "-"))
    throw OutputError("a shard needs --csv FILE or --jsonl FILE, for merge to find");
  return s;
}

// Writes the page once all rows are known.
std::function<void(const report::StudyRun&)> reporting(const system::Study& study,
                                                       const Options& o) {
  if (o.report.empty()) return nullptr;
  return [&study, &o](const report::StudyRun& run) {
    write_report(o.report,
                 report::html::sweep_page(report::sweep_table(run, study), run.provenance),
                 o.quiet);
  };
}

int finish(const report::StudyRun& run, const system::Study& study, const Options& o) {
  const bool free = o.csv != "-" && o.jsonl != "-" && o.report != "-";
  if (!o.quiet && free) print(overview(run, study, o));
  if (run.failed == 0) return 0;
  fmt::print(stderr,
             "fieldsim: {} of {} points failed, the others are kept (column 'error'); the first, "
             "{}\n",
             number(run.failed), number(run.points), run.first_error);
  constexpr int kPointsFailed = 3;
  return kPointsFailed;
}

}  // namespace

int sweep(const Options& o) {
  report::StudyOptions options = study_options(o);
  const config::Catalogue catalogue;
  const auto scenario = system::scenario_schema();
  const system::Study study =
      system::open_study(o.files.front(), catalogue, scenario.node(), o.settings());
  report::StudyRun run;
  options.report = reporting(study, o);
  {
    Progress progress(o.quiet);
    options.progress = std::ref(progress);
    run = report::run_study(study, catalogue, scenario.node(), options);
  }
  if (!o.quiet) {
    if (run.resumed > 0)
      fmt::print(stderr, "{} of {} points were there already\n", number(run.resumed),
                 number(run.points));
    if (run.computed > 0)
      fmt::print(stderr, "{} points in {}: {:.0f} points/s with {} jobs\n", number(run.computed),
                 report::duration_text(run.wall_s),
                 static_cast<double>(run.computed) / std::max(run.wall_s, 1e-9), run.jobs);
  }
  return finish(run, study, o);
}

int merge(const Options& o) {
  report::StudyOptions options = study_options(o);
  if (o.csv.empty() && o.jsonl.empty() && o.report.empty())
    throw OutputError("merge needs --csv FILE, --jsonl FILE or --report FILE");
  const config::Catalogue catalogue;
  const auto scenario = system::scenario_schema();
  const system::Study study =
      system::open_study(o.files.front(), catalogue, scenario.node(), o.settings());
  options.report = reporting(study, o);
  const std::vector<std::string> shards(o.files.begin() + 1, o.files.end());
  return finish(report::merge_study(study, catalogue, scenario.node(), shards, options), study, o);
}

}  // namespace fieldsim::cli
