#include "validation/analytic/link.hpp"

#include <algorithm>

namespace fieldsim::analytic {

double pcie_x16_rate(int generation, std::int64_t mps, Way way) {
  const double gigatransfers = generation == 3   ? 8e9
                               : generation == 4 ? 16e9
                               : generation == 5 ? 32e9
                                                 : 64e9;
  const double raw = gigatransfers * 16 / 8;
  const auto payload = static_cast<double>(mps);
  if (generation == 6) return raw * 236 / 256 * payload / (payload + 16);
  const double ack = mps == 128 ? 144 : mps == 256 ? 168 : 182;
  const double overhead = way == Way::to_host ? 24 : 20;
  return raw * 128 / 130 * (1 - 8 / ack - 8 / ack - 4.0 / 1538) * payload / (payload + overhead);
}

double copy_seconds(double submit, double start, double bytes, double rate) {
  return submit + start + bytes / rate;
}

double memory_rate(double peak, double share, double in_flight, double latency) {
  return std::min(peak * share, in_flight / latency);
}

}  // namespace fieldsim::analytic
