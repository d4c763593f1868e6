#include "sim/report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "sim/report/summary.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

namespace {

struct Line {
  const char* label;
  const char* pointer;
  enum class Kind { number, time, bytes } kind;
};
constexpr Line kLines[] = {
    {"tokens/s", "/throughput/tokens_per_s", Line::Kind::number},
    {"tokens/s to last verdict", "/throughput/committed_tokens_per_s", Line::Kind::number},
    {"first token", "/latency/ttft_s", Line::Kind::time},
    {"time per token, mean", "/latency/tpot_s/mean", Line::Kind::time},
    {"time per token, p99", "/latency/tpot_s/p99", Line::Kind::time},
    {"  weights", "/time_breakdown_s/weights", Line::Kind::time},
    {"  attention", "/time_breakdown_s/attention", Line::Kind::time},
    {"  anchors", "/time_breakdown_s/anchors", Line::Kind::time},
    {"  launch", "/time_breakdown_s/launch", Line::Kind::time},
    {"  host", "/time_breakdown_s/host", Line::Kind::time},
    {"  assumed step", "/time_breakdown_s/assumed", Line::Kind::time},
    {"  quantise", "/time_breakdown_s/quantize", Line::Kind::time},
    {"  transfer", "/time_breakdown_s/transfer", Line::Kind::time},
    {"  sync", "/time_breakdown_s/sync", Line::Kind::time},
    {"  hash", "/time_breakdown_s/hash", Line::Kind::time},
    {"  ledger", "/time_breakdown_s/ledger", Line::Kind::time},
    {"  stall", "/time_breakdown_s/stall", Line::Kind::time},
    {"  rollback", "/time_breakdown_s/rollback", Line::Kind::time},
    {"output commit, mean", "/latency/output_commit_s/mean", Line::Kind::time},
    {"unverified tokens, mean", "/verification/exposure_tokens", Line::Kind::number},
    {"discarded tokens", "/recovery/discarded_tokens", Line::Kind::number},
    {"requests a second", "/requests/throughput/requests_per_s", Line::Kind::number},
    {"  within the objective", "/requests/goodput/requests_per_s", Line::Kind::number},
    {"  first token made, p99", "/requests/ttft_s/p99", Line::Kind::time},
    {"  first token released, p99", "/requests/released_s/first_token/p99", Line::Kind::time},
    {"  last token released, mean", "/requests/released_s/last_token/mean", Line::Kind::time},
    {"  in the queue, mean", "/requests/queued/mean", Line::Kind::number},
    {"  preemptions", "/requests/preemption/preemptions", Line::Kind::number},
    {"  tokens computed again", "/requests/tokens/recomputed", Line::Kind::number},
    {"  KV blocks in use, mean share", "/requests/kv/utilization", Line::Kind::number},
    {"agents: steps an hour", "/agents/steps_per_hour", Line::Kind::number},
    {"  effects released, p99", "/agents/output_commit_s/effects/p99", Line::Kind::time},
    {"  tokens released, p99", "/agents/output_commit_s/tokens/p99", Line::Kind::time},
    {"  escaped irreversible effects", "/agents/effects/escaped_irreversible", Line::Kind::number},
    {"  effects compensated", "/agents/effects/compensated", Line::Kind::number},
    {"  orphaned boundaries", "/agents/orphans/boundaries", Line::Kind::number},
    {"  agents rolled back", "/agents/agents_rolled_back", Line::Kind::number},
    {"  cascade size, mean", "/agents/cascade/size_mean", Line::Kind::number},
    {"  tokens prefilled again", "/agents/prefill/again_tokens", Line::Kind::number},
    {"memory", "/memory/total_bytes", Line::Kind::bytes},
    {"energy per token, J", "/energy_j_per_token", Line::Kind::number},
};

constexpr std::size_t kLabel = 38, kColumn = 16;

std::string cell(const Line& line, double v, double base, bool first) {
  std::string s = line.kind == Line::Kind::time    ? duration_text(v)
                  : line.kind == Line::Kind::bytes ? bytes_text(v)
                                                   : fmt::format("{:.4g}", v);
  if (!first && base != 0 && v != base) s += fmt::format(" {:.2f}x", v / base);
  return s;
}

std::string value_at(const Compared& c, const std::string& path) {
  const config::Origin* o = c.loaded.provenance.find(path);
  return o == nullptr ? "-" : o->text;
}

// Text for people, not an input of the model.
bool prose(const std::string& path) {
  return path == "name" || path.ends_with("description") || path.starts_with("published.") ||
         path.ends_with(".source") || path.ends_with(".cpu") || path.ends_with(".name");
}

// Inputs that are not the same everywhere, by path.
std::vector<std::string> differing(const std::vector<Compared>& all) {
  std::vector<std::string> paths;
  for (const Compared& c : all)
    for (const config::Origin& o : c.loaded.provenance.all()) {
      const bool differs = std::any_of(all.begin(), all.end(), [&](const Compared& other) {
        return value_at(other, o.path) != o.text;
      });
      if (differs && !prose(o.path) && std::find(paths.begin(), paths.end(), o.path) == paths.end())
        paths.push_back(o.path);
    }
  return paths;
}

std::string trimmed(std::string_view label) {
  label.remove_prefix(std::min(label.find_first_not_of(' '), label.size()));
  return std::string(label);
}

const Json* at(const Json& j, const Json::json_pointer& pointer) {
  return j.contains(pointer) && j.at(pointer).is_number() ? &j.at(pointer) : nullptr;
}

// In the order of the results, each path once.
void collect_numbers(const Json& object, const std::string& path, const Json::json_pointer& pointer,
                     std::vector<std::pair<std::string, Json::json_pointer>>& out) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object()) {
      collect_numbers(value, name, pointer / key, out);
    } else if (value.is_number() && std::none_of(out.begin(), out.end(), [&](const auto& known) {
                 return known.first == name;
               })) {
      out.emplace_back(name, pointer / key);
    }
  }
}

std::string shortened(const std::string& text) {
  return text.size() < kColumn ? text : text.substr(0, kColumn - 4) + "...";
}

}  // namespace

std::vector<ComparedRow> compared_rows(const std::vector<Compared>& all) {
  std::vector<ComparedRow> rows;
  for (const Line& line : kLines) {
    const Json::json_pointer pointer(line.pointer);
    ComparedRow row{line.label, {}, false};
    const auto value = [&](const Compared& c) {  // chats have no agents
      return c.json.contains(pointer) ? c.json.at(pointer).get<double>() : 0.0;
    };
    const double base = value(all.front());
    bool any = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double v = value(all[i]);
      any = any || std::fabs(v) > 0;
      row.differs = row.differs || v != base;
      row.cells.push_back(cell(line, v, base, i == 0));
    }
    if (any) rows.push_back(std::move(row));
  }
  return rows;
}

std::string comparison_text(const std::vector<Compared>& all) {
  constexpr std::size_t kMostInputs = 24;
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i)
    out += fmt::format("  [{}] {}\n", i + 1, all[i].loaded.scenario.name);
  const auto row = [&](const std::string& label, const std::vector<std::string>& cells) {
    out += fmt::format("  {:<{}}", label, kLabel);
    for (const std::string& c : cells) out += fmt::format("{:>{}}", c, kColumn);
    out += '\n';
  };
  std::vector<std::string> heads;
  for (std::size_t i = 0; i < all.size(); ++i) heads.push_back(fmt::format("[{}]", i + 1));
  out += "\nwhat differs in the input\n";
  row("", heads);
  const std::vector<std::string> paths = differing(all);
  for (std::size_t p = 0; p < paths.size() && p < kMostInputs; ++p) {
    std::vector<std::string> cells;
    for (const Compared& c : all) cells.push_back(shortened(value_at(c, paths[p])));
    row(paths[p], cells);
  }
  if (paths.size() > kMostInputs)
    out += fmt::format("  ... and {} more\n", paths.size() - kMostInputs);
  if (paths.empty()) out += "  nothing\n";
  out += "\nwhat that does (ratios to [1])\n";
  row("", heads);
  std::vector<std::string> same;
  for (const ComparedRow& r : compared_rows(all)) {
    if (r.differs)
      row(r.label, r.cells);
    else
      same.push_back(trimmed(r.label) + " " + r.cells.front());
  }
  if (!same.empty()) out += "\n" + listed("the same in all:", same);
  return out;
}

Json comparison_json(const std::vector<Compared>& all) {
  Json j;
  j["inputs"] = Json::object();
  for (const std::string& path : differing(all)) {
    Json values = Json::array();
    for (const Compared& c : all) values.push_back(value_at(c, path));
    j["inputs"][path] = values;
  }
  // Every number of the results that is not the same everywhere, with its ratio to the first.
  j["differences"] = Json::object();
  std::vector<std::pair<std::string, Json::json_pointer>> numbers;
  for (const Compared& c : all) collect_numbers(c.json, "", Json::json_pointer(), numbers);
  for (const auto& [path, pointer] : numbers) {
    Json values = Json::array(), ratios = Json::array();
    const Json* base = at(all.front().json, pointer);
    bool differs = false;
    for (const Compared& c : all) {
      const Json* v = at(c.json, pointer);
      differs = differs || v == nullptr || base == nullptr || *v != *base;
      values.push_back(v == nullptr ? Json() : *v);
      const bool ratio = v != nullptr && base != nullptr && base->get<double>() != 0;
      ratios.push_back(ratio ? Json(v->get<double>() / base->get<double>()) : Json());
    }
    if (differs && path != "seed")
      j["differences"][path] = {{"values", values}, {"ratios", ratios}};
  }
  j["results"] = Json::array();
  for (const Compared& c : all) j["results"].push_back(c.json);
  return j;
}

}  // namespace fieldsim::report
