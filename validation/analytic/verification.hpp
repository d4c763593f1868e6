#pragma once
// Closed forms of one check: the oracle of the verifier's tests. Seconds
// and bytes.
#include <cstdint>

namespace fieldsim::analytic {

// levels * level + latency + max(bytes (1 + w) / rate, (leaf / 64 + 1) * compression),
// w = 64 / leaf * (1 + 2), levels = ceil(log2(ceil(bytes / leaf))).
double tree_hash_seconds(double bytes, double leaf, double rate, double level, double compression,
                         double latency);
int tree_depth(double bytes, double leaf);

// Nodes on the path of one of so many leaves: ceil(log2(n)).
int merkle_path(double leaves);

// per_call + bytes / rate, on each of `threads` cores with an equal share.
double hash_seconds(double bytes, double per_call, double rate, std::int64_t threads);

// n pieces copied and hashed one after the other: n (fixed + per_call) + bytes / copy + bytes /
// hash.
double serial_seconds(double bytes, std::int64_t pieces, double copy_rate, double copy_fixed,
                      double per_call, double hash_rate);
// The same with the copy of a piece behind the hash of the last: the longer stage n times, the
// shorter once. `copy` and `hash` are the times of one piece.
double overlapped_seconds(std::int64_t pieces, double copy, double hash);

}  // namespace fieldsim::analytic
