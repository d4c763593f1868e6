#include "sim/report/html/page.hpp"

#include <fmt/format.h>

#include "sim/report/version.hpp"

namespace fieldsim::report::html {

namespace {

// Nothing may be fetched from anywhere: the browser enforces it. The library compiles expressions.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:";

std::string element(const char* tag, const std::string& text) {
  return fmt::format("<{0}>{1}</{0}>\n", tag, escaped(text));
}

}  // namespace

void Page::close() {
  if (folded_) body_ += "</details>\n";
  if (open_) body_ += "</section>\n";
  folded_ = open_ = false;
}

void Page::part(const std::string& heading) {
  close();
  in_part_ = true;
  const std::string id = fmt::format("s{}", ++sections_);
  body_ += fmt::format("<h2 class=\"part\" id=\"{}\">{}</h2>\n", id, escaped(heading));
  contents_ += fmt::format("<a href=\"#{}\">{}</a>\n", id, escaped(heading));
}

void Page::section(const std::string& heading) {
  close();
  open_ = true;
  const std::string id = fmt::format("s{}", ++sections_);
  body_ += fmt::format("<section id=\"{}\">\n", id) + element(in_part_ ? "h3" : "h2", heading);
  if (in_part_) return;
  contents_ += fmt::format("<a href=\"#{}\">{}</a>\n", id, escaped(heading));
}

void Page::subsection(const std::string& heading) {
  if (folded_) body_ += "</details>\n";
  folded_ = true;
  body_ += "<details open>" + element("summary", heading);
}

void Page::text(const std::string& paragraph) { body_ += element("p", paragraph); }

void Page::note(const std::string& paragraph) {
  body_ += "<p class=\"note\">" + escaped(paragraph) + "</p>\n";
}

void Page::warning(const std::string& paragraph) {
  body_ += "<p class=\"warning\"><b>Warning.</b> " + escaped(paragraph) + "</p>\n";
}

void Page::table(const Table& table) { body_ += markup(table); }

void Page::figures(const std::vector<std::pair<std::string, std::string>>& value_and_name) {
  body_ += "<div class=\"figures\">\n";
  for (const auto& [value, name] : value_and_name)
    body_ += "<div><b>" + escaped(value) + "</b> " + escaped(name) + "</div>\n";
  body_ += "</div>\n";
}

void Page::plot(Plot plot) {
  body_ += fmt::format(
      "<figure class=\"plot {0}\" data-plot=\"{1}\"><div class=\"chart\" role=\"img\" "
      "aria-label=\"{2}\"></div><figcaption>{2}</figcaption></figure>\n",
      plot.spec, plots_.size(), escaped(plot.caption));
  plots_.push_back(std::move(plot));
}

std::string Page::html(const Library& library) const {
  const bool plots = !library.code.empty();
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"{}>\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n"
      "<body>\n<header><h1>{}</h1>\n<nav>\n{}</nav></header>\n<main>\n",
      plots ? "" : " class=\"no-plots\"", kPolicy, escaped(title_), asset("report/page.css"),
      escaped(title_), contents_);
  if (!plots)
    out += "<p class=\"warning\" id=\"missing\">" + escaped(missing_text(library)) + "</p>\n";
  out +=
      "<noscript><p class=\"warning\">The plots need JavaScript; the tables do "
      "not.</p></noscript>\n";
  out += body_;
  if (folded_) out += "</details>\n";
  if (open_) out += "</section>\n";
  out += fmt::format("</main>\n<footer>fieldsim {}</footer>\n", kVersion);
  if (plots) {
    Json data = {{"version", kVersion},
                 {"specs", Json::object()},
                 {"theme", Json::parse(asset("theme.json"))},
                 {"plots", Json::array()}};
    for (const Plot& p : plots_) {
      if (!data["specs"].contains(p.spec))
        data["specs"][p.spec] = Json::parse(asset("specs/" + p.spec + ".vl.json"));
      Json one = {{"spec", p.spec}, {"words", p.words}, {"datasets", p.datasets}};
      if (!p.timeline.is_null()) one["timeline"] = p.timeline;
      data["plots"].push_back(std::move(one));
    }
    const auto replace = Json::error_handler_t::replace;  // names may hold any bytes
    out += "<script type=\"application/json\" id=\"report\">" +
           in_json_script(data.dump(-1, ' ', false, replace)) + "</script>\n";
    out += "<script>" + in_script(library.code) + "</script>\n";
    out += "<script type=\"module\">\n" + in_script(std::string(asset("report/timeline.js"))) +
           in_script(std::string(asset("report/fill.js"))) +
           in_script(std::string(asset("report/page.js"))) + "</script>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace fieldsim::report::html
