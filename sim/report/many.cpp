#include "sim/report/many.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/report/names.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

using Json = nlohmann::ordered_json;

Json spread_json(const system::Spread& s) {
  return {{"mean", s.mean}, {"p50", s.p50}, {"p90", s.p90}, {"p99", s.p99}, {"max", s.max}};
}

void labelled(std::string& out, const char* label, const std::string& text) {
  out += fmt::format("  {:<18}{}\n", label, text);
}

std::string heading(const system::Scenario& s, std::int64_t count, const char* what) {
  return fmt::format(
      "{}\n{} on {} - {} {} - attention {} with {} anchor tokens - verification {}\n\n", s.name,
      s.model.name, s.hardware.name, grouped(count), what, attention::to_string(s.attention.kernel),
      s.attention.anchor_tokens, name_of(s.verification.timing));
}

std::string memory_text(const system::MemoryUse& m) {
  const auto text = [](Bytes b) { return bytes_text(static_cast<double>(b.count())); };
  return fmt::format("{} of {} at most: weights {}, KV {}, anchors {}", text(m.total),
                     text(m.capacity), text(m.weights), text(m.kv), text(m.anchors));
}

void table_line(std::string& out, double error) {
  labelled(out, "iteration table",
           fmt::format("off by {:.2f} % at most halfway between its nodes", 100 * error));
}

}  // namespace fieldsim::report
