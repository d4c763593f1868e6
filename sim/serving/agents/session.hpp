#pragma once
// What an agent has open: its place in its work, its unverified boundaries, and what they made.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/recovery/effects.hpp"
#include "sim/recovery/provenance.hpp"
#include "sim/recovery/verdicts.hpp"
#include "sim/recovery/versions.hpp"
#include "sim/verify/verifier.hpp"

namespace fieldsim::serving {

struct Message {
  recovery::Vertex vertex;
  std::int64_t from = 0, to = 0, tokens = 0;
  bool settled = false, discarded = false;
};
using MessagePtr = std::shared_ptr<Message>;

struct ToolResult {
  recovery::Vertex vertex;
  std::int64_t tokens = 0;
  std::uint64_t boundary = 0;  // serial of the boundary whose call it answers
};
using ToolResultPtr = std::shared_ptr<ToolResult>;

struct OpenEffect : recovery::Effect {
  bool cleared = false;  // everything it derives from is verified
};
using EffectPtr = std::shared_ptr<OpenEffect>;

enum class Stage : std::uint8_t { begin, decode, write, tool, think };

// Where an agent is, and where a rollback takes it back to: boundaries begin in `begin` or
// `decode`.
struct Position {
  std::int64_t step = 0;
  Stage stage = Stage::begin;
  std::int64_t decoded = 0;     // tokens of the step
  std::int64_t context = 0;     // tokens of the sequence so far
  std::int64_t to_prefill = 0;  // read, and not in the cache yet
  std::int64_t epoch = 0;       // of the context: compaction begins a new one
  ToolResultPtr result;         // of the last step's call, for the next step
};

struct AgentBoundary {
  std::int64_t agent = 0;
  std::int64_t index = 0;  // in the session; a regenerated boundary keeps it
  Position start;
  Position first_token;   // where its first token was generated
  bool one_step = false;  // all its tokens are of one step
  recovery::Place place;
  recovery::Vertex vertex;
  Time began, closed;
  bool is_closed = false, discarded = false, verified = false, final = false;
  bool published = false;  // others may have read something of it
  bool flagged = false;    // it read what is in quarantine
  std::int64_t tokens = 0, prefilled = 0, steps = 0;
  Duration running;                                      // in the batch
  std::int64_t energy = 0;                               // nJ
  std::vector<std::pair<Time, std::int64_t>> stretches;  // end and tokens
  std::vector<Duration> spans;                           // of each stretch
  // Kept alive until the boundary is settled or discarded.
  std::vector<MessagePtr> sent, taken;
  std::vector<EffectPtr> effects;
  std::vector<ToolResultPtr> results;
  recovery::Ruling ruling;
  recovery::Condition condition;
  verify::Check check;
  std::int64_t anchor = 0;  // which anchor its cache begins with: one more after each revocation
  Bytes kept;               // of it beside its tokens: block table and digest
  Bytes copied;             // in device memory (full_copy_device)
  std::uint64_t flow = 0;
};
using AgentBoundaryPtr = std::shared_ptr<AgentBoundary>;

}  // namespace fieldsim::serving
