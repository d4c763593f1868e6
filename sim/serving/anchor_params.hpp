#pragma once
// What a scenario says under `anchors`: which anchors there are, how one is found, fetched and
// promoted, and what the cache may hold. configs/scenarios/anchor_life_*.yaml.
#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"
#include "sim/serving/knn_cost.hpp"

namespace fieldsim::serving {

enum class FetchFrom {
  host,    // the anchor lies in this host's memory
  remote,  // a replica sends it over a network into host memory
};
struct FetchParams {
  FetchFrom from = FetchFrom::host;
  Duration latency = Duration::raw(500'000'000);  // remote: 0.5 ms, one data centre (etcd docs)
  BytesPerSecond rate = BytesPerSecond::raw(12'500'000'000);  // remote: 100 Gbit/s Ethernet
};

enum class Promote {
  copy_kv,  // keys and values computed before are copied to their pages over the link
  prefill,  // the anchor's tokens are prefilled
};

struct AnchorParams {
  std::int64_t count = 1;        // distinct anchors
  std::int64_t per_request = 1;  // of them, for each request
  double zipf = 0;               // exponent of their popularity; 0 is uniform
  std::optional<IndexParams> index;
  FetchParams fetch;
  Promote promote = Promote::copy_kv;
  bool pinned = false;         // resident anchors are not evicted
  std::optional<Bytes> limit;  // of all resident anchors; without one, what memory leaves
};

}  // namespace fieldsim::serving
