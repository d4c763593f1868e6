#include "sim/report/html/markup.hpp"

#include <algorithm>

namespace fieldsim::report::html {

namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// '<' only ever stands inside a string of JSON.
std::string in_json_script(std::string json) { return replaced(std::move(json), "<", "\\u003c"); }

// In code it may be an operator: only what could open or close an element is broken up.
std::string in_script(std::string code) {
  return replaced(replaced(std::move(code), "</script", "<\\/script"), "<!--", "<\\!--");
}

std::string markup(const Table& table) {
  const auto is_numeric = [&](std::size_t column) {
    return std::ranges::find(table.numeric, column) != table.numeric.end();
  };
  const auto row = [&](const std::vector<std::string>& cells, const char* tag) {
    std::string out = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i)
      out += std::string("<") + tag + (is_numeric(i) ? " class=\"n\">" : ">") + escaped(cells[i]) +
             "</" + tag + ">";
    return out + "</tr>\n";
  };
  std::string out = "<div class=\"scroll\"><table>\n";
  if (!table.caption.empty()) out += "<caption>" + escaped(table.caption) + "</caption>\n";
  out += "<thead>" + row(table.head, "th") + "</thead>\n<tbody>\n";
  for (const auto& cells : table.rows) out += row(cells, "td");
  return out + "</tbody></table></div>\n";
}

}  // namespace fieldsim::report::html
