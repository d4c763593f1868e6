#include "sim/system/calibrate/validate.hpp"

#include <cmath>
#include <tuple>

namespace fieldsim::calibrate {

Validation validate(const std::vector<Row>& all, const hardware::GpuParams& gpu,
                    const hardware::tile::TileParams& params, Basis basis) {
  const auto shape = hardware::tile::shape_of(gpu);
  const Filtered filtered = physics_filter(all, gpu);
  Validation v;
  v.rejected = filtered.rejected;
  const std::vector<PreparedRow> rows = prepare(filtered.rows, shape);
  const std::vector<double> spread = spread_of(rows, shape, params, basis);
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, std::vector<double>> strata;
  std::map<std::string, std::vector<double>> operations;
  std::vector<double> errors;
  std::size_t covered = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i].row;
    if (row.measured_us <= 0) continue;
    const Prediction p = predict(rows[i], shape, params);
    const double band = std::exp(kBand90 * spread[i]);
    const double error = p.us / row.measured_us - 1;
    errors.push_back(error);
    operations[hardware::tile::name(row.op)].push_back(error);
    strata[{hardware::tile::name(row.op), name(p.regime), row.layout(), row.precision()}].push_back(
        error);
    covered += row.measured_us >= p.us / band && row.measured_us <= p.us * band;
    v.by_row.push_back({i, p.us, p.us / band, p.us * band, p.regime});
  }
  if (!errors.empty())
    v.covered = static_cast<double>(covered) / static_cast<double>(errors.size());
  v.overall = score(errors);
  for (auto& [op, e] : operations) v.operations[op] = score(e);
  for (auto& [key, e] : strata)
    v.strata.push_back(
        {std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key), score(e)});
  return v;
}

}  // namespace fieldsim::calibrate
