// fieldsim: the command line. Results on stdout or in files, everything else on stderr.
// Exit codes: 0 done, 1 a gate or comparison failed, 2 the input is wrong, 3 our own fault.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/cli/commands.hpp"

namespace {

// Whether every word that looks like an option is one; says which is not, and what is near.
bool options_known(const CLI::App& command, const std::vector<std::string>& words) {
  std::vector<std::string> known = {"--help", "-h"};
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    for (const std::string& name : option->get_snames()) known.push_back("-" + name);
  }
  for (const std::string& word : words) {
    if (!word.starts_with("--")) continue;
    const std::string name = word.substr(0, word.find('='));
    if (name == "--" || std::ranges::find(known, name) != known.end()) continue;
    const std::string near = fieldsim::nearest_word(name, known);
    fmt::print(stderr, "fieldsim: {} has no option '{}'{}; 'fieldsim {} --help' lists them\n",
               command.get_name(), name,
               near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), command.get_name());
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using fieldsim::cli::Options;
  CLI::App app{"fieldsim: what verifiable, anchored LLM inference costs", "fieldsim"};
  app.footer(
      "Begin with 'fieldsim run paper_13b_64k'; 'fieldsim list scenarios' has more, 'fieldsim "
      "COMMAND --help' the options.\nExit codes: 0 done, 1 a gate was missed, 2 the input is "
      "wrong, 3 the simulator is.");
  app.require_subcommand(1);
  app.set_version_flag("--version", fieldsim::cli::version());
  Options o;

  const CLI::Validator kSeed =
      CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
  const auto common = [&](CLI::App* c) {
    c->add_option("--set", o.assignments, "path.to.key=value, over the file (repeatable)")
        ->allow_extra_args(false);
    c->add_option("--seed", o.seed, "seed of every random stream")->check(kSeed);
    c->add_option("--json", o.json, "write the result as JSON to a file, or - for stdout");
    c->add_flag("--timing", o.timing, "add wall-clock figures to the JSON");
    c->add_flag("--quiet,-q", o.quiet, "no summary, no diagnostics but errors");
    c->add_flag("--no-color", o.no_color, "no colours on a terminal");
  };
  const auto reporting = [&](CLI::App* c) {
    c->add_option("--report", o.report, "write an HTML report that works offline");
  };
  CLI::App* run = app.add_subcommand("run", "simulate a scenario");
  run->add_option("scenario", o.files, "a file, or the name of a shipped scenario")
      ->required()
      ->expected(1);
  common(run);
  run->add_option("--trace", o.trace, "write a Chrome trace that opens in Perfetto");
  reporting(run);
  run->add_option("--csv", o.csv, "write the result as one CSV row under a header");

  CLI::App* compare =
      app.add_subcommand("compare", "scenarios side by side, first one as baseline");
  compare->add_option("scenarios", o.files, "files or names")->required()->expected(2, -1);
  common(compare);
  compare->add_option("--csv", o.csv, "write a row for each scenario");
  reporting(compare);

  CLI::App* explain = app.add_subcommand(
      "explain", "critical path, bound and elasticity of each resource, what would make it faster");
  explain->add_option("scenario", o.files, "a file, or the name of a shipped scenario")
      ->required()
      ->expected(1);
  common(explain);
  explain->remove_option(explain->get_option("--timing"));
  explain->add_option(
      "--metric", o.metric,
      "what is to be explained: the path of a number in the result JSON; by default "
      "throughput.tokens_per_s, of agents throughput.committed_tokens_per_s");
  explain->add_option("--fidelity", o.fidelity,
                      "instead of the scenario's; tile shows where an SM's time goes");
  explain->add_option("--trace", o.trace, "write a Chrome trace with the critical path in it");
  explain->add_option("--csv", o.csv, "write a row for each parameter");

  const auto study = [&](CLI::App* c) {
    c->add_option("--set", o.assignments, "path.to.key=value, over the base scenario (repeatable)")
        ->allow_extra_args(false);
    c->add_option("--seed", o.seed, "seed of every random stream, and the first of drawn seeds")
        ->check(kSeed);
    c->add_option("--csv", o.csv, "write one row a point to a file, or - for stdout");
    c->add_option("--jsonl", o.jsonl, "write one JSON object a line, the same columns");
    reporting(c);
    c->add_flag("--force", o.force, "write over results of another study or version");
    c->add_flag("--quiet,-q", o.quiet, "no table, no progress, no diagnostics but errors");
    c->add_flag("--no-color", o.no_color, "no colours on a terminal");
  };
  CLI::App* sweep = app.add_subcommand("sweep", "a scenario with dimensions: one row a point");
  sweep->add_option("study", o.files, "a file, or the name of a shipped study")
      ->required()
      ->expected(1);
  study(sweep);
  sweep->add_option("--jobs,-j", o.jobs, "threads; all cores by default")
      ->check(CLI::Range(1, 4096));
  sweep->add_option("--shard", o.shard, "i/n: every n-th point from the i-th on; merge joins them");
  CLI::App* merge = app.add_subcommand("merge", "join the shards of a sweep");
  merge->add_option("files", o.files, "the study, then what each shard wrote")
      ->required()
      ->expected(2, -1);
  study(merge);

  CLI::App* reproduce =
      app.add_subcommand("reproduce", "published claims: theirs, ours, corrected");
  reproduce->add_option("id", o.files, "only these claims");
  reproduce->add_option("--json", o.json, "write the table as JSON to a file, or - for stdout");
  reproduce->add_flag("--quiet,-q", o.quiet, "no table, no diagnostics but errors");

  CLI::App* validate = app.add_subcommand("validate", "predicted against measured, per stratum");
  validate->add_option("tables", o.files, "measured tables")->required();
  validate->add_option("--hardware", o.hardware, "the part they were measured on")->required();
  validate->add_option("--gate", o.gate, "JSON of limits; exit 1 when one is missed");
  validate->add_option("--json", o.json, "write the scores as JSON to a file, or - for stdout");
  validate->add_flag("--rows", o.rows, "with every row in the JSON");
  reporting(validate);
  validate->add_flag("--quiet,-q", o.quiet, "no table");

  CLI::App* calibrate = app.add_subcommand("calibrate", "fit a hardware file to measured tables");
  calibrate->add_option("tables", o.files, "measured tables");
  calibrate->add_option("--hardware", o.hardware, "the part to start from")->required();
  calibrate->add_option("-o,--output", o.output, "the hardware file (or plan) to write");
  calibrate->add_option("--plan", o.plan, "choose this many measurements of each operation instead")
      ->check(CLI::Range(1, 10000));
  calibrate->add_option("--shapes", o.shapes, "tables whose shapes to choose from");
  calibrate->add_flag("--quiet,-q", o.quiet, "no table");

  CLI::App* check = app.add_subcommand("check", "validate files without running them");
  check->add_option("files", o.files, "scenario, hardware or model files")->required();
  check->add_option("--set", o.assignments, "path.to.key=value, over the file (repeatable)")
      ->allow_extra_args(false);

  CLI::App* schema = app.add_subcommand("schema", "JSON Schema of a file, for editors");
  schema->add_option("kind", o.kind, "scenario, study, hardware, host, model, claims or scheme")
      ->default_val("scenario");

  CLI::App* list = app.add_subcommand("list", "what ships");
  list->add_option(
      "kind", o.listed,
      "hardware, hosts, models, schemes, scenarios, studies, kernels or policies; without: "
      "how many of each");

  CLI::App* describe = app.add_subcommand("describe", "the manual of one part, policy or section");
  describe
      ->add_option("name", o.kind,
                   "whatever 'list' names, a file, or a key such as verification.hash; 'scenario' "
                   "is all keys")
      ->required();

  std::vector<std::string> words;
  for (const CLI::App* c : app.get_subcommands({})) words.push_back(c->get_name());
  if (argc > 1 && !fieldsim::cli::is_command(argv[1], words)) return 2;
  if (argc > 1)
    for (const CLI::App* c : app.get_subcommands({}))
      if (c->get_name() == argv[1] && !options_known(*c, {argv + 2, argv + argc})) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ArgumentMismatch& e) {
    fmt::print(stderr,
               "fieldsim: {}. A value with a space is one word only in quotes: --set 'key=2 GB'\n"
               "'fieldsim {} --help' has the options\n",
               e.what(), argv[1]);
    return 2;
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return fieldsim::cli::guarded([&] {
    if (*run) return fieldsim::cli::run(o);
    if (*compare) return fieldsim::cli::compare(o);
    if (*explain) return fieldsim::cli::explain(o);
    if (*sweep) return fieldsim::cli::sweep(o);
    if (*merge) return fieldsim::cli::merge(o);
    if (*reproduce) return fieldsim::cli::reproduce(o);
    if (*validate) return fieldsim::cli::validate(o);
    if (*calibrate) return fieldsim::cli::calibrate(o);
    if (*check) return fieldsim::cli::check(o);
    if (*schema) return fieldsim::cli::schema(o);
    if (*list) return fieldsim::cli::list(o);
    return fieldsim::cli::describe(o);
  });
}
