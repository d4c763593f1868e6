#pragma once
// What an agent does at any moment: simulated time passes only while it waits for one of these.
#include <array>
#include <cstddef>
#include <string_view>

namespace fieldsim::serving {

enum class Activity {
  generating,  // in the batch: prefill and decode
  admission,   // for a place in the batch and KV memory
  tool,
  thinking,
  reading,         // memories or anchors, and writing memories to their index
  verdict,         // for its own: a full window, stop and wait, or an output held back
  others_verdict,  // for whoever wrote what it is going to read
  moving_kv,       // over the link: swapping and copies kept for a rollback
  repairing,       // after a rollback, until it goes on
  starting,        // attestation of an enclave
  absent,          // not arrived yet, or through: counted nowhere
};
inline constexpr std::size_t kActivities = 10;  // but for `absent`
inline constexpr std::array<std::string_view, kActivities> kActivityNames = {
    "generating", "admission",      "tool",      "thinking",  "reading",
    "verdict",    "others_verdict", "moving_kv", "repairing", "starting"};
// As a span of a trace is called.
inline constexpr std::array<std::string_view, kActivities> kActivitySpans = {
    "generates",           "waits for the batch",        "tool",     "thinks",  "reads memories",
    "waits for a verdict", "waits for others' verdicts", "moves KV", "repairs", "attestation"};

// Picoseconds summed over agents: a thousand agents fill 64 bits in three hours.
using ActivityTimes = std::array<long double, kActivities>;

}  // namespace fieldsim::serving
