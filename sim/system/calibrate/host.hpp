#pragma once
// Host time per serving step, by component: affine in the batch (a fixed part and one per request),
// fitted on relative error. Reads ../shared/data/host (microsoft/vidur, vLLM on A100 hosts).
#include <map>
#include <string>
#include <vector>

#include "sim/system/calibrate/score.hpp"

namespace fieldsim::calibrate {

struct HostRow {
  std::int64_t batch = 0;
  std::int64_t tensor_parallel = 1;
  std::map<std::string, double> us;  // component -> mean time
};
std::vector<HostRow> read_host_table(const std::string& path);

struct HostCost {
  double fixed_us = 0, request_us = 0;
  double at(std::int64_t batch) const { return fixed_us + request_us * static_cast<double>(batch); }
};

struct HostFit {
  std::map<std::string, HostCost> costs;
  std::map<std::string, Score> held_out;  // each batch predicted from the others
};
HostFit fit_host(const std::vector<HostRow>& rows);

}  // namespace fieldsim::calibrate
