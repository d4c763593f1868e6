#pragma once
// Launches one attention case on the device.
#include "validation/measure/attention_check.hpp"
#include "validation/measure/device.cuh"

namespace fieldsim::measure {

kernels::DeviceInfo planner_device(int device);  // what the planner needs to know

// Workspace with the case's plan uploaded. Throws CudaFailure when the kernels refuse.
class AttentionLauncher {
 public:
  AttentionLauncher(const AttentionCase& c, const Stream& stream);
  void launch(const kernels::Args& args, cudaStream_t stream) const;
  static int launches(Variant variant);  // kernels a call starts

 private:
  const AttentionCase& case_;
  DeviceBuffer workspace_;
};

// The check's runner on the device: copies in, poisons, launches twice (the second run finds the
// semaphores as the first left them), copies out.
std::string run_on_device(const AttentionCase& c, const CaseData& data, CaseResult* result);

}  // namespace fieldsim::measure
