// fieldsim check and schema: what is a valid file.
#include <fmt/format.h>

#include <algorithm>

#include "sim/cli/commands.hpp"
#include "sim/cli/kinds.hpp"
#include "sim/config/describe.hpp"
#include "sim/config/document.hpp"
#include "sim/config/parse.hpp"
#include "sim/report/study/run.hpp"
#include "sim/system/load.hpp"
#include "sim/system/schema/schema.hpp"

namespace fieldsim::cli {

using config::Catalogue;
using config::Document;

namespace {

// A shipped study may be checked by its name, as a scenario.
std::string shipped_or_path(const std::string& file, const Catalogue& catalogue) {
  const std::vector<std::string> studies = catalogue.names("studies");
  const bool study = std::find(studies.begin(), studies.end(), file) != studies.end();
  return study ? system::find_study(file, catalogue) : system::find_scenario(file, catalogue);
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

}  // namespace fieldsim::cli
