#pragma once
// The model's answer to one row.
#include <string>
#include <vector>

#include "sim/attention/tile/attention.hpp"
#include "sim/system/calibrate/row.hpp"

namespace fieldsim::calibrate {

enum class Regime { launch_bound, transition, bandwidth_bound, compute_bound };
const char* name(Regime regime);

struct Prediction {
  double us = 0;
  Regime regime = Regime::transition;
};

// A row with everything that does not depend on fitted parameters (tiles, splits, order) worked
// out.
struct PreparedRow {
  Row row;
  attention::tile::AttentionPlan plan;
};

PreparedRow prepare(Row row, const hardware::tile::GpuShape& gpu);
std::vector<PreparedRow> prepare(const std::vector<Row>& rows, const hardware::tile::GpuShape& gpu);

Prediction predict(const PreparedRow& row, const hardware::tile::GpuShape& gpu,
                   const hardware::tile::TileParams& params);
Prediction predict(const Row& row, const hardware::GpuParams& gpu,
                   const hardware::tile::TileParams& params);

// The closed-form level below: launch floor plus the larger of bytes over achieved bandwidth and
// FLOPs over achieved rate. This is what `fidelity: analytic` charges for one kernel.
double analytic_us(const Row& row, const hardware::GpuParams& gpu);

}  // namespace fieldsim::calibrate
