#include "sim/system/calibrate/fit.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace fieldsim::calibrate {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using hardware::tile::GpuShape;
using hardware::tile::Parameter;
using hardware::tile::TileParams;

using RowPointers = std::vector<const PreparedRow*>;

VectorXd residuals(const RowPointers& rows, const GpuShape& gpu, const TileParams& p) {
  VectorXd r(static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    r(static_cast<Eigen::Index>(i)) =
        std::log(predict(*rows[i], gpu, p).us / rows[i]->row.measured_us);
  return r;
}

// Central differences in log(parameter): the model has steps (splits, waves), a wide stride
// averages them.
MatrixXd jacobian(const RowPointers& rows, const GpuShape& gpu, const TileParams& p,
                  const std::vector<Parameter>& list, double stride) {
  MatrixXd j(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(list.size()));
  for (std::size_t c = 0; c < list.size(); ++c) {
    TileParams up = p, down = p;
    const double v = list[c].in(p);
    list[c].in(up) = std::min(v * std::exp(stride), list[c].upper);
    list[c].in(down) = std::max(v * std::exp(-stride), list[c].lower);
    const double width = std::log(list[c].in(up) / list[c].in(down));
    for (std::size_t i = 0; i < rows.size(); ++i)
      j(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) =
          width > 0
              ? std::log(predict(*rows[i], gpu, up).us / predict(*rows[i], gpu, down).us) / width
              : 0.0;
  }
  return j;
}

struct Loss {
  double scale;
  // soft L1: f^2 * 2 (sqrt(1 + (r/f)^2) - 1); its weight in normal equations is 1/sqrt(1 +
  // (r/f)^2).
  double weight(double r) const { return 1 / std::sqrt(1 + r * r / (scale * scale)); }
  double of(const VectorXd& r) const {
    double sum = 0;
    for (const double v : r)
      sum += 2 * scale * scale * (std::sqrt(1 + v * v / (scale * scale)) - 1);
    return sum;
  }
};

// The prior: a default is known to `prior_sd`, the model to about `kModelError`.
constexpr double kModelError = 0.05;
double prior_weight(const Parameter& p) {
  return kModelError * kModelError / (p.prior_sd * p.prior_sd);
}

struct Solution {
  TileParams params;
  MatrixXd information;  // J^T W J at the end, without the prior
  MatrixXd jacobian;
  VectorXd residuals;
};

Solution minimise(const RowPointers& rows, const GpuShape& gpu, const TileParams& start,
                  const std::vector<Parameter>& list, const FitOptions& o) {
  const Loss loss{o.outlier};
  const auto n = static_cast<Eigen::Index>(list.size());
  VectorXd x0(n), weight(n);
  for (Eigen::Index c = 0; c < n; ++c) {
    const Parameter& p = list[static_cast<std::size_t>(c)];
    x0(c) = std::log(std::clamp(p.in(start), p.lower, p.upper));
    weight(c) = o.prior ? prior_weight(p) : 0.0;
  }
  const auto at = [&](const VectorXd& x) {
    TileParams p = start;
    for (Eigen::Index c = 0; c < n; ++c) {
      const Parameter& q = list[static_cast<std::size_t>(c)];
      q.in(p) = std::clamp(std::exp(x(c)), q.lower, q.upper);
    }
    return p;
  };
  const auto cost = [&](const VectorXd& x, const VectorXd& r) {
    return loss.of(r) + (weight.array() * (x - x0).array().square()).sum();
  };

  VectorXd x = x0;
  VectorXd r = residuals(rows, gpu, at(x));
  double now = cost(x, r), damping = 1e-2;
  MatrixXd j, h;
  for (int i = 0; i < o.iterations; ++i) {
    constexpr double kWide = 0.05, kNarrow = 0.02;
    j = jacobian(rows, gpu, at(x), list, i < 6 ? kWide : kNarrow);
    const VectorXd w = r.unaryExpr([&](double v) { return loss.weight(v); });
    h = j.transpose() * w.asDiagonal() * j;
    const VectorXd g = j.transpose() * w.asDiagonal() * r + weight.cwiseProduct(x - x0);
    bool better = false;
    const double before = now;
    for (int tries = 0; tries < 8 && !better; ++tries) {
      MatrixXd a = h;
      a.diagonal() += weight;
      a.diagonal() += damping * (h.diagonal() + VectorXd::Constant(n, 1e-6));
      VectorXd y = x - a.ldlt().solve(g);
      for (Eigen::Index c = 0; c < n; ++c) {
        const Parameter& q = list[static_cast<std::size_t>(c)];
        y(c) = std::clamp(y(c), std::max(std::log(q.lower), x(c) - 1),
                          std::min(std::log(q.upper), x(c) + 1));
      }
      const VectorXd ry = residuals(rows, gpu, at(y));
      const double then = cost(y, ry);
      better = then < now;
      damping = better ? std::max(damping / 5, 1e-9) : damping * 4;
      if (better) x = y, r = ry, now = then;
    }
    if (!better || before - now < 1e-7 * before) break;
  }
  j = jacobian(rows, gpu, at(x), list, 0.02);
  const VectorXd w = r.unaryExpr([&](double v) { return loss.weight(v); });
  return {at(x), j.transpose() * w.asDiagonal() * j, j, r};
}

// Median absolute residual as the standard deviation of a normal; outliers do not widen it.
double spread(const VectorXd& r) {
  std::vector<double> a(static_cast<std::size_t>(r.size()));
  for (Eigen::Index i = 0; i < r.size(); ++i) a[static_cast<std::size_t>(i)] = std::abs(r(i));
  if (a.empty()) return 0;
  std::nth_element(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(a.size() / 2), a.end());
  constexpr double kMadToSd = 1.4826;
  return kMadToSd * a[a.size() / 2];
}

VectorXd standard_deviations(const Solution& s, double sd) {
  MatrixXd a = s.information;
  a.diagonal().array() += 1e-12;
  const MatrixXd inverse = a.ldlt().solve(MatrixXd::Identity(a.rows(), a.cols()));
  return sd * inverse.diagonal().cwiseAbs().cwiseSqrt();
}

// Evenly spaced rows, so that a large table's every region stays represented.
RowPointers thinned(const RowPointers& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  RowPointers out;
  out.reserve(most);
  for (std::size_t i = 0; i < most; ++i) out.push_back(rows[i * rows.size() / most]);
  return out;
}

void fit_operation(Operation op, const std::vector<PreparedRow>& all, const GpuShape& gpu,
                   const FitOptions& o, Fitted& out) {
  RowPointers rows;
  for (const PreparedRow& p : all)
    if (p.row.op == op && p.row.measured_us > 0) rows.push_back(&p);
  if (rows.empty()) return;
  rows = thinned(rows, o.max_rows);
  std::vector<Parameter> list = hardware::tile::parameters(op, gpu.family);
  const TileParams start = out.params;
  Solution s;
  double sd = 0;
  while (true) {
    s = minimise(rows, gpu, start, list, o);
    sd = std::max(spread(s.residuals), 1e-3);
    const VectorXd deviation = standard_deviations(s, sd);
    // The worst unidentified parameter leaves, the others are fitted again without it.
    Eigen::Index worst = -1;
    for (Eigen::Index c = 0; c < deviation.size(); ++c)
      if (!(deviation(c) <= o.unidentified) && (worst < 0 || !(deviation(c) <= deviation(worst))))
        worst = c;
    if (worst < 0 || list.size() == 1) {
      for (Eigen::Index c = 0; worst < 0 && c < deviation.size(); ++c) {
        constexpr double kMoves = 0.005;  // a row that a 100 % change moves by half a per cent
        const double v = list[static_cast<std::size_t>(c)].in(s.params);
        out.values.push_back(
            {list[static_cast<std::size_t>(c)], v, v * deviation(c),
             static_cast<std::size_t>((s.jacobian.col(c).cwiseAbs().array() > kMoves).count())});
      }
      if (worst >= 0) out.unidentified.push_back(list.front().name), s.params = start;
      break;
    }
    out.unidentified.push_back(list[static_cast<std::size_t>(worst)].name);
    list.erase(list.begin() + worst);
  }
  out.params = s.params;
  out.rows += rows.size();
  out.residual = std::max(out.residual, sd);
}

}  // namespace

Fitted fit(const std::vector<PreparedRow>& rows, const GpuShape& gpu, const TileParams& start,
           const FitOptions& options) {
  Fitted out;
  out.params = start;
  for (const Operation op : {Operation::decode, Operation::prefill, Operation::gemm,
                             Operation::quantize, Operation::scale})
    fit_operation(op, rows, gpu, options, out);
  return out;
}

std::vector<std::vector<double>> sensitivities(const std::vector<PreparedRow>& rows,
                                               const GpuShape& gpu, const TileParams& at,
                                               const std::vector<Parameter>& list) {
  RowPointers pointers;
  for (const PreparedRow& p : rows) pointers.push_back(&p);
  const MatrixXd j = jacobian(pointers, gpu, at, list, 0.05);
  std::vector<std::vector<double>> out(rows.size(), std::vector<double>(list.size()));
  for (Eigen::Index i = 0; i < j.rows(); ++i)
    for (Eigen::Index c = 0; c < j.cols(); ++c)
      out[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)] = j(i, c);
  return out;
}

}  // namespace fieldsim::calibrate
