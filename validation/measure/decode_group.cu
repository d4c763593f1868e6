// End to end: tokens per second of a synthetic 13B decode loop without verification, with
// stop-and-wait verification (pessimistic) and with verification beside generation (optimistic), at
// commit boundaries every k tokens. What is verified is the anchors' K and V of all layers: INT8
// codes hashed by one host thread, or hashed on the device with 32 bytes crossing the link. The
// ledger's round trip is not part of it.
#include <cstring>
#include <vector>

#include "kernels/hash/sha256_fast.hpp"
#include "kernels/hash/tree_launch.hpp"
#include "validation/measure/decoder.cuh"
#include "validation/measure/session.cuh"
#include "validation/measure/verifier.hpp"

namespace fieldsim::measure {
namespace {

using Mode = DecodeRun::Timing;

constexpr int kBlockTokens = 32;     // one sample; a multiple of every k
constexpr std::int64_t kWindow = 4;  // boundaries without a verdict that generation may run ahead
constexpr integrity::TreeShape kTree{};  // 4 KiB leaves
constexpr float kScale = 2.0F / 127;     // anchors are below 2 in magnitude

struct Config {
  Mode timing;
  int every;
  bool on_device;  // tree hash there, the root copied; else codes copied and hashed here
};

void accept(const integrity::Outcome& outcome) {
  if (!outcome.ok())
    throw CudaFailure(std::string(integrity::code_name(outcome.code)) + ": " + outcome.argument);
}

// Quantises and copies the payload. One slot of host memory for every boundary that may be open.
class Payload {
 public:
  Payload(const Decoder& decoder, const Stream& stream)
      : decoder_(decoder),
        elements_(static_cast<std::size_t>(decoder.anchor_elements())),
        codes_(elements_),
        digests_(integrity::tree_bytes(kTree, decoder.anchor_elements())),
        scale_(16),
        nan_(8),
        host_(kWindow * elements_) {
    FIELDSIM_CUDA(cudaMemcpy(scale_.as<>(), &kScale, 4, cudaMemcpyHostToDevice));
    FIELDSIM_CUDA(cudaMemset(nan_.as<>(), 0xff, 8));
    FIELDSIM_CUDA(cudaDeviceSynchronize());  // our streams do not wait for the default one
    for (const bool on_device : {false, true}) {
      const double begin = steady_seconds();
      enqueue(on_device, 0, stream.get());
      stream.synchronize();
      expected_[on_device] = digest(on_device, 0);
      seconds_[on_device] = steady_seconds() - begin;
    }
  }
  void enqueue(bool on_device, std::int64_t slot, cudaStream_t stream) {
    integrity::QuantArgs q;
    q.type = integrity::Float16::bf16;
    q.x = decoder_.anchors();
    q.length = decoder_.anchor_elements();
    q.scales = integrity::Scales{scale_.as<float>(), 1, 1};
    q.codes = on_device ? nullptr : codes_.as<std::int8_t>();
    q.first_nan = nan_.as<std::uint64_t>();
    if (on_device) {
      integrity::TreeArgs tree;
      tree.shape = kTree;
      tree.digests = digests_.as<>();
      tree.digests_bytes = digests_.bytes();
      accept(integrity::quantize_and_hash(q, tree, stream));
      copy(data(slot), digests_.as<>(digests_.bytes() - 32), 32, stream);
    } else {
      accept(integrity::quantize_int8(q, stream));
      copy(data(slot), codes_.as<>(), elements_, stream);
    }
  }
  std::uint8_t* data(std::int64_t slot) const {
    return host_.data() + static_cast<std::size_t>(slot % kWindow) * elements_;
  }
  std::size_t bytes(bool on_device) const { return on_device ? 32 : elements_; }
  integrity::Digest digest(bool on_device, std::int64_t slot) const {
    return integrity::sha256(data(slot), bytes(on_device), integrity::sha256_blocks_fast());
  }
  const integrity::Digest& expected(bool on_device) const { return expected_[on_device]; }
  // One boundary's quantising, copy and hash, one after the other.
  double seconds(bool on_device) const { return seconds_[on_device]; }

 private:
  static void copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
    FIELDSIM_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream));
  }
  const Decoder& decoder_;
  std::size_t elements_;
  DeviceBuffer codes_, digests_, scale_, nan_;
  PinnedBuffer host_;
  integrity::Digest expected_[2];
  double seconds_[2] = {};
};

class Experiment {
 public:
  Experiment(Session& session, const Decoder& decoder)
      : s_(session),
        decoder_(decoder),
        payload_(decoder, session.stream),
        token_(64),
        graph_(session.stream, [&] { decoder.enqueue_token(session.stream.get()); }) {
    for (std::int64_t i = 0; i < kWindow; ++i) copied_.emplace_back(cudaEventBlockingSync);
  }

  // Microseconds per token, a sample a block; wrong digests are counted.
  Timing run(const Config& config, int process, double box, std::int64_t* wrong) {
    Verifier verifier(payload_.expected(config.on_device), integrity::sha256_blocks_fast(),
                      &s_.timeline, process);
    std::vector<double> passes[2];
    block(config, process, verifier, wrong);  // warm-up, and the timeline's block
    for (auto& samples : passes) {
      const double begin = steady_seconds();
      do samples.push_back(1e6 * block(config, -1, verifier, wrong) / kBlockTokens);
      while (steady_seconds() - begin < box / 2 && samples.size() < 20);
    }
    verifier.wait_until_outstanding(0);
    *wrong += verifier.mismatches();
    return timing_of(passes[0], passes[1]);
  }

  // A block's time, before it was measured, from the time of a token and of a boundary.
  double expected_block(const Config& config, double token) const {
    const double generating = kBlockTokens * token;
    const double verifying = kBlockTokens / config.every * payload_.seconds(config.on_device);
    if (config.timing == Mode::none) return generating;
    return config.timing == Mode::pessimistic ? generating + verifying
                                              : std::max(generating, verifying);
  }

 private:
  void span(int process, const char* track, const char* name, double begin) {
    if (process >= 0) s_.timeline.span(process, track, name, begin, steady_seconds());
  }

  double block(const Config& config, int process, Verifier& verifier, std::int64_t* wrong) {
    const double begin = steady_seconds();
    for (int i = 1; i <= kBlockTokens; ++i) {
      const double token_begin = steady_seconds();
      graph_.launch(s_.stream.get());
      FIELDSIM_CUDA(cudaMemcpyAsync(token_.data(), decoder_.token(), 4, cudaMemcpyDeviceToHost,
                                    s_.stream.get()));
      s_.stream.synchronize();  // the token goes to the user
      span(process, "GPU", "token", token_begin);
      if (config.timing == Mode::none || i % config.every != 0) continue;
      if (config.timing == Mode::pessimistic)
        stop_and_wait(config, process, wrong);
      else
        go_on(config, process, verifier);
    }
    return steady_seconds() - begin;
  }

  void stop_and_wait(const Config& config, int process, std::int64_t* wrong) {
    const double begin = steady_seconds();
    payload_.enqueue(config.on_device, 0, s_.stream.get());
    s_.stream.synchronize();
    span(process, "link", config.on_device ? "hash on device, copy root" : "quantise, copy codes",
         begin);
    const double hash_begin = steady_seconds();
    *wrong += payload_.digest(config.on_device, 0) != payload_.expected(config.on_device);
    span(process, "hash worker", "sha256", hash_begin);
  }

  void go_on(const Config& config, int process, Verifier& verifier) {
    const double begin = steady_seconds();
    verifier.wait_until_outstanding(kWindow - 1);
    if (steady_seconds() - begin > 50e-6) span(process, "host", "window full", begin);
    const std::int64_t slot = verifier.submitted();
    const double enqueued = steady_seconds();
    payload_.enqueue(config.on_device, slot, s_.other.get());
    const Event& copied = copied_[static_cast<std::size_t>(slot % kWindow)];
    copied.record(s_.other.get());
    verifier.submit({[this, process, enqueued, &copied] {
                       copied.synchronize();
                       span(process, "link", "quantise, copy", enqueued);
                     },
                     payload_.data(slot), payload_.bytes(config.on_device)});
  }

  Session& s_;
  const Decoder& decoder_;
  Payload payload_;
  PinnedBuffer token_;
  Graph graph_;
  std::vector<Event> copied_;
};

void add(Session& s, const DecoderShape& shape, const Config& config, Timing timing,
         const std::string& note) {
  Row row;
  row.group = "decode";
  row.name = std::string(timing_name(config.timing)) + (config.on_device ? ", device hash" : "");
  row.parameters = {{"every", std::int64_t{config.every}},
                    {"layers", std::int64_t{shape.layers}},
                    {"context", std::int64_t{shape.context}},
                    {"anchors", std::int64_t{shape.anchors}},
                    {"bytes", shape.bytes_read_per_token()}};
  row.rate = 1e6 / timing.all.median;
  row.rate_unit = "tokens/s";
  if (config.timing == Mode::none && s.copy_ceiling > 0)
    row.of_ceiling = static_cast<double>(shape.bytes_read_per_token()) / timing.all.median * 1e6 /
                     s.copy_ceiling;
  row.timing = std::move(timing);
  row.note = note;
  s.add(std::move(row));
}

}  // namespace

void measure_decode(Session& s) {
  Cublas blas;
  // Workspaces, codes and digests take less than 2 GiB.
  const DecodePlan plan =
      plan_decode({}, static_cast<std::int64_t>(free_memory()) - (std::int64_t{2} << 30));
  if (!plan.fits) return s.skip("decode", "all", plan.note);
  if (!s.budget.allows(4)) return s.skip("decode", "all", "time");
  const Decoder decoder(plan.shape, planner_device(s.options.device), blas, s.stream);
  decoder.enqueue_token(s.stream.get());  // loads every kernel: nothing may be loaded in a capture
  s.stream.synchronize();
  Experiment experiment(s, decoder);
  std::string note = plan.note;
  if (!blas.loaded())
    note += (note.empty() ? "" : "; ") + std::string("own matrix-vector products: ") + blas.why();

  // What separates the claims first; the on-device hash last.
  const Config configs[] = {{Mode::none, 32, false},        {Mode::pessimistic, 1, false},
                            {Mode::optimistic, 32, false},  {Mode::optimistic, 1, false},
                            {Mode::pessimistic, 32, false}, {Mode::pessimistic, 8, false},
                            {Mode::optimistic, 8, false},   {Mode::pessimistic, 1, true},
                            {Mode::optimistic, 1, true},    {Mode::optimistic, 32, true}};
  double token = 0.03;  // seconds, until it was measured
  int process = 0;
  for (const Config& config : configs) {
    const std::string name = std::string(timing_name(config.timing)) +
                             ", k = " + std::to_string(config.every) +
                             (config.on_device ? ", device hash" : ", host hash");
    if (!s.budget.allows(3 * experiment.expected_block(config, token))) {
      s.skip("decode", name, "time");
      continue;
    }
    s.timeline.name_process(++process, name);
    std::int64_t wrong = 0;
    Timing timing = experiment.run(config, process, s.box(8, 2), &wrong);
    if (config.timing == Mode::none) token = timing.all.median * 1e-6;
    Check check;
    check.name = "decode: digests and logits";
    check.parameters = {{"configuration", name}};
    check.passed = wrong == 0 && decoder.finite(s.stream);
    check.error = static_cast<double>(wrong);
    s.report.checks.push_back(std::move(check));
    add(s, plan.shape, config, std::move(timing), note);
  }
}

}  // namespace fieldsim::measure
