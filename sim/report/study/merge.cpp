#include <fmt/format.h>

#include <memory>

#include "sim/report/study/write.hpp"

namespace fieldsim::report {

StudyRun merge_study(const system::Study& study, const config::Catalogue& catalogue,
                     const config::SchemaNode& scenario, const std::vector<std::string>& shards,
                     const StudyOptions& options) {
  const system::Points points(study, catalogue, scenario);
  std::vector<std::unique_ptr<Journal>> parts(shards.size());
  for (const std::string& shard : shards) {
    const std::string path = shard.ends_with(".journal") ? shard : shard + ".journal";
    const std::optional<Shard> which = shard_of(path);
    if (!which) throw ResultsError(fmt::format("{}: is no journal of a sweep", path));
    if (which->of != shards.size())
      throw ResultsError(fmt::format("{}: is shard {}, and {} files are given", path, which->str(),
                                     shards.size()));
    auto journal = std::make_unique<Journal>(path);
    journal->resume(header_of(points, *which));
    if (!journal->complete())
      throw ResultsError(fmt::format(
          "{}: shard {} has {} of its {} points; give its sweep command again to finish it", path,
          which->str(), journal->done(), which->size(points.size())));
    std::unique_ptr<Journal>& place = parts[which->number - 1];
    if (place)
      throw ResultsError(
          fmt::format("{} and {} are both shard {}", place->path(), path, which->str()));
    place = std::move(journal);
  }

  Journal whole(journal_path(options));
  JournalHeader header = header_of(points, {});
  take_up(whole, header, options);
  header.keys = parts.front()->header().keys;
  View view(points, header.keys);
  whole.start(header);
  std::vector<std::vector<std::string>> lines(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i]->each([&](std::string_view line) { lines[i].emplace_back(line); });
  for (std::size_t p = 0; p < points.size(); ++p)
    whole.append(lines[p % parts.size()][p / parts.size()] + "\n", 1);
  whole.sync();
  StudyRun run;
  run.points = run.resumed = points.size();
  write_computed(whole, points, view, options, run);
  return run;
}

}  // namespace fieldsim::report
