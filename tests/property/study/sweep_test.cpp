// A sweep's files do not depend on jobs, shards, or when it was killed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "sim/base/random.hpp"
#include "tests/unit/cli/fieldsim.hpp"

using namespace fieldsim::cli::test;

namespace {

// 180 points, 60 of them left out before they are run, more by their results.
const char* const kStudy = R"(name: many
base:
  hardware: a100-sxm-80gb
  model: llama-2-13b
  workload: {prompt_tokens: 64, output_tokens: 24}
  attention: {kernel: fused, anchor_tokens: 16}
  verification: {timing: optimistic, boundary: 2, payload: new_kv}
  faults: {verdict_failure: 0.2}
vary:
  workload.batch: [1, 2, 3]
  verification: [{label: "one, two", value: {timing: optimistic}}, {label: wait, value: {timing: pessimistic}}]
  verification.ledger.round_trip: {uniform: [1 ms, 90 ms], draws: 6}
  seed: {draws: 5}
where:
  - workload.batch != 2
  - recovery.rollbacks < 3
derive: {per_sequence: throughput.tokens_per_s / workload.batch}
baseline: throughput.tokens_per_s
objective: [{maximize: throughput.tokens_per_s}, {minimize: recovery.discarded_tokens}]
)";

struct Files {
  std::string csv, jsonl, journal;
  bool operator==(const Files&) const = default;
};
Files files(const Bench& bench, const std::string& name) {
  return {bench.read(name + ".csv"), bench.read(name + ".jsonl"),
          bench.read(name + ".csv.journal")};
}

std::string sweep(const std::string& name, const std::string& more = "") {
  return "sweep many.yaml -q --csv " + name + ".csv --jsonl " + name + ".jsonl " + more;
}

// The whole of it, once.
const Files& whole(const Bench& bench) {
  static const Files f = [&] {
    REQUIRE(bench.run(sweep("whole", "--jobs 1")).code == 0);
    return files(bench, "whole");
  }();
  return f;
}

// Starts the binary and kills it after so long; true when it had ended before.
bool killed_after(const Bench& bench, const std::vector<std::string>& arguments,
                  std::chrono::microseconds time) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 1);
    ::dup2(null, 2);
    std::vector<char*> argv = {const_cast<char*>("fieldsim")};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    if (::chdir(bench.here().c_str()) == 0) ::execv(FIELDSIM_BINARY, argv.data());
    ::_exit(127);
  }
  std::this_thread::sleep_for(time);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a sweep writes the same bytes with any number of jobs") {
  const Bench bench;
  bench.write("many.yaml", kStudy);
  const Files one = whole(bench);
  CHECK(lines(one.csv) > 20);
  CHECK(lines(one.csv) < 121);  // some were left out by their results
  CHECK(lines(one.journal) == 181);
  for (const char* jobs : {"2", "5"}) {
    CHECK(bench.run(sweep(jobs, std::string("--jobs ") + jobs)).code == 0);
    CHECK((files(bench, jobs) == one));
  }
}

TEST_CASE("a sweep that is killed again and again ends with the same bytes") {
  const Bench bench;
  bench.write("many.yaml", kStudy);
  const Files one = whole(bench);
  fieldsim::RandomStream random(1, "kills");
  const std::vector<std::string> arguments = {"sweep",   "many.yaml", "-q",     "--csv", "k.csv",
                                              "--jsonl", "k.jsonl",   "--jobs", "2"};
  std::size_t before = 0;
  int growing = 0;
  for (int i = 0; i < 40; ++i) {
    const auto time = std::chrono::microseconds(10'000 + random.below(50'000));
    if (killed_after(bench, arguments, time)) break;
    const std::string journal = bench.read("k.csv.journal");
    // Nothing that was there is lost, and what is there is the beginning of the whole.
    CHECK(journal.size() >= before);
    CHECK(one.journal.substr(0, journal.size()) == journal);
    if (journal.size() > before) ++growing;
    before = journal.size();
  }
  CAPTURE(growing);
  CHECK(bench.run(sweep("k", "--jobs 2")).code == 0);
  CHECK((files(bench, "k") == one));
}

TEST_CASE("a journal that is cut off anywhere is taken up from its last whole line") {
  const Bench bench;
  bench.write("many.yaml", kStudy);
  const Files one = whole(bench);
  fieldsim::RandomStream random(1, "cuts");
  std::vector<std::size_t> cuts = {0,
                                   1,
                                   one.journal.find('\n'),
                                   one.journal.find('\n') + 1,
                                   one.journal.size() - 1,
                                   one.journal.size()};
  for (int i = 0; i < 8; ++i) cuts.push_back(random.below(one.journal.size()));
  for (std::size_t cut : cuts) {
    CAPTURE(cut);
    bench.write("c.csv.journal", one.journal.substr(0, cut));
    CHECK(bench.run(sweep("c")).code == 0);
    CHECK((files(bench, "c") == one));
    for (const char* f : {"c.csv", "c.jsonl", "c.csv.journal"})
      std::filesystem::remove(bench.here() / f);
  }
  // A hole, as a crash of the machine leaves it.
  std::string holed = one.journal;
  for (std::size_t i = holed.size() / 2; i < holed.size() / 2 + 700; ++i) holed[i] = '\0';
  bench.write("c.csv.journal", holed);
  CHECK(bench.run(sweep("c")).code == 0);
  CHECK((files(bench, "c") == one));
}

TEST_CASE("shards join to the same bytes as the whole, in any order") {
  const Bench bench;
  bench.write("many.yaml", kStudy);
  const Files one = whole(bench);
  for (int n : {1, 3, 7}) {
    std::string given;
    for (int i = n; i >= 1; --i) {
      const std::string name = "s" + std::to_string(i);
      const std::string shard = std::to_string(i) + "/" + std::to_string(n);
      std::filesystem::remove(bench.here() / (name + ".csv.journal"));
      const Outcome o = bench.run(sweep(name, "--force --shard " + shard));
      CAPTURE(o.err);
      CHECK(o.code == 0);
      given += " " + name + (i % 2 == 0 ? ".csv" : ".csv.journal");
    }
    const Outcome o =
        bench.run("merge many.yaml" + given + " -q --force --csv m.csv --jsonl m.jsonl");
    CAPTURE(n, o.err);
    CHECK(o.code == 0);
    CHECK((files(bench, "m") == one));
  }
}
