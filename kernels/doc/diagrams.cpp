// The diagrams of docs/kernels.md, drawn from the constants that the kernels are compiled with.
#include "kernels/doc/diagrams.hpp"

#include <vector>

#include "kernels/doc/svg.hpp"
#include "kernels/plan_internal.hpp"
#include "kernels/resources.hpp"

namespace fieldsim::kernels::doc {
namespace {

const char* const kWarpColours[] = {"#cfe3f7", "#d9f0d3", "#fde4c4", "#ead7f0"};
const char* const kAnchorEdge = "#c03030";

}  // namespace

std::string steps_svg() {
  constexpr int kTokens = 180;
  constexpr int kAnchorCount = 40;
  constexpr double kCell = 44;
  const int kv = steps_of(kTokens);
  const int anchors = steps_of(kAnchorCount);
  Svg svg(40 + kCell * (kv + anchors), 150, "Steps of one row tile over four warps");
  svg.label_at(20, 24,
               "One row tile (" + std::to_string(kRowsPerTile) + " query rows): " +
                   std::to_string(kTokens) + " cached tokens and " + std::to_string(kAnchorCount) +
                   " anchors, in steps of " + std::to_string(kTokensPerStep));
  for (int s = 0; s < kv + anchors; ++s) {
    const double x = 20 + kCell * s;
    svg.box(x, 40, kCell - 3, 40, kWarpColours[s % kWarps], "w" + std::to_string(s % kWarps));
    const int left =
        s < kv ? kTokens - s * kTokensPerStep : kAnchorCount - (s - kv) * kTokensPerStep;
    const int valid = left < kTokensPerStep ? left : kTokensPerStep;
    svg.label_at(x + kCell / 2, 98, std::to_string(valid), "middle");
  }
  const double border = 20 + kCell * kv - 1.5;
  svg.line(border, 30, border, 110, kAnchorEdge, "4 2");
  svg.label_at(border - 6, 128, "paged KV", "end");
  svg.label_at(border + 6, 128, "anchors: same loop, other base pointer");
  svg.label_at(20, 128, "numbers: valid tokens; the rest is zero-filled and masked");
  return svg.str();
}

std::string shared_memory_svg() {
  const Tiling tilings[] = {fused_tiling(64, kH200.smem_per_sm),
                            fused_tiling(128, kH200.smem_per_sm),
                            fused_tiling(256, kH200.smem_per_sm)};
  Svg svg(860, 60 + 90 * 3, "Shared memory of one CTA, to scale");
  svg.label_at(20, 24, "Shared memory of one CTA of the fused kernel on sm_90, to scale");
  double y = 50;
  for (const Tiling& t : tilings) {
    const double scale = 640.0 / kH200.smem_per_cta;
    svg.label_at(20, y + 20, "D = " + std::to_string(t.head_dim));
    double x = 90;
    for (int w = 0; w < kWarps; ++w)
      for (int s = 0; s < t.stages; ++s) {
        const double width = scale * t.step_bytes();
        svg.box(x, y, width, 30, kWarpColours[w]);
        x += width;
      }
    svg.box(x, y, scale * t.query_bytes(), 30, "#f5e663");
    x += scale * t.query_bytes();
    svg.line(90 + 640, y - 6, 90 + 640, y + 36, "#999999", "3 3");
    svg.label_at(90, y + 48,
                 std::to_string(kWarps) + " warps x " + std::to_string(t.stages) + " stages x " +
                     std::to_string(t.step_bytes()) + " B (K and V of a step) + Q " +
                     std::to_string(t.query_bytes()) + " B + flags " +
                     std::to_string(t.flag_bytes()) + " B = " + std::to_string(t.smem_bytes()) +
                     " B; the merge reuses " + std::to_string(t.merge_bytes()) + " B of the rings");
    y += 90;
  }
  svg.label_at(740, 44, std::to_string(kH200.smem_per_cta) + " B limit");
  return svg.str();
}

std::string pipeline_svg() {
  const Tiling t = fused_tiling(128, kH200.smem_per_sm);
  constexpr int kSteps = 6;
  constexpr double kUnit = 90;
  Svg svg(120 + kUnit * (kSteps + 2), 90 + 40 * t.stages, "Pipeline of one warp");
  svg.label_at(20, 24,
               "One warp, D = 128, " + std::to_string(t.stages) +
                   " stages: " + std::to_string(t.stages - 1) + " steps (" +
                   std::to_string((t.stages - 1) * t.step_bytes()) +
                   " B) are in flight during the arithmetic on a third");
  for (int stage = 0; stage < t.stages; ++stage)
    svg.label_at(20, 62 + 40.0 * stage, "stage " + std::to_string(stage));
  for (int step = 0; step < kSteps; ++step) {
    const int stage = step % t.stages;
    const double y = 45 + 40.0 * stage;
    const double compute = 90 + kUnit * (step + 1);
    // A step's copy starts when the step before the stage's last user is being computed.
    const int issued = step < t.stages - 1 ? 0 : step - (t.stages - 1) + 1;
    const double begin = 90 + kUnit * issued;
    svg.box(begin, y, compute - begin, 26, "#e8e8e8", "copy " + std::to_string(step));
    svg.box(compute, y, kUnit - 2, 26, kWarpColours[0], "compute " + std::to_string(step));
  }
  svg.label_at(90, 75 + 40.0 * t.stages,
               "time: wait_group, __syncwarp, issue the next copy, then QK, softmax, PV");
  return svg.str();
}

std::string combine_svg() {
  Svg svg(760, 250, "Work items, partial slots and the last arriver");
  svg.label_at(20, 24,
               "gamma_mix: slots never straddle the border; the last of the arrivals combines");
  const char* names[] = {"item: KV steps 0..", "item: KV steps ..n", "item: anchors"};
  for (int i = 0; i < 3; ++i) {
    const double y = 50 + 60.0 * i;
    svg.box(20, y, 170, 40, kWarpColours[i], names[i]);
    svg.line(190, y + 20, 250, y + 20);
    svg.box(250, y, 200, 40, "#f2f2f2", "slot " + std::to_string(i) + ": (O, m, l) FP32, 16 rows");
    svg.line(450, y + 20, 520, 120);
  }
  svg.line(240, 162, 460, 162, kAnchorEdge, "4 2");
  svg.box(520, 90, 220, 60, "#fff4cc", "last arriver, slots in order");
  svg.label_at(630, 172, "atomic increment, wraps to 0", "middle");
  svg.label_at(20, 238,
               "at most " + std::to_string(kMaxSlots) +
                   " slots of a tile, of a cascade's anchors at most " +
                   std::to_string(kMaxAnchorSplits));
  return svg.str();
}

}  // namespace fieldsim::kernels::doc
