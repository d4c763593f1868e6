#pragma once
// The time of an attention layer's kernels: KV write, attention, combine, copies.
#include "sim/attention/tile/plan.hpp"
#include "sim/hardware/gpu/tile/engine.hpp"
#include "sim/hardware/gpu/tile/params.hpp"

namespace fieldsim::attention::tile {

// Where the time goes, us; the members sum to total().
struct Breakdown {
  double launch = 0;  // floors, cold first loads, fixed costs of formats
  double kv_write = 0;
  double prologue = 0;  // exposed prologues and epilogues
  double tiles = 0;     // tiles on the SMs (matrix, softmax, shared memory)
  double memory = 0;    // waiting for the memory level beyond that
  double tail = 0;      // SMs without work at the end
  double combine = 0;
  double scheduling = 0;  // per-request work of tile scheduler and combine
  double copies = 0;
  double total() const {
    return launch + kv_write + prologue + tiles + memory + tail + combine + scheduling + copies;
  }
};

hardware::tile::Launch attention_launch(const AttentionPlan& plan, const AttentionCall& call,
                                        const hardware::tile::GpuShape& gpu,
                                        const hardware::tile::AttentionParams& params);

Breakdown attention_time(const AttentionPlan& plan, const AttentionCall& call,
                         const hardware::tile::GpuShape& gpu,
                         const hardware::tile::AttentionParams& params);

}  // namespace fieldsim::attention::tile
