#include "sim/system/calibrate/host.hpp"

#include <array>
#include <cmath>

#include "sim/system/calibrate/csv.hpp"

namespace fieldsim::calibrate {
namespace {

constexpr std::array<const char*, 4> kColumns = {
    "schedule_mean", "sampler_e2e_mean", "prepare_inputs_e2e_mean", "process_model_outputs_mean"};
constexpr std::array<const char*, 4> kNames = {"schedule", "sample", "prepare", "process"};

// Weighted least squares of y = a + b x with weights 1 / y^2: relative error. b is not negative.
HostCost fit(const std::vector<std::pair<double, double>>& points) {
  double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const auto& [x, y] : points) {
    const double w = 1 / (y * y);
    sw += w, sx += w * x, sy += w * y, sxx += w * x * x, sxy += w * x * y;
  }
  const double det = sw * sxx - sx * sx;
  if (points.size() < 2 || det <= 0) return {sw > 0 ? sy / sw : 0, 0};
  const double slope = std::max(0.0, (sw * sxy - sx * sy) / det);
  return {(sy - slope * sx) / sw, slope};
}

}  // namespace

std::vector<HostRow> read_host_table(const std::string& path) {
  constexpr double kUsPerMs = 1e3;
  const Csv csv = Csv::read(path);
  std::vector<HostRow> rows;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    HostRow row;
    row.batch = csv.integer(i, "batch_size");
    row.tensor_parallel = csv.integer_or(i, "tensor_parallel_degree", 1);
    for (std::size_t c = 0; c < kColumns.size(); ++c)
      row.us[kNames[c]] = csv.number(i, kColumns[c]) * kUsPerMs;
    if (csv.has("ray_comm_time_mean"))
      row.us["workers"] = csv.number(i, "ray_comm_time_mean") * kUsPerMs;
    rows.push_back(std::move(row));
  }
  return rows;
}

HostFit fit_host(const std::vector<HostRow>& rows) {
  HostFit out;
  std::map<std::string, std::vector<std::pair<double, double>>> points;
  for (const HostRow& r : rows)
    for (const auto& [component, us] : r.us)
      points[component].emplace_back(static_cast<double>(r.batch), us);
  for (const auto& [component, all] : points) {
    out.costs[component] = fit(all);
    std::vector<double> errors;
    for (const auto& [batch, us] : all) {
      std::vector<std::pair<double, double>> others;
      for (const auto& p : all)
        if (p.first != batch) others.push_back(p);
      errors.push_back(fit(others).at(static_cast<std::int64_t>(batch)) / us - 1);
    }
    out.held_out[component] = score(errors);
  }
  return out;
}

}  // namespace fieldsim::calibrate
