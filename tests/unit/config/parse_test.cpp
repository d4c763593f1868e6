#include <string>

#include "sim/config/parse.hpp"
#include "support.hpp"

using namespace fieldsim;
using namespace fieldsim::config;

TEST_CASE("every value and key knows its line and column") {
  const Value v = parse_text("a: 1\nb:\n  c: [10, '20']\n  d: {e: x y}\n", "f.yaml");
  REQUIRE(v.is_map());
  CHECK(v.fields[0].where.str() == "f.yaml:1:1");
  CHECK(v.fields[0].value.where.str() == "f.yaml:1:4");
  const Value& b = v.find("b")->value;
  CHECK(b.find("c")->value.items[1].where.str() == "f.yaml:3:11");
  CHECK(b.find("c")->value.items[1].kind == Value::Kind::quoted);
  CHECK(b.find("c")->value.items[0].kind == Value::Kind::plain);
  CHECK(b.find("d")->value.find("e")->value.text == "x y");
  CHECK(b.find("d")->value.find("e")->where.str() == "f.yaml:4:7");
}

TEST_CASE("a JSON file is read by the same parser") {
  const Value v = parse_text(
      "{\n  \"hidden_size\": 5120,\n  \"rope_scaling\": null,\n  \"tie\": false,\n  \"a\": "
      "[1e-5]\n}\n",
      "config.json");
  CHECK(v.find("hidden_size")->value.text == "5120");
  CHECK(v.find("hidden_size")->value.kind == Value::Kind::plain);
  CHECK(v.find("rope_scaling")->value.is_null());
  CHECK(v.find("a")->value.items[0].text == "1e-5");
}

TEST_CASE("duplicates are reported together and name the first") {
  CHECK(test::problems(
            [] { parse_text("a: 1\nb: {x: 1, 'x': 2}\na: 3\nc: 1\nc: {d: 1}\n", "f.yaml"); }) ==
        "f.yaml:2:11: duplicate key 'x', first given in line 2\n"
        "f.yaml:3:1: duplicate key 'a', first given in line 1\n"
        "f.yaml:5:1: duplicate key 'c', first given in line 4");
}

TEST_CASE("a recoverable problem leaves the tree of what came first") {
  std::vector<Problem> problems;
  const Value v = parse_text("a: 1\na: 2\nb: &x 3\n", "f.yaml", problems);
  CHECK(problems.size() == 2);
  CHECK(v.find("a")->value.text == "1");
  CHECK(v.find("b")->value.text == "3");
  CHECK(v.fields.size() == 2);
}

TEST_CASE("what came before a syntax error is reported with it") {
  const std::string text =
      test::problems([] { parse_text("a: 1\na: 2\nb: [1, 2\nc: 3\n", "f.yaml"); });
  CHECK_THAT(text,
             Catch::StartsWith("f.yaml:2:1: duplicate key 'a', first given in line 1\nf.yaml:"));
  CHECK_THAT(text, Catch::Contains("not valid YAML"));
}

TEST_CASE("a tree prints as one line") {
  CHECK(flow_text(parse_text("a: [1, 'x']\nb: {c: }\n", "f")) == "{a: [1, \"x\"], b: {c: null}}");
}

TEST_CASE("a byte order mark and Windows line ends are no problem") {
  const Value v = parse_text(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n",
      "f.yaml");
  CHECK(v.find("a")->value.text == "1");
  CHECK(v.find("b")->value.text == "2");
}
