#include "sim/verify/scheme.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fieldsim::verify {

std::string_view name_of(SchemeKind kind) {
  switch (kind) {
    case SchemeKind::hash:
      return "hash";
    case SchemeKind::gpu_hash:
      return "gpu_hash";
    case SchemeKind::signature:
      return "signature";
    case SchemeKind::replay:
      return "replay";
    case SchemeKind::sampling:
      return "sampling";
    case SchemeKind::verified_speculation:
      return "verified_speculation";
    case SchemeKind::freivalds:
      return "freivalds";
    case SchemeKind::dispute:
      return "dispute";
    case SchemeKind::tee:
      return "tee";
    case SchemeKind::proof:
      return "proof";
  }
  return "";
}

std::string_view name_of(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::stored_bytes:
      return "stored_bytes";
    case Guarantee::bytes_in_use:
      return "bytes_in_use";
    case Guarantee::determinism:
      return "determinism";
    case Guarantee::statistical:
      return "statistical";
    case Guarantee::economic:
      return "economic";
    case Guarantee::sound_in_part:
      return "sound_in_part";
    case Guarantee::sound:
      return "sound";
    case Guarantee::hardware_trust:
      return "hardware_trust";
  }
  return "";
}

std::string_view meaning_of(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::stored_bytes:
      return "integrity of stored bytes; says nothing of computed tokens or KV";
    case Guarantee::bytes_in_use:
      return "integrity of bytes in device memory; says nothing of computed tokens or KV";
    case Guarantee::determinism:
      return "the same input gives the same tokens; no protection from a liar";
    case Guarantee::statistical:
      return "computed correctly, as far as tests tell a difference";
    case Guarantee::economic:
      return "computed correctly, or an honest party shows it and the liar pays";
    case Guarantee::sound_in_part:
      return "linear layers computed correctly; attention is not verified";
    case Guarantee::sound:
      return "computed correctly, proved; of the quantised model";
    case Guarantee::hardware_trust:
      return "the attested code ran, if the hardware vendor is trusted";
  }
  return "";
}

bool covers_computation(Guarantee guarantee) {
  return guarantee != Guarantee::stored_bytes && guarantee != Guarantee::bytes_in_use;
}

bool hashes(SchemeKind kind) {
  return kind == SchemeKind::hash || kind == SchemeKind::gpu_hash || kind == SchemeKind::signature;
}

bool replays(SchemeKind kind) {
  return kind == SchemeKind::replay || kind == SchemeKind::sampling ||
         kind == SchemeKind::verified_speculation || kind == SchemeKind::dispute;
}

Bytes evidence_bytes(const EvidenceSize& size, std::int64_t tokens, std::int64_t batch) {
  if (size.every_tokens == 0) return size.bytes * batch;
  return size.bytes * ((tokens + size.every_tokens - 1) / size.every_tokens * batch);
}

Duration finalize_time(const ProverCost& prover, std::int64_t tokens) {
  return tokens == 0 ? Duration::zero() : prover.finalize + prover.finalize_per_token * tokens;
}

std::int64_t opened_tokens(const CheckCost& check, std::int64_t tokens) {
  const auto share =
      static_cast<std::int64_t>(std::ceil(check.opened * static_cast<double>(tokens)));
  return std::clamp<std::int64_t>(share, 1, std::max<std::int64_t>(1, tokens));
}

std::int64_t bisection_rounds(std::int64_t operators) {
  return operators <= 1
             ? 0
             : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(operators - 1)));
}

}  // namespace fieldsim::verify
