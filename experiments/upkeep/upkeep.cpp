// One attention kernel, tuned for an A100 and never touched again, on the GPUs that came after. On
// the A100 many tilings are equally fast, so "fixed" is two rows: those of them that this part
// likes best and least. Beside them the best tiling of the same instructions (retiled) and of the
// part's own (rewritten). Prints CSV on stdout.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "sim/attention/tile/tuning.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/system/load.hpp"
#include "sim/system/tile_params.hpp"

namespace {

using namespace fieldsim;
using namespace fieldsim::attention::tile;

constexpr Instructions kOld = Instructions::mma_sync;
constexpr std::array kParts = {"a100-sxm-80gb", "l40s", "h100-sxm", "h200-sxm", "b200-sxm"};

struct Work {
  const char* name;
  AttentionCall call;
};

AttentionCall call(std::int64_t batch, std::int64_t queries, std::int64_t context) {
  AttentionCall c;  // a layer of Llama-3.1-8B
  c.batch = batch;
  c.query_tokens = queries;
  c.context = context;
  c.cold = true;
  c.writes = false;
  return c;
}

// The setting of the FlashAttention papers: 16 heads of 128, 16,384 tokens.
AttentionCall paper(bool causal) {
  AttentionCall c = call(1, 16384, 16384);
  c.query_heads = c.kv_heads = 16;
  c.causal = causal;
  return c;
}

Target target(const std::string& part, const config::Catalogue& catalogue) {
  const auto loaded = system::load_scenario("paper_13b_64k", catalogue, {"hardware=" + part});
  const hardware::GpuParams& gpu = loaded.scenario.hardware.gpu;
  return {hardware::tile::shape_of(gpu), system::tile_params(gpu), gpu.architecture};
}

double flops(const AttentionCall& c) {
  const auto q = static_cast<double>(c.query_tokens);
  const double seen = static_cast<double>(c.context) - (c.causal ? (q - 1) / 2 : 0);
  return 4 * static_cast<double>(c.batch * c.query_heads * c.head_dim) * q * seen;
}

double kv_bytes(const AttentionCall& c) {
  return static_cast<double>(4 * c.batch * c.context * c.kv_heads * c.head_dim);
}

// A tiling that does not launch takes for ever.
double time_us(const AttentionCall& c, const Tuning& tuning, const Target& t) {
  const TunedTime time = predict(c, tuning, t);
  return time.fits ? time.time.total() : std::numeric_limits<double>::infinity();
}

void print(const char* part, const Target& t, const Work& w, const char* kernel,
           const Tuning& tuning, double fastest) {
  const TunedTime time = predict(w.call, tuning, t);
  const double us = time.fits ? time.time.total() : 0;
  const auto share = [&](double amount, double peak) { return us > 0 ? amount / us / peak : 0; };
  fmt::print("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{:.6g},{:.4g},{:.4g},{:.4g},{:.4g}\n", part,
             t.architecture, w.name, w.call.batch, w.call.context, kernel,
             name(tuning.instructions), tuning.rows, tuning.columns, tuning.stages, tuning.splits,
             time.ctas, time.resident, time.over.count(), us,
             flops(w.call) / 1e6 * (us > 0 ? 1 / us : 0), share(flops(w.call), t.shape.matrix),
             share(kv_bytes(w.call), t.shape.dram), us > 0 ? us / fastest : 0);
}

}  // namespace

int main() {
  const config::Catalogue catalogue;
  const Work works[] = {
      {"decode 64k x 1", call(1, 1, 65536)},       {"decode 64k x 8", call(8, 1, 65536)},
      {"decode 64k x 64", call(64, 1, 65536)},     {"prefill 8k", call(1, 8192, 8192)},
      {"prefill 8k at 64k", call(1, 8192, 65536)}, {"FlashAttention papers causal", paper(true)},
      {"FlashAttention papers", paper(false)}};
  fmt::print(
      "hardware,architecture,work,batch,context_tokens,kernel,instructions,rows,columns,stages,"
      "splits,ctas,ctas_per_sm,over_bytes,time_us,tflops,flops_share,bandwidth_share,slowdown\n");
  const Target a100 = target(kParts[0], catalogue);
  for (const Work& w : works) {
    const std::vector<Tuning> fixed = best(w.call, a100, tunings(w.call, a100, kOld));
    for (const char* part : kParts) {
      const Target t = target(part, catalogue);
      std::vector<Tuning> all = tunings(w.call, t, kOld);
      const Tuning retiled = best(w.call, t, all).front();
      for (const Tuning& n : tunings(w.call, t, Instructions::newest)) all.push_back(n);
      const Tuning rewritten = best(w.call, t, all).front();
      const double fastest = time_us(w.call, rewritten, t);
      const auto by_time = [&](const Tuning& a, const Tuning& b) {
        return time_us(w.call, a, t) < time_us(w.call, b, t);
      };
      const auto [luckiest, unluckiest] = std::minmax_element(fixed.begin(), fixed.end(), by_time);
      print(part, t, w, "fixed (luckiest)", *luckiest, fastest);
      print(part, t, w, "fixed (unluckiest)", *unluckiest, fastest);
      print(part, t, w, "retiled", retiled, fastest);
      print(part, t, w, "rewritten", rewritten, fastest);
    }
  }
}
