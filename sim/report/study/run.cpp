#include "sim/report/study/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "sim/base/contain.hpp"
#include "sim/report/study/ordered.hpp"
#include "sim/report/study/point.hpp"
#include "sim/report/study/write.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;
using system::Points;

namespace {

// Scenarios that are all read before any is run; a larger study has one checked for each value of
// each path, and what is left shows up as a row with an error.
constexpr std::size_t kCheckAll = 4096;

std::string messages(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& p : problems) text += (text.empty() ? "" : "; ") + p.str();
  return text;
}

std::map<std::size_t, std::string> faults_of(const Journal& journal) {
  std::map<std::size_t, std::string> faults;
  std::size_t k = 0;
  journal.each([&](std::string_view line) {
    if (line.find(kFault) != std::string_view::npos && Json::parse(line).contains(kFault))
      faults.emplace(k, line);
    ++k;
  });
  return faults;
}

// One study being computed.
class Sweep {
 public:
  Sweep(const Points& points, const StudyOptions& options)
      : points_(points), inputs_(points), options_(options) {}

  // Every scenario's problems, each told once with the points that have it.
  void check() const {
    std::vector<std::size_t> chosen;
    if (points_.size() <= kCheckAll) {
      for (std::size_t p = 0; p < points_.size(); ++p) chosen.push_back(p);
    } else {
      std::size_t stride = 1;
      for (std::size_t a = points_.study().axes.size(); a-- > 0;) {
        const std::size_t n = points_.study().axes[a].size();
        for (std::size_t i = 0; i < std::min(n, kCheckAll); ++i) chosen.push_back(i * stride);
        stride *= n;
      }
    }
    struct Found {
      Problem problem;
      std::size_t points = 0, first = 0;
    };
    std::map<std::string, std::size_t> index;
    std::vector<Found> found;
    std::size_t kept = 0;
    for (std::size_t p : chosen) {
      std::vector<Problem> problems;
      const system::LoadedScenario loaded = points_.scenario(p, problems);
      if (!inputs_.keep(p, loaded)) continue;
      ++kept;
      for (const Problem& problem : problems) {
        const auto [at, fresh] = index.emplace(problem.str(), found.size());
        if (fresh) found.push_back({problem, 0, p});
        ++found[at->second].points;
      }
    }
    if (kept == 0 && chosen.size() == points_.size())
      throw ConfigError(points_.study().where.front().where(), "where",
                        fmt::format("leaves out every one of {} points", points_.size()));
    std::vector<Problem> problems;
    for (Found& f : found) {
      f.problem.message += fmt::format(" [at {} of {} points, first {}]", f.points, chosen.size(),
                                       points_.label(f.first));
      problems.push_back(std::move(f.problem));
    }
    config::sort_problems(problems);
    if (!problems.empty()) throw ConfigError(std::move(problems));
  }

  // The names of the results, from the first point that has any. The same for every shard.
  std::vector<std::string> keys() {
    std::string failure;
    constexpr std::size_t kTries = 16;  // points that fail before we give up
    std::size_t failed = 0;
    for (std::size_t p = 0; p < points_.size() && failed < kTries; ++p) {
      std::vector<Problem> problems;
      const system::LoadedScenario loaded = points_.scenario(p, problems);
      if (!inputs_.keep(p, loaded)) continue;
      try {
        if (!problems.empty()) throw ConfigError(problems);
        probe_ = results(loaded, options_);
        probed_ = p;
        std::vector<std::string> names;
        for (const auto& [name, value] : *probe_) names.push_back(name);
        return names;
      } catch (const std::exception& e) {
        if (failed++ == 0) failure = fmt::format("{} (at {})", e.what(), points_.label(p));
      }
    }
    if (failed == 0)
      throw ConfigError(points_.study().where.front().where(), "where",
                        fmt::format("leaves out every one of {} points", points_.size()));
    throw std::runtime_error(fmt::format("the first {} points fail: {}", failed, failure));
  }

  Record probe_record() const {
    Record r;
    r.point = probed_;
    for (const auto& [name, value] : *probe_) r.values.push_back(value);
    return r;
  }

  std::string line(std::size_t point, const std::vector<std::string>& keys) const {
    Json j;
    j["point"] = point;
    try {
      std::vector<Problem> problems;
      const system::LoadedScenario loaded = points_.scenario(point, problems);
      if (!inputs_.keep(point, loaded)) {
        j["skipped"] = true;
      } else if (!problems.empty()) {
        j["error"] = messages(problems);
      } else {
        const Flat all = probe_ && point == probed_ ? *probe_ : results(loaded, options_);
        const bool same = std::ranges::equal(all, keys, {}, &Flat::value_type::first);
        Json& out = j[same ? "values" : "results"];
        for (const auto& [name, value] : all)
          if (same)
            out.push_back(value);
          else
            out[name] = value;
      }
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const InternalError& e) {
      j["error"] = e.what();
      j[kFault] = true;
    } catch (const std::exception& e) {
      j["error"] = e.what();
    }
    return j.dump() + "\n";
  }

  // Points of the journal whose runs ended in a fault of ours: another build may do better.
  void retry(Journal& journal, const std::map<std::size_t, std::string>& faults,
             StudyRun& run) const {
    for (const auto& [k, before] : faults) {
      std::string again = line(journal.header().shard.point(k), journal.header().keys);
      again.pop_back();  // its newline
      if (again != before) journal.replace(k, again);
    }
    journal.sync();
    run.computed += faults.size();
    run.retried = faults.size();
  }

  void run(Journal& journal, StudyRun& run) const {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point began = Clock::now();
    const Shard& shard = journal.header().shard;
    const std::size_t first = journal.done(), all = shard.size(points_.size());
    Clock::time_point synced = began;
    OrderedWork work;
    work.count = all - first;
    work.jobs = run.jobs;
    work.work = [&](std::size_t i) { return line(shard.point(first + i), journal.header().keys); };
    work.deliver = [&](const std::string& lines, std::size_t n) {
      journal.append(lines, n);
      constexpr std::chrono::seconds kSyncEvery{1};
      if (Clock::now() - synced < kSyncEvery) return;
      journal.sync();
      synced = Clock::now();
    };
    if (options_.progress)
      work.tick = [&](std::size_t done) { options_.progress(first + done, all); };
    run_ordered(work);
    journal.sync();
    run.computed = work.count;
    run.wall_s = std::chrono::duration<double>(Clock::now() - began).count();
  }

 private:
  const Points& points_;
  Inputs inputs_;
  const StudyOptions& options_;
  std::optional<Flat> probe_;
  std::size_t probed_ = 0;
};

}  // namespace

void check_study(const system::Study& study, const config::Catalogue& catalogue,
                 const config::SchemaNode& scenario) {
  const Points points(study, catalogue, scenario);
  const StudyOptions none;
  Sweep sweep(points, none);
  sweep.check();
  View view(points, sweep.keys());
  view.row(sweep.probe_record());
}

StudyRun run_study(const system::Study& study, const config::Catalogue& catalogue,
                   const config::SchemaNode& scenario, const StudyOptions& options) {
  const Points points(study, catalogue, scenario);
  Sweep sweep(points, options);
  StudyRun run;
  run.points = options.shard.size(points.size());
  run.jobs = options.jobs != 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());

  Journal journal(journal_path(options));
  JournalHeader header = header_of(points, options.shard);
  const bool ours = take_up(journal, header, options);
  if (!ours) {
    sweep.check();
    header.keys = sweep.keys();
  }
  View view(points, ours ? journal.header().keys : header.keys);
  if (!ours) {
    view.row(sweep.probe_record());
    journal.start(header);
  }
  run.resumed = journal.done();
  const auto faults = faults_of(journal);
  if (!journal.complete()) sweep.run(journal, run);
  if (!faults.empty()) sweep.retry(journal, faults, run);
  write_computed(journal, points, view, options, run);
  return run;
}

}  // namespace fieldsim::report
