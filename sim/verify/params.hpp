#pragma once
// What a scenario says under `verification`: what is checked, when, and how.
#include <cstdint>
#include <optional>

#include "sim/base/units.hpp"
#include "sim/verify/noise.hpp"
#include "sim/verify/scheme.hpp"

namespace fieldsim::verify {

enum class Timing {
  none,         // nothing is checked
  pessimistic,  // stop and wait: generation stands still until the verdict (the paper's v2.5)
  on_load,      // checked once when the anchor is promoted; each boundary compares the digest
  optimistic,   // checked behind generation; a failed verdict rolls back (the paper's v3.0)
  optimistic_verified_prefix,  // as optimistic, but tokens before the first bad one are kept
  sampled_audit,     // as optimistic, for a share of the boundaries; the others pass unseen
  challenge_window,  // released unless challenged within a time; a challenge is checked in full
  attested_tee,      // one attestation, then the enclave's overheads; no verdicts
};

struct OnLoadParams {
  std::optional<Duration> ttl;     // the verified anchor is refetched and checked again after it
  std::optional<Duration> rehash;  // its bytes in device memory are hashed again this often
  bool operator==(const OnLoadParams&) const = default;
};
struct AuditParams {
  double rate = 0.1;         // share of boundaries that are verified
  double sensitivity = 1.0;  // share of bad ones that a verification notices
  bool operator==(const AuditParams&) const = default;
};
struct ChallengeParams {
  Duration window = Duration::raw(10 * kPsPerSecond);  // after which a boundary is final
  double probability = 0.01;                           // that a good boundary is challenged
  double watch = 1.0;                                  // that a bad one is (one honest verifier)
  bool operator==(const ChallengeParams&) const = default;
};
struct TeeParams {
  Duration attestation = Duration::raw(kPsPerSecond);  // once a session (assumed)
  double compute_overhead = 0.07;  // of a step (arXiv 2409.03992: below 7 % on Hopper)
  double small_copy_factor = 44;   // of submitting a copy (arXiv 2606.23969)
  BytesPerSecond copy_rate = BytesPerSecond::raw(4'400'000'000);  // one core encrypts, AES-256-GCM
  bool operator==(const TeeParams&) const = default;
};

// Young's first-order optimum, with the hazard estimated from the verdicts seen so far:
// T = sqrt(C / lambda).
struct AdaptiveParams {
  Duration mean_time_to_failure = Duration::raw(1000 * kPsPerSecond);  // before any verdict
  Duration cost = Duration::raw(1'000'000'000);  // C, what a boundary adds to generation
  std::int64_t min_tokens = 1, max_tokens = 1 << 16;
};

// When a commit boundary closes; of several rules the first that is due.
struct BoundaryRules {
  std::optional<std::int64_t> every_tokens;
  std::optional<Duration> every;
  std::optional<Bytes> dirty_bytes;             // of new KV
  std::optional<std::int64_t> semantic_step;    // mean tokens of a step; agents bring their own
  std::optional<std::int64_t> external_effect;  // mean tokens between effects, likewise
  std::optional<AdaptiveParams> adaptive;
};
struct BoundaryParams : BoundaryRules {
  std::optional<BoundaryRules> hybrid;
  const BoundaryRules& rules() const { return hybrid ? *hybrid : *this; }
  static BoundaryParams tokens(std::int64_t n) {
    BoundaryParams p;
    p.every_tokens = n;
    return p;
  }
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
// What a reader does while the ledger cannot be reached.
enum class Partition { fail_closed, fail_open };
struct LedgerParams {
  Consistency consistency = Consistency::cached_head;
  Duration round_trip = Duration::raw(1'000'000'000);  // 1 ms, one data centre (etcd documentation)
  Duration commit;                                     // fdatasync of the log, linearizable
  Duration max_age = Duration::raw(10 * kPsPerSecond);  // Tessera's checkpoint interval
  std::int64_t entries = 1 << 20;                       // leaves of the ledger's tree
  std::int64_t cosigners = 3;
  bool each_piece = false;  // read for each piece, not each boundary
  Partition partition = Partition::fail_closed;
  Duration open_limit = Duration::raw(60 * kPsPerSecond);  // fail_open uses no head older than this
};

struct VerificationParams {
  Timing timing = Timing::none;
  OnLoadParams on_load;
  AuditParams audit;
  ChallengeParams challenge;
  TeeParams tee;
  BoundaryParams boundary = BoundaryParams::tokens(1);
  std::int64_t window = 4;   // boundaries being generated or unverified at once; 1 is stop and wait
  std::int64_t workers = 1;  // boundaries checked at once
  PayloadParams payload{.kind = PayloadKind::anchor_kv, .bytes = {}};
  Quantize quantize = Quantize::none;
  std::optional<Scheme> scheme;  // none: the payload is hashed as `hash` says
  MitigationParams noise_mitigation;
  HashSpec hash;
  TransferParams transfer;
  LedgerParams ledger;
};

}  // namespace fieldsim::verify
