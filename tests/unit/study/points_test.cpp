// Which points a study has, in which order, and which scenario each is.
#include "sim/report/study/view.hpp"
#include "tests/unit/study/support.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using Catch::Matchers::Contains;

namespace {

Scenario scenario(const Points& points, std::size_t point) {
  std::vector<Problem> problems;
  LoadedScenario loaded = points.scenario(point, problems);
  for (const Problem& p : problems) INFO(p.str());
  REQUIRE(problems.empty());
  return loaded.scenario;
}

std::string failure(const std::string& text, const std::vector<std::string>& set = {}) {
  try {
    study(text, set);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the last path moves fastest, and zipped paths move together") {
  const Study s = study(R"(base: paper_13b_64k
vary:
  workload.batch: [1, 2]
  zip:
    - {attention.anchor_tokens: [16, 32], seed: {draws: 2}}
    - {workload.output_tokens: [8, 9, 10]}
)");
  const config::Catalogue catalogue;
  const Points points(s, catalogue, schema().node());
  REQUIRE(points.size() == 12);
  CHECK(points.label(0) ==
        "workload.batch=1, attention.anchor_tokens=16, seed=1, workload.output_tokens=8");
  CHECK(points.label(1) ==
        "workload.batch=1, attention.anchor_tokens=16, seed=1, workload.output_tokens=9");
  CHECK(points.label(3) ==
        "workload.batch=1, attention.anchor_tokens=32, seed=2, workload.output_tokens=8");
  CHECK(points.label(11) ==
        "workload.batch=2, attention.anchor_tokens=32, seed=2, workload.output_tokens=10");
  const Scenario last = scenario(points, 11);
  CHECK(last.workload.batch == 2);
  CHECK(last.attention.anchor_tokens == 32);
  CHECK(last.seed == 2);
}

TEST_CASE("a point is what run makes of the same assignments") {
  const Study s = study(R"(base: paper_13b_64k
vary:
  hardware.gpu.hbm.bandwidth: [1 TB/s]
  hardware: [a100-sxm-80gb, h200-sxm]
  model: [llama-3.1-8b]
  verification.window: [2]
  verification: [{label: slow, value: {timing: pessimistic, window: 7}}, {label: fast, value: {timing: none}}]
  verification.boundary.every: [50 ms]
)");
  const config::Catalogue catalogue;
  const Points points(s, catalogue, schema().node());
  REQUIRE(points.size() == 4);
  const Scenario third = scenario(points, 2);
  const Scenario same =
      load_scenario("paper_13b_64k", catalogue,
                    {"hardware=h200-sxm", "hardware.gpu.hbm.bandwidth=1 TB/s", "model=llama-3.1-8b",
                     "verification.timing=pessimistic", "verification.window=2",
                     "verification.boundary.every=50 ms"})
          .scenario;
  CHECK(third.hardware.name == "h200-sxm");
  CHECK(third.hardware.gpu.hbm.bandwidth == same.hardware.gpu.hbm.bandwidth);
  CHECK(third.hardware.gpu.hbm.capacity == same.hardware.gpu.hbm.capacity);
  CHECK(third.model.num_key_value_heads == same.model.num_key_value_heads);
  CHECK(third.verification.window == 2);  // the key over the section, whatever their order
  CHECK(third.verification.boundary.every == same.verification.boundary.every);
  CHECK_FALSE(third.verification.boundary.every_tokens.has_value());
  CHECK(points.value(2, 4, 0).text == "slow");
}

TEST_CASE("a fingerprint follows what is computed, and not what is shown") {
  const config::Catalogue catalogue;
  const auto print = [&](const std::string& text, const std::vector<std::string>& set = {}) {
    const Study s = study(text, set);
    return Points(s, catalogue, schema().node()).fingerprint();
  };
  const std::string text = "name: s\nbase: paper_13b_64k\nvary: {workload.batch: [1, 2]}\n";
  const std::string plain = print(text);
  CHECK(plain == print(text + "columns: [bound]\nderive: {x: workload.batch}\n"));
  CHECK(plain == print(text + "where: throughput.tokens_per_s > 3\n"));
  CHECK(plain != print(text + "where: workload.batch > 1\n"));  // decides what is run
  CHECK(plain != print(text, {"workload.output_tokens=3"}));
  CHECK(plain != print(text, {"hardware.gpu.hbm.bandwidth=1 TB/s"}));
  CHECK(plain != print("name: s\nbase: paper_13b_64k\nvary: {workload.batch: [2, 1]}\n"));
}

TEST_CASE("every problem of a study is reported in one go, at its place") {
  const std::string all = failure(R"(base: paper_13b_64
vary:
  attention.anchor_token: [0, 64]
  workload.batch: [1, two]
  zip: {workload.prompt_tokens: [1, 2], seed: {draws: 3}}
where: (memory.total_bytes
objectve: {maximize: x}
)");
  CHECK_THAT(all, Contains(":1:7: base") && Contains("did you mean 'paper_13b_64k'"));
  CHECK_THAT(all, Contains(":3:3") && Contains("did you mean 'attention.anchor_tokens'"));
  CHECK_THAT(all, Contains(":4:23") && Contains("'two'"));
  CHECK_THAT(all, Contains(":5:41") && Contains("move together"));
  CHECK_THAT(all, Contains(":6:8: where"));
  CHECK_THAT(all, Contains(":7:1: objectve") && Contains("did you mean 'objective'"));
  const std::string good = "base: paper_13b_64k\nvary: {workload.batch: [1, 2]}\n";
  CHECK(failure(good).empty());
  CHECK_THAT(failure(good, {"workload.batch=3"}), Contains("is varied by the study"));
  CHECK_THAT(failure("base: paper_13b_64k\nvary: {}\n"), Contains("expected paths"));
  CHECK_THAT(failure("vary: {workload.batch: [1]}\n"), Contains("base: is missing"));
  CHECK_THAT(
      failure("base: paper_13b_64k\nvary:\n  seed: {draws: 9999999}\n  workload.batch: [1, 2]\n"),
      Contains("more than the"));
}

TEST_CASE("a front is the rows that no other row beats") {
  using report::front;
  CHECK(front({{1}, {3}, {2}, {3}}) == std::vector<bool>{false, true, false, true});
  CHECK(front({{1, 4}, {2, 3}, {2, 2}, {4, 1}, {}}) ==
        std::vector<bool>{true, true, false, true, false});
  CHECK(front({{1, 4}, {1, 4}}) == std::vector<bool>{true, true});
}
