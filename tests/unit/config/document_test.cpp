#include "sim/config/document.hpp"

#include <string>

#include "sample.hpp"
#include "sim/config/overlay.hpp"
#include "support.hpp"

using namespace sample;
using config::Catalogue;
using config::Loaded;

namespace {
const char* const kA100 =
    "name: A100\n"
    "hbm:\n"
    "  capacity: {value: 80 GB, source: 'datasheet: A100'}\n"
    "  bandwidth: {value: 2.039 TB/s, source: 'datasheet: A100'}\n";

// A catalogue of one machine and a variant of it, and one scenario beside it.
class Shipped : public test::Folder {
 public:
  Shipped() : test::Folder("document") {
    write("configs/hardware/a100-sxm-80gb.yaml", kA100);
    write("configs/hardware/a100-fast.yaml",
          "extends: a100-sxm-80gb\nname: fast\nhbm: {bandwidth: 3 TB/s}\n");
    write("configs/scenarios/base.yaml",
          "name: base\nhardware: a100-sxm-80gb\nworkload:\n  prompt_tokens: 64000\n");
  }
  Catalogue catalogue() const { return Catalogue(at("configs")); }
  Loaded<Scenario> load(const std::string& text, const std::vector<std::string>& sets = {}) const {
    return config::load(scenario_schema(), write("mine/s.yaml", text), catalogue(), "scenarios",
                        sets);
  }
  std::string problems(const std::string& text, const std::vector<std::string>& sets = {}) const {
    return test::problems([&] { load(text, sets); });
  }
};
const char* const kWorkload = "workload: {prompt_tokens: 64000}\n";
}  // namespace

TEST_CASE("a reference is the name of a shipped file, a path or a map") {
  const Shipped s;
  CHECK(s.load(std::string("hardware: a100-sxm-80gb\n") + kWorkload).value.hardware.name == "A100");
  CHECK(s.load(std::string("hardware: ../configs/hardware/a100-sxm-80gb.yaml\n") + kWorkload)
            .value.hardware.name == "A100");
  const Loaded<Scenario> l = s.load(
      std::string("hardware: {extends: a100-sxm-80gb, hbm: {bandwidth: 3 TB/s}}\n") + kWorkload);
  CHECK(l.value.hardware.hbm.capacity == 80_GB);
  CHECK(l.value.hardware.hbm.bandwidth == 3000_GBps);
  const config::Origin* o = l.provenance.find("hardware.hbm.bandwidth");
  CHECK(o->source.kind == config::SourceKind::assumed);
  CHECK(o->source.reference == "set by the user at " + s.at("mine/s.yaml") + ":1:53");
  CHECK(l.provenance.find("hardware.hbm.capacity")->where.file ==
        s.at("configs/hardware/a100-sxm-80gb.yaml"));
}

TEST_CASE("a shipped file may extend another") {
  const Shipped s;
  const Loaded<Scenario> l = s.load(std::string("hardware: a100-fast\n") + kWorkload);
  CHECK(l.value.hardware.name == "fast");
  CHECK(l.value.hardware.hbm.bandwidth == 3000_GBps);
  CHECK(l.value.hardware.hbm.capacity == 80_GB);
}

TEST_CASE("a scenario extends another by name or path and keeps positions") {
  const Shipped s;
  const Loaded<Scenario> l = s.load("extends: base\nname: mine\n");
  CHECK(l.value.name == "mine");
  CHECK(l.value.workload.prompt_tokens == 64000);
  CHECK(l.provenance.find("workload.prompt_tokens")->where.str() ==
        s.at("configs/scenarios/base.yaml") + ":4:18");
  CHECK(s.load("extends: ../configs/scenarios/base.yaml\n").value.name == "base");
}

TEST_CASE("set reaches into a reference") {
  const Shipped s;
  const Loaded<Scenario> l = s.load(std::string("hardware: a100-sxm-80gb\n") + kWorkload,
                                    {"hardware.hbm.bandwidth=3 TB/s"});
  CHECK(l.value.hardware.hbm.bandwidth == 3000_GBps);
  CHECK(l.provenance.find("hardware.hbm.bandwidth")->source.reference ==
        "set by the user at --set hardware.hbm.bandwidth=3 TB/s");
  CHECK(s.load(kWorkload, {"hardware=a100-sxm-80gb"}).value.hardware.name == "A100");
}

TEST_CASE("a miss names the nearest file and does not hide other problems") {
  const Shipped s;
  CHECK(s.problems("hardware: a100-sxm-80g\nkernel: fusd\nworkload: {prompt_tokens: 1}\n") ==
        s.at("mine/s.yaml") + ":1:11: hardware: 'a100-sxm-80g' is not in " +
            s.at("configs/hardware") + " (did you mean 'a100-sxm-80gb'?)\n" + s.at("mine/s.yaml") +
            ":2:9: kernel: expected one of fused, unfused, got 'fusd' (did you mean 'fused'?)");
  CHECK_THAT(s.problems(std::string("hardware: ./a100.yaml\n") + kWorkload),
             Catch::Contains("no such file: " + s.at("mine/a100.yaml")));
  CHECK_THAT(s.problems("extends: bse\n"), Catch::Contains(":1:10: extends: 'bse' is not in") &&
                                               Catch::Contains("did you mean 'base'?"));
  CHECK_THAT(s.problems("extends: [base]\n"),
             Catch::Contains(":1:10: extends: expected a file or the name of one in "
                             "configs/scenarios, got a list of 1"));
}

TEST_CASE("problems of every file and of the command line come together") {
  const Shipped s;
  s.write("configs/hardware/bad.yaml", "name: x\nname: y\nhbm: {capacity: 1}\n");
  const std::string all =
      s.problems("hardware: bad\nseeds: [x]\nseeds: [1]\n" + std::string(kWorkload),
                 {"workload.batch=0", "wrkload.batch=1"});
  CHECK_THAT(all, Catch::Contains("bad.yaml:2:1: duplicate key 'name'"));
  CHECK_THAT(all, Catch::Contains("bad.yaml:3:17: hardware.hbm.capacity: expected a size"));
  CHECK_THAT(all, Catch::Contains("s.yaml:3:1: duplicate key 'seeds'"));
  CHECK_THAT(all, Catch::Contains("s.yaml:2:9: seeds[0]: expected a whole number"));
  CHECK_THAT(all, Catch::Contains("--set workload.batch=0: workload.batch: '0' is out of range"));
  CHECK_THAT(all,
             Catch::Contains("--set wrkload.batch=1: wrkload.batch: there is no key 'wrkload'"));
}

TEST_CASE("a syntax error in a referenced file is reported there") {
  const Shipped s;
  s.write("configs/hardware/broken.yaml", "name: [x\n");
  const std::string all = s.problems("hardware: broken\nkernel: x\n" + std::string(kWorkload));
  CHECK_THAT(all, Catch::Contains("broken.yaml:") && Catch::Contains("hardware: not valid YAML") &&
                      Catch::Contains("kernel: expected"));
  CHECK_THAT(all, !Catch::Contains("was not read"));
}

TEST_CASE("extends that goes round in a circle shows the chain") {
  const Shipped s;
  const std::string a = s.write("ring/a.yaml", "extends: b.yaml\n");
  const std::string b = s.write("ring/b.yaml", "name: b\nextends: a.yaml\n");
  const auto open = [&](const std::string& path) {
    return test::problems(
        [&] { config::load(scenario_schema(), path, s.catalogue(), "scenarios"); });
  };
  CHECK(open(a) == b + ":2:10: extends: 'extends' goes round in a circle: " + a + ":1:10 -> " + b +
                       ":2:10 -> " + a);
  const std::string self = s.write("ring/self.yaml", "extends: ./self.yaml\n");
  CHECK(open(self) ==
        self + ":1:10: extends: 'extends' goes round in a circle: " + self + ":1:10 -> " + self);
  s.write("configs/hardware/loop.yaml", "extends: loop\n");
  CHECK_THAT(s.problems(std::string("hardware: loop\n") + kWorkload),
             Catch::Contains("hardware.extends: 'extends' goes round in a circle"));
}

TEST_CASE("a chain of files is bounded") {
  const Shipped s;
  for (int i = 0; i < 20; ++i)
    s.write("deep/" + std::to_string(i) + ".yaml", "extends: " + std::to_string(i + 1) + ".yaml\n");
  CHECK_THAT(test::problems([&] {
               config::load(scenario_schema(), s.at("deep/0.yaml"), s.catalogue(), "scenarios");
             }),
             Catch::Contains("15.yaml:1:10: extends: more than 16 files extend one another"));
}

TEST_CASE("a document lists the files it was made of") {
  const Shipped s;
  config::Document d = config::open_file(s.write("mine/s.yaml", "extends: base\n"),
                                         scenario_schema().node(), s.catalogue(), "scenarios");
  config::resolve(d, scenario_schema().node(), s.catalogue());
  CHECK(d.files == std::vector<std::string>{s.at("mine/s.yaml"),
                                            s.at("configs/scenarios/base.yaml"),
                                            s.at("configs/hardware/a100-sxm-80gb.yaml")});
}

TEST_CASE("one point of a study is set with its own position") {
  const Shipped s;
  const Schema<Scenario> schema = scenario_schema();
  config::Document d = config::open_file(s.at("configs/scenarios/base.yaml"), schema.node(),
                                         s.catalogue(), "scenarios");
  const config::Value point = config::Value::scalar("0", {"study.yaml", 7, 3});
  d.root = config::set(d.root, "workload.batch", point, schema.node());
  config::resolve(d, schema.node(), s.catalogue());
  CHECK(test::problems([&] { config::read(schema, d.root, d.problems); }) ==
        "study.yaml:7:3: workload.batch: '0' is out of range: expected at least 1");
}
