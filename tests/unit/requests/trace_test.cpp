// What a trace may say, and where the message points when it does not.
#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/serving/requests/stream.hpp"
#include "sim/serving/requests/trace.hpp"

using namespace fieldsim;
using namespace fieldsim::serving;
using namespace fieldsim::literals;

namespace {
const std::string kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::vector<Problem> problems(const std::string& text) {
  try {
    parse_trace(text, "t.csv");
  } catch (const ConfigError& e) {
    return e.problems();
  }
  return {};
}
}  // namespace

TEST_CASE("a trace is read with dates, with seconds, with other columns and Windows line ends") {
  const auto dates = parse_trace(kHeader +
                                     "2023-11-16 23:59:59.6805900,374,44\n"
                                     "2023-11-17 00:00:01.0000000,396,109",
                                 "t.csv");
  REQUIRE(dates.size() == 2);
  CHECK(dates[0].arrival == 0_s);
  CHECK(dates[0].prompt == 374);
  CHECK(dates[0].output == 44);
  CHECK(dates[1].arrival == Duration::raw(1'319'410'000'000));
  const auto seconds = parse_trace(
      "GeneratedTokens,user,TIMESTAMP,ContextTokens\r\n5,a,10,7\r\n6,b,10.5,8\r\n\r\n", "t.csv");
  REQUIRE(seconds.size() == 2);
  CHECK(seconds[1].arrival == 500_ms);
  CHECK(seconds[1].prompt == 8);
  CHECK(seconds[1].output == 6);
  const auto zone = parse_trace(
      kHeader + "2024-05-10T00:00:00.009930+00:00,1,1\n2024-05-10 00:00:01Z,1,1\n", "t");
  CHECK(zone[1].arrival == Duration::raw(990'070'000'000));
}

TEST_CASE("every bad row is reported with its line and column") {
  const auto p = problems(kHeader +
                          "2023-11-16 18:15:46.68,374,44\n"
                          "yesterday,374,44\n"
                          "2023-11-16 18:15:47,0,-3\n"
                          "2023-11-16 18:15:48,1\n"
                          "2023-13-16 18:15:48,1,1\n");
  REQUIRE(p.size() == 5);
  CHECK(p[0].where.str() == "t.csv:3:1");
  CHECK(p[1].where.str() == "t.csv:4:21");
  CHECK(p[1].path == "ContextTokens");
  CHECK(p[2].where.str() == "t.csv:4:23");
  CHECK(p[3].where.str() == "t.csv:5:1");
  CHECK(p[4].where.str() == "t.csv:6:1");
}

TEST_CASE("a trace without a column, without rows, or out of order is refused") {
  const auto missing = problems("TIMESTAMP,ContextToken,GeneratedTokens\n1,2,3\n");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].where.str() == "t.csv:1:1");
  CHECK(missing[0].nearest == "ContextToken");
  CHECK(problems("").size() == 1);
  CHECK(problems(kHeader).size() == 1);
  const auto unsorted = problems(kHeader + "2,1,1\n3,1,1\n2.5,1,1\n");
  REQUIRE(unsorted.size() == 1);
  CHECK(unsorted[0].where.str() == "t.csv:4:1");
  const auto wild = problems(kHeader + std::string(1000, '\n') + [] {
    std::string rows;
    for (int i = 0; i < 100; ++i) rows += "x,y,z\n";
    return rows;
  }());
  CHECK(wild.size() <= 22);  // a file of another kind does not flood the screen
}

TEST_CASE("rate_scale divides arrivals, limit and duration cut the stream") {
  RequestsParams p;
  p.trace = "t.csv";
  p.rate_scale = 2;
  const auto all = parse_trace(kHeader + "0,1,1\n1,2,2\n2,3,3\n3,4,4\n", "t.csv");
  CHECK(request_stream(p, all, 1)[3].arrival == 1500_ms);
  p.limit = 3;
  CHECK(request_stream(p, all, 1).size() == 3);
  p.duration = 1_s;  // the third arrives at its end
  CHECK(request_stream(p, all, 1).size() == 2);
}

TEST_CASE("a drawn stream has the rate that is given, and a seed of its own") {
  RequestsParams p;
  p.rate = ArrivalRate::raw(4'000'000);
  p.count = 20'000;
  p.prompt_tokens = Drawn<std::int64_t>::of(10);
  p.output_tokens = Drawn<std::int64_t>{};
  p.output_tokens->geometric = 30;
  const auto one = request_stream(p, {}, 1), two = request_stream(p, {}, 2);
  REQUIRE(one.size() == 20'000);
  CHECK(seconds(one.back().arrival) == Approx(5000).epsilon(0.03));  // 4 sigma of 20,000 arrivals
  double tokens = 0;
  for (const auto& r : one) tokens += static_cast<double>(r.output);
  CHECK(tokens / 20'000 == Approx(30).epsilon(0.03));
  CHECK(one[7].arrival != two[7].arrival);
  CHECK(one[7].arrival == request_stream(p, {}, 1)[7].arrival);
}
