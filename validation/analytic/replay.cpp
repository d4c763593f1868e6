#include "validation/analytic/replay.hpp"

namespace fieldsim::analytic {

double replay_seconds(const ReplayModel& m, double context) {
  return (2 * m.parameters + 4 * context * m.width * m.layers) / (m.flops * m.mfu);
}

double decode_seconds(const ReplayModel& m, double batch, double context) {
  return (m.weight_bytes / batch + context * m.kv_bytes) / m.bandwidth;
}

double replay_ratio(const ReplayModel& m, double batch, double context) {
  return replay_seconds(m, context) / decode_seconds(m, batch, context);
}

}  // namespace fieldsim::analytic
