#include "sim/report/html/timeline_kinds.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fieldsim::report::html {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kThin = "#00000040";   // of a span that its fill tells
constexpr const char* kUndone = "#d55e00";   // what a failed verdict costs
constexpr const char* kWaiting = "#8a8a8a";  // nothing happens

struct Look {
  std::string_view kind;
  const char* fill;
  const char* stroke = kThin;
  bool dashed = false;
  const char* shape = "triangle-up";  // of an instant
};

constexpr Look kLooks[] = {
    // Commit boundaries and what becomes of them.
    {"boundary", "#9a9a9a"},
    {"regenerated", "#56b4e9"},
    {"undone", "#ffffff", kUndone, true},
    {"rollback", kUndone, kUndone},
    {"verified", "#009e73", kThin, false, "circle"},
    {"failed", kUndone, kThin, false, "cross"},
    {"cancelled", "#9a9a9a", kThin, false, "square"},
    {"unseen", "#ffffff", kThin, false, "diamond"},
    {"checkpoint", "#f0e442"},
    {"repair", "#7d2f5c"},
    {"restart", "#000000", "#000000"},
    {"attestation", "#5c5c5c", "#000000", true},
    // Devices.
    {"gpu", "#0072b2"},
    {"gpu, for anchors", "#00334f"},
    {"gpu, for verification", "#a6bddb"},
    {"link", "#e69f00"},
    {"host", "#009e73"},
    {"ledger", "#cc79a7"},
    {"partition", "#ffffff", "#cc79a7", true},
    // Life of an anchor.
    {"retrieve", "#b9e3d3"},
    {"fetch", "#f7d794"},
    {"promote", "#e69f00", "#000000"},
    {"verify", "#00573f"},
    {"re-verify", "#ffffff", "#00573f", true},
    {"evict", "#000000", kThin, false, "triangle-down"},
    // Agents.
    {"generates", "#0072b2"},
    {"tool", "#e69f00"},
    {"thinks", "#e4e4e4"},
    {"reads memories", "#009e73"},
    {"waits for the batch", "#ffffff", kWaiting, true},
    {"waits for a verdict", "#f3d9e8", "#cc79a7", true},
    {"moves KV", "#f0e442"},
    {"message", "#cc79a7", kThin, false, "triangle-right"},
    // Requests.
    {"to first token", "#56b4e9", "#0072b2", true},
    {"preempted", "#000000", kThin, false, "triangle-down"},
};

// For devices that are not known here, by the order in which they come.
constexpr const char* kSpare[] = {"#6a51a3", "#8c6d31", "#3b7c8c", "#bf8fbf", "#5c5c5c"};

struct Named {
  std::string_view begins, kind;
};

// First words of what the session and the agents draw.
constexpr Named kNames[] = {
    {"boundary", "boundary"},
    {"regenerated", "regenerated"},
    {"undone", "undone"},
    {"rollback", "rollback"},
    {"verified", "verified"},
    {"failed", "failed"},
    {"cancelled", "cancelled"},
    {"unseen", "unseen"},
    {"checkpoint", "checkpoint"},
    {"copy", "checkpoint"},
    {"re-prefill", "repair"},
    {"compensation", "repair"},
    {"repairs", "repair"},
    {"crash", "restart"},
    {"restart", "restart"},
    {"attestation", "attestation"},
    {"partitioned", "partition"},
    {"retrieve", "retrieve"},
    {"fetch", "fetch"},
    {"renewed", "fetch"},
    {"promote", "promote"},
    {"verify", "verify"},
    {"re-verify", "re-verify"},
    {"re-hash", "re-verify"},
    {"evict", "evict"},
    {"generates", "generates"},
    {"tool", "tool"},
    {"thinks", "thinks"},
    {"reads memories", "reads memories"},
    {"waits for the batch", "waits for the batch"},
    {"waits for a verdict", "waits for a verdict"},
    {"waits for others", "waits for a verdict"},
    {"moves KV", "moves KV"},
    {"message", "message"},
    {"queued", "waits for the batch"},
    {"to first token", "to first token"},
    {"preempted", "preempted"},
};

}  // namespace

std::string kind_of(std::string_view device, std::string_view track, std::string_view name) {
  if (device == "gpu") {
    if (track == "crashes") return "restart";
    if (track == "anchor prefill" || track == "retrieval") return "gpu, for anchors";
    return track == "verification" ? "gpu, for verification" : "gpu";
  }
  if (device == "link") return "link";
  if (name.ends_with(" again") && name.starts_with("boundary")) return "regenerated";
  const bool own = device == "host" || device == "ledger";  // their work is theirs, whatever it is
  for (const Named& n : kNames)
    if (name.starts_with(n.begins) && (!own || n.kind == "restart" || n.kind == "partition"))
      return std::string(n.kind);
  return std::string(device);
}

Json looks_of(const std::vector<std::string>& kinds) {
  Json looks = Json::array();
  std::size_t spare = 0;
  for (const std::string& kind : kinds) {
    const auto* known = std::ranges::find(kLooks, kind, &Look::kind);
    const Look look =
        known != std::end(kLooks) ? *known : Look{kind, kSpare[spare++ % std::size(kSpare)]};
    looks.push_back({{"fill", look.fill},
                     {"stroke", look.stroke},
                     {"dash", look.dashed ? Json({4, 2}) : Json({1, 0})},
                     {"shape", look.shape}});
  }
  return looks;
}

}  // namespace fieldsim::report::html
