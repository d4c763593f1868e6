// Properties of every plan: each step of each tile exactly once, slots and arrivals consistent,
// within the capacity that the workspace bound promises.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "kernels/plan_internal.hpp"

using namespace fieldsim::kernels;

namespace {

struct Shape {
  Problem problem;
  std::vector<std::int32_t> kv, q, anchors;
  Lengths lengths() const {
    return {kv.data(), q.empty() ? nullptr : q.data(), anchors.empty() ? nullptr : anchors.data()};
  }
};

Shape random_shape(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](int n) {
    return static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(n));
  };
  Shape s;
  Problem& p = s.problem;
  p.batch = 1 + below(9);
  p.kv_heads = 1 + below(4);
  p.q_heads = p.kv_heads * (1 + below(20));
  p.head_dim = kHeadDims[below(3)];
  p.mode = below(2) == 0 ? Mode::concat : Mode::gamma_mix;
  p.max_q_len = below(2) == 0 ? 1 : 1 + below(64);
  p.max_kv_len = below(2) == 0 ? below(100) : below(60000);
  p.max_anchors = below(3) == 0 ? 0 : below(3000);
  p.causal = below(2) == 0;
  p.shared_anchors = below(2) == 0;
  p.cascade = p.shared_anchors && below(2) == 0;
  for (int b = 0; b < p.batch; ++b) {
    s.kv.push_back(below(p.max_kv_len + 1));
    if (p.max_q_len > 1) s.q.push_back(below(p.max_q_len + 1));
    if (!p.cascade && seed % 3 == 0) s.anchors.push_back(below(p.max_anchors + 1));
  }
  return s;
}

// Every (tile, step) pair is covered once; a cascade covers its tiles' anchor steps.
void check_plan(const Shape& s, const Plan& plan) {
  const Problem& p = s.problem;
  std::map<int, std::multiset<int>> covered;
  std::map<int, int> arrivals;
  std::map<int, std::set<int>> slots;
  const int group = p.q_heads / p.kv_heads;
  for (const WorkItem& item : plan.items) {
    if (item.request < 0) continue;
    REQUIRE(item.rows >= 1);
    REQUIRE(item.rows <= kRowsPerTile);
    REQUIRE(item.step_begin <= item.step_end);
    if (item.kind == ItemKind::cascade) {
      int rows = 0;
      for (int i = 0; i < item.tile_count; ++i) {
        const Tile& t = plan.tiles[static_cast<std::size_t>(item.tile + i)];
        const int begin = std::max(item.first_row, t.first_token * group + t.first_row);
        const int end =
            std::min(item.first_row + item.rows, t.first_token * group + t.first_row + t.rows);
        REQUIRE(begin < end);
        REQUIRE(t.kv_head == item.kv_head);
        rows += end - begin;
        ++arrivals[item.tile + i];
        slots[item.tile + i].insert(t.kv_slots + item.slot);
        if (begin == t.first_token * group + t.first_row)
          for (int step = item.step_begin; step < item.step_end; ++step)
            covered[item.tile + i].insert(t.kv_steps + step);
      }
      REQUIRE(rows == item.rows);
      continue;
    }
    const Tile& t = plan.tiles[static_cast<std::size_t>(item.tile)];
    REQUIRE(item.tile_count == 1);
    REQUIRE(t.request == item.request);
    for (int step = item.step_begin; step < item.step_end; ++step) covered[item.tile].insert(step);
    if (p.mode == Mode::gamma_mix)  // a slot never straddles the border
      REQUIRE((item.step_end <= item.kv_steps || item.step_begin >= item.kv_steps));
    if (item.kind == ItemKind::partial) {
      ++arrivals[item.tile];
      slots[item.tile].insert(item.slot);
      if (p.mode == Mode::gamma_mix)
        REQUIRE((item.slot < t.kv_slots) == (item.step_begin < item.kv_steps));
    }
  }
  int rows = 0;
  int partial = 0;
  int wrong = 0;
  for (std::size_t i = 0; i < plan.tiles.size(); ++i) {
    const Tile& t = plan.tiles[i];
    if (t.rows == 0) continue;
    const int index = static_cast<int>(i);
    rows += t.rows;
    REQUIRE(covered[index].size() == static_cast<std::size_t>(t.steps));
    int expected = 0;
    for (int step : covered[index]) wrong += step != expected++;  // sorted: 0, 1, 2, ...
    REQUIRE(arrivals[index] == t.arrivals);
    REQUIRE(slots[index].size() == static_cast<std::size_t>(t.slots));
    REQUIRE(t.slots <= kMaxSlots);
    REQUIRE(t.partial == partial);
    partial += t.slots;
  }
  REQUIRE(wrong == 0);
  REQUIRE(partial <= plan.partial_slots);
  REQUIRE(rows == plan.query_tokens * p.q_heads);
}

}  // namespace

TEST_CASE("random plans cover every step once and stay within capacity") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Shape s = random_shape(seed);
    for (const DeviceInfo& device : {kA100, kH200}) {
      INFO("seed " << seed << " sm_" << device.arch);
      Plan plan;
      REQUIRE(plan_host(s.problem, device, s.lengths(), {}, &plan).ok());
      check_plan(s, plan);
      const Capacity most = capacity(s.problem, device);
      REQUIRE(static_cast<std::int64_t>(plan.items.size()) <= most.items);
      REQUIRE(static_cast<std::int64_t>(plan.tiles.size()) <= most.tiles);
      REQUIRE(plan.partial_slots <= most.slots);
      REQUIRE(plan_bytes(s.problem, plan) <= workspace_bytes(s.problem, device));
      REQUIRE(unfused_bytes(s.problem, plan) <= unfused_workspace_bytes(s.problem, device));
      TwoPassPlan two;
      REQUIRE(plan_two_pass(s.problem, device, s.lengths(), {}, &two).ok());
      REQUIRE(two_pass_bytes(s.problem, two) <= two_pass_workspace_bytes(s.problem, device));
    }
  }
}

TEST_CASE("forced splits cover every step once") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    for (int splits : {1, 2, 3, 7, 100000}) {
      const Shape s = random_shape(seed);
      Plan plan;
      REQUIRE(plan_host(s.problem, kH200, s.lengths(), {splits, false}, &plan).ok());
      check_plan(s, plan);
    }
}

TEST_CASE("a fixed grid has the same size for all lengths of a problem") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Shape s = random_shape(seed);
    Plan a;
    Plan b;
    REQUIRE(plan_host(s.problem, kH200, s.lengths(), {0, true}, &a).ok());
    check_plan(s, a);
    for (std::int32_t& len : s.kv) len = len / 3;
    REQUIRE(plan_host(s.problem, kH200, s.lengths(), {0, true}, &b).ok());
    CHECK(a.items.size() == b.items.size());
    CHECK(plan_bytes(s.problem, a) == plan_bytes(s.problem, b));
    CHECK(plan_bytes(s.problem, a) == workspace_bytes(s.problem, kH200));
  }
}

TEST_CASE("the plan is a pure function") {
  const Shape s = random_shape(7);
  Plan a;
  Plan b;
  REQUIRE(plan_host(s.problem, kH200, s.lengths(), {}, &a).ok());
  REQUIRE(plan_host(s.problem, kH200, s.lengths(), {}, &b).ok());
  REQUIRE(a.items.size() == b.items.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    CHECK(a.items[i].tile == b.items[i].tile);
    CHECK(a.items[i].step_begin == b.items[i].step_begin);
  }
}

TEST_CASE("large decodes are balanced: makespan within 6 % of the mean load") {
  // List scheduling in plan order on the CTAs that the device holds at once, in steps.
  for (int batch : {1, 4, 16, 64, 256})
    for (int len : {8192, 32768, 65536, 131072}) {
      Problem p;
      p.batch = batch;
      p.q_heads = 32;
      p.kv_heads = 8;
      p.head_dim = 128;
      p.max_kv_len = len;
      const std::vector<std::int32_t> kv(static_cast<std::size_t>(batch), len);
      Plan plan;
      REQUIRE(plan_host(p, kH200, {kv.data(), nullptr, nullptr}, {}, &plan).ok());
      std::multiset<long> ends;
      for (int i = 0; i < 264; ++i) ends.insert(0);
      long total = 0;
      for (const WorkItem& item : plan.items) {
        const long steps = item.step_end - item.step_begin;
        const long start = *ends.begin();
        ends.erase(ends.begin());
        ends.insert(start + steps);
        total += steps;
      }
      INFO("batch " << batch << " length " << len << " items " << plan.items.size());
      const double mean = static_cast<double>(total) / 264.0;
      if (mean >= 256.0) CHECK(static_cast<double>(*ends.rbegin()) <= 1.06 * mean);
    }
}

TEST_CASE("an empty batch of queries still has a grid") {
  Problem p;
  p.batch = 2;
  p.q_heads = p.kv_heads = 1;
  p.head_dim = 64;
  const std::vector<std::int32_t> zero(2, 0);
  Plan plan;
  REQUIRE(plan_host(p, kH200, {zero.data(), zero.data(), nullptr}, {}, &plan).ok());
  REQUIRE(plan.items.size() == 1);
  CHECK(plan.items[0].request == -1);
}
