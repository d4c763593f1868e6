// fieldsim-measure: measures a machine with the project's own kernels. See usage() and README.md.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include "kernels/hash/sha256_fast.hpp"
#include "validation/measure/attention_check.hpp"
#include "validation/measure/goals.hpp"
#include "validation/measure/matrix.hpp"
#include "validation/measure/nvml.hpp"
#include "validation/measure/session.cuh"

#ifndef FIELDSIM_COMMIT
#define FIELDSIM_COMMIT "unknown"
#endif

namespace {

using namespace fieldsim::measure;

constexpr int kDone = 0, kWrong = 1, kUsage = 2, kNoDevice = 77;

std::string host_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

bool write_file(const std::string& name, const std::string& text) {
  std::ofstream file(name);
  file << text;
  file.close();
  if (!file) std::fprintf(stderr, "fieldsim-measure: cannot write %s\n", name.c_str());
  return static_cast<bool>(file);
}

void list_work() {
  std::printf("%s\nmatrix, in measuring order:\n", usage().c_str());
  for (const Point& point : benchmark_matrix(false)) {
    std::string line;
    for (const auto& [name, value] : parameters_of(point))
      line += name + "=" + text_of(value) + " ";
    std::printf("%s\n", line.c_str());
  }
}

using GroupFunction = void (*)(Session&);
GroupFunction function_of(const std::string& group) {
  if (group == "ceilings") return measure_ceilings;
  if (group == "latency") return measure_latency;
  if (group == "check") return check_kernels;
  if (group == "kernels") return measure_kernels;
  if (group == "integrity") return measure_integrity;
  if (group == "pcie") return measure_pcie;
  if (group == "host") return measure_host;
  return measure_decode;
}

// Runs the groups; an exception ends the run, what was measured stays.
void run_groups(const Options& options, Budget& budget, Report& report, Timeline& timeline) {
  try {
    FIELDSIM_CUDA(cudaSetDevice(options.device));
    Session session{options, budget, report, timeline, report.device};
    for (const auto& group : groups()) {
      if (!options.wants(group.name)) continue;
      budget.start(group.name);
      const double begin = budget.elapsed();
      std::fprintf(stderr, "%6.1f s  %s, up to %.0f s\n", begin, group.name.c_str(),
                   budget.left_in_group());
      if (budget.left() <= 0) {
        session.skip(group.name.c_str(), "the whole group", "time");
        continue;
      }
      function_of(group.name)(session);
      if (group.name == "check" && !report.checks_passed()) {
        report.stopped = "a kernel's result is wrong; nothing was timed after it";
        return;
      }
    }
  } catch (const std::exception& failure) {
    report.stopped = failure.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string error;
  if (!parse_options(std::vector<std::string>(argv + 1, argv + argc), &options, &error)) {
    std::fprintf(stderr, "fieldsim-measure: %s\n", error.c_str());
    return kUsage;
  }
  if (options.help) return std::printf("%s", usage().c_str()), kDone;
  if (options.list) return list_work(), kDone;
  std::string why;
  const int devices = device_count(&why);
  if (devices == 0) {
    std::fprintf(stderr, "fieldsim-measure: no CUDA device (%s); nothing measured\n", why.c_str());
    return kNoDevice;
  }
  if (options.device >= devices) {
    std::fprintf(stderr, "fieldsim-measure: --device %d: there are %d devices\n", options.device,
                 devices);
    return kUsage;
  }

  std::vector<Budget::Group> wanted;
  for (const auto& group : groups())
    if (options.wants(group.name)) wanted.push_back(group);
  Budget budget(options.budget_s, std::min(kReserveSeconds, options.budget_s / 4), wanted,
                steady_seconds);
  Report report;
  Timeline timeline;
  for (int i = 0; i < argc; ++i) report.command += (i > 0 ? " " : "") + std::string(argv[i]);
  report.commit = FIELDSIM_COMMIT;
  report.date = utc_date();
  report.host = host_name();
  report.host_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  report.sha_instructions = fieldsim::integrity::sha256_has_instructions();
  report.budget_s = options.budget_s;
  char bus[32] = {};
  try {
    report.device = device_facts(options.device);
    FIELDSIM_CUDA(cudaDeviceGetPCIBusId(bus, sizeof bus, options.device));
  } catch (const CudaFailure& failure) {
    std::fprintf(stderr, "fieldsim-measure: %s\n", failure.what());
    return kWrong;
  }
  if (const std::string driver = driver_version(); !driver.empty())
    report.device.driver = driver + ", " + report.device.driver;
  report.before = read_clocks(bus);
  run_groups(options, budget, report, timeline);
  report.after = read_clocks(bus);
  report.elapsed_s = budget.elapsed();

  const bool written =
      write_file(options.out, json_of(report)) &&
      (timeline.size() == 0 || write_file(options.out + ".trace.json", timeline.json()));
  std::printf("%s, %s, commit %s\n%s%s", report.device.name.c_str(), report.date.c_str(),
              report.commit.c_str(), table_of(report).c_str(), text_of(goals(report)).c_str());
  if (!report.stopped.empty()) std::printf("stopped: %s\n", report.stopped.c_str());
  std::printf("%.0f s of %.0f s; %s\n", report.elapsed_s, report.budget_s, options.out.c_str());
  return written && report.stopped.empty() && report.checks_passed() ? kDone : kWrong;
}
