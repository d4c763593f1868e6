#include "sim/system/calibrate/yaml.hpp"

#include <map>

#include <fmt/format.h>

namespace fieldsim::calibrate {
namespace {

// "0.89 us", "65.3 GB/s", or a bare number: the units of a hardware file. Its times are whole
// picoseconds; what is given in ns for each element is finer than that, and stays a number.
std::string quantity(double value, const std::string& unit) {
  if (unit == "1" || unit == "ns") return fmt::format("{:.4g}", value);
  if (unit == "B/us") return fmt::format("{:.4g} GB/s", value * 1e-3);
  if (unit == "us" && value < 1e-3) return fmt::format("{:.0f} ps", value * 1e6);
  if (unit == "us" && value < 0.5) return fmt::format("{:.4g} ns", value * 1e3);
  return fmt::format("{:.4g} {}", value, unit);
}

}  // namespace

std::string to_yaml(const Fitted& fitted, const hardware::tile::GpuShape& gpu,
                    const std::string& source) {
  return "gpu:\n" + tile_yaml(fitted, gpu, source);
}

std::string tile_yaml(const Fitted& fitted, const hardware::tile::GpuShape& gpu,
                      const std::string& source) {
  std::string out = "  tile:\n";
  std::map<std::string, const FittedValue*> values;
  for (const FittedValue& v : fitted.values) values[v.parameter.name] = &v;
  for (const Operation op : {Operation::decode, Operation::prefill, Operation::gemm,
                             Operation::quantize, Operation::scale}) {
    std::string body;
    for (const hardware::tile::Parameter& p : hardware::tile::parameters(op, gpu.family)) {
      const std::string key = p.name.substr(p.name.find('.') + 1);
      if (const auto at = values.find(p.name); at != values.end()) {
        const FittedValue& v = *at->second;
        body += fmt::format(
            "      {}: {{value: {}, source: \"fitted: {}\", uncertainty: {}, rows: {}}}\n", key,
            quantity(v.value, p.unit), source, quantity(v.uncertainty, p.unit), v.rows);
      } else {
        const double v = p.in(fitted.params);
        body += fmt::format(
            "      {}: {{value: {}, source: \"assumed: default of the {} family; not identified by "
            "the rows\", uncertainty: {}, rows: 0}}\n",
            key, quantity(v, p.unit), hardware::tile::name(gpu.family),
            quantity(v * p.prior_sd, p.unit));
      }
    }
    out += fmt::format("    {}:\n{}", hardware::tile::name(op), body);
  }
  return out;
}

}  // namespace fieldsim::calibrate
