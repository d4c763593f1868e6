#pragma once
// Predicted against measured: physics filter, strata, gates, baselines and cross-validation.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/system/calibrate/fit.hpp"
#include "sim/system/calibrate/score.hpp"
#include "sim/system/calibrate/uncertainty.hpp"

namespace fieldsim::calibrate {

// Rows that no part could produce: bytes beyond L2 faster than DRAM, or FLOPs faster than the peak.
struct Filtered {
  std::vector<Row> rows;
  std::size_t rejected = 0;
  std::vector<std::string> reasons;  // "file:line: 3.9 TB/s of 3.35 TB/s", the first few
};
Filtered physics_filter(const std::vector<Row>& rows, const hardware::GpuParams& gpu);

struct Stratum {
  std::string operation, regime, layout, precision;
  Score score;
};

struct RowResult {
  std::size_t row = 0;  // index in the filtered rows
  double predicted_us = 0;
  double lower_us = 0, upper_us = 0;  // band that holds the truth nine times in ten
  Regime regime = Regime::transition;
};

struct Validation {
  Score overall;
  std::map<std::string, Score> operations;
  std::vector<Stratum> strata;  // sorted by key
  std::vector<RowResult> by_row;
  std::size_t rejected = 0;
  double covered = 0;  // share of rows inside their band
};

Validation validate(const std::vector<Row>& rows, const hardware::GpuParams& gpu,
                    const hardware::tile::TileParams& params, Basis basis);

// Gates: JSON {"decode": {"mape": 0.045, "p90": ...}, "overall": {...}, "decode/fp8": ...}; returns
// what was missed, one line each.
std::vector<std::string> missed_gates(const Validation& v, const std::string& gate_json_path);

// overall.{n,mape,median,p90,bias}, operations, strata[], rejected, and by_row when asked.
std::string to_json(const Validation& v, const std::vector<Row>& rows, bool with_rows);

// Held-out errors of one way of splitting the rows.
enum class Fold { layout, length };
const char* name(Fold fold);
struct CrossValidation {
  Score model;     // fitted on the other folds
  Score roofline;  // latency + bytes / bandwidth (decode) or max(., FLOPs / rate), fitted likewise
  Score analytic;  // the closed-form level, nothing fitted
  std::map<std::string, Score> strata;  // model, by regime
  std::vector<double> errors;           // model, in row order
};
CrossValidation cross_validate(const std::vector<Row>& rows, Operation op,
                               const hardware::GpuParams& gpu, Fold fold,
                               const FitOptions& options = {});

// The two-parameter roofline of the comparison: latency floor and one rate, per GPU and operation.
struct Roofline {
  double latency_us = 0;
  double share = 1;  // of the datasheet's bandwidth and matrix rate
  double predict(const Row& row, const hardware::GpuParams& gpu) const;
};
Roofline fit_roofline(const std::vector<const Row*>& rows, const hardware::GpuParams& gpu);

}  // namespace fieldsim::calibrate
