// Points that are parameters by themselves: tables made from a known part give its numbers back.
#include <catch2/catch.hpp>

#include <algorithm>

#include "sim/hardware/pcie/rate.hpp"
#include "sim/system/calibrate/points.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::calibrate;
using namespace fieldsim::literals;
using hardware::pcie::Direction;

namespace {

hardware::HardwareParams part() {
  hardware::HardwareParams h;
  h.gpu = fidelity_test::a100();
  h.gpu.launch.synchronize = 10_us;
  h.link.generation = 4;
  h.link.lanes = 16;
  h.link.max_payload = 256_B;
  h.link.max_read_request = 512_B;
  h.link.submit = 6_us;
  h.link.dma_start = 2'500_ns;
  return h;
}

const FittedPoint* find(const PointFit& f, const std::string& key) {
  for (const FittedPoint& v : f.values)
    if (v.section + "." + v.key == key) return &v;
  return nullptr;
}

// Copies that the host waits for, on a link of this part.
std::vector<Point> sweep(const hardware::HardwareParams& h, double rate) {
  std::vector<Point> points;
  const double fixed = seconds(h.link.submit + h.link.dma_start + h.gpu.launch.synchronize);
  for (const std::int64_t bytes : {4'096, 65'536, 1'048'576, 67'108'864}) {
    const double t = fixed + static_cast<double>(bytes) / rate;
    points.push_back({"pcie.d2h pinned", static_cast<double>(bytes) / t, "B/s", "", bytes, t});
  }
  return points;
}

}  // namespace

TEST_CASE("copies of several sizes give the rate and the submission back") {
  const auto truth = part();
  auto start = truth;
  start.link.submit = 20_us;  // what calibration does not look at
  const PointFit f = fit_points(sweep(truth, 22e9), start);
  REQUIRE(find(f, "link.to_host") != nullptr);
  CHECK(find(f, "link.to_host")->value == Approx(22e9).epsilon(1e-6));
  REQUIRE(find(f, "link.submit") != nullptr);
  CHECK(find(f, "link.submit")->value == Approx(6e-6).epsilon(1e-4));
  CHECK(find(f, "link.to_device") == nullptr);
}

TEST_CASE("nvbandwidth's rates: the median, and a larger payload where the file's is too small") {
  const auto h = part();
  const PointFit f = fit_points({{"link.to_device", 21.0e9, "B/s", "", 0, 0},
                                 {"link.to_device", 22.0e9, "B/s", "", 0, 0},
                                 {"link.to_device", 22.2e9, "B/s", "", 0, 0},
                                 {"link.to_host", 27.0e9, "B/s", "", 0, 0}},
                                h);
  CHECK(find(f, "link.to_device")->value == 22.0e9);
  CHECK(find(f, "link.to_device")->points == 3);
  REQUIRE(find(f, "link.max_payload") != nullptr);
  CHECK(find(f, "link.max_payload")->value == 512);
  auto wider = h;
  wider.link.max_payload = 512_B;
  wider.link.to_host = BytesPerSecond::raw(27'000'000'000);
  CHECK(payload_rate(wider.link, Direction::to_host).count() == 27'000'000'000);
}

TEST_CASE("a point faster than its link or memory is rejected and counted") {
  const auto h = part();
  const PointFit f = fit_points(
      {{"link.to_host", 40e9, "B/s", "", 0, 0}, {"hbm.achieved", 1.02, "1", "", 0, 0}}, h);
  CHECK(f.rejected == 2);
  CHECK(f.values.empty());
}

TEST_CASE("kernels that do not stream leave the achieved share alone") {
  const auto h = part();
  const PointFit f = fit_points({{"hbm.achieved", 0.90, "1", "", 0, 0},
                                 {"hbm.achieved", 0.92, "1", "", 0, 0},
                                 {"hbm.achieved", 0.30, "1", "", 0, 0},
                                 {"ceilings.read", 0.91 * 2039e9, "B/s", "", 1 << 30, 0}},
                                h);
  CHECK(find(f, "gpu.hbm.achieved")->value == Approx(0.91));
  CHECK(find(f, "gpu.hbm.achieved")->points == 3);
}

TEST_CASE("what the points do not identify, and what is no parameter, is named") {
  const PointFit f = fit_points({{"hbm.copy_rate", 1.5e12, "B/s", "", 0, 0},
                                 {"latency.launch, in a graph", 1.3e-6, "s", "", 0, 0}},
                                part());
  const auto named = [](const std::vector<std::string>& list, const std::string& what) {
    return std::any_of(list.begin(), list.end(),
                       [&](const std::string& s) { return s.starts_with(what); });
  };
  for (const char* what : {"link.to_host", "link.to_device", "link.submit", "link.dma_start",
                           "gpu.hbm.achieved", "gpu.launch.eager"})
    CHECK(named(f.unidentified, what));
  CHECK(named(f.unused, "hbm.copy_rate"));
  CHECK(find(f, "gpu.launch.graph")->value == 1.3e-6);
  const std::string yaml = to_yaml(f, "gpu", "latency.json");
  CHECK(yaml ==
        "  launch:\n    graph: {value: 1.3 us, source: \"fitted: latency.json, empty kernels\", "
        "rows: 1}\n");
  CHECK(to_yaml(f, "link", "latency.json").empty());
}
