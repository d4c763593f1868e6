// What ships: every model against its published counts, every hardware number with its source.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/config/document.hpp"
#include "sim/config/paths.hpp"
#include "sim/model/parameters.hpp"
#include "sim/system/schema/schema.hpp"
#include "tests/unit/system/scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;

namespace {

// Numbers of `file` that are given without a source; counts those that have one.
template <class T>
std::vector<std::string> unsourced(const config::Schema<T>& schema, const std::string& kind,
                                   const std::string& name, int& sourced) {
  const config::Catalogue catalogue;
  const auto loaded = config::load(schema, catalogue.find(kind, name, {}), catalogue, kind);
  std::vector<std::string> missing;
  for (const config::Origin& o : loaded.provenance.all()) {
    const config::PathLookup at = config::find_path(schema.node(), o.path);
    if (!o.given || !at || !at.node->is_number()) continue;
    if (o.source.kind == config::SourceKind::none || o.source.reference.empty())
      missing.push_back(o.path);
    else
      ++sourced;
  }
  return missing;
}

}  // namespace

TEST_CASE("every shipped model has the parameters that were published") {
  const config::Catalogue catalogue;
  const auto names = catalogue.names("models");
  CHECK(names.size() >= 10);
  for (const std::string& name : names) {
    const auto file =
        config::load(model_file_schema(), catalogue.find("models", name, {}), catalogue, "models")
            .value;
    CAPTURE(name);
    CHECK(file.name == name);
    CHECK_FALSE(file.source.empty());
    REQUIRE(file.published);
    CHECK(model::parameters(load_model_shape(file.hf_config, name)) == file.published->parameters);
  }
}

TEST_CASE("every config.json belongs to a model") {
  std::size_t configs = 0;
  for (const auto& e :
       std::filesystem::directory_iterator(config::Catalogue().root() + "/models/hf"))
    configs += e.is_directory() ? 1u : 0u;
  CHECK(configs == config::Catalogue().names("models").size());
}

TEST_CASE("every hardware and host file loads, and every number in it has a source") {
  const config::Catalogue catalogue;
  for (const char* required :
       {"a100-sxm-40gb", "a100-sxm-80gb", "a100-pcie", "h100-sxm", "h100-pcie", "h200-sxm",
        "b200-sxm", "gh200", "l40s", "mi300x", "tpu-v5e", "tpu-v5p"})
    CHECK_NOTHROW(catalogue.find("hardware", required, {}));
  for (const std::string& name : catalogue.names("hardware")) {
    int sourced = 0;
    CAPTURE(name);
    CHECK(unsourced(hardware_schema(), "hardware", name, sourced).empty());
    CHECK(sourced > 45);
  }
  bool with = false, without = false;
  for (const std::string& name : catalogue.names("hardware/hosts")) {
    int sourced = 0;
    CAPTURE(name);
    CHECK(unsourced(host_schema(), "hardware/hosts", name, sourced).empty());
    CHECK(sourced > 12);
    const auto host = config::load(host_schema(), catalogue.find("hardware/hosts", name, {}),
                                   catalogue, "hardware/hosts")
                          .value;
    (host.sha_ni ? with : without) = true;
  }
  CHECK(with);
  CHECK(without);
}

TEST_CASE("every part simulates every model") {
  const config::Catalogue catalogue;
  for (const std::string& hardware : catalogue.names("hardware"))
    for (const std::string& model : catalogue.names("models")) {
      const Scenario s =
          shipped("paper_13b_64k", {"hardware=" + hardware, "model=" + model,
                                    "workload.prompt_tokens=300", "workload.output_tokens=3"})
              .scenario;
      const Result r = simulate(s);
      CAPTURE(hardware, model);
      CHECK(r.tokens == 3);
      // Two seconds a token, or twice what reading or multiplying the weights takes where that is
      // longer: an FP16 weight is two bytes and two operations.
      const auto& gpu = s.hardware.gpu;
      const auto slower =
          static_cast<double>(std::min(gpu.hbm.bandwidth.count(), gpu.compute.fp16.count()));
      const double passes = slower / static_cast<double>(r.memory.weights.count());
      CHECK(r.tokens_per_s > std::min(0.5, passes / 2));
      CHECK(r.tokens_per_s < 5000);
      CHECK(r.breakdown.total() == r.decode);
    }
}
