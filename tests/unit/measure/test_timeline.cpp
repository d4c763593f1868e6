#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "validation/measure/timeline.hpp"

using fieldsim::measure::Timeline;

TEST_CASE("Timeline: spans become complete events in microseconds, each process from zero") {
  Timeline t;
  t.name_process(1, "none");
  t.name_process(2, "optimistic");
  t.span(1, "GPU", "token", 100.0, 100.02);
  t.span(2, "GPU", "token", 200.0, 200.02);
  t.span(2, "hash worker", "sha256", 200.03, 200.09);
  const auto json = nlohmann::json::parse(t.json());
  std::vector<nlohmann::json> spans;
  std::size_t names = 0;
  for (const auto& event : json["traceEvents"])
    if (event["ph"] == "X")
      spans.push_back(event);
    else
      names += event["ph"] == "M";
  REQUIRE(spans.size() == 3);
  CHECK(names == 2 + 3);
  CHECK(spans[1]["ts"].get<double>() == Approx(0).margin(1e-3));
  CHECK(spans[2]["ts"].get<double>() == Approx(30'000).epsilon(1e-6));
  CHECK(spans[2]["dur"].get<double>() == Approx(60'000).epsilon(1e-6));
  CHECK(spans[2]["pid"] == 2);
  CHECK(spans[1]["tid"] != spans[2]["tid"]);
}
