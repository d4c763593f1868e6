#include "sim/system/operators.hpp"

#include <algorithm>

#include "sim/des/engine.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/program.hpp"

namespace fieldsim::system {

namespace {

constexpr std::int64_t kMostSteps = 256;

class Totals {
 public:
  Totals(std::string phase, const hardware::gpu::Device& device)
      : phase_(std::move(phase)), device_(device) {}

  void add(const hardware::gpu::Program& program) {
    for (const auto& segment : program.segments)
      for (const auto& k : segment.kernels) {
        OperatorUse& u = of(k.name);
        u.category = hardware::kCategoryNames[static_cast<std::size_t>(k.category)];
        u.launches += k.launches * segment.repeat;
        u.hbm += k.hbm * segment.repeat;
        u.flops += k.flops * segment.repeat;
        u.time += device_.body_alone(k) * segment.repeat;
      }
  }

  // Means over `programs` of them, behind what `out` holds.
  void put(std::int64_t programs, std::vector<OperatorUse>& out) {
    for (OperatorUse& u : all_) {
      u.launches /= programs;
      u.hbm = u.hbm / programs;
      u.flops = u.flops / programs;
      u.time = u.time / programs;
      out.push_back(std::move(u));
    }
  }

 private:
  OperatorUse& of(const std::string& name) {
    const auto it = std::ranges::find(all_, name, &OperatorUse::name);
    if (it != all_.end()) return *it;
    OperatorUse fresh;
    fresh.phase = phase_;
    fresh.name = name;
    all_.push_back(std::move(fresh));
    return all_.back();
  }

  std::string phase_;
  const hardware::gpu::Device& device_;
  std::vector<OperatorUse> all_;
};

}  // namespace

std::vector<OperatorUse> operators(const Scenario& s) {
  des::Engine engine(s.seed);
  const Machine machine(engine, s.hardware);
  ProgramBuilder programs(s);
  std::vector<OperatorUse> out;
  const Workload& w = s.workload;
  if (!w.prefill) {
    Totals prefill("prefill", machine.device);
    for (std::int64_t before = 0; before < w.prompt_tokens;) {
      const std::int64_t tokens = std::min(w.prefill_chunk, w.prompt_tokens - before);
      prefill.add(programs.prefill(tokens, before, before + tokens == w.prompt_tokens));
      before += tokens;
    }
    prefill.put(1, out);
  }
  if (!w.decode_step && w.output_tokens > 0) {
    Totals decode("decode", machine.device);
    const std::int64_t steps = std::min(kMostSteps, w.output_tokens);
    for (std::int64_t i = 0; i < steps; ++i)
      decode.add(programs.decode(w.prompt_tokens + 1 + i * w.output_tokens / steps));
    decode.put(steps, out);
  }
  return out;
}

}  // namespace fieldsim::system
