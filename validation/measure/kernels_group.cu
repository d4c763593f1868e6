// The attention kernels: right first, then fast. Points come from the matrix in its order until the
// group's time is over.
#include "validation/measure/attention_gpu.cuh"
#include "validation/measure/rotation.hpp"
#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

constexpr std::size_t kAlign = 4096;
constexpr std::size_t kGraphLaunches = 20;
// Where one launch is short enough for gaps between launches to matter, replays are timed as well.
constexpr std::size_t kGraphBelowBytes = std::size_t{300} << 20;

std::size_t up(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

// One rotating input set: K pool, V pool, anchor K, anchor V, Q.
struct SetLayout {
  std::size_t k = 0, v, anchor_k, anchor_v, q, bytes;
  explicit SetLayout(const AttentionCase& c)
      : v(up(c.pool_bytes())),
        anchor_k(v + up(c.pool_bytes())),
        anchor_v(anchor_k + up(c.anchor_bytes())),
        q(anchor_v + up(c.anchor_bytes())),
        bytes(q + up(c.query_bytes())) {}
};

class Bench {
 public:
  explicit Bench(Session& session)
      : s_(session), info_(planner_device(session.options.device)), arena_(arena_bytes()) {
    fill_random(arena_.as<>(), arena_.bytes(), 21, s_.stream.get());
    s_.stream.synchronize();
  }

  void measure(const Point& point) {
    AttentionCase c;
    const double plan_begin = steady_seconds();
    if (const std::string refused = make_case(point, info_, 7, &c); !refused.empty())
      return s_.skip("kernels", text(point), refused);
    const double plan_us = 1e6 * (steady_seconds() - plan_begin);
    const SetLayout layout(c);
    const auto rotation = plan_rotation(layout.bytes, static_cast<std::size_t>(s_.facts.l2_bytes),
                                        arena_.bytes(), kAlign);
    if (!rotation || c.workspace_bytes + c.query_bytes() + c.lse_bytes() + (std::size_t{64} << 20) >
                         free_memory())
      return s_.skip("kernels", text(point), "does not fit into memory");

    const DeviceBuffer out(c.query_bytes()), lse(c.lse_bytes());
    const DeviceBuffer table(std::max<std::size_t>(16, 4 * c.table.size())), gamma(16);
    FIELDSIM_CUDA(
        cudaMemcpy(table.as<>(), c.table.data(), 4 * c.table.size(), cudaMemcpyHostToDevice));
    FIELDSIM_CUDA(cudaMemcpy(gamma.as<>(), &c.gamma, 4, cudaMemcpyHostToDevice));
    FIELDSIM_CUDA(cudaMemset(out.as<>(), 0xff, out.bytes()));
    FIELDSIM_CUDA(cudaDeviceSynchronize());  // our streams do not wait for the default one
    const AttentionLauncher launcher(c, s_.stream);
    const auto launch = [&](std::size_t run) {
      const std::size_t at = rotation->offset(run);
      CaseBuffers b;
      b.k = arena_.as<>(at + layout.k);
      b.v = arena_.as<>(at + layout.v);
      b.anchor_k = arena_.as<>(at + layout.anchor_k);
      b.anchor_v = arena_.as<>(at + layout.anchor_v);
      b.q = arena_.as<>(at + layout.q);
      b.table = table.as<std::int32_t>();
      b.gamma = gamma.as<float>();
      b.out = out.as<>();
      b.lse = lse.as<float>();
      launcher.launch(args_of(c, b), s_.stream.get());
    };
    Timing timing = device_time(s_.stream, s_.box(0.3, 0.15), launch);
    add(c, "eager", std::move(timing), 1, plan_us, rotation->cold);
    if (layout.bytes < kGraphBelowBytes && s_.budget.allows(0.1)) {
      const Graph graph(s_.stream, [&] {
        for (std::size_t i = 0; i < kGraphLaunches; ++i) launch(i);
      });
      timing = device_time(s_.stream, s_.box(0.3, 0.15),
                           [&](std::size_t) { graph.launch(s_.stream.get()); });
      add(c, "graph", std::move(timing), kGraphLaunches, plan_us, rotation->cold);
    }
    if (count_not_finite(out.as<>(), c.query_bytes() / 2, point.f16, s_.stream) != 0) {
      Check check;
      check.name = "attention output after timing";
      check.parameters = parameters_of(point);
      check.note = "NaN, infinite or unwritten elements";
      s_.report.checks.push_back(std::move(check));
    }
  }

  static std::string text(const Point& point) {
    std::string words;
    for (const auto& [name, value] : parameters_of(point))
      words += name + "=" + text_of(value) + " ";
    return words;
  }

 private:
  static std::size_t arena_bytes() {
    // Room for workspaces (the unfused baseline's scores are the largest) and the output.
    const std::size_t free = free_memory();
    return std::min<std::size_t>(free - free / 8, std::size_t{112} << 30) / kAlign * kAlign;
  }

  void add(const AttentionCase& c, const char* mode, Timing timing, std::size_t launches,
           double plan_us, bool cold) {
    for (Summary* summary : {&timing.all, &timing.first, &timing.second})
      for (double* v : {&summary->min, &summary->q1, &summary->median, &summary->q3, &summary->max})
        *v /= static_cast<double>(launches);
    Row row;
    row.group = "kernels";
    row.name = std::string(variant_name(c.point.variant)) + " " + mode;
    row.parameters = parameters_of(c.point);
    row.parameters.emplace_back("mode", mode);
    row.parameters.emplace_back("launches",
                                std::int64_t{AttentionLauncher::launches(c.point.variant)});
    row.parameters.emplace_back("bytes", compulsory_bytes(c.point));
    row.parameters.emplace_back("flops", flops(c.point));
    row.parameters.emplace_back("plan_us", plan_us);
    row.rate = static_cast<double>(compulsory_bytes(c.point)) / timing.all.median / 1e3;
    row.rate_unit = "GB/s";
    row.of_ceiling = s_.copy_ceiling > 0 ? row.rate * 1e9 / s_.copy_ceiling : 0;
    row.timing = std::move(timing);
    if (!cold) row.note = "inputs may be in L2";
    s_.add(std::move(row));
  }

  Session& s_;
  kernels::DeviceInfo info_;
  DeviceBuffer arena_;
};

}  // namespace

void check_kernels(Session& s) {
  const kernels::DeviceInfo info = planner_device(s.options.device);
  std::size_t left = check_points().size();
  for (const Point& point : check_points()) {
    if (!s.budget.allows(0.2)) return s.skip("check", std::to_string(left) + " shapes", "time");
    s.report.checks.push_back(check_point(point, info, run_on_device));
    --left;
  }
}

void measure_kernels(Session& s) {
  Bench bench(s);
  const std::vector<Point> matrix = benchmark_matrix(s.options.quick);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    // Warm-ups and passes read the input a dozen times at the least; planning and buffers are 50
    // ms.
    const double expected = 0.05 + 12.0 * static_cast<double>(compulsory_bytes(matrix[i])) / 2e12;
    if (!s.budget.allows(expected)) {
      // A long point may be refused where shorter ones still fit.
      if (s.budget.left_in_group() > 0.5) {
        s.skip("kernels", Bench::text(matrix[i]), "time");
        continue;
      }
      return s.skip("kernels",
                    std::to_string(matrix.size() - i) + " of " + std::to_string(matrix.size()) +
                        " points of the matrix",
                    "time");
    }
    bench.measure(matrix[i]);
  }
}

}  // namespace fieldsim::measure
