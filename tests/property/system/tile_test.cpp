// Tile fidelity in whole scenarios: its kernels take exactly what the tile engine predicts, and the
// laws of a session hold as they do for the event fidelity.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/attention/tile/elementwise.hpp"
#include "sim/hardware/gpu/stream.hpp"
#include "sim/model/step.hpp"
#include "sim/report/explain_tile.hpp"
#include "sim/report/json.hpp"
#include "sim/report/trace.hpp"
#include "sim/system/explain_tile.hpp"
#include "sim/system/machine.hpp"
#include "sim/system/tile_program.hpp"
#include "tests/property/system/random_scenario.hpp"

using namespace fieldsim;
using namespace fieldsim::system;
using namespace fieldsim::system::test;
using attention::KernelKind;
using hardware::Category;
using hardware::tile::duration_of;

namespace {

const KernelKind kKinds[] = {KernelKind::none,        KernelKind::unfused,  KernelKind::fused,
                             KernelKind::gamma_fused, KernelKind::two_pass, KernelKind::cascade};

Scenario tile(const std::vector<std::string>& more = {}) {
  std::vector<std::string> set = {"fidelity=tile", "workload.prompt_tokens=3000",
                                  "workload.output_tokens=8", "attention.anchor_tokens=200",
                                  "verification.timing=none"};
  set.insert(set.end(), more.begin(), more.end());
  return shipped("paper_13b_64k", set).scenario;
}

// A step's predictions added up without the program builder, each rounded as a kernel is.
Duration predicted_decode(const Scenario& s, std::int64_t context) {
  TileKernels kernels(s);
  const auto& t = kernels.target();
  Duration sum;
  const auto add = [&](const model::Operator& op, std::int64_t times) {
    if (op.kind == model::OperatorKind::attention) return;
    if (op.kind == model::OperatorKind::gemm) {
      attention::tile::GemmCall call{op.gemm.m, op.gemm.n, op.gemm.k, 1, true};
      call.groups = op.gemm.groups;
      sum += duration_of(gemm_time(call, t.shape, t.params.gemm).total) * times;
    } else {
      sum += duration_of(kernels.predict(op, s.workload.batch).time.total()) * times;
    }
  };
  const auto operators = model::decode_operators(s.model, s.workload.batch);
  for (const auto& layer : operators.layers)
    for (const auto& op : layer.operators) add(op, layer.count);
  for (const auto& op : operators.once) add(op, 1);

  attention::Problem p;
  p.kind = s.attention.kernel;
  p.geometry = model::decode_geometry(s.model);
  p.batch = s.workload.batch;
  p.context = context;
  p.anchors = s.attention.anchor_tokens;
  p.anchor_sets = s.attention.shared_anchors ? 1 : p.batch;
  p.page_tokens = s.attention.page_tokens;
  p.element = Bytes::raw(2);
  p.workspace_limit = s.attention.workspace;
  for (const auto& k : attention::tile::sequence(p, t))
    sum += duration_of(k.time.total()) * s.model.num_hidden_layers;
  return sum;
}

Duration device_time(const Result& r) {
  return r.breakdown[Category::weights] + r.breakdown[Category::attention] +
         r.breakdown[Category::anchors] + r.breakdown[Category::launch];
}

}  // namespace

TEST_CASE("alone on the device a step takes exactly the sum of its kernels' predictions") {
  for (const char* part : {"a100-sxm-80gb", "h100-sxm", "h200-sxm", "l40s", "b200-sxm"})
    for (const KernelKind kind : kKinds)
      for (const char* batch : {"1", "6"}) {
        Scenario s = tile({std::string("hardware=") + part, "model=llama-3.1-8b",
                           std::string("workload.batch=") + batch});
        s.attention.kernel = kind;
        s.workload.output_tokens = 1;
        CAPTURE(part, static_cast<int>(kind), batch);
        // One picosecond of rounding for a kernel's launch and body apart.
        const std::int64_t kernels = 20 * s.model.num_hidden_layers;
        REQUIRE(
            std::abs((device_time(simulate(s)) - predicted_decode(s, s.workload.prompt_tokens + 1))
                         .count()) <= kernels);
      }
}

TEST_CASE("copies that share device memory slow predicted kernels, and no byte is lost") {
  Scenario s = tile({"hardware=gh200", "workload.output_tokens=32",
                     "verification={timing: optimistic, payload: {bytes: 8 GiB}, boundary: "
                     "{every_tokens: 1}, window: 2, workers: 2, quantize: none}"});
  const Result shared = simulate(s);
  s.verification.timing = verify::Timing::none;
  const Result alone = simulate(s);
  CHECK(device_time(shared) > device_time(alone));
  CHECK(shared.decode_phase.totals.hbm == alone.decode_phase.totals.hbm);
}

TEST_CASE("tile keeps the laws of a session, fast-forwarded or not") {
  for (std::uint64_t i = 1; i <= 200; ++i) {
    Scenario s = ScenarioMaker(i).make();
    s.fidelity = Fidelity::tile;
    CAPTURE(i, static_cast<int>(s.attention.kernel));
    LoadedScenario loaded;
    loaded.scenario = s;
    const Result r = simulate(s);
    REQUIRE(r.breakdown.total() == r.decode);
    for (const ResourceUse& u : r.resources)
      if (u.name != "host.hash" && u.name != "ledger")
        REQUIRE(u.busy.count() <= (r.decode + r.drain).count());
    REQUIRE(r.decode_phase.totals.weights + r.decode_phase.totals.attention +
                r.decode_phase.totals.anchors <=
            r.decode_phase.totals.hbm);
    Scenario slow = s;
    slow.simulation.fast_forward = false;
    REQUIRE(report::text(report::result_json(loaded, r, false)) ==
            report::text(report::result_json(loaded, simulate(slow), false)));
  }
}

TEST_CASE("tile: more bandwidth or arithmetic is never slower, nor is less work") {
  using Give = std::function<void(Scenario&, double)>;
  const std::pair<const char*, Give> gifts[] = {
      {"memory bandwidth",
       [](Scenario& s, double x) {
         s.hardware.gpu.hbm.bandwidth = scaled(s.hardware.gpu.hbm.bandwidth, x);
       }},
      {"matrix rate",
       [](Scenario& s, double x) {
         s.hardware.gpu.compute.fp16 = scaled(s.hardware.gpu.compute.fp16, x);
       }},
      {"L2 bandwidth",
       [](Scenario& s, double x) {
         s.hardware.gpu.l2.bandwidth = scaled(s.hardware.gpu.l2.bandwidth, x);
       }},
      {"link", [](Scenario& s, double x) { s.hardware.link.to_host = scaled(6_GBps, x); }},
      {"fewer layers",
       [](Scenario& s, double x) {
         s.model.num_hidden_layers = static_cast<std::int64_t>(40 / x);
       }},
  };
  for (const auto& [name, give] : gifts)
    for (const char* part : {"a100-sxm-80gb", "h100-sxm"})
      for (const KernelKind kind : kKinds) {
        Duration last = Duration::max();
        for (const double amount : {1.0, 1.1, 1.5, 2.0, 4.0}) {
          Scenario s = tile({std::string("hardware=") + part, "verification.timing=pessimistic"});
          s.attention.kernel = kind;
          if (kind == KernelKind::none) s.verification.payload.kind = verify::PayloadKind::new_kv;
          give(s, amount);
          const Duration now = simulate(s).total;
          CAPTURE(name, part, static_cast<int>(kind), amount);
          REQUIRE(now <= last);
          last = now;
        }
      }
}

TEST_CASE("no predicted step is faster than its bytes at the datasheet rate or its operations") {
  for (const char* part : {"a100-sxm-80gb", "h100-sxm", "h200-sxm", "l40s", "b200-sxm"})
    for (const KernelKind kind : kKinds)
      for (const char* batch : {"1", "32"}) {
        Scenario s = tile({std::string("hardware=") + part, "model=llama-3.1-8b",
                           std::string("workload.batch=") + batch, "workload.prompt_tokens=900"});
        s.attention.kernel = kind;
        const Result r = simulate(s);
        const auto& gpu = s.hardware.gpu;
        for (const Phase& phase : {r.prefill, r.decode_phase}) {
          CAPTURE(part, static_cast<int>(kind), batch);
          REQUIRE(phase.time >= time_for(phase.totals.hbm, gpu.hbm.bandwidth));
          // Rows padded to a matrix tile are ours to waste: what must be done at least.
          REQUIRE(phase.time >=
                  time_for(phase.totals.flops - phase.totals.attention_flops, gpu.compute.fp16));
        }
      }
}

TEST_CASE("a part, model or tile without a tile-level kernel is an error when it is loaded") {
  const auto error = [](const std::vector<std::string>& set) {
    try {
      tile(set);
    } catch (const ConfigError& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  CHECK(error({"hardware=mi300x"}).find("gfx942") != std::string::npos);
  CHECK(error({"model=deepseek-v2-lite"}).find("latent attention") != std::string::npos);
  const std::string small =
      error({"hardware=l40s", "hardware.gpu.sm.shared_memory_per_cta=60 KiB"});
  CHECK(small.find("KV and anchor tile") != std::string::npos);
  CHECK(small.find("B more than the 61440 B") != std::string::npos);
  CHECK(small.find("would fit") != std::string::npos);
  CHECK(error({"fidelity=event", "hardware=mi300x"}) == "no error");
}

TEST_CASE("explain takes the step apart that the simulation runs, and every part adds up") {
  for (const char* part : {"a100-sxm-80gb", "h200-sxm"})
    for (const KernelKind kind : kKinds) {
      Scenario s = tile({std::string("hardware=") + part, "workload.batch=3"});
      s.attention.kernel = kind;
      s.workload.output_tokens = 1;
      const TileExplanation e = explain_tile(s);
      CAPTURE(part, static_cast<int>(kind));
      double sum = 0;
      for (const OperatorTime& op : e.decode.operators) {
        CHECK(op.time.total() > 0);
        // No resource alone needs more than the operator took, but for what L2 keeps of a re-read.
        CHECK(op.demand.dram <= op.time.total() * 1.001);
        sum += op.time.total();
      }
      CHECK(sum == Approx(e.decode.total.total()));
      constexpr double kMicro = 1e6;
      CHECK(seconds(device_time(simulate(s))) * kMicro == Approx(sum).epsilon(1e-6));
    }
}

TEST_CASE("explain draws every CTA of the first SMs and one CTA's pipeline") {
  const TileExplanation e = explain_tile(tile());
  report::ChromeTrace trace;
  report::draw_tiles(e, trace);
  const auto j = nlohmann::json::parse(trace.json());
  std::int64_t tiles = 0, ctas = 0;
  for (const auto& event : j.at("traceEvents")) {
    const std::string name = event.value("name", "");
    tiles += name.starts_with("tile ");
    ctas += name.starts_with("CTA ");
  }
  const auto& launch = e.decode.attention.front().launch;
  CHECK(tiles == static_cast<std::int64_t>(launch.grid.longest()));
  CHECK(ctas > 0);
  CHECK(ctas <= launch.grid.ctas());
}

TEST_CASE("the three fidelities stay near each other on shipped scenarios") {
  // Event charges an achieved share of the peak rates; tile adds launch floors of measured kernels
  // (1.1 ms of a 52 ms step), waves and prologues. Without anchors, FlashAttention 2 splits no KV
  // of a model whose KV heads are its query heads: 40 CTAs on 108 SMs can take 108 / 40 of the
  // time.
  constexpr double kNear = 1.35, kUnsplit = 108.0 / 40;
  for (const char* name :
       {"nxn_decode", "nxn_paper", "nxn_prefill", "nxn_prefill_unfused", "paper_13b_64k",
        "paper_pinned", "sane_on_load", "sync_k32", "v3_0_k1"}) {
    Scenario s = shipped(name).scenario;
    const Result event = simulate(s);
    s.fidelity = Fidelity::tile;
    const Result t = simulate(s);
    s.fidelity = Fidelity::analytic;
    const Result analytic = simulate(s);
    CAPTURE(name);
    const double bound = s.attention.kernel == KernelKind::none ? kUnsplit : kNear;
    CHECK(t.tpot.mean / event.tpot.mean <= bound);
    CHECK(t.tpot.mean / event.tpot.mean >= 1 / kNear);
    CHECK(seconds(t.ttft) / seconds(event.ttft) <= bound);
    CHECK(seconds(t.ttft) / seconds(event.ttft) >= 1 / kNear);
    CHECK(analytic.tpot.mean == Approx(event.tpot.mean).epsilon(0.01));
  }
}
