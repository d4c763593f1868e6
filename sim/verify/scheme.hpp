#pragma once
// Ways to make an inference verifiable, as configs/schemes/*.yaml describes them: what the prover
// pays while it generates, what it publishes and keeps, what the verifier computes, and what a
// positive verdict then means. One kind is one mechanism of the verifier; the figures of a
// published system are a file. Figures and their standing: docs/schemes.md.
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/units.hpp"

namespace fieldsim::verify {

enum class SchemeKind {
  hash,                  // digest of the payload on the host
  gpu_hash,              // tree over the payload on the device
  signature,             // digest of the payload and one signature
  replay,                // the boundary's tokens again, in one prefill pass
  sampling,              // replay of the boundaries that timing sampled_audit draws
  verified_speculation,  // replay at a fixed shape, so that its bits do not depend on the batch
  freivalds,             // random linear checks of opened tokens
  dispute,               // bisection of a committed trace, down to one operator
  tee,                   // an attested enclave; no verdict for each boundary
  proof,                 // the prover proves, the verifier checks the proof
};

// What a positive verdict says (docs/schemes.md, "What a verdict says").
enum class Guarantee {
  stored_bytes,    // these are the bytes that were recorded; says nothing of what is computed
  bytes_in_use,    // as above, of the bytes in device memory while they are used
  determinism,     // the same input gives the same bits; no adversary is considered
  statistical,     // a wrong computation differs measurably, in tests
  economic,        // an honest party can show it and the liar pays
  sound_in_part,   // exact for the linear layers; attention is bounded or left out
  sound,           // a wrong computation has no accepted proof, but with negligible probability
  hardware_trust,  // the vendor's hardware says which code ran
};
std::string_view name_of(SchemeKind kind);
std::string_view name_of(Guarantee guarantee);
std::string_view meaning_of(Guarantee guarantee);
// Whether a verdict says anything of computed tokens or KV, and not only of stored bytes.
bool covers_computation(Guarantee guarantee);

// On whose machine the verifier's (or the proof's) work runs.
enum class Payer {
  same_gpu,   // beside generation, sharing the device with it
  other_gpu,  // a device like it for each worker
  host_cpu,   // a core of the prover's host
  other_cpu,  // the client's
};

// On the critical path of generation.
struct ProverCost {
  double step = 0;          // of a decode step's time
  Duration per_token = {};  // of each sequence
  // With the last token of a response: once, and for each of its tokens.
  Duration finalize = {}, finalize_per_token = {};
};

// Making a proof once a boundary has closed.
struct ProofCost {
  Duration per_boundary = {}, per_token = {};
  Payer payer = Payer::other_gpu;
};

struct CheckCost {
  Payer payer = Payer::other_gpu;
  double mfu = 0.5;         // of a replay: share of the matrix rate
  bool prompt = false;      // a replay begins with the prompt: the verifier holds no KV
  std::int64_t shape = 0;   // tokens that a replay is padded to; 0: none
  double opened = 1.0;      // share of a boundary's tokens that is opened, at least one token
  Duration per_token = {};  // of each opened token
  Duration per_boundary = {};
  Duration wait = {};          // latency that occupies nobody
  std::int64_t operators = 1;  // dispute: of the trace that is bisected
  Duration round_trip = {};    // dispute: one move of the game
};

struct EvidenceSize {
  Bytes bytes = {};               // published
  std::int64_t every_tokens = 0;  // for so many tokens; 0: once a boundary
  Bytes retained_per_token = {};  // kept by the prover until the audit window ends
  bool on_device = false;         // kept in device memory, not the host's
};

struct EnclaveCost {
  Duration attestation;          // once a session
  double small_copy_factor = 1;  // of submitting a copy
  BytesPerSecond copy_rate = BytesPerSecond::max();
};

struct Scheme {
  std::string name;
  std::string description;
  SchemeKind kind = SchemeKind::hash;
  Guarantee guarantee = Guarantee::stored_bytes;
  std::string covers;  // what the verdict is about
  std::string trust;   // whom it leaves to be trusted
  std::string paper;   // where it is published
  ProverCost prover;
  ProofCost proof;
  CheckCost check;
  EvidenceSize evidence;
  EnclaveCost enclave;
};

// Whether the verdict comes from hashing the payload.
bool hashes(SchemeKind kind);
// Whether the verifier runs the model again.
bool replays(SchemeKind kind);

// Published for a boundary of so many tokens of each of `batch` sequences.
Bytes evidence_bytes(const EvidenceSize& size, std::int64_t tokens, std::int64_t batch);
// Of a response of so many tokens, all sequences' together.
Duration finalize_time(const ProverCost& prover, std::int64_t tokens);
// Tokens that are opened: at least one.
std::int64_t opened_tokens(const CheckCost& check, std::int64_t tokens);
// Rounds until one operator is left: ceil(log2(operators)).
std::int64_t bisection_rounds(std::int64_t operators);

}  // namespace fieldsim::verify
