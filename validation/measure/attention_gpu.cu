#include "validation/measure/attention_gpu.cuh"

namespace fieldsim::measure {

namespace {

void accept(const kernels::Error& error) {
  if (!error.ok())
    throw CudaFailure(std::string("attention: ") + kernels::to_string(error.status) + ": " +
                      error.argument + " " + error.reason);
}

template <class T>
DeviceBuffer uploaded(const std::vector<T>& host, const Stream& stream) {
  DeviceBuffer buffer(std::max<std::size_t>(16, host.size() * sizeof(T)));
  if (!host.empty())
    FIELDSIM_CUDA(cudaMemcpyAsync(buffer.as<>(), host.data(), host.size() * sizeof(T),
                                  cudaMemcpyHostToDevice, stream.get()));
  return buffer;
}

template <class T>
void download(std::vector<T>* host, const DeviceBuffer& buffer, const Stream& stream) {
  FIELDSIM_CUDA(cudaMemcpyAsync(host->data(), buffer.as<>(), host->size() * sizeof(T),
                                cudaMemcpyDeviceToHost, stream.get()));
}

}  // namespace

kernels::DeviceInfo planner_device(int device) {
  kernels::DeviceInfo info;
  accept(kernels::query_device(device, &info));
  return info;
}

AttentionLauncher::AttentionLauncher(const AttentionCase& c, const Stream& stream)
    : case_(c), workspace_(c.workspace_bytes) {
  void* const w = workspace_.as<>();
  const std::size_t bytes = workspace_.bytes();
  accept(kernels::init_workspace(c.problem, w, bytes, stream.get()));
  switch (c.point.variant) {
    case Variant::two_pass:
      accept(kernels::upload_two_pass(c.problem, c.two_pass, w, bytes, stream.get()));
      break;
    case Variant::unfused:
      accept(kernels::upload_unfused(c.problem, c.plan, w, bytes, stream.get()));
      break;
    default:
      accept(kernels::upload_plan(c.problem, c.plan, w, bytes, stream.get()));
  }
  stream.synchronize();
}

void AttentionLauncher::launch(const kernels::Args& args, cudaStream_t stream) const {
  void* const w = workspace_.as<>();
  const std::size_t bytes = workspace_.bytes();
  switch (case_.point.variant) {
    case Variant::two_pass:
      return accept(kernels::run_two_pass(case_.problem, args, case_.two_pass, w, bytes, stream));
    case Variant::unfused:
      return accept(kernels::run_unfused(case_.problem, args, case_.plan, w, bytes, stream));
    default:
      accept(kernels::run(case_.problem, args, case_.plan, w, bytes, stream));
  }
}

int AttentionLauncher::launches(Variant variant) {
  return variant == Variant::two_pass || variant == Variant::unfused ? 3 : 1;
}

std::string run_on_device(const AttentionCase& c, const CaseData& data, CaseResult* result) {
  const Stream stream;
  const DeviceBuffer q = uploaded(data.q, stream), k = uploaded(data.k, stream);
  const DeviceBuffer v = uploaded(data.v, stream), ka = uploaded(data.anchor_k, stream);
  const DeviceBuffer va = uploaded(data.anchor_v, stream), table = uploaded(c.table, stream);
  const DeviceBuffer gamma = uploaded(std::vector<float>{c.gamma}, stream);
  const DeviceBuffer out(c.query_bytes()), lse(c.lse_bytes());
  CaseBuffers buffers;
  buffers.q = q.as<>();
  buffers.k = k.as<>();
  buffers.v = v.as<>();
  buffers.anchor_k = ka.as<>();
  buffers.anchor_v = va.as<>();
  buffers.table = table.as<std::int32_t>();
  buffers.gamma = gamma.as<float>();
  buffers.out = out.as<>();
  buffers.lse = lse.as<float>();
  const AttentionLauncher launcher(c, stream);
  for (int run = 0; run < 2; ++run) {
    FIELDSIM_CUDA(cudaMemsetAsync(out.as<>(), 0xff, out.bytes(), stream.get()));  // NaN everywhere
    FIELDSIM_CUDA(cudaMemsetAsync(lse.as<>(), 0xff, lse.bytes(), stream.get()));
    launcher.launch(args_of(c, buffers), stream.get());
  }
  download(&result->out, out, stream);
  download(&result->lse, lse, stream);
  stream.synchronize();
  return "";
}

}  // namespace fieldsim::measure
