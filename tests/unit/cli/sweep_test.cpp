// fieldsim sweep and merge as a user meets them: what is written, and what is refused.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;
using Json = nlohmann::json;

namespace {

const std::string kStudy = std::string("base: small.yaml\nvary:\n  workload.batch: [1, 2]\n") +
                           "  verification.ledger.round_trip: [1 ms, 2 ms]\n";

Bench& prepared(Bench& bench) {
  bench.write("small.yaml", kSmall);
  bench.write("s.yaml", kStudy);
  return bench;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string l; std::getline(in, l);) all.push_back(l);
  return all;
}

}  // namespace

TEST_CASE(
    "a row a point in the study's order: varied paths, results, error, with units in the header") {
  Bench bench;
  prepared(bench);
  const Outcome o = bench.run("sweep s.yaml --csv out.csv --jsonl out.jsonl");
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(o.out, "4 points, 4 rows -> out.csv -> out.jsonl"));
  CHECK(has(o.err, "points/s"));
  const auto rows = lines(bench.read("out.csv"));
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].starts_with(
      "workload.batch,verification.ledger.round_trip_s,throughput.tokens_per_s,"));
  CHECK(has(rows[0], ",latency.ttft_s,"));
  CHECK(rows[0].ends_with(",error"));
  CHECK(rows[1].starts_with("1,0.001,"));
  CHECK(rows[2].starts_with("1,0.002,"));
  CHECK(rows[3].starts_with("2,0.001,"));
  const Json first = Json::parse(lines(bench.read("out.jsonl")).front());
  CHECK(first["workload.batch"] == 1);
  const Json run = Json::parse(
      bench.run("run small.yaml --set verification.ledger.round_trip='1 ms' --json -").out);
  CHECK(first["throughput.tokens_per_s"] == run["throughput"]["tokens_per_s"]);
  CHECK(bench.files() == std::vector<std::string>{"out.csv", "out.csv.journal", "out.jsonl",
                                                  "s.yaml", "small.yaml"});
  // Again: nothing is run, the same bytes are there.
  const std::string before = bench.read("out.csv");
  const Outcome again = bench.run("sweep s.yaml --csv out.csv --jsonl out.jsonl");
  CHECK(again.code == 0);
  CHECK(has(again.err, "4 of 4 points were there already"));
  CHECK_FALSE(has(again.err, "points/s"));
  CHECK(bench.read("out.csv") == before);
  CHECK(bench.run("sweep s.yaml --csv - -q").out == before);
  CHECK(bench.run("sweep s.yaml -q").out.empty());
}

TEST_CASE("another view of the same points is made without running them again") {
  Bench bench;
  prepared(bench);
  CHECK(bench.run("sweep s.yaml -q --csv out.csv").code == 0);
  bench.write("s.yaml",
              kStudy +
                  "columns: [bound, attention.kernel]\nderive: {twice: workload.batch * 2}\n"
                  "where: throughput.tokens_per_s > 0\n"
                  "objective: {maximize: throughput.tokens_per_s}\n"
                  "baseline: twice\n");
  const Outcome o = bench.run("sweep s.yaml --csv out.csv");
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(o.err, "4 of 4 points were there already"));
  const auto rows = lines(bench.read("out.csv"));
  CHECK(rows[0] ==
        "workload.batch,verification.ledger.round_trip_s,bound,attention.kernel,twice,"
        "ratio.twice,best,error");
  CHECK(has(rows[1], ",fused,2,1.0,false,"));
  CHECK(has(rows[3], ",fused,4,2.0,true,"));
}

TEST_CASE("results of something else are not written over") {
  Bench bench;
  prepared(bench);
  CHECK(bench.run("sweep s.yaml -q --csv out.csv").code == 0);
  const std::string csv = bench.read("out.csv"), journal = bench.read("out.csv.journal");
  const auto refused = [&](const std::string& command, const std::string& why) {
    const Outcome o = bench.run(command);
    CAPTURE(command, o.err);
    CHECK(o.code == 2);
    CHECK(has(o.err, why));
    CHECK(has(o.err, "--force"));
    CHECK(bench.read("out.csv") == csv);
  };
  refused("sweep s.yaml -q --csv out.csv --set workload.output_tokens=3", "of another study");
  refused("sweep s.yaml -q --csv out.csv --shard 1/2", "shard");
  CHECK(bench.read("out.csv.journal") == journal);
  std::string other = journal;
  other.replace(other.find("\"fieldsim\":\"") + 12, 1, "9");
  bench.write("out.csv.journal", other);
  refused("sweep s.yaml -q --csv out.csv", "holds results of fieldsim 9");
  CHECK(bench.read("out.csv.journal") == other);
  bench.write("out.csv.journal", "not a journal\n");
  refused("sweep s.yaml -q --csv out.csv", "no journal");
  std::filesystem::remove(bench.here() / "out.csv.journal");
  refused("sweep s.yaml -q --csv out.csv", "is there already");
  CHECK(bench.run("sweep s.yaml -q --csv out.csv --set workload.output_tokens=3 --force").code ==
        0);
  CHECK(bench.read("out.csv") != csv);
}

TEST_CASE("what is wrong in a study is said before anything is run or written") {
  Bench bench;
  prepared(bench);
  const auto wrong = [&](const std::string& text, const std::vector<std::string>& parts) {
    bench.write("w.yaml", text);
    for (const char* command : {"sweep w.yaml --csv w.csv", "check w.yaml"}) {
      const Outcome o = bench.run(command);
      CAPTURE(text, command, o.err);
      CHECK(o.code == 2);
      for (const std::string& part : parts) CHECK(has(o.err, part));
    }
    CHECK(bench.files() == std::vector<std::string>{"s.yaml", "small.yaml", "w.yaml"});
  };
  wrong("base: small.yaml\nvary: {workload.bach: [1]}\n", {"w.yaml:2:8", "'workload.batch'"});
  wrong("base: small.yaml\nvary: {workload.batch: []}\n", {"w.yaml:2:24", "is empty"});
  wrong("base: small.yaml\nvary: {hardware: [a100-sxm-80gb, h100-smx]}\n",
        {"w.yaml:2:34", "'h100-sxm'"});
  wrong("base: smal.yaml\nvary: {workload.batch: [1]}\n", {"w.yaml:1:7", "small.yaml"});
  wrong(kStudy + "where: workload.batch > 9\n", {"w.yaml:5:8", "every one of 4 points"});
  wrong(kStudy + "where: memory.totl_bytes > 9\n", {"w.yaml:5:8", "'memory.total_bytes'"});
  wrong(kStudy + "columns: [throughput.tokens_per_sec]\n",
        {"w.yaml:5:11", "'throughput.tokens_per_s'"});
  wrong(kStudy + "objective: {maximise: x}\n", {"w.yaml:5:13", "'maximize'"});
  wrong(kStudy + "objective: {maximize: attention.kernel}\n", {"w.yaml:5:23", "is not a number"});
  wrong(kStudy + "baseline: bound.x\n", {"w.yaml:5:11", "no column"});
  // Scenarios that cannot be, each problem once, with the points that have it.
  wrong(
      "base: small.yaml\nvary:\n  attention.kernel: [fused, cascade]\n"
      "  attention.shared_anchors: [true, false]\n  workload.batch: [1, 2]\n",
      {"attention.shared_anchors", "at 2 of 8 points, first attention.kernel=cascade",
       "1 problem in the input"});
}

TEST_CASE("a constraint over inputs leaves out scenarios that cannot be") {
  Bench bench;
  prepared(bench);
  bench.write("s.yaml",
              "base: small.yaml\nvary:\n  attention.kernel: [fused, cascade]\n"
              "  attention.shared_anchors: [true, false]\n"
              "where: attention.kernel != 'cascade' or attention.shared_anchors\n");
  const Outcome o = bench.run("sweep s.yaml --csv out.csv");
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(o.out, "4 points, 1 left out by where, 3 rows"));
}

TEST_CASE("a constraint over results that leaves nothing keeps what was computed") {
  Bench bench;
  prepared(bench);
  bench.write("s.yaml", kStudy + "where: throughput.tokens_per_s < 0\n");
  const Outcome o = bench.run("sweep s.yaml --csv out.csv");
  CHECK(o.code == 2);
  CHECK(has(o.err, "s.yaml:5:8: where: leaves out every one of 4 points"));
  CHECK(has(o.err, "out.csv.journal"));
  CHECK_FALSE(std::filesystem::exists(bench.here() / "out.csv"));
  bench.write("s.yaml", kStudy);
  CHECK(has(bench.run("sweep s.yaml --csv out.csv").err, "4 of 4 points were there already"));
  CHECK(lines(bench.read("out.csv")).size() == 5);
}

TEST_CASE("a point that fails is a row with an error, and the others are kept") {
  Bench bench;
  prepared(bench);
  bench.write("s.yaml",
              "base: small.yaml\nvary: {workload.decode_step: [1 ms, 9000000 s, 2 ms]}\n"
              "columns: throughput.tokens_per_s\n");
  const Outcome o = bench.run("sweep s.yaml --csv out.csv");
  CAPTURE(o.err);
  CHECK(o.code == 3);
  CHECK(has(o.err, "1 of 3 points failed"));
  const auto rows = lines(bench.read("out.csv"));
  REQUIRE(rows.size() == 4);
  CHECK(rows[1].ends_with(","));
  CHECK(rows[2].starts_with("9000000,,"));
  CHECK(rows[2].size() > 20);
  CHECK(rows[3].ends_with(","));
}

TEST_CASE("an output that cannot be written is refused before anything is run") {
  Bench bench;
  prepared(bench);
  for (const char* to :
       {"--report none/r.html", "--report .", "--report - --csv -", "--csv none/out.csv", "--csv .",
        "--jsonl none/out.jsonl", "--csv - --jsonl -", "--shard 1/2", "--csv o.csv --shard 3/2",
        "--csv o.csv --shard 1", "--csv o.csv --jobs 0"}) {
    const Outcome o = bench.run(std::string("sweep s.yaml ") + to);
    CAPTURE(to, o.err);
    CHECK(o.code == 2);
    CHECK_FALSE(o.err.empty());
  }
  CHECK(bench.files() == std::vector<std::string>{"s.yaml", "small.yaml"});
  const Outcome full = bench.run("sweep s.yaml --csv /dev/full");
  CHECK(full.code == 2);
  CHECK(has(full.err, "No space left"));
  CHECK(bench.run("sweep s.yaml --csv -", "/dev/full").code == 2);
}

TEST_CASE("a report of a sweep is the same with any number of jobs, resumed, or merged") {
  Bench bench;
  prepared(bench);
  const Outcome o = bench.run("sweep s.yaml --report one.html --jobs 1");
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(o.out, "-> one.html"));
  const std::string one = bench.read("one.html");
  CHECK(has(one, "<h2>Curves</h2>"));
  CHECK(has(one, "<h2>Assumptions and sources</h2>"));
  CHECK(bench.run("sweep s.yaml -q --csv out.csv --jobs 2").code == 0);
  CHECK(bench.run("sweep s.yaml -q --csv out.csv --report two.html").code == 0);
  CHECK(bench.read("two.html") == one);
  CHECK(bench.run("sweep s.yaml --report -").out == one);
  for (const char* shard : {"1", "2"})
    CHECK(bench
              .run(std::string("sweep s.yaml -q --csv p") + shard + ".csv --shard " + shard +
                   "/2 --report p" + shard + ".html")
              .code == 0);
  CHECK(has(bench.read("p1.html"), "This is shard 1/2"));
  CHECK(bench.run("merge s.yaml p1.csv p2.csv -q --report m.html").code == 0);
  CHECK(bench.read("m.html") == one);
  CHECK(bench.run("sweep s.yaml -q --report /dev/full").code == 2);
}

TEST_CASE("a full disk stops a sweep with what was computed, and room lets it go on") {
  Bench bench;
  prepared(bench);
  bench.write("s.yaml", "base: small.yaml\nvary: {seed: {draws: 40}}\n");
  // A limit on the size of files is as good as a full disk, and needs no privilege.
  const std::string limited = "sweep s.yaml -q --csv out.csv";
  const std::string command = "cd '" + bench.here().string() +
                              "' && (trap '' XFSZ; ulimit -f 20; exec '" FIELDSIM_BINARY "' " +
                              limited + ") 2>full.err";
  const int status = std::system(command.c_str());
  CHECK(WEXITSTATUS(status) == 2);
  CAPTURE(bench.read("full.err"));
  CHECK(has(bench.read("full.err"), "out.csv.journal: cannot be written"));
  CHECK(has(bench.read("full.err"), "give the same command to go on"));
  const auto kept = lines(bench.read("out.csv.journal")).size();
  CHECK(kept > 1);
  CHECK(kept < 41);
  CHECK_FALSE(std::filesystem::exists(bench.here() / "out.csv"));
  CHECK(bench.run(limited).code == 0);
  const std::string resumed = bench.read("out.csv");
  CHECK(bench.run("sweep s.yaml -q --csv fresh.csv").code == 0);
  CHECK(bench.read("fresh.csv") == resumed);
}

TEST_CASE("merge wants every shard once, whole, and of this study") {
  Bench bench;
  prepared(bench);
  for (const char* shard : {"1", "2"})
    CHECK(bench.run(std::string("sweep s.yaml -q --csv p") + shard + ".csv --shard " + shard + "/2")
              .code == 0);
  const auto refused = [&](const std::string& arguments, const std::string& why) {
    const Outcome o = bench.run("merge s.yaml " + arguments + " --csv m.csv");
    CAPTURE(arguments, o.err);
    CHECK(o.code == 2);
    CHECK(has(o.err, why));
    CHECK_FALSE(std::filesystem::exists(bench.here() / "m.csv"));
  };
  refused("p1.csv", "is shard 1/2, and 1 files are given");
  refused("p1.csv p1.csv", "both shard 1/2");
  refused("p1.csv p3.csv", "p3.csv.journal: is no journal");
  refused("p1.csv p2.csv --set workload.output_tokens=2", "of another study");
  const std::string journal = bench.read("p2.csv.journal");
  bench.write("p2.csv.journal", journal.substr(0, journal.size() - 5));
  refused("p1.csv p2.csv", "has 1 of its 2 points");
  CHECK(bench.run("sweep s.yaml -q --csv p2.csv --shard 2/2").code == 0);
  CHECK(bench.run("merge s.yaml p1.csv p2.csv -q --csv m.csv").code == 0);
  CHECK(bench.run("sweep s.yaml -q --csv w.csv").code == 0);
  CHECK(bench.read("m.csv") == bench.read("w.csv"));
}

TEST_CASE("studies are listed, described and checked like everything that ships") {
  const Bench bench;
  const Outcome names = bench.run("list studies");
  CHECK(lines(names.out).size() >= 4);
  for (const std::string& name : lines(names.out)) {
    CAPTURE(name);
    CHECK(has(bench.run("check " + name).out, "valid (study)"));
    CHECK(has(bench.run("describe " + name).out, " points"));
  }
}
