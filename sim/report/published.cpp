#include "sim/report/published.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/report/quantity.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

namespace {

Json figure(const Json& result, const std::string& path, double value, double tolerance,
            const std::string& source) {
  Json j = {{"path", path},           {"published", value}, {"ours", nullptr}, {"ratio", nullptr},
            {"tolerance", tolerance}, {"within", nullptr},  {"source", source}};
  const Json ours = result_number(result, path);
  if (ours.is_null()) return j;
  j["ours"] = ours;
  if (value == 0) return j;
  const double ratio = ours.get<double>() / value;
  j["ratio"] = ratio;
  if (tolerance > 0) j["within"] = std::abs(ratio - 1) <= tolerance;
  return j;
}

std::string verdict(const Json& f) {
  if (!f["ratio"].is_number()) return "";
  const double ratio = f["ratio"].get<double>();
  std::string text = ratio > 0.5 && ratio < 2 ? fmt::format("{:+.1f} %", 100 * (ratio - 1))
                                              : fmt::format("{:.3g} x", ratio);
  if (f["within"].is_boolean())
    text += fmt::format(", {} {:.3g} %", f["within"].get<bool>() ? "within" : "outside",
                        100 * f["tolerance"].get<double>());
  return text;
}

}  // namespace

Json published_json(const system::Scenario& s, const Json& result) {
  Json all = Json::array();
  if (!s.published) return all;
  const system::Published& p = *s.published;
  if (p.tokens_per_s)
    all.push_back(figure(result, "throughput.tokens_per_s", *p.tokens_per_s, 0, p.source));
  for (const system::PublishedFigure& f : p.figures)
    all.push_back(
        figure(result, f.path, f.value, f.tolerance, f.source.empty() ? p.source : f.source));
  return all;
}

std::string published_text(const Json& figures) {
  std::string out;
  for (const Json& f : figures) {
    out += fmt::format("  published         {} = {:.4g}, ours ", f["path"].get<std::string>(),
                       f["published"].get<double>());
    out += f["ours"].is_number() ? fmt::format("{:.4g} ({})", f["ours"].get<double>(), verdict(f))
                                 : "not in this result";
    out += fmt::format("\n                    {}\n", f["source"].get<std::string>());
  }
  return out;
}

}  // namespace fieldsim::report
