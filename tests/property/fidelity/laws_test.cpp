// Physics under random calls and parts: more of a resource never makes a kernel slower, and no
// kernel is faster than its bytes or FLOPs at the datasheet's peak.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "sim/attention/tile/attention.hpp"
#include "sim/system/calibrate/predict.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::calibrate;
using namespace fieldsim::hardware::tile;

namespace {

constexpr int kCases = 400;
constexpr double kRounding = 1 + 1e-9;

struct Case {
  hardware::GpuParams gpu;
  Row row;
};

class Cases {
 public:
  Case next() {
    const hardware::GpuParams gpus[] = {fidelity_test::a100(), fidelity_test::h100(),
                                        fidelity_test::h200(), fidelity_test::l40s(),
                                        fidelity_test::b200()};
    Case c;
    c.gpu = gpus[pick(0, 4)];
    c.row.op = static_cast<Operation>(pick(0, 3));
    auto& a = c.row.attention;
    a.kv_heads = std::int64_t{1} << pick(0, 4);
    a.query_heads = a.kv_heads * (std::int64_t{1} << pick(0, 3));
    a.batch = std::int64_t{1} << pick(0, 7);
    a.context = pick(1, 20) * (std::int64_t{1} << pick(0, 9));
    if (c.row.op == Operation::prefill) {
      a.context = std::min<std::int64_t>(a.context, 65536 / a.batch);
      a.query_tokens = std::max<std::int64_t>(1, a.context >> pick(0, 2));
    }
    a.fp8 = pick(0, 3) == 0 && c.gpu.architecture != "sm_80";
    a.cold = pick(0, 1) == 0;
    c.row.gemm = {pick(1, 20) * (1 << pick(0, 9)), pick(1, 20) * (1 << pick(0, 9)),
                  pick(1, 20) * (1 << pick(0, 9)), 1 + 5 * pick(0, 1), a.cold};
    c.row.quantize = {pick(1, 20) * (1 << pick(0, 9)), pick(1, 20) * (1 << pick(0, 9)), a.cold};
    return c;
  }

 private:
  int pick(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random_); }
  std::mt19937 random_{11};
};

// The same tiles and splits on both sides: a library may choose worse splits on a bigger part, and
// does.
double time_of(const PreparedRow& row, const GpuShape& gpu, const TileParams& params) {
  return predict(row, gpu, params).us;
}

}  // namespace

TEST_CASE("more bandwidth is never slower") {
  Cases cases;
  for (int i = 0; i < kCases; ++i) {
    const Case c = cases.next();
    GpuShape gpu = shape_of(c.gpu);
    const auto params = default_params(gpu);
    const auto row = prepare(c.row, gpu);
    const double before = time_of(row, gpu, params);
    gpu.dram *= 1.3;
    CHECK(time_of(row, gpu, params) <= before * kRounding);
    gpu.l2_rate *= 1.3;
    CHECK(time_of(row, gpu, params) <= before * kRounding);
    gpu.l2_bytes *= 2;
    CHECK(time_of(row, gpu, params) <= before * kRounding);
  }
}

TEST_CASE("less latency is never slower") {
  Cases cases;
  for (int i = 0; i < kCases; ++i) {
    const Case c = cases.next();
    const GpuShape gpu = shape_of(c.gpu);
    auto params = default_params(gpu);
    const auto row = prepare(c.row, gpu);
    const double before = time_of(row, gpu, params);
    for (const Parameter& p : parameters(c.row.op, gpu.family)) {
      if (p.unit != "us") continue;
      auto less = params;
      p.in(less) *= 0.7;
      INFO(p.name);
      // Lists with a fluid prefix may shift the exact tail by a part of a CTA.
      CHECK(time_of(row, gpu, less) <= before * 1.005);
    }
  }
}

TEST_CASE("more SMs with the same tiling are never slower") {
  Cases cases;
  for (int i = 0; i < kCases; ++i) {
    const Case c = cases.next();
    GpuShape gpu = shape_of(c.gpu);
    const auto params = default_params(gpu);
    const auto row = prepare(c.row, gpu);
    const double before = time_of(row, gpu, params);
    // Each new SM brings its matrix pipes; memory stays.
    const double more = std::floor(gpu.sms * 1.25) / gpu.sms;
    gpu.sms *= more;
    gpu.matrix *= more;
    INFO(name(c.row.op) << " b" << c.row.attention.batch << " c" << c.row.attention.context);
    CHECK(time_of(row, gpu, params) <= before * 1.01);
  }
}

TEST_CASE("no prediction beats bytes over peak bandwidth or FLOPs over peak rate") {
  Cases cases;
  for (int i = 0; i < kCases; ++i) {
    Case c = cases.next();
    const GpuShape gpu = shape_of(c.gpu);
    // Whatever a fit may come to: parameters anywhere in their ranges.
    auto params = default_params(gpu);
    std::mt19937 random(static_cast<unsigned>(i));
    for (const Parameter& p : parameters(c.row.op, gpu.family))
      p.in(params) = std::exp(
          std::uniform_real_distribution<double>(std::log(p.lower), std::log(p.upper))(random));
    const double us = time_of(prepare(c.row, gpu), gpu, params);
    const double peak = gpu.matrix * (c.row.attention.fp8 ? 2 : 1);
    CHECK(us * kRounding >= c.row.flops() / (c.row.op == Operation::gemm ? gpu.matrix : peak));
    if (c.row.attention.cold) CHECK(us * kRounding >= c.row.bytes() / gpu.dram);
    // In L2 at most its capacity can be waiting.
    CHECK(us * kRounding >= (c.row.bytes() - gpu.l2_bytes) / gpu.dram);
  }
}

TEST_CASE("more work is never faster: longer context, more requests, larger products") {
  Cases cases;
  for (int i = 0; i < kCases; ++i) {
    const Case c = cases.next();
    if (c.row.op == Operation::prefill)
      continue;  // splits end where tiles fill the SMs: not monotone
    const GpuShape gpu = shape_of(c.gpu);
    const auto params = default_params(gpu);
    Row more = c.row;
    more.attention.batch *= 4;
    more.gemm.m *= 4;
    more.quantize.rows *= 4;
    INFO(name(c.row.op) << " b" << c.row.attention.batch << " c" << c.row.attention.context);
    // Four times the requests can leave a split regime: a few per cent are the libraries' own.
    CHECK(time_of(prepare(more, gpu), gpu, params) >=
          0.9 * time_of(prepare(c.row, gpu), gpu, params));
  }
}
