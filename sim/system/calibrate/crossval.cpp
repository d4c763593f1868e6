#include <algorithm>
#include <set>

#include "sim/system/calibrate/validate.hpp"

namespace fieldsim::calibrate {
namespace {

// Which fold a row belongs to. By layout: head layouts, for products the (n, k) pair that stands
// for a weight matrix. By length: contexts, prompts or k, every fourth together so that both ends
// are covered.
std::size_t fold_of(const Row& row, Fold fold, const std::vector<std::string>& layouts,
                    const std::vector<std::int64_t>& lengths) {
  constexpr std::size_t kFolds = 5, kLengthFolds = 4;
  if (fold == Fold::layout) {
    if (row.op == Operation::gemm)
      return static_cast<std::size_t>((row.gemm.n * 7919 + row.gemm.k * 104729) / 32) % kFolds;
    return static_cast<std::size_t>(std::lower_bound(layouts.begin(), layouts.end(), row.layout()) -
                                    layouts.begin());
  }
  return static_cast<std::size_t>(std::lower_bound(lengths.begin(), lengths.end(), row.length()) -
                                  lengths.begin()) %
         kLengthFolds;
}

template <class T>
std::vector<T> sorted(const std::set<T>& s) {
  return {s.begin(), s.end()};
}

}  // namespace

const char* name(Fold fold) { return fold == Fold::layout ? "layout" : "length"; }

CrossValidation cross_validate(const std::vector<Row>& all, Operation op,
                               const hardware::GpuParams& gpu, Fold fold,
                               const FitOptions& options) {
  const auto shape = hardware::tile::shape_of(gpu);
  std::vector<PreparedRow> rows;
  std::set<std::string> layout_set;
  std::set<std::int64_t> length_set;
  for (const Row& r : all) {
    if (r.op != op || r.measured_us <= 0) continue;
    rows.push_back(prepare(r, shape));
    layout_set.insert(r.layout());
    length_set.insert(r.length());
  }
  const auto layouts = sorted(layout_set);
  const auto lengths = sorted(length_set);
  std::vector<std::size_t> folds;
  for (const PreparedRow& p : rows) folds.push_back(fold_of(p.row, fold, layouts, lengths));

  CrossValidation out;
  out.errors.assign(rows.size(), 0);
  std::vector<double> roofline(rows.size()), analytic;
  std::map<std::string, std::vector<double>> strata;
  for (const std::size_t f : std::set<std::size_t>(folds.begin(), folds.end())) {
    std::vector<PreparedRow> train;
    std::vector<const Row*> plain;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (folds[i] != f) train.push_back(rows[i]), plain.push_back(&rows[i].row);
    const Fitted fitted = fit(train, shape, hardware::tile::default_params(shape), options);
    const Roofline line = fit_roofline(plain, gpu);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (folds[i] != f) continue;
      const double measured = rows[i].row.measured_us;
      const Prediction p = predict(rows[i], shape, fitted.params);
      out.errors[i] = p.us / measured - 1;
      roofline[i] = line.predict(rows[i].row, gpu) / measured - 1;
      strata[name(p.regime)].push_back(out.errors[i]);
    }
  }
  for (const PreparedRow& p : rows)
    analytic.push_back(analytic_us(p.row, gpu) / p.row.measured_us - 1);
  out.model = score(out.errors);
  out.roofline = score(roofline);
  out.analytic = score(analytic);
  for (auto& [key, errors] : strata) out.strata[key] = score(errors);
  return out;
}

}  // namespace fieldsim::calibrate
