#include <string>

#include "sample.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/read.hpp"
#include "support.hpp"

using namespace sample;
using config::Loaded;
using config::SourceKind;

namespace {
Loaded<Hardware> load(const std::string& text) {
  return config::read(hardware_schema(), config::parse_text(text, "h.yaml"));
}
std::string problems(const std::string& text) {
  return test::problems([&] { load(text); });
}
const char* const kGood =
    "name: A100\n"
    "hbm:\n"
    "  capacity: {value: 80 GB, source: 'datasheet: NVIDIA A100'}\n"
    "  bandwidth:\n"
    "    value: 2.039 TB/s\n"
    "    source: \"fitted: gemm table\"\n"
    "    note: peak\n"
    "    uncertainty: 2 %\n"
    "    rows: [1, 2]\n"
    "  latencies: {value: [1 ns, 2 ns], source: 'measured: here'}\n";
}  // namespace

TEST_CASE("every leaf has an origin, given or default") {
  const Loaded<Hardware> h = load(kGood);
  CHECK(h.value.hbm.bandwidth.count() == 2'039'000'000'000);
  const config::Origin* o = h.provenance.find("hbm.bandwidth");
  REQUIRE(o != nullptr);
  CHECK(o->text == "2.039 TB/s");
  CHECK(o->where.str() == "h.yaml:5:12");
  CHECK(o->given);
  CHECK(o->source.kind == SourceKind::fitted);
  CHECK(o->source.reference == "gemm table");
  CHECK(o->note == "peak");
  CHECK(o->uncertainty == "2 %");
  CHECK(o->rows == "[1, 2]");
  const config::Origin* lanes = h.provenance.find("lanes");
  REQUIRE(lanes != nullptr);
  CHECK_FALSE(lanes->given);
  CHECK(lanes->text == "16");
  CHECK(lanes->where.str().empty());
  CHECK(h.provenance.find("hbm.latencies[1]")->source.kind == SourceKind::measured);
  CHECK(h.provenance.find("name")->source.kind == SourceKind::none);
}

TEST_CASE("a number without a source is refused where sources are demanded") {
  CHECK(problems("name: x\nlanes: 8\nhbm:\n  capacity: 80 GB\n  bandwidth: {value: 1 TB/s}\n") ==
        "h.yaml:4:13: hbm.capacity: needs a source: write {value: 80 GB, source: \"datasheet: "
        "...\"}; the kinds are datasheet, measured, fitted and assumed\n"
        "h.yaml:5:14: hbm.bandwidth: needs a source: write {value: 1 TB/s, source: \"datasheet: "
        "...\"}; the kinds are datasheet, measured, fitted and assumed");
}

TEST_CASE("a source is one of four kinds and says which") {
  const auto with = [](const std::string& source) {
    return problems(
        "name: x\nhbm:\n  capacity: {value: 1 GB, source: 'assumed: x'}\n  bandwidth: {value: 1 "
        "TB/s, source: '" +
        source + "'}\n");
  };
  CHECK(with("assumed: x").empty());
  CHECK(with("datashet: x") ==
        "h.yaml:4:38: hbm.bandwidth.source: expected 'datasheet:', 'measured:', 'fitted:' or "
        "'assumed:' and then which, got 'datashet: x' (did you mean 'datasheet'?)");
  CHECK_THAT(with("NVIDIA"), Catch::Contains("expected 'datasheet:'"));
  CHECK_THAT(with("measured:"), Catch::Contains("expected 'datasheet:'"));
}

TEST_CASE("a sourced value has known keys and a value") {
  CHECK_THAT(
      problems("name: x\nhbm: {capacity: {source: 'assumed: x'}, bandwidth: {value: 1 TB/s, sorce: "
               "'assumed: x'}}\n"),
      Catch::Contains("hbm.capacity.value: is missing: size") &&
          Catch::Contains("hbm.bandwidth.sorce: unknown key; the keys of a sourced value are "
                          "value, source, note, uncertainty, rows (did you mean 'source'?)"));
}

TEST_CASE("a section without sources takes no sourced values") {
  const std::string p = test::problems([] {
    config::read(workload_schema(),
                 config::parse_text("prompt_tokens: {value: 5, source: 'assumed: x'}\n", "w.yaml"));
  });
  CHECK(p == "w.yaml:1:16: prompt_tokens: expected count of tokens, got a section of 2 keys");
}
