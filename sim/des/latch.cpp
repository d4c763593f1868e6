#include "sim/des/latch.hpp"

namespace fieldsim::des::detail {

void count_down(Latch* latch) { latch->count_down(); }

}  // namespace fieldsim::des::detail
