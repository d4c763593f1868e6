// Random and mutated documents: a tree or a ConfigError, never a crash, a hang or anything else.
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "sample.hpp"
#include "sim/config/describe.hpp"
#include "sim/config/document.hpp"
#include "sim/config/overlay.hpp"
#include "sim/config/parse.hpp"
#include "support.hpp"

using namespace sample;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& r, std::size_t n) { return static_cast<std::size_t>(r() % n); }

const std::vector<std::string>& pieces() {
  static const std::vector<std::string> words = {"workload",
                                                 "prompt_tokens",
                                                 "verification",
                                                 "boundary",
                                                 "every_tokens",
                                                 "every_time",
                                                 "hash",
                                                 "engine",
                                                 "cpu_sha256",
                                                 "hardware",
                                                 "hbm",
                                                 "bandwidth",
                                                 "value",
                                                 "source",
                                                 "extends",
                                                 "small",
                                                 "seeds",
                                                 "stages",
                                                 "named",
                                                 "vary",
                                                 "64000",
                                                 "1e6",
                                                 "2.039 TB/s",
                                                 "5 us",
                                                 "5 %",
                                                 "16 Gb",
                                                 "true",
                                                 "null",
                                                 "~",
                                                 "-1",
                                                 "0.1",
                                                 "'assumed: x'",
                                                 "\"q\\n\"",
                                                 "'",
                                                 "\"",
                                                 "[",
                                                 "]",
                                                 "{",
                                                 "}",
                                                 ",",
                                                 ": ",
                                                 ":",
                                                 "\n",
                                                 "\n  ",
                                                 "\n    ",
                                                 "- ",
                                                 "? ",
                                                 "| ",
                                                 "> ",
                                                 "&a ",
                                                 "*a",
                                                 "!!int ",
                                                 "<<",
                                                 "# c",
                                                 "---\n",
                                                 "...\n",
                                                 "%YAML 1.2\n",
                                                 "\t",
                                                 "@",
                                                 "`",
                                                 "\xff",
                                                 std::string(1, '\0'),
                                                 "\xC3\xA9",
                                                 "\r\n",
                                                 "=",
                                                 "."};
  return words;
}

std::string soup(Random& r) {
  std::string text;
  for (std::size_t n = below(r, 60); n > 0; --n) text += pieces()[below(r, pieces().size())];
  return text;
}

// A legal document with a few bytes changed, doubled, cut or replaced by a piece.
std::string mutated(Random& r, std::string text) {
  for (std::size_t n = 1 + below(r, 4); n > 0 && !text.empty(); --n) {
    const std::size_t at = below(r, text.size());
    const std::size_t len = std::min(below(r, 12), text.size() - at);
    switch (below(r, 5)) {
      case 0:
        text[at] = static_cast<char>(below(r, 256));
        break;
      case 1:
        text.erase(at, len);
        break;
      case 2:
        text.insert(at, text.substr(at, len));
        break;
      case 3:
        text.insert(at, pieces()[below(r, pieces().size())]);
        break;
      default:
        text.replace(at, len, pieces()[below(r, pieces().size())]);
        break;
    }
  }
  return text;
}

std::vector<std::string> legal_documents() {
  std::vector<std::string> texts;
  const std::string folder =
      std::string(FIELDSIM_SOURCE_DIR) + "/tests/unit/config/documents/legal/";
  for (const char* name :
       {"full", "extends", "extends_inline", "minimal", "nulls", "numbers_as_text"}) {
    std::ifstream in(folder + name + ".yaml");
    std::ostringstream out;
    out << in.rdbuf();
    REQUIRE_FALSE(out.str().empty());
    texts.push_back(out.str());
  }
  return texts;
}

// True when the whole way from text to struct went through; false for a ConfigError.
bool survives(const std::string& text, const std::string& assignment) {
  static const Schema<Scenario> schema = scenario_schema();
  static const config::Catalogue shipped(std::string(FIELDSIM_SOURCE_DIR) +
                                         "/tests/unit/config/configs");
  try {
    config::Document d =
        config::open_text(text, "random.yaml", schema.node(), shipped, "scenarios");
    if (!assignment.empty()) config::assign(d, assignment, schema.node());
    config::resolve(d, schema.node(), shipped);
    config::read(schema, d.root, d.problems);
    return true;
  } catch (const ConfigError& e) {
    REQUIRE_FALSE(e.problems().empty());
    for (const Problem& p : e.problems()) REQUIRE_FALSE(p.message.empty());
    return false;
  }
}

}  // namespace

TEST_CASE("a random document is a tree or a ConfigError") {
  Random r(20240601);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = soup(r);
    CAPTURE(i, text);
    survives(text, "");
  }
}

TEST_CASE("a mutated document is read or refused, and both happen") {
  Random r(20240602);
  const std::vector<std::string> legal = legal_documents();
  int read = 0;
  constexpr int kRuns = 6'000;
  for (int i = 0; i < kRuns; ++i) {
    const std::string text = mutated(r, legal[below(r, legal.size())]);
    CAPTURE(i, text);
    if (survives(text, "")) ++read;
  }
  CHECK(read > kRuns / 100);
  CHECK(read < kRuns / 2);
}

TEST_CASE("a random assignment is applied or refused") {
  Random r(20240603);
  const std::vector<std::string> legal = legal_documents();
  for (int i = 0; i < 3'000; ++i) {
    std::string assignment = "verification.hash.threads=4";
    if (below(r, 3) != 0) assignment = mutated(r, assignment);
    if (below(r, 3) == 0) assignment = soup(r) + "=" + soup(r);
    CAPTURE(i, assignment);
    survives(legal[below(r, legal.size())], assignment);
  }
}

TEST_CASE("an overlay of a document over itself changes nothing that is read") {
  const Schema<Scenario> schema = scenario_schema();
  for (const std::string& text : legal_documents()) {
    const config::Value once = config::parse_text(text, "f.yaml");
    const config::Value twice = config::overlay(once, once, schema.node());
    CHECK(config::flow_text(config::overlay(twice, twice, schema.node())) ==
          config::flow_text(twice));
  }
}

TEST_CASE("a document that is written again from its tree reads the same") {
  for (const std::string& text : legal_documents()) {
    const config::Value v = config::parse_text(text, "f.yaml");
    const std::string flow = config::flow_text(v);
    CHECK(config::flow_text(config::parse_text(flow, "g.yaml")) == flow);
  }
}
