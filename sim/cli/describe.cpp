#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/attention/cost.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/describe.hpp"
#include "sim/config/document.hpp"
#include "sim/config/parse.hpp"
#include "sim/config/paths.hpp"
#include "sim/model/parameters.hpp"
#include "sim/report/claims.hpp"
#include "sim/report/study/run.hpp"
#include "sim/report/summary.hpp"
#include "sim/system/load.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::cli {

using config::Catalogue;
using config::Document;
using config::Origin;
using config::SchemaNode;

namespace {

const std::vector<std::string> kListable = {"hardware",  "hosts",   "models",  "schemes",
                                            "scenarios", "studies", "kernels", "policies"};

struct Kind {
  std::string word;       // of `schema` and in messages
  std::string catalogue;  // folder in configs/
  std::shared_ptr<SchemaNode> node;
};

std::vector<Kind> kinds() {
  return {{"scenario", "scenarios", system::scenario_schema().share()},
          {"hardware", "hardware", system::hardware_schema().share()},
          {"host", "hardware/hosts", system::host_schema().share()},
          {"model", "models", system::model_file_schema().share()},
          {"claims", "claims", report::claims_schema()},
          {"study", "studies", system::study_schema()},
          {"scheme", "schemes", system::scheme_schema().share()}};
}

// Which kind of file this is: by the keys only one of them has.
const Kind& kind_of(const std::vector<Kind>& all, const config::Value& root) {
  const auto has = [&](const char* key) { return root.find(key) != nullptr; };
  if (has("gpu") || has("link")) return all[1];
  if (has("sha256") || has("cores")) return all[2];
  if (has("hf_config")) return all[3];
  if (has("claims")) return all[4];
  if (has("vary") || has("base")) return all[5];
  if (has("guarantee") || has("prover") || has("evidence")) return all[6];
  return all[0];
}

// The choices of one key, word and meaning.
std::string choices(const SchemaNode& root, const std::string& path) {
  std::string out;
  const config::PathLookup found = config::find_path(root, path);
  for (const config::ChoiceWord& c : found.node->choices)
    out += fmt::format("  {:<24}{}\n", c.word, c.doc);
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

// A shipped study may be checked by its name, as a scenario.
std::string shipped_or_path(const std::string& file, const Catalogue& catalogue) {
  const std::vector<std::string> studies = catalogue.names("studies");
  const bool study = std::find(studies.begin(), studies.end(), file) != studies.end();
  return study ? system::find_study(file, catalogue) : system::find_scenario(file, catalogue);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

int check(const Options& o) {
  const Catalogue catalogue;
  const std::vector<Kind> all = kinds();
  std::vector<Problem> problems;
  for (const std::string& file : o.files) {
    try {
      const std::string path = shipped_or_path(file, catalogue);
      const Kind& kind = kind_of(all, config::parse_file(path));
      if (kind.word == "scenario") {
        system::load_scenario(path, catalogue, o.assignments);
      } else if (kind.word == "study") {
        const auto node = system::scenario_schema().share();
        report::check_study(system::open_study(path, catalogue, *node, o.assignments), catalogue,
                            *node);
      } else {
        Document d = config::open_file(path, *kind.node, catalogue, kind.catalogue);
        for (const std::string& a : o.assignments) config::assign(d, a, *kind.node);
        config::resolve(d, *kind.node, catalogue);
        config::Provenance provenance;
        std::vector<Problem> found = d.problems;
        const auto object = std::const_pointer_cast<void>(
            std::static_pointer_cast<const void>(kind.node->make_default()));
        config::read_into(*kind.node, d.root, object.get(), provenance, found);
        if (!found.empty()) throw ConfigError(found);
        if (kind.word == "model") {
          const auto value =
              config::load(system::model_file_schema(), path, catalogue, "models").value;
          system::load_model_shape(value.hf_config, value.name);
        }
      }
      print(fmt::format("{}: valid ({})\n", file, kind.word));
    } catch (const ConfigError& e) {
      problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
  }
  if (!problems.empty()) throw ConfigError(problems);
  return 0;
}

int schema(const Options& o) {
  std::vector<std::string> words;
  for (const Kind& k : kinds()) {
    if (k.word == o.kind) {
      if (k.word == "study") {
        print(system::study_json_schema(system::scenario_schema().node()));
        return 0;
      }
      print(config::json_schema(*k.node, "fieldsim " + k.word) + "\n");
      return 0;
    }
    words.push_back(k.word);
  }
  throw ConfigError(
      {{{},
        "",
        fmt::format(
            "there is no schema '{}'; there are scenario, study, hardware, host, model, claims and "
            "scheme",
            o.kind),
        nearest_word(o.kind, words)}});
}

int list(const Options& o) {
  const Catalogue catalogue;
  if (o.kind == "kernels") {
    print(choices(system::scenario_schema().node(), "attention.kernel"));
  } else if (o.kind == "policies") {
    const auto schema = system::scenario_schema();
    for (const std::string& path : kPolicyPaths) print(path + "\n" + choices(schema.node(), path));
  } else if (contains(kListable, o.kind)) {
    const std::string kind = o.kind == "hosts" ? "hardware/hosts" : o.kind;
    for (const std::string& name : catalogue.names(kind)) print(name + "\n");
  } else {
    throw ConfigError({{{},
                        "",
                        fmt::format("nothing is listed as '{}'; there are hardware, hosts, models, "
                                    "schemes, scenarios, studies, kernels and policies",
                                    o.kind),
                        nearest_word(o.kind, kListable)}});
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
  // The last word of a key path is enough when only one path ends in it.
  std::vector<std::string> endings;
  for (const config::SchemaField& f : scenario.node().fields) {
    known.push_back(f.name);
    if (!f.node->is_section()) continue;
    for (const config::SchemaField& inner : f.node->fields) {
      known.push_back(f.name + "." + inner.name);
      if (inner.name == o.kind) endings.push_back(known.back());
    }
  }
  if (endings.size() == 1) {
    Options full = o;
    full.kind = endings.front();
    return describe(full);
  }
  throw ConfigError(
      {{{}, "", fmt::format("nothing is called '{}'", o.kind), nearest_word(o.kind, known)}});
}

}  // namespace fieldsim::cli
