// A fault of ours at one point of a study: the others are kept, and it is tried again.
#include "sim/base/contain.hpp"
#include "sim/report/html/sweep_report.hpp"
#include "sim/report/study/run.hpp"
#include "sim/report/study/table.hpp"
#include "sim/system/simulate.hpp"
#include "tests/unit/study/support.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

const char* const kStudy = R"(name: batches
base: {hardware: a100-sxm-80gb, model: llama-2-13b, workload: {prompt_tokens: 64, output_tokens: 4}}
vary: {workload.batch: [1, 2, 3, 4], attention.anchor_tokens: [0, 16]}
where: workload.batch != 4
objective: [{maximize: throughput.tokens_per_s}, {minimize: latency.tpot_s.mean / workload.batch}]
)";

// Its check fails at one batch; a process may well catch that.
system::Result faulty(const Scenario& s) {
  try {
    SIM_CHECK(s.workload.batch != 2, "no pairs");
  } catch (const std::exception&) {
  }
  return system::simulate(s);
}

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("fieldsim_faults_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

report::StudyRun run(const Study& s, const report::StudyOptions& o) {
  return report::run_study(s, config::Catalogue(), schema().node(), o);
}

}  // namespace

TEST_CASE("a failed check at one point is that row's error, and the next sweep tries it again") {
  const Folder folder;
  const Study s = study(kStudy);
  report::StudyOptions o;
  o.csv = folder.file("out.csv");
  o.jobs = 2;
  o.simulate = faulty;
  const report::StudyRun first = run(s, o);
  CHECK(first.rows == 6);
  CHECK(first.failed == 2);
  CHECK_THAT(first.first_error, Catch::Contains("workload.batch=2") && Catch::Contains("no pairs"));
  CHECK_THAT(read(o.csv), Catch::Contains("internal error outside a run: no pairs"));

  const report::StudyRun again = run(s, o);  // not mended: nothing is added
  CHECK(again.retried == 2);
  CHECK(again.failed == 2);

  o.simulate = nullptr;
  const report::StudyRun mended = run(s, o);
  CHECK(mended.computed == 2);
  CHECK(mended.retried == 2);
  CHECK(mended.failed == 0);
  const std::string text = read(o.csv);
  CHECK(run(s, o).computed == 0);
  CHECK(read(o.csv) == text);
  o.csv = folder.file("fresh.csv");
  run(s, o);
  CHECK(read(o.csv) == text);
}

TEST_CASE("a journal that is cut off among its retries keeps those that are whole") {
  const Folder folder;
  const Study s = study(kStudy);
  report::StudyOptions o;
  o.csv = folder.file("out.csv");
  o.simulate = faulty;
  run(s, o);
  o.simulate = nullptr;
  run(s, o);
  const std::string journal = read(o.csv + ".journal"), text = read(o.csv);
  std::ofstream(o.csv + ".journal", std::ios::binary) << journal.substr(0, journal.size() - 7);
  const report::StudyRun last = run(s, o);
  CHECK(last.retried == 1);
  CHECK(read(o.csv) == text);
}

TEST_CASE(
    "a report has every row, what is best, what is left out, what failed and what is assumed") {
  const Study s = study(kStudy);
  report::StudyOptions o;
  o.simulate = faulty;
  std::string html;
  report::html::SweepTable t;
  o.report = [&](const report::StudyRun& r) {
    t = report::sweep_table(r, s);
    html = report::html::sweep_page(t, r.provenance).html({"code", {}});
  };
  o.jobs = 1;
  run(s, o);
  const std::string one = html;
  o.jobs = 3;
  run(s, o);
  CHECK(one == html);
  REQUIRE(t.rows.size() == 6);
  CHECK(t.left_out == std::vector<std::string>{"workload.batch=4, attention.anchor_tokens=0",
                                               "workload.batch=4, attention.anchor_tokens=16"});
  REQUIRE(t.failed.size() == 2);
  CHECK(t.failed[0].first == "workload.batch=2, attention.anchor_tokens=0");
  // An objective that is no column becomes one, with its own sign.
  REQUIRE(t.goals.size() == 2);
  CHECK(t.columns.back() == "latency.tpot_s.mean / workload.batch");
  CHECK(t.rows[0].back().get<double>() > 0);
  CHECK(std::ranges::count(t.front, true) >= 1);
  for (const char* part : {"Pareto front", "Constraint: workload.batch != 4", "Points that failed",
                           "no pairs", "NVIDIA", "throughput.tokens_per_s, tokens/s"}) {
    CAPTURE(part);
    CHECK_THAT(html, Catch::Contains(part));
  }
}

TEST_CASE("a report of a study of which nothing is left says so, before the error does") {
  std::string text = kStudy;
  text.replace(text.find("workload.batch != 4"), 19, "throughput.tokens_per_s < 0");
  const Study s = study(text);
  report::StudyOptions o;
  std::string html;
  o.report = [&](const report::StudyRun& r) {
    html = report::html::sweep_page(report::sweep_table(r, s), r.provenance).html({"", {}});
  };
  CHECK_THROWS_AS(run(s, o), report::ResultsError);
  CHECK_THAT(html, Catch::Contains("No point meets the constraints"));
}
