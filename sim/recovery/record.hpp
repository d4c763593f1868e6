#pragma once
// What happened in a run, in order, for an audit: everything that was made, from what, and what
// became of it. Kept on demand only. Numbers of things are serials of the provenance graph.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/recovery/effects.hpp"
#include "sim/recovery/params.hpp"
#include "sim/recovery/provenance.hpp"

namespace fieldsim::recovery {

struct AgentsRecord {
  struct Made {
    std::uint64_t serial = 0;
    Item item = Item::tokens;
    std::int64_t agent = 0;
    std::int64_t index = 0;  // of a boundary in its agent's session, or of a memory
    std::uint64_t key = 0;   // of an effect
    EffectClass kind = EffectClass::read_only;
    Time at;
    std::vector<std::uint64_t> from;
  };
  enum class What : std::uint8_t {
    read,         // `by` reads it
    verified,     // its own verdict was good, or accepted
    settled,      // and so was all it derives from
    discarded,    // in rollback `by`
    applied,      // an effect reaches the world
    compensated,  // in rollback `by`
    escaped,      // stands although its origin was discarded
    released,     // `by` tokens of a request reach its reader
  };
  struct Event {
    Time at;
    What what = What::read;
    std::uint64_t serial = 0;
    std::uint64_t by = 0;
  };
  struct Conservation {
    std::int64_t generated = 0, committed = 0, discarded = 0, in_flight = 0;
  };

  Rollback rollback = Rollback::suffix;
  Visibility visibility = Visibility::read_committed;
  OutputCommit output_commit = OutputCommit::hold_until_verified;
  bool verdicts = true;     // the timing waits for verdicts at all
  std::int64_t window = 0;  // boundaries of a session unverified at once; 0: not bounded
  std::vector<Made> made;
  std::vector<Event> events;
  Conservation tokens, bytes, nanojoules;
  std::int64_t blocks_used = 0, blocks_referenced = 0;
};

}  // namespace fieldsim::recovery
