// The values that a range stands for.
#include <cmath>
#include <set>

#include "tests/unit/study/support.hpp"

using namespace fieldsim;
using namespace fieldsim::system::test;
using Texts = std::vector<std::string>;
using Catch::Matchers::Contains;

TEST_CASE("a linear range has both ends and even steps, rounded to whole counts") {
  CHECK(texts("workload.prompt_tokens: {linear: [1000, 64000, 8]}") ==
        Texts{"1000", "10000", "19000", "28000", "37000", "46000", "55000", "64000"});
  CHECK(texts("workload.batch: {linear: [1, 2, 5]}") == Texts{"1", "2"});  // rounded, each once
  CHECK(texts("workload.batch: {linear: [8, 1, 2]}") == Texts{"8", "1"});  // downwards
  CHECK(texts("faults.verdict_failure: {linear: [0, 0.3, 4]}") == Texts{"0", "0.1", "0.2", "0.3"});
}

TEST_CASE("a logarithmic range has even ratios, in the unit of its path") {
  CHECK(texts("verification.ledger.round_trip: {log: [1 us, 1 ms, 4]}") ==
        Texts{"1 us", "10 us", "100 us", "1 ms"});
  CHECK(texts("verification.boundary.every_tokens: {log2: [1, 128]}") ==
        Texts{"1", "2", "4", "8", "16", "32", "64", "128"});
  CHECK(texts("verification.boundary.every_tokens: {log2: [3, 20]}") == Texts{"3", "6", "12"});
  CHECK(texts("verification.payload.bytes: {log2: [1 MiB, 4 MiB]}") ==
        Texts{"1 MiB", "2 MiB", "4 MiB"});
}

TEST_CASE("drawn seeds follow the scenario's own") {
  CHECK(texts("seed: {draws: 3}") == Texts{"1", "2", "3"});
  CHECK(texts("seed: {draws: 2}", 7) == Texts{"7", "8"});
}

TEST_CASE("a draw depends on the seed, the path and its number, and on nothing else") {
  const std::string one = "faults.verdict_failure: {uniform: [0, 1], draws: 5}";
  const Texts five = texts(one);
  const Texts eight = texts("faults.verdict_failure: {uniform: [0, 1], draws: 8}");
  CHECK(Texts(eight.begin(), eight.begin() + 5) == five);
  CHECK(texts("{workload.batch: [1], faults.verdict_failure: {uniform: [0, 1], draws: 5}}") ==
        Texts{"1"});
  CHECK(texts(one, 2) != five);
  CHECK(texts("attention.gamma: {uniform: [0, 1], draws: 5}") != five);
}

TEST_CASE("draws have the moments of their distribution and stay within their ends") {
  constexpr int kDraws = 4000;
  const auto numbers = [](const std::string& vary) {
    std::vector<double> out;
    const auto all = axes(vary);
    for (const system::AxisValue& v : all.front().paths.front().values)
      out.push_back(std::get<double>(v.datum));
    return out;
  };
  const auto moments = [](const std::vector<double>& x) {
    double sum = 0, squares = 0;
    for (double v : x) sum += v, squares += v * v;
    const double mean = sum / kDraws;
    return std::pair(mean, std::sqrt(squares / kDraws - mean * mean));
  };
  // Four standard errors: the draws are fixed, so this cannot fail by chance later.
  const auto [u, su] =
      moments(numbers("faults.verdict_failure: {uniform: [0.2, 0.8], draws: 4000}"));
  CHECK(u == Approx(0.5).margin(4 * 0.6 / std::sqrt(12.0 * kDraws)));
  CHECK(su == Approx(0.6 / std::sqrt(12.0)).epsilon(0.05));
  const auto [n, sn] =
      moments(numbers("verification.ledger.round_trip: {normal: [10 ms, 1 ms], draws: 4000}"));
  CHECK(n == Approx(0.010).margin(4 * 0.001 / std::sqrt(double(kDraws))));
  CHECK(sn == Approx(0.001).epsilon(0.05));
  std::vector<double> logs =
      numbers("verification.ledger.round_trip: {log_uniform: [1 us, 1 s], draws: 4000}");
  for (double& v : logs) {
    CHECK((v >= 1e-6 && v <= 1.0));
    v = std::log10(v);
  }
  CHECK(moments(logs).first == Approx(-3.0).margin(4 * 6 / std::sqrt(12.0 * kDraws)));
  std::set<double> dice;
  for (double v : numbers("workload.batch: {uniform: [1, 6], draws: 4000}")) dice.insert(v);
  CHECK(dice == std::set<double>{1, 2, 3, 4, 5, 6});
  for (double v : numbers("faults.verdict_failure: {normal: [0, 0.5], draws: 4000}"))
    CHECK((v >= 0 && v <= 1));  // cut off at the range of the path
}

TEST_CASE("what is wrong with a range is said with its place and the nearest word") {
  CHECK_THAT(problem("workload.prompt_tokens: {linaer: [1, 2, 3]}"),
             Contains("study.yaml:1:26") && Contains("did you mean 'linear'"));
  CHECK_THAT(problem("workload.prompt_tokens: {linear: [1, 2]}"),
             Contains("[first, last, how many]"));
  CHECK_THAT(problem("workload.prompt_tokens: {log2: [128, 1]}"), Contains("is empty"));
  CHECK_THAT(problem("workload.prompt_tokens: {log: [0, 10, 3]}"), Contains("above zero"));
  CHECK_THAT(problem("workload.prompt_tokens: {linear: [0, 10, 3]}"), Contains("out of range"));
  CHECK_THAT(problem("workload.prompt_tokens: {linear: [1, 10, 0]}"), Contains("from 1 to"));
  CHECK_THAT(problem("workload.prompt_tokens: {linear: [1, 9, 3], log: [1, 2, 3]}"),
             Contains("two ranges"));
  CHECK_THAT(problem("verification.ledger.round_trip: {linear: [1, 2 ms, 3]}"),
             Contains("a unit is needed"));
  CHECK_THAT(problem("attention.kernel: {linear: [1, 2, 3]}"), Contains("no number"));
  CHECK_THAT(problem("workload.batch: {uniform: [1, 4]}"), Contains("needs draws"));
  CHECK_THAT(problem("workload.batch: {draws: 4}"), Contains("goes with 'seed'"));
  CHECK_THAT(problem("workload.batch: {uniform: [4, 1], draws: 2}"), Contains("is empty"));
  CHECK_THAT(problem("faults.verdict_failure: {normal: [900, 1], draws: 2}"),
             Contains("hardly ever"));
  CHECK_THAT(problem("workload.batch: {}"), Contains("is empty"));
  CHECK_THAT(problem("workload.batch: []"), Contains("is empty"));
  CHECK_THAT(problem("workload.batch: 4"), Contains("expected a list"));
}
