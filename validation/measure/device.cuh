#pragma once
// CUDA resources that clean up after themselves, and the checks on every call. Failures throw
// CudaFailure; main() writes what was measured until then.
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "validation/measure/report.hpp"

namespace fieldsim::measure {

class CudaFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void cuda_check(cudaError_t error, const char* call, const char* file, int line) {
  if (error != cudaSuccess)
    throw CudaFailure(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
                      cudaGetErrorString(error));
}
#define FIELDSIM_CUDA(call) ::fieldsim::measure::cuda_check((call), #call, __FILE__, __LINE__)

// Throws with the error's own words when a kernel interface returned an error value.
template <class Error>
void require_ok(const Error& error, const char* what) {
  if (error.ok()) return;
  throw CudaFailure(std::string(what) + ": " + error.argument);
}

class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  explicit DeviceBuffer(std::size_t bytes) : bytes_(bytes) {
    if (bytes > 0) FIELDSIM_CUDA(cudaMalloc(&data_, bytes));
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    DeviceBuffer old(std::move(other));
    swap(old);
    return *this;
  }
  ~DeviceBuffer() { cudaFree(data_); }
  template <class T = std::uint8_t>
  T* as(std::size_t byte_offset = 0) const {
    return reinterpret_cast<T*>(static_cast<std::uint8_t*>(data_) + byte_offset);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void swap(DeviceBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class PinnedBuffer {
 public:
  explicit PinnedBuffer(std::size_t bytes) { FIELDSIM_CUDA(cudaMallocHost(&data_, bytes)); }
  ~PinnedBuffer() { cudaFreeHost(data_); }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;
  std::uint8_t* data() const { return static_cast<std::uint8_t*>(data_); }

 private:
  void* data_ = nullptr;
};

class Stream {
 public:
  Stream() { FIELDSIM_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }
  void synchronize() const { FIELDSIM_CUDA(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  explicit Event(unsigned flags = cudaEventDefault) {
    FIELDSIM_CUDA(cudaEventCreateWithFlags(&event_, flags));
  }
  Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  ~Event() {
    if (event_ != nullptr) cudaEventDestroy(event_);
  }
  cudaEvent_t get() const { return event_; }
  void record(cudaStream_t stream) const { FIELDSIM_CUDA(cudaEventRecord(event_, stream)); }
  void synchronize() const { FIELDSIM_CUDA(cudaEventSynchronize(event_)); }
  double seconds_after(const Event& earlier) const {  // in steps of about 0.5 us
    float ms = 0;
    FIELDSIM_CUDA(cudaEventElapsedTime(&ms, earlier.event_, event_));
    return ms * 1e-3;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

// Work captured once and replayed.
class Graph {
 public:
  template <class Work>
  Graph(const Stream& stream, const Work& work) {
    FIELDSIM_CUDA(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
    work();
    cudaGraph_t graph = nullptr;
    FIELDSIM_CUDA(cudaStreamEndCapture(stream.get(), &graph));
    const cudaError_t error = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    FIELDSIM_CUDA(error);
  }
  ~Graph() { cudaGraphExecDestroy(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void launch(cudaStream_t stream) const { FIELDSIM_CUDA(cudaGraphLaunch(graph_, stream)); }

 private:
  cudaGraphExec_t graph_ = nullptr;
};

// Number of usable devices, 0 with the reason in `why`.
int device_count(std::string* why);
DeviceFacts device_facts(int device);
std::size_t free_memory();

// 16-bit floats of both kinds, uniform in exponent-free magnitude: about [0.5, 2) with random sign,
// never zero, NaN or infinite. `seed` tells buffers apart.
void fill_random(void* data, std::size_t bytes, std::uint32_t seed, cudaStream_t stream);
// Values of a trained tensor's size: random sign, magnitude in [0.5, 2) * scale (BF16).
void fill_random_scaled(void* data, std::size_t bytes, float scale, std::uint32_t seed,
                        cudaStream_t stream);
// NaN or infinite 16-bit values among `count`; synchronises.
std::int64_t count_not_finite(const void* data, std::size_t count, bool f16, const Stream& stream);
// Reads `bytes` (a multiple of 16) `times` times past the L1 and keeps nothing; writes to `sink`
// practically never.
void read_all(const void* data, std::size_t bytes, int sm_count, std::uint32_t* sink,
              cudaStream_t stream, int times = 1);

}  // namespace fieldsim::measure
