#include <string>

#include "sample.hpp"
#include "sim/config/describe.hpp"
#include "support.hpp"

TEST_CASE("the manual of a section gives type, unit, range, default and meaning") {
  const std::string text = sample::config::describe(sample::scenario_schema().node());
  INFO(text);
  CHECK_THAT(text, Catch::StartsWith("scenario: One run\n\n"));
  CHECK_THAT(text, Catch::Contains("  workload.prompt_tokens\n      count of tokens; 1 .. 16777216 "
                                   "tokens; required\n      tokens in the prompt\n"));
  CHECK_THAT(text,
             Catch::Contains("  workload.decode_step\n      time; 1 ns .. 10 s; default none\n"));
  CHECK_THAT(
      text,
      Catch::Contains(
          "  verification.hash.engine\n      one of cpu_sha256, cpu_blake3; default cpu_sha256\n"));
  CHECK_THAT(text, Catch::Contains("      cpu_blake3     BLAKE3 on host cores\n"));
  CHECK_THAT(text,
             Catch::Contains(
                 "  hardware\n      a file in configs/hardware, a path, or a map of its keys\n"));
  CHECK_THAT(text, Catch::Contains("  seeds\n      list of count; at least 0; default [1]\n"));
  CHECK_THAT(text, Catch::Contains("Exactly one of verification.boundary.every_tokens, "
                                   "verification.boundary.every_time may be given.\n"));
  CHECK_THAT(text, Catch::Contains(
                       "'verification.hash: X' is short for 'verification.hash: {engine: X}'.\n"));
}

TEST_CASE("the manual says that numbers must have a source") {
  CHECK_THAT(sample::config::describe(sample::hardware_schema().node()),
             Catch::Contains("A number must be written {value: X, source:"));
}

TEST_CASE("the JSON Schema carries docs, defaults, enums and patterns") {
  const std::string text =
      sample::config::json_schema(sample::scenario_schema().node(), "fieldsim scenario");
  CHECK_THAT(text, Catch::Contains("\"additionalProperties\": false"));
  CHECK_THAT(text, Catch::Contains("tokens in the prompt"));
  CHECK_THAT(text, Catch::Contains("\"maximum\": 16777216"));
  CHECK_THAT(text, Catch::Contains("draft-07"));
}
