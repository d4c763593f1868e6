// What explain and the trace draw: the pipeline of one CTA, and a breakdown that adds up.
#include <catch2/catch.hpp>

#include "sim/attention/tile/attention.hpp"
#include "sim/hardware/gpu/tile/pipeline.hpp"
#include "tests/unit/fidelity/gpus.hpp"

using namespace fieldsim;
using namespace fieldsim::attention::tile;
using namespace fieldsim::hardware::tile;

TEST_CASE("a CTA's tiles follow each other, each after its load, loads at most a ring ahead") {
  const GpuShape gpu = shape_of(fidelity_test::h100());
  AttentionCall call;
  call.batch = 64, call.context = 4096;
  const auto p = plan(call, gpu, Library::flash3);
  const Launch launch = attention_launch(p, call, gpu, default_params(gpu).decode);
  const auto spans = pipeline_of_cta(launch, p.grid.longest(), 2);
  std::vector<Span> loads, tiles;
  for (const Span& s : spans) {
    CHECK(s.end >= s.start);
    if (s.lane == "load") loads.push_back(s);
    if (s.lane == "tile") tiles.push_back(s);
  }
  REQUIRE(loads.size() == tiles.size());
  REQUIRE(tiles.size() == static_cast<std::size_t>(p.grid.longest()));
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    CHECK(tiles[i].start >= loads[i].end);
    if (i > 0) CHECK(tiles[i].start >= tiles[i - 1].end);
    if (i > 1) CHECK(loads[i].start >= tiles[i - 2].end);
  }
}

TEST_CASE("the breakdown adds up and no part is negative") {
  for (const auto& hardware :
       {fidelity_test::a100(), fidelity_test::h200(), fidelity_test::b200()}) {
    const GpuShape gpu = shape_of(hardware);
    for (const std::int64_t batch : {1, 16, 256})
      for (const std::int64_t context : {1, 300, 9000}) {
        AttentionCall call;
        call.batch = batch, call.context = context;
        const auto b = attention_time(plan(call, gpu, library_of(gpu.family)), call, gpu,
                                      default_params(gpu).decode);
        const double parts[] = {b.launch, b.kv_write, b.prologue,   b.tiles, b.memory,
                                b.tail,   b.combine,  b.scheduling, b.copies};
        double sum = 0;
        for (const double part : parts) {
          CHECK(part >= 0);
          sum += part;
        }
        CHECK(sum == Approx(b.total()));
      }
  }
}

TEST_CASE("a kernel time becomes a duration, rounded up") {
  CHECK(duration_of(1.0) == Duration::raw(1'000'000));
  CHECK(duration_of(1e-7) == Duration::raw(1));
}
