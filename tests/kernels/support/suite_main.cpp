// A small program over the emulator, for the builds that compile the kernels specially: mutants and
// sanitizers. Only head dimension 64 in BF16 is compiled there.
//
//   suite pass [small|medium]   exit 0 when every case is right
//   suite fail                  exit 0 when some case is wrong; says which ("CAUGHT ...")
//   suite plant                 runs a block table that points outside its pool
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/kernels/support/case.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

std::vector<Case> small_cases() {
  std::vector<Case> cases;
  const auto add = [&](auto change) {
    Case c;
    c.kv_lens = {37, 80};
    c.anchors = 21;
    c.splits = 2;
    change(c);
    c.seed = cases.size() + 1;
    cases.push_back(c);
  };
  add([](Case&) {});
  add([](Case& c) { c.mode = Mode::gamma_mix; });
  add([](Case& c) { c.sharing = Sharing::cascade; });
  add([](Case& c) {  // several steps per warp: the ring turns
    c.kv_lens = {500};
    c.kv_heads = 1;
    c.splits = 1;
    c.page = 64;
  });
  add([](Case& c) {  // rows that see nothing of their slot
    c.kv_lens = {48};
    c.q_lens = {33};
    c.splits = 1000;
  });
  return cases;
}

std::vector<Case> medium_cases() {
  std::vector<Case> cases = small_cases();
  for (int group : {1, 7, 16, 17})
    for (Mode mode : {Mode::concat, Mode::gamma_mix})
      for (Sharing sharing : {Sharing::per_request, Sharing::cascade})
        for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused}) {
          if (variant != Variant::fused && sharing == Sharing::cascade) continue;
          Case c;
          c.group = group;
          c.mode = mode;
          c.sharing = sharing;
          c.variant = variant;
          c.kv_lens = {0, 129, 300, 16};
          c.anchors = 37;
          c.splits = 3;
          c.layout = group == 7 ? LayoutKind::padded : LayoutKind::hnd;
          c.page = group == 16 ? 32 : 16;
          c.seed = cases.size() + 1;
          cases.push_back(c);
        }
  return cases;
}

// Every case twice on one workspace: a counter that is not reset shows in the second run.
std::string wrong(const Case& c) {
  World world(c);
  const std::string problem = run_on_emulator(world, c.seed, 2);
  return problem.empty() ? compare(world, expect(world)) : problem;
}

int plant() {
  Case c;
  c.kv_lens = {40};
  World world(c);
  world.block_table[1] = 1 << 20;
  static_cast<void>(run_on_emulator(world, 1));
  std::puts("the planted page went unnoticed");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "pass";
  const bool medium = argc > 2 && std::strcmp(argv[2], "medium") == 0;
  if (mode == "plant") return plant();
  int failures = 0;
  for (const Case& c : medium ? medium_cases() : small_cases()) {
    const std::string problem = wrong(c);
    if (problem.empty()) continue;
    ++failures;
    std::printf("%s %s: %s\n", mode == "fail" ? "CAUGHT" : "WRONG", c.name().c_str(),
                problem.c_str());
  }
  if (mode == "fail" && failures == 0) std::puts("SURVIVED: no case noticed the fault");
  return (failures > 0) == (mode == "fail") ? 0 : 1;
}
