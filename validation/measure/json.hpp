#pragma once
// A small JSON writer, so that the harness needs no library on the machine it is carried to.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fieldsim::measure {

// Values are written in call order; keys only inside objects. Misuse is a programming error and
// aborts. Non-finite numbers become null: JSON has no others.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('{', '}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close('[', ']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(std::int64_t{number}); }
  JsonWriter& value(bool truth);
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  std::string str() const;  // all scopes must be closed

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char open_bracket, char bracket);
  void before_value();
  void line();
  std::string text_;
  std::vector<char> scopes_;
  bool first_ = true;  // nothing yet in the innermost scope
  bool after_key_ = false;
};

}  // namespace fieldsim::measure
