#include "sim/report/study/write.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "sim/report/csv.hpp"
#include "sim/report/version.hpp"

namespace fieldsim::report {

namespace fs = std::filesystem;

namespace {

// A device or a pipe is written as it is.
bool is_plain(const std::string& path) {
  return path != "-" && (!fs::exists(path) || fs::is_regular_file(path));
}

// A file under another name until it is whole.
class WholeFile {
 public:
  explicit WholeFile(const std::string& path)
      : path_(path), part_(is_plain(path) ? path + ".part" : path) {
    file_ = path == "-" ? stdout : std::fopen(part_.c_str(), "wb");
    if (file_ == nullptr) fail();
  }
  ~WholeFile() {
    if (file_ == nullptr || file_ == stdout) return;
    std::fclose(file_);
    std::error_code ignored;
    if (part_ != path_) fs::remove(part_, ignored);
  }
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void write(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail();
  }
  void finish() {
    if (std::fflush(file_) != 0) fail();
    if (file_ == stdout) return;
    if (part_ != path_ && ::fsync(::fileno(file_)) != 0) fail();
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    std::error_code failed;
    if (closed && part_ != path_) fs::rename(part_, path_, failed);
    if (!closed || failed) fail();
  }

 private:
  [[noreturn]] void fail() {
    throw ResultsError(fmt::format("{}: cannot be written: {}; what was computed is in the journal",
                                   path_ == "-" ? "standard output" : path_, std::strerror(errno)));
  }
  std::string path_, part_;
  std::FILE* file_ = nullptr;
};

}  // namespace

std::string journal_path(const StudyOptions& o) {
  for (const std::string& path : {o.csv, o.jsonl})
    if (!path.empty() && is_plain(path)) return path + ".journal";
  return "";
}

void require_outputs(const StudyOptions& o, bool ours) {
  for (const std::string& path : {o.csv, o.jsonl}) {
    if (path.empty() || path == "-") continue;
    if (fs::is_directory(path)) throw ResultsError(path + ": is a directory, not a file");
    const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
    if (!fs::is_directory(folder))
      throw ResultsError(
          fmt::format("{}: cannot be written: there is no folder '{}'", path, folder.string()));
    if (!is_plain(path)) continue;
    if (::access(folder.c_str(), W_OK) != 0)
      throw ResultsError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
    if (fs::exists(path) && !ours && !o.force)
      throw ResultsError(fmt::format(
          "{}: is there already, and no journal beside it says that it is of this study; nothing "
          "was changed; give another output file, or --force to write over it",
          path));
  }
}

void write_rows(const Journal& journal, View& view, const StudyOptions& o, StudyRun& run) {
  const std::vector<std::string>& keys = journal.header().keys;
  std::vector<bool> best;
  if (view.marked()) {
    std::vector<std::vector<double>> objectives;
    journal.each([&](std::string_view line) {
      if (auto row = view.row(parse_record(line, keys))) objectives.push_back(row->objectives);
    });
    best = front(objectives);
  }
  std::unique_ptr<WholeFile> csv, jsonl;
  run.columns = view.columns();
  run.varied = view.varied();
  run.rows = run.failed = run.left_out = run.best = 0;
  const auto open = [&] {
    if (!o.csv.empty()) csv = std::make_unique<WholeFile>(o.csv);
    if (!o.jsonl.empty()) jsonl = std::make_unique<WholeFile>(o.jsonl);
    std::string head;
    for (const std::string& c : run.columns) head += (head.empty() ? "" : ",") + csv_cell(c);
    if (csv) csv->write(head + '\n');
  };
  journal.each([&](std::string_view line) {
    const Record record = parse_record(line, keys);
    auto row = view.row(record);
    if (!row) {
      ++run.left_out;
      if (o.report) run.omitted.push_back(view.points().label(record.point));
      return;
    }
    if (run.rows == 0) open();  // a study without a row leaves no file
    view.set_ratios(*row);
    const bool marked = view.marked() && best[run.rows];
    view.set_mark(*row, marked);
    ++run.rows;
    if (marked) ++run.best;
    if (row->failed) {
      const std::string point = view.points().label(record.point);
      if (run.failed++ == 0) run.first_error = point + ": " + record.error;
      if (o.report) run.failures.push_back(point);
    }
    if (csv) {
      std::string text;
      for (const auto& c : row->cells) text += (&c == &row->cells.front() ? "" : ",") + csv_cell(c);
      csv->write(text + '\n');
    }
    if (jsonl) {
      View::Json j;
      for (std::size_t i = 0; i < row->cells.size(); ++i) j[run.columns[i]] = row->cells[i];
      jsonl->write(j.dump() + '\n');
    }
    if (run.shown.size() < o.preview && (marked || !view.marked())) run.shown.push_back(*row);
    if (o.report) run.all.push_back(std::move(*row));
  });
  if (csv) csv->finish();
  if (jsonl) jsonl->finish();
}

void write_computed(const Journal& journal, const system::Points& points, View& view,
                    const StudyOptions& options, StudyRun& run) {
  const std::string kept = journal.path().empty()
                               ? ""
                               : fmt::format("; what was computed is kept in {}", journal.path());
  try {
    write_rows(journal, view, options, run);
  } catch (const ConfigError& e) {
    throw ResultsError(e.what() + kept);
  }
  if (options.report) {
    run.shard = journal.header().shard;
    std::vector<Problem> ignored;
    run.provenance = points.scenario(0, ignored).provenance;
    options.report(run);
  }
  if (run.rows == 0 && run.points > 0)
    throw ResultsError(
        fmt::format("{}: where: leaves out every one of {} points{}",
                    points.study().where.front().where().str(), run.points,
                    kept.empty() ? "" : kept + ": mend it and give the same command"));
}

JournalHeader header_of(const system::Points& points, const Shard& shard) {
  return {kVersion, points.study().name, points.fingerprint(), shard, points.size(), {}};
}

bool take_up(Journal& journal, const JournalHeader& header, const StudyOptions& options) {
  bool ours = false;
  try {
    ours = journal.resume(header);
  } catch (const ResultsError&) {
    if (!options.force || journal.busy()) throw;
  }
  require_outputs(options, ours);
  return ours;
}

}  // namespace fieldsim::report
