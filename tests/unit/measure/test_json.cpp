// What the writer writes, an independent reader reads.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "validation/measure/json.hpp"

using fieldsim::measure::JsonWriter;

TEST_CASE("JSON writer: nesting, every type, and the order of keys") {
  JsonWriter w;
  w.begin_object().member("z", 1).member("a", 2.5).member("t", true).member("s", "x");
  w.key("list")
      .begin_array()
      .value(1)
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .end_array();
  w.member("big", std::uint64_t{18446744073709551615ull})
      .member("negative", std::int64_t{-5})
      .end_object();
  const std::string text = w.str();
  const auto read = nlohmann::json::parse(text);
  CHECK(read["z"] == 1);
  CHECK(read["a"] == 2.5);
  CHECK(read["t"] == true);
  CHECK(read["list"].size() == 3);
  CHECK(read["big"] == 18446744073709551615ull);
  CHECK(read["negative"] == -5);
  CHECK(text.find("\"z\"") < text.find("\"a\""));
}

TEST_CASE("JSON writer: strings survive quotes, backslashes, control characters and UTF-8") {
  const std::string nasty =
      std::string("a\"b\\c\n\t\x01 ") + "\xc3\xa9" + std::string(1, '\0') + "end";
  JsonWriter w;
  w.begin_object().member(nasty, std::string_view(nasty)).end_object();
  CHECK(nlohmann::json::parse(w.str())[nasty] == nasty);
}

TEST_CASE("JSON writer: doubles round-trip, what JSON lacks becomes null") {
  for (const double v : {0.1, 1e-300, 1.7976931348623157e308, -0.0, 3.0, 123456789.123456789}) {
    JsonWriter w;
    w.begin_array().value(v).end_array();
    CHECK(nlohmann::json::parse(w.str())[0].get<double>() == v);
  }
  JsonWriter w;
  w.begin_array().value(NAN).value(HUGE_VAL).end_array();
  CHECK(nlohmann::json::parse(w.str())[0].is_null());
  CHECK(nlohmann::json::parse(w.str())[1].is_null());
}
