// The same matrix on a real device, against the same FP64 references. Exit code 77 without one.
#define CATCH_CONFIG_RUNNER
#include <cuda_runtime_api.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

#include "kernels/plan_internal.hpp"
#include "tests/kernels/support/matrix.hpp"

using namespace fieldsim::kernels;
using namespace fieldsim::kernels::test;

namespace {

void require(cudaError_t code) {
  INFO(cudaGetErrorString(code));
  REQUIRE(code == cudaSuccess);
}
void require(const Error& e) {
  INFO(to_string(e.status) << ": " << e.argument << " " << e.reason);
  REQUIRE(e.ok());
}

// Device memory with the bytes of a host vector, or a NaN pattern.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes) : bytes_(bytes) {
    require(cudaMalloc(&data_, bytes == 0 ? 256 : bytes));
    require(cudaMemset(data_, 0xff, bytes == 0 ? 256 : bytes));
  }
  template <class T>
  explicit Buffer(const std::vector<T>& host) : Buffer(host.size() * sizeof(T)) {
    if (!host.empty()) require(cudaMemcpy(data_, host.data(), bytes_, cudaMemcpyHostToDevice));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { cudaFree(data_); }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  template <class T>
  void read(std::vector<T>& host) const {
    require(cudaMemcpy(host.data(), data_, host.size() * sizeof(T), cudaMemcpyDeviceToHost));
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_;
};

// Runs the case twice eagerly and once from a CUDA graph; all three must give the same bits.
std::string run_on_gpu(const Case& c) {
  DeviceInfo device;
  require(query_device(0, &device));
  World w(c);
  const Buffer q(w.q), k(w.k), v(w.v), ak(w.anchor_k), av(w.anchor_v), table(w.block_table),
      gamma(w.gamma), out(w.out), lse(w.lse);
  Args args = w.args;
  args.q = q.as<void>();
  args.kv.k = k.as<void>();
  args.kv.v = v.as<void>();
  args.anchors.k = ak.as<void>();
  args.anchors.v = av.as<void>();
  args.block_table = table.as<std::int32_t>();
  args.gamma = c.mode == Mode::gamma_mix ? gamma.as<float>() : nullptr;
  args.out = out.as<void>();
  args.lse = lse.as<float>();
  const PlanOptions options{c.splits, false};
  cudaStream_t stream = nullptr;
  require(cudaStreamCreate(&stream));
  Plan plan;
  TwoPassPlan two;
  std::unique_ptr<Buffer> ws;
  const Problem& p = w.problem;
  if (c.variant == Variant::two_pass) {
    require(plan_two_pass(p, device, w.lengths, options, &two));
    ws = std::make_unique<Buffer>(two_pass_bytes(p, two));
    require(upload_two_pass(p, two, ws->as<void>(), ws->bytes(), stream));
  } else {
    require(plan_host(p, device, w.lengths, options, &plan));
    const bool unfused = c.variant == Variant::unfused;
    ws = std::make_unique<Buffer>(unfused ? unfused_bytes(p, plan) : plan_bytes(p, plan));
    require(init_workspace(p, ws->as<void>(), ws->bytes(), stream));
    require(upload_plan(p, plan, ws->as<void>(), ws->bytes(), stream));
  }
  const auto launch = [&] {
    if (c.variant == Variant::two_pass)
      require(run_two_pass(p, args, two, ws->as<void>(), ws->bytes(), stream));
    else if (c.variant == Variant::unfused)
      require(run_unfused(p, args, plan, ws->as<void>(), ws->bytes(), stream));
    else
      require(run(p, args, plan, ws->as<void>(), ws->bytes(), stream));
  };
  const auto fetch = [&] {
    require(cudaStreamSynchronize(stream));
    out.read(w.out);
    lse.read(w.lse);
  };
  launch();
  fetch();
  const auto first = w.out;
  launch();
  fetch();
  if (first != w.out) return "the second run differs";
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  launch();
  require(cudaStreamEndCapture(stream, &graph));
  require(cudaGraphInstantiate(&executable, graph, 0));
  require(cudaMemset(out.as<void>(), 0xff, out.bytes()));
  require(cudaGraphLaunch(executable, stream));
  fetch();
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
  if (first != w.out) return "the graph's run differs";
  return compare(w, expect(w));
}

}  // namespace

TEST_CASE("the matrix on the GPU") {
  for (Variant variant : {Variant::fused, Variant::two_pass, Variant::unfused})
    for (const Case& c : pairwise_matrix(variant, 20000, 1)) {
      INFO(c.name());
      CHECK(run_on_gpu(c) == "");
    }
}

TEST_CASE("twenty runs give the same bits") {
  Case c;
  c.kv_lens = {5000, 17, 900};
  c.anchors = 100;
  c.sharing = Sharing::cascade;
  c.splits = 7;
  for (int i = 0; i < 10; ++i) CHECK(run_on_gpu(c) == "");
}

int main(int argc, char** argv) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("skipped: no CUDA device");
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
