// Text to struct, the whole way: anything but a ConfigError that leaves this function is a bug.
#include <cstddef>
#include <cstdint>
#include <string>

#include "sample.hpp"
#include "sim/config/document.hpp"
#include "sim/config/quantity.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto schema = sample::scenario_schema();
  static const sample::config::Catalogue shipped(std::string(FIELDSIM_SOURCE_DIR) +
                                                 "/tests/unit/config/configs");
  const std::string text(data, data + size);
  sample::config::parse_quantity(text, sample::config::Dimension::bandwidth);
  sample::config::parse_ratio(text);
  try {
    // The first line is an assignment, the rest the file.
    const std::size_t line = text.find('\n');
    const std::string file = line == std::string::npos ? text : text.substr(line + 1);
    auto d = sample::config::open_text(file, "fuzz.yaml", schema.node(), shipped, "scenarios");
    sample::config::assign(d, text.substr(0, line), schema.node());
    sample::config::resolve(d, schema.node(), shipped);
    sample::config::read(schema, d.root, d.problems);
  } catch (const fieldsim::ConfigError&) {
  }
  return 0;
}
