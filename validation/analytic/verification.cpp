#include "validation/analytic/verification.hpp"

#include <algorithm>
#include <cmath>

namespace fieldsim::analytic {

int merkle_path(double leaves) {
  return leaves <= 1 ? 0 : static_cast<int>(std::ceil(std::log2(leaves)));
}

int tree_depth(double bytes, double leaf) { return merkle_path(std::ceil(bytes / leaf)); }

double tree_hash_seconds(double bytes, double leaf, double rate, double level, double compression,
                         double latency) {
  const double w = 64 / leaf * (1 + 2);
  return tree_depth(bytes, leaf) * level + latency +
         std::max(bytes * (1 + w) / rate, (leaf / 64 + 1) * compression);
}

double hash_seconds(double bytes, double per_call, double rate, std::int64_t threads) {
  return per_call + bytes / static_cast<double>(threads) / rate;
}

double serial_seconds(double bytes, std::int64_t pieces, double copy_rate, double copy_fixed,
                      double per_call, double hash_rate) {
  return static_cast<double>(pieces) * (copy_fixed + per_call) + bytes / copy_rate +
         bytes / hash_rate;
}

double overlapped_seconds(std::int64_t pieces, double copy, double hash) {
  return copy + static_cast<double>(pieces - 1) * std::max(copy, hash) + hash;
}

}  // namespace fieldsim::analytic
