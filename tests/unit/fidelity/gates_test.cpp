// Accuracy gates on the measured tables, where they are present: leave-one-layout-out and
// leave-lengths-out errors, and the fit itself. Without the tables the test says so and passes.
#include <catch2/catch.hpp>

#include <cstdio>

#include "sim/system/calibrate/host.hpp"
#include "sim/system/calibrate/validate.hpp"
#include "validation/gates/tables.hpp"

using namespace fieldsim;
using namespace fieldsim::calibrate;

namespace {

bool absent() {
  if (!gates::data_folder().empty()) return false;
  WARN("skipped: no measured tables (set FIELDSIM_DATA, or place them at ../shared/data)");
  return true;
}

struct Gate {
  const char* part;
  Operation op;
  const char* table;
  double layout, length;  // MAPE on rows not fitted
};

}  // namespace

TEST_CASE("held-out decode and prefill attention stay inside their gates") {
  if (absent()) return;
  const Gate gate =
      GENERATE(Gate{"a100-sxm-80gb", Operation::decode, "generation_attention", 0.040, 0.036},
               Gate{"h100-sxm", Operation::decode, "generation_attention", 0.038, 0.036},
               Gate{"h200-sxm", Operation::decode, "generation_attention", 0.037, 0.034},
               Gate{"a100-sxm-80gb", Operation::prefill, "context_attention", 0.040, 0.036},
               Gate{"h100-sxm", Operation::prefill, "context_attention", 0.048, 0.046},
               Gate{"h200-sxm", Operation::prefill, "context_attention", 0.044, 0.042});
  for (const gates::Part& part : gates::parts()) {
    if (part.name != gate.part) continue;
    const auto rows = physics_filter(gates::rows_of(part, gate.table), part.gpu).rows;
    REQUIRE(rows.size() > 500);
    FitOptions o;
    o.max_rows = 700;  // thinned: the full study is fidelity_accuracy report
    o.iterations = 12;
    const auto layout = cross_validate(rows, gate.op, part.gpu, Fold::layout, o);
    CHECK(layout.model.mape < gate.layout);
    CHECK(layout.model.mape < layout.roofline.mape / 4);
    const auto length = cross_validate(rows, gate.op, part.gpu, Fold::length, o);
    CHECK(length.model.mape < gate.length);
    std::printf("%s %s: layouts left out %.2f %%, lengths %.2f %% (roofline %.1f %%)\n", gate.part,
                hardware::tile::name(gate.op), 100 * layout.model.mape, 100 * length.model.mape,
                100 * layout.roofline.mape);
  }
}

TEST_CASE("products and quantisation stay inside their gates") {
  if (absent()) return;
  const auto gate = GENERATE(std::pair{"a100-sxm-80gb", 0.074}, std::pair{"h100-sxm", 0.06},
                             std::pair{"h200-sxm", 0.058});
  for (const gates::Part& part : gates::parts()) {
    if (part.name != gate.first) continue;
    const auto gpu = hardware::tile::shape_of(part.gpu);
    // Fitted on every ninth row, scored on the others.
    const auto rows =
        prepare(physics_filter(gates::rows_of(part, "gemm_bf16"), part.gpu).rows, gpu);
    std::vector<PreparedRow> train;
    for (std::size_t i = 0; i < rows.size(); i += rows.size() / 400) train.push_back(rows[i]);
    const Fitted f = fit(train, gpu, hardware::tile::default_params(gpu));
    std::vector<double> errors;
    for (std::size_t i = 1; i < rows.size(); i += 3)
      errors.push_back(predict(rows[i], gpu, f.params).us / rows[i].row.measured_us - 1);
    CHECK(score(errors).mape < gate.second);
    const auto quantize =
        prepare(physics_filter(gates::rows_of(part, "quantize_scale_matrix"), part.gpu).rows, gpu);
    if (quantize.empty()) continue;
    const Fitted q = fit(quantize, gpu, hardware::tile::default_params(gpu));
    errors.clear();
    for (const PreparedRow& r : quantize)
      errors.push_back(predict(r, gpu, q.params).us / r.row.measured_us - 1);
    CHECK(score(errors).mape < 0.06);
  }
}

TEST_CASE("host overheads: batches left out") {
  if (absent()) return;
  const auto rows =
      read_host_table(gates::data_folder() + "/host/vidur_a100_serving_host_overheads_ms.csv");
  const HostFit fit = fit_host(rows);
  REQUIRE(fit.costs.size() == 5);
  for (const auto& [component, s] : fit.held_out) {
    INFO(component);
    CHECK(s.mape < 0.12);
  }
}
