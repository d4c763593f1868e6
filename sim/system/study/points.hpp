#pragma once
// The points of a study: which values each has, and the scenario it stands for. Files are read
// once, by prepare(); after it, every const function may be called from several threads.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sim/system/load.hpp"
#include "sim/system/study/study.hpp"

namespace fieldsim::system {

class Points {
 public:
  Points(const Study& study, const config::Catalogue& catalogue,
         const config::SchemaNode& scenario);

  std::size_t size() const { return study_.points(); }
  const Study& study() const { return study_; }
  const config::SchemaNode& schema() const { return schema_; }

  // The last axis moves fastest.
  std::vector<std::size_t> steps(std::size_t point) const;
  const AxisValue& value(std::size_t point, std::size_t axis, std::size_t path) const;
  // "hardware=h100-sxm, workload.batch=4".
  std::string label(std::size_t point) const;
  // The varied value at a path; nullptr when it is not varied.
  const AxisValue* varied(std::size_t point, const std::string& path) const;

  // The same scenario as `run base --set ...` with the point's values, shorter paths first.
  LoadedScenario scenario(std::size_t point, std::vector<Problem>& problems) const;
  // A key of the scenario in SI units, given or by default; nothing for what is not a leaf of it.
  Datum input(const LoadedScenario& loaded, const std::string& path) const;
  bool is_input(const std::string& path) const;

  // Hash of all that the results depend on: scenarios, files they name, values in their order.
  std::string fingerprint() const;

 private:
  struct Place {
    std::size_t axis, path;
  };
  void prepare(const config::Catalogue& catalogue);
  const config::Document& base(const std::vector<std::size_t>& steps) const;
  const model::ModelShape& shape(const std::string& file, const std::string& name) const;

  const Study& study_;
  const config::SchemaNode& schema_;
  std::vector<Place> files_, plain_;     // paths that name files, and the others; shorter first
  std::vector<std::size_t> file_axes_;   // axes with a path that names files
  std::map<std::vector<std::size_t>, config::Document> bases_;  // by the steps of file_axes_
  mutable std::mutex shapes_mutex_;
  mutable std::map<std::pair<std::string, std::string>, model::ModelShape> shapes_;
};

}  // namespace fieldsim::system
