#pragma once
// HTML as text: everything that comes from outside goes through escaped().
#include <string>
#include <string_view>
#include <vector>

namespace fieldsim::report::html {

// Safe between tags and inside a quoted attribute.
std::string escaped(std::string_view text);

// JSON or JavaScript inside a <script>: nothing in it can end the element.
std::string in_json_script(std::string json);
std::string in_script(std::string code);

// A table with a caption. Cells are text; those of `numeric` columns are set to the right.
struct Table {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> numeric;
};
std::string markup(const Table& table);

}  // namespace fieldsim::report::html
