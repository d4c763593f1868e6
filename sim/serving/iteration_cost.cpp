#include "sim/serving/iteration_cost.hpp"

#include <algorithm>

namespace fieldsim::serving {

namespace {

// The cell of x in the nodes, and how far into it.
struct Cell {
  std::size_t at = 0;
  double share = 0;
};
Cell cell(const std::vector<std::int64_t>& nodes, double x) {
  if (nodes.size() < 2) return {};
  const auto up = std::upper_bound(nodes.begin(), nodes.end(), x, [](double v, std::int64_t n) {
    return v < static_cast<double>(n);
  });
  const auto i = std::clamp<std::ptrdiff_t>(up - nodes.begin() - 1, 0,
                                            static_cast<std::ptrdiff_t>(nodes.size()) - 2);
  const auto low = static_cast<double>(nodes[static_cast<std::size_t>(i)]);
  const auto high = static_cast<double>(nodes[static_cast<std::size_t>(i) + 1]);
  return {static_cast<std::size_t>(i), (x - low) / (high - low)};
}

double along(const std::vector<double>& values, Cell c) {
  if (values.size() < 2) return values.empty() ? 0.0 : values.front();
  return values[c.at] + (values[c.at + 1] - values[c.at]) * c.share;
}

double across(const std::vector<std::vector<double>>& rows, Cell row, Cell column) {
  if (rows.empty()) return 0;
  if (rows.size() < 2) return along(rows.front(), column);
  const double a = along(rows[row.at], column), b = along(rows[row.at + 1], column);
  return a + (b - a) * row.share;
}

}  // namespace

double IterationCost::series(const std::vector<std::vector<double>>& table, std::int64_t n,
                             std::int64_t kv, std::int64_t m) const {
  const Cell row = cell(t_.sequences, static_cast<double>(n));
  double sum = 0;
  while (m > 0) {
    const Cell here = cell(t_.kv_tokens, static_cast<double>(kv));
    std::int64_t steps = m;  // until the next node
    if (here.at + 2 < t_.kv_tokens.size())
      steps = std::min(m, std::max<std::int64_t>(1, (t_.kv_tokens[here.at + 1] - kv + n - 1) / n));
    const double first = across(table, row, here);
    const double next =
        steps > 1 ? across(table, row, cell(t_.kv_tokens, static_cast<double>(kv + n))) : first;
    const auto k = static_cast<double>(steps);
    sum += k * first + (next - first) * k * (k - 1) / 2;
    kv += n * steps;
    m -= steps;
  }
  return sum * (1 + t_.overhead);
}

double IterationCost::chunk_attention(std::int64_t tokens, std::int64_t before) const {
  return across(t_.chunk, cell(t_.chunk_tokens, static_cast<double>(tokens)),
                cell(t_.before_tokens, static_cast<double>(before))) *
         (1 + t_.overhead);
}

double IterationCost::mixed(std::int64_t n, std::int64_t kv, std::int64_t tokens,
                            std::int64_t before) const {
  const auto dense = [&](std::int64_t x) {
    return along(t_.dense, cell(t_.dense_tokens, static_cast<double>(x)));
  };
  const double own = chunk_attention(tokens, before) / (1 + t_.overhead);
  if (n == 0) return (t_.host + dense(tokens) + own) * (1 + t_.overhead);
  // Of the decode iteration, what the dense layers of the joint batch do not repeat.
  const double alone = decode(n, kv) / (1 + t_.overhead);
  return (alone + std::max(0.0, dense(n + tokens) - dense(n)) + own) * (1 + t_.overhead);
}

}  // namespace fieldsim::serving
