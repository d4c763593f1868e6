#include "sim/system/calibrate/points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/hardware/pcie/rate.hpp"

namespace fieldsim::calibrate {
namespace {

using hardware::LinkKind;
using hardware::pcie::Direction;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const std::size_t n = v.size();
  return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double deviation(const std::vector<double>& v, double middle) {
  if (v.size() < 2) return 0;
  double sum = 0;
  for (const double x : v) sum += (x - middle) * (x - middle);
  return std::sqrt(sum / static_cast<double>(v.size() - 1));
}

// t = start + bytes / rate over copies of several sizes, on relative error.
struct Affine {
  double start = 0, rate = 0;
  double start_error = 0, rate_error = 0;  // standard errors
  std::size_t points = 0;
};
Affine fit_affine(const std::vector<const Point*>& copies) {
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  for (const Point* p : copies) {
    const double weight = 1 / (p->seconds * p->seconds);
    const double x = static_cast<double>(p->bytes), y = p->seconds;
    w += weight, wx += weight * x, wy += weight * y, wxx += weight * x * x, wxy += weight * x * y;
  }
  const double det = w * wxx - wx * wx;
  Affine a;
  a.points = copies.size();
  a.start = (wxx * wy - wx * wxy) / det;
  const double slope = (w * wxy - wx * wy) / det;
  a.rate = 1 / slope;
  double residual = 0;
  for (const Point* p : copies) {
    const double t = a.start + slope * static_cast<double>(p->bytes);
    residual += std::pow(t / p->seconds - 1, 2);
  }
  residual /= static_cast<double>(copies.size() - 2);
  a.start_error = std::sqrt(residual * wxx / det);
  a.rate_error = a.rate * a.rate * std::sqrt(residual * w / det);
  return a;
}

class Fitter {
 public:
  Fitter(const std::vector<Point>& points, const hardware::HardwareParams& hardware)
      : points_(points), hw_(hardware) {}

  PointFit run() {
    const Affine down = link(Direction::to_host, "to_host", "pcie.d2h pinned");
    const Affine up = link(Direction::to_device, "to_device", "pcie.h2d pinned");
    payload();
    submit(down.points > 0 ? down : up);
    achieved();
    gap("eager", "latency.launch, eager");
    gap("graph", "latency.launch, in a graph");
    for (const Point& p : points_)
      if (!used_.contains(p.parameter) && told_.insert(p.parameter).second)
        out_.unused.push_back(p.parameter);
    return std::move(out_);
  }

 private:
  std::vector<const Point*> of(const std::string& parameter) {
    std::vector<const Point*> list;
    for (const Point& p : points_)
      if (p.parameter == parameter) list.push_back(&p);
    if (!list.empty()) used_.insert(parameter);
    return list;
  }

  void identify(const std::string& section, const std::string& key,
                const std::vector<double>& values, const std::string& unit,
                const std::string& what) {
    const double m = median(values);
    out_.values.push_back({section, key, m, deviation(values, m), unit, values.size(), what});
  }

  // What the protocol leaves at the largest payload the specification has, 4 KiB.
  double fastest(Direction d) const {
    hardware::LinkParams l = hw_.link;
    l.to_device.reset(), l.to_host.reset();
    l.max_payload = Bytes::raw(4096);
    return static_cast<double>(payload_rate(l, d).count());
  }
  bool possible(double rate, Direction d) {
    if (hw_.link.kind != LinkKind::pcie || rate <= fastest(d)) return true;
    ++out_.rejected;
    return false;
  }

  Affine link(Direction d, const std::string& key, const std::string& sweep) {
    Affine affine;
    std::vector<const Point*> copies;
    for (const Point* p : of(sweep))
      if (p->bytes > 0 && p->seconds > 0 && possible(p->value, d)) copies.push_back(p);
    std::set<std::int64_t> sizes;
    for (const Point* p : copies) sizes.insert(p->bytes);
    constexpr std::size_t kLeastSizes = 3;
    if (sizes.size() >= kLeastSizes) affine = fit_affine(copies);
    std::vector<double> rates;
    for (const Point* p : of("link." + key))
      if (possible(p->value, d)) rates.push_back(p->value);
    if (!rates.empty())
      identify("link", key, rates, "B/s", "nvbandwidth");
    else if (affine.points > 0 && affine.rate > 0)
      out_.values.push_back({"link", key, affine.rate, affine.rate_error, "B/s", affine.points,
                             "copies of several sizes"});
    else
      out_.unidentified.push_back("link." + key +
                                  ": a host copy by nvbandwidth, or copies of three sizes");
    return affine;
  }

  // A rate above what the file's maximum payload allows shows a larger one.
  void payload() {
    if (hw_.link.kind != LinkKind::pcie) return;
    hardware::LinkParams l = hw_.link;
    l.to_device.reset(), l.to_host.reset();
    const Bytes before = l.max_payload;
    std::size_t points = 0;
    for (const FittedPoint& v : out_.values) {
      const Direction d = v.key == "to_host" ? Direction::to_host : Direction::to_device;
      while (static_cast<double>(payload_rate(l, d).count()) < v.value &&
             l.max_payload < Bytes::raw(4096))
        l.max_payload = l.max_payload * 2, points = v.points;
    }
    if (l.max_payload > before)
      out_.values.push_back({"link", "max_payload", static_cast<double>(l.max_payload.count()), 0,
                             "B", points, "least that allows the measured rate"});
  }

  // The fixed part of a copy that the host waits for: submission, start of the engine, wake-up.
  void submit(const Affine& copy) {
    double wake = seconds(hw_.gpu.launch.synchronize);
    if (const auto idle = of("latency.stream sync, idle"); !idle.empty())
      wake = idle.front()->value;
    const double rest = copy.start - wake - seconds(hw_.link.dma_start);
    if (copy.points == 0 || rest <= 0)
      out_.unidentified.push_back(
          "link.submit: copies of three sizes by fieldsim-measure, longer than wake-up and "
          "dma_start");
    else
      out_.values.push_back({"link", "submit", rest, copy.start_error, "s", copy.points,
                             "fixed part of copies, less dma_start and wake-up"});
    out_.unidentified.push_back("link.dma_start: not apart from link.submit; kept");
  }

  // The share of the datasheet rate that streaming reaches: kernels that do not stream pull the
  // median down, so only those within a tenth of the best count.
  void achieved() {
    std::vector<double> shares;
    const auto offer = [&](double share) {
      if (share > 1)
        ++out_.rejected;
      else
        shares.push_back(share);
    };
    for (const Point* p : of("hbm.achieved")) offer(p->value);
    const auto peak = static_cast<double>(hw_.gpu.hbm.bandwidth.count());
    const Point* largest = nullptr;
    for (const Point* p : of("ceilings.read"))
      if (largest == nullptr || p->bytes > largest->bytes) largest = p;
    if (largest != nullptr) offer(largest->value / peak);
    if (shares.empty()) {
      out_.unidentified.push_back(
          "gpu.hbm.achieved: a streaming kernel under Nsight Compute, or fieldsim-measure's read");
      return;
    }
    constexpr double kStreams = 0.9;
    const double best = *std::max_element(shares.begin(), shares.end());
    std::erase_if(shares, [&](double s) { return s < kStreams * best; });
    identify("gpu.hbm", "achieved", shares, "1", "streaming kernels");
  }

  void gap(const std::string& key, const std::string& test) {
    std::vector<double> times;
    for (const Point* p : of(test)) times.push_back(p->value);
    if (times.empty())
      out_.unidentified.push_back("gpu.launch." + key + ": fieldsim-measure's latency group");
    else
      identify("gpu.launch", key, times, "s", "empty kernels");
  }

  const std::vector<Point>& points_;
  const hardware::HardwareParams& hw_;
  std::set<std::string> used_, told_;
  PointFit out_;
};

std::string quantity(double v, const std::string& unit) {
  if (unit == "B/s") return fmt::format("{:.5g} GB/s", v * 1e-9);
  if (unit == "s") return fmt::format("{:.4g} us", v * 1e6);
  if (unit == "B") return fmt::format("{:.0f} B", v);
  return fmt::format("{:.4g}", v);
}

}  // namespace

PointFit fit_points(const std::vector<Point>& points, const hardware::HardwareParams& hardware) {
  return Fitter(points, hardware).run();
}

std::string to_yaml(const PointFit& fit, const std::string& section, const std::string& source) {
  std::string out, below;
  for (const FittedPoint& v : fit.values) {
    if (v.section != section && !v.section.starts_with(section + ".")) continue;
    std::string indent = "  ";
    if (v.section != section) {
      if (v.section != below) out += fmt::format("  {}:\n", v.section.substr(section.size() + 1));
      below = v.section;
      indent = "    ";
    }
    out += fmt::format("{}{}: {{value: {}, source: \"fitted: {}, {}\"", indent, v.key,
                       quantity(v.value, v.unit), source, v.what);
    if (v.uncertainty > 0) out += fmt::format(", uncertainty: {}", quantity(v.uncertainty, v.unit));
    out += fmt::format(", rows: {}}}\n", v.points);
  }
  return out;
}

}  // namespace fieldsim::calibrate
