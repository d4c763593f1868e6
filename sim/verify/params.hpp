#pragma once
// What a scenario says under `verification`: what is checked, when, and how.
#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"

namespace fieldsim::verify {

enum class Timing {
  none,         // nothing is checked
  pessimistic,  // stop and wait: generation stands still until the verdict (the paper's v2.5)
  on_load,      // checked once when the anchor is promoted; each boundary compares the digest
  optimistic,   // checked behind generation; a failed verdict rolls back (the paper's v3.0)
};

// When a commit boundary closes: after so many tokens, so much time, or so many bytes of new KV.
struct BoundaryParams {
  std::optional<std::int64_t> every_tokens;
  std::optional<Duration> every;
  std::optional<Bytes> dirty_bytes;
};

enum class PayloadKind {
  anchor_kv,      // the anchors' keys and values, all layers
  new_kv,         // keys and values of the boundary's own tokens
  anchor_vector,  // one hidden-size vector, the anchor as the index returned it
};
struct PayloadParams {
  std::optional<PayloadKind> kind;
  std::optional<Bytes> bytes;
};

enum class Quantize { none, int8_static };

enum class HashEngine {
  cpu_sha256,  // as the host's CPU does it, with SHA instructions or without
  cpu_blake3,
  cpu_interpreted,  // element by element in an interpreter
  gpu_tree,         // a SHA-256 tree on the device; only the root crosses the link
};
struct HashSpec {
  HashEngine engine = HashEngine::cpu_sha256;
  std::int64_t threads = 1;
  Bytes leaf = Bytes::raw(4096);  // gpu_tree
};

enum class TransferMemory { pinned, pageable, none };
struct TransferParams {
  TransferMemory memory = TransferMemory::pinned;
  std::int64_t pieces = 1;              // copies a payload is split into, each synchronised
  bool overlap = false;                 // hash a piece while the next is copied
  std::optional<Duration> synchronize;  // instead of the hardware's
};

enum class Consistency {
  none,          // no ledger
  eventual,      // the local replica as it is
  cached_head,   // a signed head at most max_age old
  lease,         // as cached_head, renewed without a signature
  quorum,        // a round trip and the signatures of the cosigners
  linearizable,  // a round trip and the log's commit
};
struct LedgerParams {
  Consistency consistency = Consistency::cached_head;
  Duration round_trip = Duration::raw(1'000'000'000);  // 1 ms, one data centre (etcd documentation)
  Duration commit;                                     // fdatasync of the log, linearizable
  Duration max_age = Duration::raw(10 * kPsPerSecond);  // Tessera's checkpoint interval
  std::int64_t entries = 1 << 20;                       // leaves of the ledger's tree
  std::int64_t cosigners = 3;
  bool each_piece = false;  // read for each piece, not each boundary
};

struct VerificationParams {
  Timing timing = Timing::none;
  BoundaryParams boundary{.every_tokens = 1, .every = {}, .dirty_bytes = {}};
  std::int64_t window = 4;   // boundaries being generated or unverified at once; 1 is stop and wait
  std::int64_t workers = 1;  // boundaries checked at once
  PayloadParams payload{.kind = PayloadKind::anchor_kv, .bytes = {}};
  Quantize quantize = Quantize::none;
  HashSpec hash;
  TransferParams transfer;
  LedgerParams ledger;
};

}  // namespace fieldsim::verify
