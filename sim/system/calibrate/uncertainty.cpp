#include "sim/system/calibrate/uncertainty.hpp"

#include <cmath>

#include "sim/system/calibrate/fit.hpp"

namespace fieldsim::calibrate {

double unexplained(Operation op, hardware::tile::Family family) {
  switch (op) {
    case Operation::decode:
      return 0.045;
    case Operation::prefill:
      return 0.055;
    case Operation::gemm:
      // The A100's products: 15.0 % at p90, the H100's and H200's 12.3 and 11.4.
      return family == hardware::tile::Family::hopper ? 0.075 : 0.091;
    case Operation::quantize:
      return 0.06;
    case Operation::scale:
      return 0.3;
  }
  return 0.1;
}

Basis basis_of(hardware::tile::Family family, bool fitted) {
  if (fitted) return Basis::part;
  return family == hardware::tile::Family::blackwell ? Basis::generation : Basis::family;
}

std::vector<double> spread_of(const std::vector<PreparedRow>& rows,
                              const hardware::tile::GpuShape& gpu,
                              const hardware::tile::TileParams& params, Basis basis) {
  std::vector<double> out;
  for (const PreparedRow& p : rows) out.push_back(unexplained(p.row.op, gpu.family));
  if (basis == Basis::part) return out;
  for (const Operation op : {Operation::decode, Operation::prefill, Operation::gemm,
                             Operation::quantize, Operation::scale}) {
    std::vector<PreparedRow> mine;
    std::vector<std::size_t> where;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].row.op == op) mine.push_back(rows[i]), where.push_back(i);
    if (mine.empty()) continue;
    const auto list = hardware::tile::parameters(op, gpu.family);
    const auto j = sensitivities(mine, gpu, params, list);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      double variance = out[where[i]] * out[where[i]];
      for (std::size_t c = 0; c < list.size(); ++c)
        variance += std::pow(
            j[i][c] * (basis == Basis::family ? list[c].prior_sd : list[c].generation_sd), 2);
      out[where[i]] = std::sqrt(variance);
    }
  }
  return out;
}

}  // namespace fieldsim::calibrate
