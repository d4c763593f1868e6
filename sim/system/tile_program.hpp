#pragma once
// Kernel bodies of `fidelity: tile`: the tile engine's time instead of a share of a peak rate.
// Alone on the device a kernel takes exactly its prediction; its traffic is a flow on device memory
// as in the event fidelity, so copies and other streams slow it.
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/attention/tile/sequence.hpp"
#include "sim/hardware/gpu/kernel.hpp"
#include "sim/hardware/params.hpp"
#include "sim/model/step.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

class TileKernels {
 public:
  // Throws ConfigError for a part that no tile-level kernels are described for.
  explicit TileKernels(const Scenario& scenario);

  const attention::tile::Target& target() const { return target_; }

  // An operator's time, parts in us, over all of its launches. `rows`: tokens of the step.
  struct Prediction {
    attention::tile::Breakdown time;
    attention::tile::Demand demand;
    std::string tiling;
  };
  Prediction predict(const model::Operator& op, std::int64_t rows);

  // `k`: the operator's or attention kernel's bytes and launches; its times are set.
  void set_times(hardware::gpu::Kernel& k, const model::Operator& op, std::int64_t rows);
  void set_times(hardware::gpu::Kernel& k, const attention::tile::SequenceKernel& predicted) const;

  // INT8 quantisation of `payload` of 16-bit KV, for the verifier's stream.
  hardware::gpu::Kernel quantize(Bytes payload) const;

 private:
  void set_times(hardware::gpu::Kernel& k, const attention::tile::Breakdown& time) const;

  const Scenario& s_;
  attention::tile::Target target_;
  BytesPerSecond bandwidth_;
  using Product = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
  std::map<Product, Prediction> products_;  // m, n, k, groups: repeat every step
};

// The scenario's machine: with tile fidelity, device memory carries what the fastest kernel
// reaches, and each kernel's own limits are in its time.
hardware::HardwareParams machine_params(const Scenario& scenario);

// Gap before every kernel of a stream. Predicted times hold the launch of a replayed graph; kernels
// that the host launches wait longer by the difference.
Duration launch_gap(const Scenario& scenario, LaunchMode mode);

// What keeps `fidelity: tile` from running this scenario: a part, model or tile that does not fit.
// Empty for the other fidelities.
std::vector<Problem> tile_problems(const Scenario& scenario);

}  // namespace fieldsim::system
