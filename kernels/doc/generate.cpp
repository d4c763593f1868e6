// Keeps docs/kernels.md in step with the code: its tables and diagrams come from the constants that
// the kernels are compiled with.
//
//   kernels_doc write ROOT   rewrites the generated parts
//   kernels_doc check ROOT   exit 1 and names what is out of date
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/doc/diagrams.hpp"
#include "kernels/plan_internal.hpp"
#include "kernels/resources.hpp"

namespace fieldsim::kernels::doc {
namespace {

struct Named {
  const char* name = "";
  DeviceInfo device;
};
const Named kDevices[] = {
    {"A100 (sm_80)", kA100}, {"H200 (sm_90)", kH200}, {"B200 (sm_100)", kB200}};

std::string row(const std::vector<std::string>& cells) {
  std::string s = "|";
  for (const std::string& c : cells) s += " " + c + " |";
  return s + "\n";
}
std::string n(long long v) { return std::to_string(v); }

std::string header(const std::vector<std::string>& cells) {
  return row(cells) + row(std::vector<std::string>(cells.size(), "---"));
}

std::string constants() {
  return header({"constant", "value", "meaning"}) +
         row({"`kRowsPerTile`", n(kRowsPerTile), "query rows of a CTA: M of mma.m16n8k16"}) +
         row({"`kTokensPerStep`", n(kTokensPerStep), "tokens a warp consumes at once"}) +
         row({"`kWarps`", n(kWarps), "warps of a CTA, each with a token stream of its own"}) +
         row({"`kMinPage`", n(kMinPage), "smallest page: a step never crosses one"}) +
         row({"`kMaxQueryTokens`", n(kMaxQueryTokens), "short prefill"}) +
         row({"`kMaxGroup`", n(kMaxGroup), "query heads per KV head, in row tiles of 16"}) +
         row({"`kMinChunkSteps`", n(kMinChunkSteps), "shortest automatic split, in steps"}) +
         row({"`kMaxWaves`", n(kMaxWaves),
              "items are at most 2 tiles + kMaxWaves x concurrent CTAs"}) +
         row({"`kMaxSlots`", n(kMaxSlots), "partial results of one row tile"}) +
         row({"`kMaxAnchorSplits`", n(kMaxAnchorSplits), "splits of a cascade's anchors"}) +
         row({"`kItemOverheadSteps`", n(kItemOverheadSteps),
              "cost of one more item in the planner's makespan, in steps"}) +
         row({"`kSpeedSpreadPercent`", n(kSpeedSpreadPercent),
              "assumed spread of the SMs' speed, in the same makespan"});
}

std::string tilings() {
  std::string s = header({"D", "stages", "step (B)", "ring (B)", "shared memory (B)",
                          "in flight per CTA (B)", "Q in registers"});
  for (const Tiling& t : kFusedTilings)
    s += row({n(t.head_dim), n(t.stages), n(t.step_bytes()), n(t.ring_bytes()), n(t.smem_bytes()),
              n(t.bytes_in_flight()), t.query_in_registers ? "yes" : "no"});
  return s;
}

std::string occupancy() {
  std::string s = header({"device", "D", "stages", "registers", "CTAs/SM", "warps/SM",
                          "in flight (KB/SM)", "limited by"});
  for (const Named& d : kDevices)
    for (int head_dim : kHeadDims) {
      const Tiling t = fused_tiling(head_dim, d.device.smem_per_sm);
      const KernelResources* r =
          find_resources(Kernel::fused, head_dim, t.stages, DType::bf16, d.device.arch);
      const int ctas = resident_ctas(d.device, r->registers, t.smem_bytes());
      const bool registers = resident_ctas(d.device, r->registers, 0) <= ctas;
      const bool memory = resident_ctas(d.device, 16, t.smem_bytes()) <= ctas;
      s += row({d.name, n(head_dim), n(t.stages), n(r->registers), n(ctas), n(ctas * kWarps),
                n(ctas * t.bytes_in_flight() / 1024),
                registers && memory ? "both"
                : registers         ? "registers"
                                    : "shared memory"});
    }
  return s;
}

std::string plans() {
  std::string s = header({"batch", "context", "row tiles", "items", "longest item (tokens)",
                          "waves", "partials / KV bytes"});
  for (int batch : {1, 4, 16, 64})
    for (int len : {8192, 65536}) {
      Problem p;
      p.batch = batch;
      p.q_heads = 32;
      p.kv_heads = 8;
      p.head_dim = 128;
      p.max_kv_len = len;
      const std::vector<std::int32_t> kv(static_cast<std::size_t>(batch), len);
      Plan plan;
      if (!plan_host(p, kH200, {kv.data(), nullptr, nullptr}, {}, &plan).ok())
        return "plan failed\n";
      const int concurrent = fused_ctas_per_sm(kH200, 128, DType::bf16) * kH200.sm_count;
      char waves[16];
      std::snprintf(waves, sizeof waves, "%.2f",
                    static_cast<double>(plan.items.size()) / concurrent);
      char share[16];
      const double partial = 2.0 * static_cast<double>(plan.partial_slots * 4 * partial_bytes(128));
      std::snprintf(
          share, sizeof share, "%.3f %%",
          100.0 * partial / static_cast<double>(stream_bytes(std::int64_t{batch} * len, 8, 128)));
      s += row({n(batch), n(len), n(static_cast<long long>(plan.tiles.size())),
                n(static_cast<long long>(plan.items.size())), n(plan.chunk_steps * kTokensPerStep),
                waves, share});
    }
  return s;
}

std::string resources() {
  std::string s = header({"kernel", "D", "stages", "type", "sm_80", "sm_90", "sm_100", "spills"});
  const char* names[] = {"fused", "scores", "softmax_rows", "values", "merge"};
  for (const KernelResources& r : kResources) {
    if (r.arch != 80) continue;
    std::vector<std::string> cells = {names[static_cast<int>(r.kernel)], n(r.head_dim), n(r.stages),
                                      r.dtype == DType::bf16 ? "bf16" : "f16"};
    int spills = 0;
    for (int arch : {80, 90, 100}) {
      const auto* at = find_resources(r.kernel, r.head_dim, r.stages, r.dtype, arch);
      cells.push_back(n(at->registers));
      spills += at->spill_bytes;
    }
    cells.push_back(n(spills));
    s += row(cells);
  }
  return s;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Replaces what stands between the markers of `name`; false when the markers are missing.
bool replace(std::string& page, const std::string& name, const std::string& text) {
  const std::string begin = "<!-- generated: " + name + " -->\n";
  const std::string end = "<!-- end -->";
  const auto from = page.find(begin);
  if (from == std::string::npos) return false;
  const auto to = page.find(end, from);
  if (to == std::string::npos) return false;
  page.replace(from + begin.size(), to - from - begin.size(), text);
  return true;
}

int run(const std::string& mode, const std::string& root) {
  std::vector<std::pair<std::string, std::string>> files = {
      {root + "/docs/kernels/steps.svg", steps_svg()},
      {root + "/docs/kernels/shared_memory.svg", shared_memory_svg()},
      {root + "/docs/kernels/pipeline.svg", pipeline_svg()},
      {root + "/docs/kernels/combine.svg", combine_svg()}};
  std::string page = read(root + "/docs/kernels.md");
  const std::pair<const char*, std::function<std::string()>> parts[] = {{"constants", constants},
                                                                        {"tilings", tilings},
                                                                        {"occupancy", occupancy},
                                                                        {"plans", plans},
                                                                        {"resources", resources}};
  for (const auto& [name, make] : parts)
    if (!replace(page, name, make())) {
      std::printf("docs/kernels.md has no place for '%s'\n", name);
      return 1;
    }
  files.emplace_back(root + "/docs/kernels.md", page);
  int stale = 0;
  for (const auto& [path, text] : files) {
    if (read(path) == text) continue;
    if (mode == "write")
      std::ofstream(path, std::ios::binary) << text;
    else
      ++stale, std::printf("%s is out of date: run kernels_doc write\n", path.c_str());
  }
  return stale > 0 ? 1 : 0;
}

}  // namespace
}  // namespace fieldsim::kernels::doc

int main(int argc, char** argv) {
  if (argc != 3) {
    std::puts("usage: kernels_doc write|check ROOT");
    return 2;
  }
  return fieldsim::kernels::doc::run(argv[1], argv[2]);
}
