#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sim/config/quantity.hpp"
#include "support.hpp"

using namespace fieldsim;
using namespace fieldsim::config;

namespace {
template <class Q>
std::int64_t count(const std::string& text) {
  const Parsed<Q> p = parse_quantity<Q>(text);
  INFO(text << ": " << p.error);
  REQUIRE(p.value);
  return p.value->count();
}

template <class Q>
std::string error(const std::string& text) {
  const Parsed<Q> p = parse_quantity<Q>(text);
  INFO(text);
  REQUIRE_FALSE(p.value);
  return p.error + (p.nearest.empty() ? "" : " [" + p.nearest + "]");
}
}  // namespace

TEST_CASE("a quantity is exact decimal arithmetic") {
  CHECK(count<BytesPerSecond>("2.039 TB/s") == 2'039'000'000'000);
  CHECK(count<BytesPerSecond>("2.039e3GB/s") == 2'039'000'000'000);
  CHECK(count<Bytes>("16 GiB") == 17'179'869'184);
  CHECK(count<Bytes>("16 GB") == 16'000'000'000);
  CHECK(count<Bytes>("0.5 KiB") == 512);
  CHECK(count<Duration>("0.1 ns") == 100);
  CHECK(count<Duration>("1.000000000001 s") == 1'000'000'000'001);
  CHECK(count<Duration>("2 min") == 120 * kPsPerSecond);
  CHECK(count<Duration>("1 h") == 3600 * kPsPerSecond);
  CHECK(count<Duration>("5 \u00b5s") == 5'000'000);
  CHECK(count<Hertz>("1.41 GHz") == 1'410'000'000);
  CHECK(count<FlopsPerSecond>("312 TFLOP/s") == 312'000'000'000'000);
  CHECK(count<FlopsPerSecond>("624 TOP/s") == 624'000'000'000'000);
  CHECK(count<Power>("0.4 kW") == 400'000);
  CHECK(count<Energy>("1 kWh") == 3'600'000'000'000'000);
  CHECK(count<TransfersPerSecond>("32 GT/s") == 32'000'000'000);
  CHECK(count<Cycles>("200 cycles") == 200);
  CHECK(count<Flops>("26 GFLOP") == 26'000'000'000);
  CHECK(count<Duration>("0 s") == 0);
}

TEST_CASE("bits are an eighth of a byte or an error") {
  CHECK(count<BytesPerSecond>("100 Gb/s") == 12'500'000'000);
  CHECK(count<BytesPerSecond>("100 Gbps") == 12'500'000'000);
  CHECK(count<BytesPerSecond>("400 Gbit/s") == 50'000'000'000);
  CHECK_THAT(error<BytesPerSecond>("0.001 kb/s"), Catch::Contains("finer than 1 B/s"));
  CHECK_THAT(error<Bytes>("16 Gb"),
             Catch::Contains("b is a bit") && Catch::Contains("GiB") && Catch::Contains("[GB]"));
}

TEST_CASE("a number of the wrong dimension says which it is") {
  CHECK(error<BytesPerSecond>("5 us") ==
        "expected a bandwidth such as '2.039 TB/s', got '5 us' (a time)");
  CHECK(error<Bytes>("5 GB/s") == "expected a size such as '16 GiB', got '5 GB/s' (a bandwidth)");
}

TEST_CASE("a bare number is no quantity") {
  CHECK(error<Duration>("5") == "expected a time such as '5 us', got '5': a unit is needed");
  CHECK_THAT(error<Duration>("0"), Catch::Contains("a unit is needed"));
}

TEST_CASE("a unit in the wrong case or spelling is corrected") {
  CHECK_THAT(error<BytesPerSecond>("2 tb/S"), Catch::Contains("[TB/s]"));
  CHECK_THAT(error<BytesPerSecond>("2 GBps"), Catch::Contains("[GB/s]"));
  CHECK_THAT(error<Bytes>("16 gib"), Catch::Contains("[GiB]"));
  CHECK_THAT(error<Duration>("3 sec"), Catch::Contains("[s]"));
  CHECK_THAT(error<FlopsPerSecond>("3 TFLOPS"), Catch::Contains("[TFLOP/s]"));
  CHECK_THAT(error<Bytes>("3 G"), Catch::Contains("GiB in powers of 1024"));
}

TEST_CASE("a quantity that cannot be held exactly is refused") {
  CHECK_THAT(error<Duration>("0.5 ps"), Catch::Contains("finer than 1 ps"));
  CHECK_THAT(error<Duration>("1e-400 s"), Catch::Contains("finer than 1 ps"));
  CHECK_THAT(error<Duration>("9223372.036854775808 s"), Catch::Contains("too large"));
  CHECK_THAT(error<Duration>("1e99999999999999 s"), Catch::Contains("too large"));
  CHECK_THAT(error<Bytes>("1.5 B"), Catch::Contains("finer than 1 B"));
  CHECK_THAT(error<Bytes>("0.1 KiB"), Catch::Contains("finer than 1 B"));
  CHECK(parse_quantity<Bytes>("78.7 GiB").value->count() ==
        84'503'481'549);  // rounded: 1 MiB and up
  CHECK_THAT(error<Bytes>("-1 GB"), Catch::Contains("cannot be negative"));
  CHECK_THAT(error<Bytes>("1.23456789012345678901234 GB"), Catch::Contains("significant digits"));
}

TEST_CASE("a malformed number says what is wrong with it") {
  CHECK_THAT(error<Duration>("017 s"), Catch::Contains("leading zeros"));
  CHECK_THAT(error<Duration>(".5 s"), Catch::Contains("write 0.5"));
  CHECK_THAT(error<Duration>("5. s"), Catch::Contains("decimal point"));
  CHECK_THAT(error<Duration>("1,000 s"), Catch::Contains("without separators"));
  CHECK_THAT(error<Duration>("+5 s"), Catch::Contains("plus sign"));
  CHECK_THAT(error<Duration>("5e s"), Catch::Contains("exponent"));
  CHECK_THAT(error<Duration>(""), Catch::Contains("does not start with a number"));
  CHECK_THAT(error<Duration>("- s"), Catch::Contains("does not start with a number"));
}

TEST_CASE("a count is whole") {
  CHECK(parse_count("64000").value == 64000);
  CHECK(parse_count("1e6").value == 1'000'000);
  CHECK(parse_count("1.5e3").value == 1500);
  CHECK(parse_count("-4").value == -4);
  CHECK(parse_count("9223372036854775807").value == std::numeric_limits<std::int64_t>::max());
  for (const char* bad :
       {"9223372036854775808", "1.0", "1e-1", "64_000", "64k", "0x10", "017", "5 us", "", "nan"}) {
    INFO(bad);
    CHECK_FALSE(parse_count(bad).value);
  }
}

TEST_CASE("a ratio may be in per cent and is the nearest double") {
  CHECK(parse_ratio("0.1 %").value == 0.001);
  CHECK(parse_ratio("5%").value == 0.05);
  CHECK(parse_ratio("1e-3").value == 0.001);
  CHECK(parse_ratio("-0.5").value == -0.5);
  for (const char* bad : {"1e400", "1e-400", ".inf", "nan", "0.5 s", "5 percent", ""}) {
    INFO(bad);
    CHECK_FALSE(parse_ratio(bad).value);
  }
}

TEST_CASE("only true and false are booleans") {
  CHECK(parse_bool("true").value == true);
  CHECK(parse_bool("false").value == false);
  CHECK_FALSE(parse_bool("yes").value);
  CHECK(parse_bool("yes").nearest == "true");
  CHECK(parse_bool("off").nearest == "false");
}

TEST_CASE("a quantity prints short and exact") {
  CHECK(to_string(ArrivalRate::raw(1)) == "0.000001 /s");  // below every unit that is printed
  CHECK(to_string(ArrivalRate::raw(2'500'000)) == "2.5 /s");
  CHECK(to_string(BytesPerSecond::raw(2'039'000'000'000)) == "2.039 TB/s");
  CHECK(to_string(Bytes::raw(17'179'869'184)) == "16 GiB");
  CHECK(to_string(Bytes::raw(80'000'000'000)) == "80 GB");
  CHECK(to_string(Bytes::raw(1000)) == "1 KB");
  CHECK(to_string(Bytes::raw(1024)) == "1 KiB");
  CHECK(to_string(Duration::raw(1'500'000)) == "1.5 us");
  CHECK(to_string(Duration::raw(0)) == "0 ps");
  CHECK(to_string(Power::raw(400'000)) == "400 W");
  CHECK(to_string(TransfersPerSecond::raw(32'000'000'000)) == "32 GT/s");
}
