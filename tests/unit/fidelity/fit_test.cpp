// Fitting: parameters that made the data come back, outliers do not pull, what the rows do not
// identify is named; the physics filter; planning; gates.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>

#include "sim/base/error.hpp"
#include "sim/system/calibrate/plan.hpp"
#include "sim/system/calibrate/uncertainty.hpp"
#include "sim/system/calibrate/validate.hpp"
#include "sim/system/calibrate/yaml.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::calibrate;
using hardware::tile::default_params;
using hardware::tile::shape_of;

namespace {

// Rows "measured" on a GPU that the model describes exactly, up to noise.
std::vector<Row> synthetic(Operation op, const hardware::tile::GpuShape& gpu,
                           const hardware::tile::TileParams& truth, double noise) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, noise);
  std::vector<Row> rows = candidate_shapes(op, gpu);
  for (Row& r : rows)
    r.measured_us = predict(prepare(r, gpu), gpu, truth).us * std::exp(normal(random));
  return rows;
}

Row decode_row(std::int64_t batch, std::int64_t context, double us) {
  Row r;
  r.op = Operation::decode;
  r.attention.batch = batch, r.attention.context = context;
  r.measured_us = us;
  return r;
}

}  // namespace

TEST_CASE("a fit finds the parameters that made the data") {
  const auto gpu = shape_of(fidelity_test::h200());
  const Operation op = GENERATE(Operation::decode, Operation::gemm);
  auto truth = default_params(gpu);
  truth.decode.launch_us = 11, truth.decode.prologue_us = 1.7, truth.decode.tile_us = 1.2;
  truth.decode.dram_share = 0.8, truth.gemm.launch_us = 4, truth.gemm.dram_share = 0.8;
  truth.gemm.epilogue_us = 1.1;
  const Fitted f = fit(prepare(synthetic(op, gpu, truth, 0.01), gpu), gpu, default_params(gpu));
  CHECK(f.residual < 0.02);
  for (const FittedValue& v : f.values) {
    INFO(v.parameter.name << " " << v.value << " +- " << v.uncertainty);
    CHECK(std::abs(v.value - v.parameter.in(truth)) < 5 * v.uncertainty + 0.03 * v.value);
    CHECK(v.rows > 0);
  }
}

TEST_CASE("one row in ten off by a factor of three does not move the fit") {
  const auto gpu = shape_of(fidelity_test::h200());
  auto truth = default_params(gpu);
  truth.decode.launch_us = 10;
  auto rows = synthetic(Operation::decode, gpu, truth, 0.01);
  for (std::size_t i = 0; i < rows.size(); i += 10) rows[i].measured_us *= 3;
  const Fitted f = fit(prepare(rows, gpu), gpu, default_params(gpu));
  CHECK(f.params.decode.launch_us == Approx(10).epsilon(0.03));
}

TEST_CASE("what the rows do not identify stays at its default and is named") {
  const auto gpu = shape_of(fidelity_test::h200());
  auto truth = default_params(gpu);
  truth.decode.launch_us = 12;
  std::vector<Row> rows;  // 16-bit, one token: nothing says anything about bandwidth or 8-bit tiles
  for (const std::int64_t batch : {1, 2, 4, 8, 16}) {
    Row r = decode_row(batch, 2, 0);
    r.measured_us = predict(prepare(r, gpu), gpu, truth).us;
    rows.push_back(r);
  }
  const Fitted f = fit(prepare(rows, gpu), gpu, default_params(gpu));
  const auto named = [&f](const char* name) {
    return std::find(f.unidentified.begin(), f.unidentified.end(), name) != f.unidentified.end();
  };
  CHECK(named("decode.dram_share"));
  CHECK(named("decode.tile_fp8_us"));
  CHECK(f.params.decode.dram_share == default_params(gpu).decode.dram_share);
  CHECK(predict(prepare(rows[0], gpu), gpu, f.params).us ==
        Approx(rows[0].measured_us).epsilon(0.02));
  CHECK(to_yaml(f, gpu, "test").find("not identified by the rows") != std::string::npos);
}

TEST_CASE("at most ten fitted parameters per operation and family") {
  for (const Operation op : {Operation::decode, Operation::prefill, Operation::gemm,
                             Operation::quantize, Operation::scale})
    for (const auto family : {hardware::tile::Family::ampere, hardware::tile::Family::hopper,
                              hardware::tile::Family::blackwell})
      CHECK(hardware::tile::parameters(op, family).size() <= 10);
}

TEST_CASE("rows above the part's peak are rejected and counted") {
  const auto gpu = fidelity_test::h100();
  // 1024 requests x 8192 tokens x 4 KiB = 34 GB: at least 10.3 ms at 3.35 TB/s.
  const std::vector<Row> rows = {decode_row(1024, 8192, 12000), decode_row(1024, 8192, 9000)};
  const Filtered f = physics_filter(rows, gpu);
  CHECK(f.rows.size() == 1);
  CHECK(f.rejected == 1);
  REQUIRE(f.reasons.size() == 1);
  CHECK(f.reasons[0].find("of 3.35 TB/s") != std::string::npos);
  Row product;
  product.op = Operation::gemm;
  product.gemm = {8192, 8192, 8192, 6, false};
  product.measured_us = 1000;  // 1100 TFLOP/s
  CHECK(physics_filter({product}, gpu).rejected == 1);
  product.measured_us = 1300;
  CHECK(physics_filter({product}, gpu).rejected == 0);
}

TEST_CASE("sixteen planned rows identify a part whose parameters are unknown") {
  const auto gpu = shape_of(fidelity_test::h200());
  auto truth = default_params(gpu);
  for (const auto& p : hardware::tile::parameters(Operation::decode, gpu.family))
    p.in(truth) = std::min(p.in(truth) * (1 + 0.5 * p.prior_sd), p.upper);
  const auto rows = synthetic(Operation::decode, gpu, truth, 0.02);
  const auto chosen = plan(16, Operation::decode, rows, gpu, default_params(gpu));
  REQUIRE(chosen.size() == 16);
  CHECK(std::set<std::size_t>(chosen.begin(), chosen.end()).size() == 16);
  std::vector<Row> train;
  for (const std::size_t i : chosen) train.push_back(rows[i]);
  const Fitted f = fit(prepare(train, gpu), gpu, default_params(gpu));
  std::vector<double> before, after;
  for (const Row& r : rows) {
    const auto p = prepare(r, gpu);
    before.push_back(predict(p, gpu, default_params(gpu)).us / r.measured_us - 1);
    after.push_back(predict(p, gpu, f.params).us / r.measured_us - 1);
  }
  CHECK(score(after).mape < 0.03);
  CHECK(score(after).mape < score(before).mape / 3);
}

TEST_CASE("a plan does not look at latencies") {
  const auto gpu = shape_of(fidelity_test::a100());
  auto rows = candidate_shapes(Operation::gemm, gpu);
  const auto first = plan(12, Operation::gemm, rows, gpu, default_params(gpu));
  for (Row& r : rows) r.measured_us = 123;
  CHECK(plan(12, Operation::gemm, rows, gpu, default_params(gpu)) == first);
}

TEST_CASE("an unfitted part's band is wider than a fitted one's") {
  const auto gpu = shape_of(fidelity_test::l40s());
  const auto rows = prepare(candidate_shapes(Operation::decode, gpu), gpu);
  const auto wide = spread_of(rows, gpu, default_params(gpu), Basis::family);
  const auto narrow = spread_of(rows, gpu, default_params(gpu), Basis::part);
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(wide[i] > narrow[i]);
}

TEST_CASE("validation: strata add up, JSON holds them, gates are missed and met") {
  const auto hardware = fidelity_test::h200();
  const auto gpu = shape_of(hardware);
  const auto truth = default_params(gpu);
  const auto rows = synthetic(Operation::decode, gpu, truth, 0.03);
  const Validation v = validate(rows, hardware, truth, Basis::part);
  std::size_t n = 0;
  for (const Stratum& s : v.strata) n += s.score.n;
  CHECK(n == v.overall.n);
  CHECK(v.overall.n == rows.size());
  CHECK(v.overall.mape == Approx(0.03 * 0.8).epsilon(0.15));  // mean of |normal|
  CHECK(v.covered > 0.85);
  const std::string json = to_json(v, rows, true);
  for (const char* key : {"\"overall\"", "\"mape\"", "\"median\"", "\"p90\"", "\"bias\"",
                          "\"strata\"", "\"rejected\"", "\"by_row\""})
    CHECK(json.find(key) != std::string::npos);
  const std::string path = std::string(FIELDSIM_BINARY_DIR) + "/fidelity_gate.json";
  std::ofstream(path) << R"({"overall": {"mape": 0.001}, "decode/fp8": {"mape": 0.5}})";
  CHECK(missed_gates(v, path).size() == 1);
  std::ofstream(path) << R"({"overall": {"mape": 0.1}, "prefill": {"mape": 0.0}})";
  CHECK(missed_gates(v, path).empty());
  std::ofstream(path) << R"({"overall": {"mop": 0.1}})";
  CHECK_THROWS_AS(missed_gates(v, path), ConfigError);
  std::remove(path.c_str());
}

TEST_CASE("the roofline baseline finds its two numbers") {
  const auto gpu = fidelity_test::h100();
  std::vector<Row> rows = candidate_shapes(Operation::decode, shape_of(gpu));
  std::vector<const Row*> pointers;
  for (Row& r : rows) r.measured_us = Roofline{7.5, 0.8}.predict(r, gpu), pointers.push_back(&r);
  const Roofline line = fit_roofline(pointers, gpu);
  CHECK(line.latency_us == Approx(7.5).epsilon(0.01));
  CHECK(line.share == Approx(0.8).epsilon(0.01));
}
