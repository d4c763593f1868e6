// Inputs made to break a reader: each is refused with a message at its place, in bounded time.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "sim/config/parse.hpp"
#include "support.hpp"

using namespace fieldsim;
using namespace fieldsim::config;

namespace {
std::string refused(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  std::string problems = test::problems([&] { parse_text(text, "f.yaml"); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() < 20.0);  // generous: sanitizers and a busy machine
  return problems;
}

std::string repeat(const std::string& s, std::size_t n) {
  std::string r;
  r.reserve(s.size() * n);
  for (std::size_t i = 0; i < n; ++i) r += s;
  return r;
}
}  // namespace

TEST_CASE("one file is one document") {
  CHECK(refused("a: 1\n---\na: 2\n") ==
        "f.yaml:2:1: a second document starts here; one file is one document (or the indentation "
        "does not fit)");
  CHECK_THAT(refused("- a\nb: 1\n"),
             Catch::StartsWith("f.yaml:2:1: a second document starts here"));
}

TEST_CASE("anchors, aliases and cycles are refused") {
  CHECK(refused("a: &x 1\n") ==
        "f.yaml:1:4: anchors (&name) are not supported; write the value again");
  CHECK_THAT(
      refused("a: &x 1\nb: *x\n"),
      Catch::EndsWith("f.yaml:2:4: aliases (*name) are not supported; write the value again"));
  CHECK_THAT(refused("a: &r [1, *r]\n"), Catch::Contains("f.yaml:1:11: aliases"));
  CHECK_THAT(refused("a: *nowhere\n"), Catch::Contains("f.yaml:1:4"));
}

TEST_CASE("tags, merge keys and keys that are no words are refused") {
  CHECK_THAT(refused("a: !!int 3\n"), Catch::StartsWith("f.yaml:1:4: tags are not supported"));
  CHECK(refused("b: {x: 1}\nc:\n  <<: {y: 1}\n") ==
        "f.yaml:3:3: merge keys (<<) are not supported; use 'extends'");
  CHECK_THAT(refused("? [1, 2]\n: v\n"), Catch::StartsWith("f.yaml:1:3: a key must be a word"));
  CHECK_THAT(refused("{: v}\n"), Catch::Contains("a key is missing"));
}

TEST_CASE("depth, size and number of values are bounded") {
  CHECK(refused(repeat("[", 65) + repeat("]", 65)) == "f.yaml:1:65: nested deeper than 64 levels");
  CHECK(refused(repeat("[", 64) + repeat("]", 64)).empty());
  CHECK_THAT(refused(repeat("[", 100'000)),
             Catch::StartsWith("f.yaml:1:1: ") && Catch::Contains("a bracket is never closed"));
  CHECK_THAT(refused(repeat("{a: ", 100'000)), Catch::Contains("f.yaml:1:"));
  CHECK_THAT(refused(repeat("- ", 100'000)), Catch::Contains("nested deeper"));
  CHECK_THAT(refused("a: [" + repeat("1,", 200'000) + "]"),
             Catch::Contains("more than 100000 values"));
  CHECK_THAT(refused("a: " + std::string(70'000, 'x')),
             Catch::StartsWith("f.yaml:1:4: a text longer than 65536"));
  CHECK(refused(std::string(10'000'000, 'a')) == "f.yaml: larger than 1048576 bytes");
}

TEST_CASE("an alias bomb stops at its first alias") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i)
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            repeat("*a" + std::to_string(i - 1) + ",", 10) + "]\n";
  CHECK_THAT(refused(bomb), Catch::Contains("f.yaml:2:10: aliases"));
}

TEST_CASE("many keys are checked for duplicates in linear time") {
  std::string wide;
  for (int i = 0; i < 49'000; ++i) wide += "k" + std::to_string(i) + ": 1\n";
  CHECK_THAT(refused(wide + "k7: 1\n"),
             Catch::Contains("f.yaml:49001:1: duplicate key 'k7', first given in line 8"));
}

TEST_CASE("a flood of recoverable problems is cut") {
  const std::string all = refused("[" + repeat("&a 1,", 20'000) + "]");
  CHECK(std::count(all.begin(), all.end(), '\n') == 99);
}

TEST_CASE("what is not text is refused at its byte") {
  CHECK(refused(std::string("a: b\nc: \0d", 10)) == "f.yaml:2:4: not a text file: byte 0x00");
  CHECK(refused("a: \xff\xfe\n") == "f.yaml:1:4: not valid UTF-8: byte 0xFF");
  CHECK(refused("a: \xc0\xaf\n") == "f.yaml:1:4: not valid UTF-8: byte 0xC0");
  CHECK(refused("a: \xed\xa0\x80\n") == "f.yaml:1:4: not valid UTF-8: byte 0xED");
  CHECK(refused("a: \"\\u0000\"\n") == "f.yaml:1:4: a text with a NUL byte in it");
  CHECK(refused("\x7f"
                "ELF") == "f.yaml:1:1: not a text file: byte 0x7F");
}

TEST_CASE("an empty file is refused") {
  CHECK(refused("") == "f.yaml: the file is empty");
  CHECK(refused("# only a comment\n\n") == "f.yaml: the file is empty");
  CHECK(refused("---\n...\n") == "f.yaml: the file is empty");
}

TEST_CASE("syntax errors say where") {
  CHECK_THAT(refused("a:\n\tb: 1\n"), Catch::StartsWith("f.yaml:2:"));
  CHECK_THAT(refused("a: b: c\n"), Catch::StartsWith("f.yaml:1:"));
  CHECK(refused("a: 'x\n") == "f.yaml:2:1: a quoted text is never closed");
  CHECK_THAT(refused("a: \"x\nb: 2\n"),
             Catch::StartsWith("f.yaml:3:1: a quoted text is never closed"));
  CHECK_THAT(refused("a: 'x"), Catch::Contains("a quoted text is never closed"));
  CHECK_THAT(refused("a: [1, 2\nb: 3\n"), Catch::StartsWith("f.yaml:"));
}

TEST_CASE("scanner traps end in bounded time") {
  const std::size_t n = 100'000;
  for (const std::string& s :
       {repeat("?", n), repeat("? ", n), "[" + repeat("? ", n), repeat("a: ", n), repeat("!!a ", n),
        "[" + repeat(",", n), repeat("[a,", n), repeat("{a,", n), repeat("\"", n), repeat("'", n),
        repeat("|\n", n), repeat("- a\n -", n), repeat("a:\n", n), repeat("%YAML 1.2\n", n),
        repeat("---\n", n), "a: |" + repeat("\n ", n), "a: \"" + repeat("\\\n", n)}) {
    refused(s);
  }
}

TEST_CASE("a path that is no file says what it is") {
  const test::Folder folder("hostile");
  folder.write("scenario.yaml", "a: 1\n");
  const auto open = [](const std::string& path) {
    return test::problems([&] { parse_file(path); });
  };
  CHECK(open(folder.at("scenari.yaml")) == folder.at("scenari.yaml") +
                                               ": no such file (did you mean '" +
                                               folder.at("scenario.yaml") + "'?)");
  CHECK(open(folder.at("")) == folder.at("") + ": is a directory, not a file");
  CHECK_THAT(open(folder.at("scenario.yaml/x")), Catch::Contains("no such file"));
  folder.write("big.yaml", std::string(10'000'000, '#'));
  CHECK(open(folder.at("big.yaml")) == folder.at("big.yaml") + ": larger than 1048576 bytes");
  CHECK(open("/dev/zero") == "/dev/zero: is not a regular file");
  REQUIRE(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
  CHECK(open(folder.at("pipe")) == folder.at("pipe") + ": is not a regular file");
  folder.write("secret.yaml", "a: 1\n");
  ::chmod(folder.at("secret.yaml").c_str(), 0);
  if (::geteuid() != 0)  // root reads everything
    CHECK_THAT(open(folder.at("secret.yaml")),
               Catch::Contains("cannot be read: Permission denied"));
}
