// Bad input gets an error value with the argument's name, on the host, before any launch.
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <string>

#include "kernels/launch_params.hpp"

using namespace fieldsim::kernels;

namespace {

// A valid call; `memory` stands for every device pointer.
struct Call {
  Problem problem;
  std::vector<std::int32_t> kv{100, 0}, q{3, 1}, anchors{7, 20};
  Lengths lengths;
  PlanOptions options;
  Args args;
  Plan plan;
  std::size_t workspace_bytes = 0;
  void* workspace = nullptr;
  alignas(256) static inline unsigned char memory[4096];

  Call() {
    problem.batch = 2;
    problem.q_heads = 8;
    problem.kv_heads = 2;
    problem.head_dim = 64;
    problem.max_q_len = 4;
    problem.max_kv_len = 128;
    problem.max_anchors = 20;
    problem.mode = Mode::gamma_mix;
    lengths = {kv.data(), q.data(), anchors.data()};
    args.q = memory;
    args.out = memory;
    args.q_token = args.out_token = 512;
    args.q_head = args.out_head = 64;
    args.kv = {memory, memory, 2048, 128, 64, 2048, 128, 64, 16};
    args.anchors = {memory, memory, 2560, 128, 64, 2560, 128, 64};
    args.block_table = reinterpret_cast<const std::int32_t*>(memory);
    args.block_table_stride = 8;
    args.gamma = reinterpret_cast<const float*>(memory);
    workspace = memory;
  }

  // Plans, then checks the launch; the first error wins.
  Error run() {
    if (Error e = plan_host(problem, kH200, lengths, options, &plan); !e.ok()) return e;
    const std::size_t needed = plan_bytes(problem, plan);
    const std::size_t given = workspace_bytes == 0 ? needed : workspace_bytes;
    return check_launch(problem, args, plan, workspace, given, needed);
  }
};

void expect(Status status, const char* argument, const std::function<void(Call&)>& change) {
  Call call;
  change(call);
  const Error e = call.run();
  INFO("for " << argument << ": " << to_string(e.status) << " " << e.argument << " " << e.reason);
  CHECK(e.status == status);
  CHECK(std::string(e.argument) == argument);
  CHECK(std::string(e.reason) != "");
}

void* off_by(void* p, int bytes) { return static_cast<unsigned char*>(p) + bytes; }

}  // namespace

TEST_CASE("a valid call has no error") { CHECK(Call().run().ok()); }

TEST_CASE("errors in the problem") {
  const auto bad = Status::bad_shape;
  const auto no = Status::unsupported;
  expect(bad, "batch", [](Call& c) { c.problem.batch = 0; });
  expect(bad, "kv_heads", [](Call& c) { c.problem.kv_heads = 0; });
  expect(bad, "kv_heads", [](Call& c) { c.problem.kv_heads = -2; });
  expect(bad, "q_heads", [](Call& c) { c.problem.q_heads = 9; });
  expect(bad, "q_heads", [](Call& c) { c.problem.q_heads = 4096; });
  expect(no, "q_heads", [](Call& c) {
    c.problem.q_heads = 1024;
    c.problem.kv_heads = 1;
  });
  expect(no, "head_dim", [](Call& c) { c.problem.head_dim = 80; });
  expect(no, "max_q_len", [](Call& c) { c.problem.max_q_len = 65; });
  expect(bad, "max_kv_len", [](Call& c) { c.problem.max_kv_len = -1; });
  expect(bad, "max_anchors", [](Call& c) { c.problem.max_anchors = -1; });
  expect(bad, "cascade", [](Call& c) { c.problem.cascade = true; });
  expect(bad, "scale", [](Call& c) { c.problem.scale = -1.0f; });
  expect(bad, "scale", [](Call& c) { c.problem.scale = std::numeric_limits<float>::quiet_NaN(); });
  expect(no, "dtype", [](Call& c) { c.problem.dtype = static_cast<DType>(7); });
  expect(no, "mode", [](Call& c) { c.problem.mode = static_cast<Mode>(7); });
}

TEST_CASE("errors in the lengths and options") {
  const auto bad = Status::bad_shape;
  expect(Status::bad_pointer, "lengths.kv", [](Call& c) { c.lengths.kv = nullptr; });
  expect(bad, "lengths.kv", [](Call& c) { c.kv[1] = -1; });
  expect(bad, "lengths.kv", [](Call& c) { c.kv[1] = 129; });
  expect(bad, "lengths.q", [](Call& c) { c.q[0] = -3; });
  expect(bad, "lengths.q", [](Call& c) { c.q[0] = 5; });
  expect(bad, "lengths.anchors", [](Call& c) { c.anchors[0] = -1; });
  expect(bad, "lengths.anchors", [](Call& c) { c.anchors[0] = 21; });
  expect(Status::unsupported, "lengths.anchors",
         [](Call& c) { c.problem.cascade = c.problem.shared_anchors = true; });
  expect(bad, "splits", [](Call& c) { c.options.splits = -1; });
}

TEST_CASE("errors in the arguments") {
  const auto align = Status::bad_align;
  const auto null = Status::bad_pointer;
  const auto bad = Status::bad_shape;
  expect(null, "q", [](Call& c) { c.args.q = nullptr; });
  expect(align, "q", [](Call& c) { c.args.q = off_by(Call::memory, 8); });
  expect(align, "out", [](Call& c) { c.args.out = off_by(Call::memory, 2); });
  expect(align, "q_head", [](Call& c) { c.args.q_head = 60; });
  expect(bad, "out_token", [](Call& c) { c.args.out_token = -512; });
  expect(null, "kv.k", [](Call& c) { c.args.kv.k = nullptr; });
  expect(align, "kv.v", [](Call& c) { c.args.kv.v = off_by(Call::memory, 4); });
  expect(align, "kv.k_token", [](Call& c) { c.args.kv.k_token = 129; });
  expect(align, "kv.v_page", [](Call& c) { c.args.kv.v_page = 2049; });
  expect(Status::unsupported, "kv.k_token",
         [](Call& c) { c.args.kv.k_token = std::int64_t{1} << 40; });
  for (int page : {0, -16, 8, 24, 48})
    expect(bad, "kv.page_size", [page](Call& c) { c.args.kv.page_size = page; });
  expect(null, "block_table", [](Call& c) { c.args.block_table = nullptr; });
  expect(bad, "block_table_stride", [](Call& c) { c.args.block_table_stride = 6; });
  expect(null, "anchors.k", [](Call& c) { c.args.anchors.k = nullptr; });
  expect(align, "anchors.v", [](Call& c) { c.args.anchors.v = off_by(Call::memory, 2); });
  expect(align, "anchors.k_set", [](Call& c) { c.args.anchors.k_set = 1; });
  expect(null, "gamma", [](Call& c) { c.args.gamma = nullptr; });
  expect(bad, "gamma_head", [](Call& c) { c.args.gamma_head = -1; });
}

TEST_CASE("errors in the workspace and the plan") {
  expect(Status::workspace_small, "workspace", [](Call& c) { c.workspace_bytes = 1024; });
  expect(Status::bad_pointer, "workspace", [](Call& c) { c.workspace = nullptr; });
  expect(Status::bad_align, "workspace", [](Call& c) { c.workspace = off_by(Call::memory, 16); });
  Call call;
  REQUIRE(call.run().ok());
  Problem other = call.problem;
  other.batch = 3;
  const Error e = check_args(other, call.args, call.plan);
  CHECK(e.status == Status::bad_plan);
  CHECK(plan_host(call.problem, kH200, call.lengths, {}, nullptr).status == Status::bad_pointer);
  DeviceInfo small = kH200;
  small.smem_per_cta = 48 * 1024;
  CHECK(std::string(plan_host(call.problem, small, call.lengths, {}, &call.plan).argument) ==
        "device");
}

TEST_CASE("an invalid problem needs no workspace") {
  Problem p;
  CHECK(workspace_bytes(p, kH200) == 0);
  CHECK(two_pass_workspace_bytes(p, kH200) == 0);
  CHECK(unfused_workspace_bytes(p, kH200) == 0);
}

TEST_CASE("every status has a name") {
  for (int i = 0; i <= static_cast<int>(Status::cuda_error); ++i)
    CHECK(std::string(to_string(static_cast<Status>(i))) != "unknown");
}
