#include "sim/system/calibrate/plan.hpp"

#include <algorithm>
#include <set>

#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace fieldsim::calibrate {
namespace {

constexpr double kModelError = 0.05;  // standard deviation of log(predicted / measured)

// How much a measurement of this shape says about the tile kernels, relative to a common one.
// Degenerate products leave them (matrix-vector kernels, a single k step): the model is about twice
// as far off there, so they carry a quarter of the information.
double information_of(const Row& row) {
  constexpr std::int64_t kFewRows = 8, kNarrow = 128;
  if (row.op != Operation::gemm) return 1;
  const auto& g = row.gemm;
  return g.m < kFewRows || g.n < kNarrow || g.k < kNarrow ? 0.25 : 1;
}

}  // namespace

std::vector<Row> candidate_shapes(Operation op, const hardware::tile::GpuShape& gpu) {
  std::vector<Row> rows;
  Row row;
  row.op = op;
  const bool fp8 = gpu.family != hardware::tile::Family::ampere;
  constexpr std::int64_t kMostTokens = 128 * 1024, kMostContextTokens = 8 * 1024 * 1024;
  if (op == Operation::decode || op == Operation::prefill) {
    auto& a = row.attention;
    const bool decode = op == Operation::decode;
    for (const std::int64_t heads : {8, 32})
      for (const std::int64_t kv : {std::int64_t{1}, std::int64_t{8}, heads})
        for (std::int64_t batch = 1; batch <= (decode ? 1024 : 128); batch *= 4)
          for (std::int64_t length = decode ? 2 : 1; length <= (decode ? 131072 : 16384);
               length *= 4)
            for (const bool low : {false, true}) {
              if ((low && !fp8) ||
                  batch * length * (decode ? kv : 1) > (decode ? kMostContextTokens : kMostTokens))
                continue;
              a.batch = batch, a.query_heads = heads, a.kv_heads = kv, a.fp8 = low;
              a.query_tokens = decode ? 1 : length;
              a.context = length;
              rows.push_back(row);
            }
    return rows;
  }
  constexpr std::int64_t kMostElements = std::int64_t{1} << 31;
  for (std::int64_t m = 1; m <= 16384; m *= 4)
    for (std::int64_t k = 64; k <= 16384; k *= 4) {
      if (op != Operation::gemm) {
        row.quantize = {m, k, false};
        rows.push_back(row);
        continue;
      }
      for (std::int64_t n = 64; n <= 16384; n *= 4) {
        if (m * n > kMostElements) continue;
        row.gemm = {m, n, k, 6, false};
        rows.push_back(row);
      }
    }
  return rows;
}

std::vector<std::size_t> plan(std::size_t count, Operation op, const std::vector<Row>& shapes,
                              const hardware::tile::GpuShape& gpu,
                              const hardware::tile::TileParams& at) {
  const auto list = hardware::tile::parameters(op, gpu.family);
  std::vector<PreparedRow> rows;
  std::vector<std::size_t> where;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (shapes[i].op == op) rows.push_back(prepare(shapes[i], gpu)), where.push_back(i);
  const auto s = sensitivities(rows, gpu, at, list);
  const auto n = static_cast<Eigen::Index>(list.size());
  // What is known before any measurement: the priors of the fit.
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index c = 0; c < n; ++c) {
    const double sd = list[static_cast<std::size_t>(c)].prior_sd / kModelError;
    information(c, c) = 1 / (sd * sd);
  }
  std::vector<std::size_t> chosen;
  std::set<std::size_t> taken;
  while (chosen.size() < std::min(count, rows.size())) {
    // det(M + w j j^T) = det(M) (1 + w j^T M^-1 j): the row with the largest gain.
    const Eigen::MatrixXd inverse = information.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
    std::size_t best = rows.size();
    double most = -1;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken.contains(i)) continue;
      const Eigen::Map<const Eigen::VectorXd> j(s[i].data(), n);
      const double gain = information_of(rows[i].row) * j.dot(inverse * j);
      if (gain > most) most = gain, best = i;
    }
    const Eigen::Map<const Eigen::VectorXd> j(s[best].data(), n);
    information += information_of(rows[best].row) * j * j.transpose();
    taken.insert(best);
    chosen.push_back(where[best]);
  }
  return chosen;
}

}  // namespace fieldsim::calibrate
