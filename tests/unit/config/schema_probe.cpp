// schema: prints the sample's JSON Schema. check FILE...: for each, "ok" or "bad" as the reader
// sees it.
#include <cstdio>
#include <string>

#include "sample.hpp"
#include "sim/config/describe.hpp"
#include "sim/config/document.hpp"

int main(int argc, char** argv) {
  const auto schema = sample::scenario_schema();
  if (argc == 2 && std::string(argv[1]) == "schema") {
    std::fputs(sample::config::json_schema(schema.node(), "sample").c_str(), stdout);
    return 0;
  }
  for (int i = 2; i < argc; ++i) {
    const std::string path = argv[i];
    const std::string root = path.substr(0, path.rfind("/documents/")) + "/configs";
    try {
      sample::config::load(schema, path, sample::config::Catalogue(root), "scenarios");
      std::puts("ok");
    } catch (const fieldsim::ConfigError& e) {
      std::puts("bad");
      std::fprintf(stderr, "%s\n", e.what());
    }
  }
  return 0;
}
