#include "validation/measure/json.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace fieldsim::measure {

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "JsonWriter: %s\n", what);
  std::abort();
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class Number>
std::string shortest(Number number) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return std::string(digits, end);
}

}  // namespace

void JsonWriter::line() {
  text_ += '\n';
  text_.append(scopes_.size(), ' ');
}

void JsonWriter::before_value() {
  require(!text_.empty() ? !scopes_.empty() : true, "a second top-level value");
  if (scopes_.empty()) return;
  if (after_key_) {
    after_key_ = false;
    return;
  }
  require(scopes_.back() == '[', "a value without a key");
  if (!first_) text_ += ',';
  line();
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  before_value();
  text_ += bracket;
  scopes_.push_back(bracket);
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char open_bracket, char bracket) {
  require(!scopes_.empty() && scopes_.back() == open_bracket && !after_key_, "unbalanced scope");
  scopes_.pop_back();
  if (!first_) line();
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  require(!scopes_.empty() && scopes_.back() == '{' && !after_key_, "a key outside an object");
  if (!first_) text_ += ',';
  line();
  first_ = false;
  append_quoted(text_, name);
  text_ += ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  append_quoted(text_, text);
  return *this;
}
JsonWriter& JsonWriter::value(double number) {
  before_value();
  text_ += std::isfinite(number) ? shortest(number) : "null";
  return *this;
}
JsonWriter& JsonWriter::value(std::int64_t number) {
  before_value();
  text_ += shortest(number);
  return *this;
}
JsonWriter& JsonWriter::value(std::uint64_t number) {
  before_value();
  text_ += shortest(number);
  return *this;
}
JsonWriter& JsonWriter::value(bool truth) {
  before_value();
  text_ += truth ? "true" : "false";
  return *this;
}

std::string JsonWriter::str() const {
  require(scopes_.empty() && !text_.empty(), "an open scope");
  return text_ + "\n";
}

}  // namespace fieldsim::measure
