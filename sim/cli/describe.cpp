#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "sim/attention/cost.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/kinds.hpp"
#include "sim/config/describe.hpp"
#include "sim/config/document.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"
#include "sim/model/parameters.hpp"
#include "sim/report/summary.hpp"
#include "sim/system/load.hpp"
#include "sim/system/schema/schema.hpp"
#include "sim/system/study/study.hpp"

namespace fieldsim::cli {

using config::Catalogue;
using config::Document;
using config::Origin;
using config::SchemaNode;

namespace {

const std::vector<std::string> kListable = {"hardware",  "hosts",   "models",  "schemes",
                                            "scenarios", "studies", "kernels", "policies"};

// The choices of one key, word and meaning.
std::string choices(const SchemaNode& root, const std::string& path) {
  std::string out;
  const config::PathLookup found = config::find_path(root, path);
  for (const config::ChoiceWord& c : found.node->choices)
    out += fmt::format("  {:<26}  {}\n", c.word, c.doc);
  return out;
}

const std::vector<std::string> kPolicyPaths = {"verification.timing",
                                               "verification.payload.kind",
                                               "verification.quantize",
                                               "verification.hash.engine",
                                               "verification.transfer.memory",
                                               "verification.ledger.consistency",
                                               "verification.scheme.kind",
                                               "verification.scheme.guarantee",
                                               "verification.scheme.check.payer",
                                               "verification.noise_mitigation.kind",
                                               "recovery.rollback",
                                               "recovery.output_commit",
                                               "attention_traffic",
                                               "workload.launch"};

std::string describe_file(const Catalogue& catalogue, const std::string& kind,
                          const std::string& path, const SchemaNode& node) {
  Document d = config::open_file(path, node, catalogue, kind);
  config::resolve(d, node, catalogue);
  config::Provenance provenance;
  std::vector<Problem> problems = d.problems;
  const auto object =
      std::const_pointer_cast<void>(std::static_pointer_cast<const void>(node.make_default()));
  config::read_into(node, d.root, object.get(), provenance, problems);
  if (!problems.empty()) throw ConfigError(problems);
  std::string out;
  for (const Origin& o : provenance.all()) {
    if (!o.given) continue;
    out += fmt::format("{:<32} {:<20}", o.path, o.text);
    if (o.source.kind != config::SourceKind::none)
      out += fmt::format(" {}: {}", config::to_string(o.source.kind), o.source.reference);
    if (!o.uncertainty.empty()) out += fmt::format(" (+- {})", o.uncertainty);
    out += '\n';
  }
  return out;
}

std::string describe_model(const Catalogue& catalogue, const std::string& name) {
  const auto file = config::load(system::model_file_schema(), catalogue.find("models", name, {}),
                                 catalogue, "models")
                        .value;
  const model::ModelShape shape = system::load_model_shape(file.hf_config, name);
  const model::Precision precision = model::published_precision(shape);
  const auto bytes = [](Bytes b) { return report::bytes_text(static_cast<double>(b.count())); };
  std::string out = fmt::format("{}\n{}\nsource: {}\n\n", name, file.description, file.source);
  const auto row = [&](const char* key, const std::string& value) {
    out += fmt::format("  {:<28}{}\n", key, value);
  };
  row("parameters", report::grouped(model::parameters(shape)));
  row("attention", std::string(model::to_string(model::attention_kind(shape))));
  row("layers", std::to_string(shape.num_hidden_layers));
  row("query heads, KV heads",
      fmt::format("{}, {}", shape.num_attention_heads, shape.num_key_value_heads));
  row("weights", fmt::format("{} ({})", bytes(model::weight_bytes(shape, precision.weight)),
                             shape.torch_dtype));
  row("weights read a decode step",
      bytes(model::weights_read_per_step(shape, 1, precision.weight)));
  row("KV cache of one token",
      report::grouped(model::kv_bytes_per_token(shape, precision.kv).count()) + " B");
  row("published context", report::grouped(shape.max_position_embeddings) + " tokens");
  return out;
}

std::string describe_study(const Catalogue& catalogue, const std::string& name) {
  const auto scenario = system::scenario_schema();
  const system::Study study = system::open_study(name, catalogue, scenario.node());
  std::string out = fmt::format("{}\n{}\n\n{} points\n", study.name, study.description,
                                report::grouped(static_cast<std::int64_t>(study.points())));
  for (const system::Axis& axis : study.axes)
    for (const system::AxisPath& p : axis.paths)
      out += fmt::format("  {:<40}{} values, {} .. {}\n", p.path, p.values.size(),
                         p.values.front().text, p.values.back().text);
  return out;
}

// What a shipped file says it is, on one line: its name, or where that is its own word, the first
// sentence of its description.
std::string title_of(const std::string& path, const std::string& word) {
  const config::Value root = config::parse_file(path);
  const config::Field* name = root.find("name");
  if (name != nullptr && name->value.text != word) return name->value.text;
  const config::Field* description = root.find("description");
  if (description == nullptr) return "";
  const std::string& all = description->value.text;
  const std::string text = all.substr(0, all.find('\n'));
  return text.substr(0, text.find(". "));
}

// Every key path of a section.
void collect_paths(const SchemaNode& node, const std::string& prefix,
                   std::vector<std::string>& out) {
  for (const config::SchemaField& f : node.fields) {
    out.push_back(prefix + f.name);
    if (f.node->is_section()) collect_paths(*f.node, out.back() + ".", out);
  }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string folder_of(const std::string& kind) { return kind == "hosts" ? "hardware/hosts" : kind; }

std::int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

int list(const Options& o) {
  const Catalogue catalogue;
  if (o.listed.empty()) {
    for (const std::string& kind : kListable)
      if (kind != "kernels" && kind != "policies")
        print(fmt::format("{:<10}{:>4}\n", kind, catalogue.names(folder_of(kind)).size()));
    print(fmt::format("{:<10}{:>4}\n{:<10}{:>4}\n", "kernels",
                      lines(choices(system::scenario_schema().node(), "attention.kernel")),
                      "policies", std::size(kPolicyPaths)));
  } else if (o.listed == "kernels") {
    print(choices(system::scenario_schema().node(), "attention.kernel"));
  } else if (o.listed == "policies") {
    const auto schema = system::scenario_schema();
    for (const std::string& path : kPolicyPaths) print(path + "\n" + choices(schema.node(), path));
  } else if (contains(kListable, o.listed)) {
    const std::string kind = folder_of(o.listed);
    const std::vector<std::string> names = catalogue.names(kind);
    std::size_t width = 0;
    for (const std::string& name : names) width = std::max(width, name.size());
    const bool titled = ::isatty(STDOUT_FILENO) == 1;  // programs read names and nothing else
    for (const std::string& name : names) {
      const std::string title = titled ? title_of(catalogue.find(kind, name, {}), name) : "";
      print(title.empty() ? name + "\n" : fmt::format("{:<{}}  {}\n", name, width, title));
    }
  } else {
    throw ConfigError({{{},
                        "",
                        fmt::format("nothing is listed as '{}'; there are hardware, hosts, models, "
                                    "schemes, scenarios, studies, kernels and policies",
                                    o.listed),
                        nearest_word(o.listed, kListable)}});
  }
  return 0;
}

int describe(const Options& o) {
  const Catalogue catalogue;
  const auto scenario = system::scenario_schema();
  std::vector<std::string> known;
  for (const Kind& k : kinds())
    for (const std::string& name : catalogue.names(k.catalogue)) {
      known.push_back(name);
      if (name != o.kind) continue;
      const std::string path = catalogue.find(k.catalogue, name, {});
      if (k.word == "model")
        print(describe_model(catalogue, name));
      else if (k.word == "study")
        print(describe_study(catalogue, name));
      else
        print(describe_file(catalogue, k.catalogue, path, *k.node));
      return 0;
    }
  if (config::is_path(o.kind)) {
    const std::vector<Kind> all = kinds();
    const Kind& kind = kind_of(all, config::parse_file(o.kind));
    print(describe_file(catalogue, kind.catalogue, o.kind, *kind.node));
    return 0;
  }
  // A word of a choice: a kernel or a policy.
  std::vector<std::string> choice_paths = kPolicyPaths;
  choice_paths.push_back("attention.kernel");
  bool found_word = false;
  for (const std::string& path : choice_paths)
    for (const config::ChoiceWord& c : config::find_path(scenario.node(), path).node->choices) {
      known.push_back(c.word);
      if (c.word != o.kind) continue;
      print(fmt::format("{}: {}\n  {}\n", path, c.word, c.doc));
      found_word = true;
    }
  if (found_word) return 0;
  // A key of the scenario, or the whole of it.
  if (o.kind == "scenario") {
    print(config::describe(scenario.node()));
    return 0;
  }
  if (const config::PathLookup found = config::find_path(scenario.node(), o.kind)) {
    if (found.node->is_section())
      print(config::describe(*found.node));
    else
      print(fmt::format("{}: {}\n  {}\n", o.kind, config::type_text(*found.node),
                        found.field != nullptr ? found.field->doc : ""));
    return 0;
  }
  // The end of a key path is enough when only one path has it.
  std::vector<std::string> paths, endings;
  collect_paths(scenario.node(), "", paths);
  for (const std::string& path : paths)
    if (path.ends_with("." + o.kind)) endings.push_back(path);
  known.insert(known.end(), paths.begin(), paths.end());
  if (endings.size() == 1) {
    Options full = o;
    full.kind = endings.front();
    return describe(full);
  }
  if (!endings.empty())
    throw ConfigError(
        {}, "", fmt::format("several keys end in '{}': {}", o.kind, fmt::join(endings, ", ")));
  throw ConfigError({{{},
                      "",
                      fmt::format("nothing is called '{}'; 'fieldsim list' says what ships, "
                                  "'fieldsim describe scenario' every key",
                                  o.kind),
                      nearest_word(o.kind, known)}});
}

}  // namespace fieldsim::cli
