// The quantiser and the tree hash on the device: codes and digests equal the CPU's, then rates.
#include <cstring>
#include <random>
#include <vector>

#include "kernels/hash/sha256_fast.hpp"
#include "kernels/hash/tree_launch.hpp"
#include "validation/measure/rotation.hpp"
#include "validation/measure/session.cuh"

namespace fieldsim::measure {
namespace {

using namespace integrity;

void accept(const Outcome& outcome) {
  if (!outcome.ok())
    throw CudaFailure(std::string(code_name(outcome.code)) + ": " + outcome.argument);
}

void check(Session& s, const char* name, std::size_t n, const TreeShape& shape, bool passed) {
  Check c;
  c.name = name;
  c.parameters = {{"elements", static_cast<std::int64_t>(n)},
                  {"leaf_bytes", std::int64_t{shape.leaf_bytes}},
                  {"arity", std::int64_t{shape.arity}}};
  c.passed = passed;
  c.error = passed ? 0 : 1;
  s.report.checks.push_back(std::move(c));
}

// Buffers of one tensor of `n` elements, outputs poisoned.
struct Tensor {
  DeviceBuffer x, codes, scale, digests, nan;
  Tensor(std::size_t n, const TreeShape& shape)
      : x(2 * n + 16),
        codes(n + 16),
        scale(16),
        digests(tree_bytes(shape, static_cast<std::int64_t>(n)) + 32),
        nan(8) {
    FIELDSIM_CUDA(cudaMemset(codes.as<>(), 0x55, codes.bytes()));
    FIELDSIM_CUDA(cudaMemset(digests.as<>(), 0x55, digests.bytes()));
    FIELDSIM_CUDA(cudaMemset(nan.as<>(), 0xff, 8));
    const float s = 0.0123F;
    FIELDSIM_CUDA(cudaMemcpy(scale.as<>(), &s, 4, cudaMemcpyHostToDevice));
    FIELDSIM_CUDA(cudaDeviceSynchronize());  // our streams do not wait for the default one
  }
  QuantArgs quant(Float16 type, std::size_t n) const {
    QuantArgs a;
    a.type = type;
    a.x = x.as<std::uint16_t>();
    a.length = static_cast<std::int64_t>(n);
    a.scales = Scales{scale.as<float>(), 1, 1};
    a.codes = codes.as<std::int8_t>();
    a.first_nan = nan.as<std::uint64_t>();
    return a;
  }
  TreeArgs tree(const TreeShape& shape, std::size_t n) const {
    return TreeArgs{shape, codes.as<>(), static_cast<std::int64_t>(n), digests.as<>(),
                    digests.bytes()};
  }
};

// One shape: quantise; hash the codes; both at once. All against the CPU, to the last bit.
void check_shape(Session& s, Float16 type, std::size_t n, const TreeShape& shape) {
  std::mt19937 random(static_cast<std::uint32_t>(n));
  std::vector<std::uint16_t> x(n);
  for (auto& bits : x) bits = static_cast<std::uint16_t>(random() & 0xbfffu);  // finite
  const float scale = 0.0123F;
  std::vector<std::int8_t> want(n), got(n);
  accept(quantize_int8_reference(type, x.data(), static_cast<std::int64_t>(n), Scales{&scale, 1, 1},
                                 want.data()));
  const auto nodes = tree_reference(shape, want.data(), n, sha256_blocks_fast());
  std::vector<Digest> read(nodes.size());
  const auto download = [&](const Tensor& t) {
    FIELDSIM_CUDA(cudaDeviceSynchronize());
    FIELDSIM_CUDA(cudaMemcpy(got.data(), t.codes.as<>(), n, cudaMemcpyDeviceToHost));
    FIELDSIM_CUDA(
        cudaMemcpy(read.data(), t.digests.as<>(), 32 * read.size(), cudaMemcpyDeviceToHost));
  };
  for (const bool fused : {false, true}) {
    const Tensor t(n, shape);
    FIELDSIM_CUDA(cudaMemcpy(t.x.as<>(), x.data(), 2 * n, cudaMemcpyHostToDevice));
    FIELDSIM_CUDA(cudaDeviceSynchronize());
    if (fused) {
      accept(quantize_and_hash(t.quant(type, n), t.tree(shape, n), s.stream.get()));
    } else {
      accept(quantize_int8(t.quant(type, n), s.stream.get()));
      accept(tree_hash(t.tree(shape, n), s.stream.get()));
    }
    download(t);
    const char* kind = type == Float16::f16 ? " f16" : " bf16";
    check(s, (std::string(fused ? "quantise-and-hash: codes" : "quantiser: codes") + kind).c_str(),
          n, shape, got == want);
    check(s,
          (std::string(fused ? "quantise-and-hash: digests" : "tree hash: digests") + kind).c_str(),
          n, shape, read == nodes);
  }
}

void add(Session& s, const char* name, std::size_t elements, const TreeShape* shape,
         double bytes_moved, Timing timing, const char* note) {
  Row row;
  row.group = "integrity";
  row.name = name;
  row.parameters = {{"elements", static_cast<std::int64_t>(elements)}};
  if (shape != nullptr) row.parameters.emplace_back("leaf_bytes", std::int64_t{shape->leaf_bytes});
  row.rate = bytes_moved / timing.all.median / 1e3;
  row.rate_unit = "GB/s";
  row.of_ceiling = s.copy_ceiling > 0 ? row.rate * 1e9 / s.copy_ceiling : 0;
  row.timing = std::move(timing);
  row.note = note;
  s.add(std::move(row));
}

// `n` elements; inputs rotate past the L2.
void measure_size(Session& s, std::size_t n) {
  const auto l2 = static_cast<std::size_t>(s.facts.l2_bytes);
  const auto rotation = plan_rotation(
      2 * n, l2, std::min(free_memory() / 2, 2 * n + kL2Multiple * l2 + (std::size_t{1} << 30)));
  if (!rotation || free_memory() < rotation->bytes() + 4 * n)
    return s.skip("integrity", std::to_string(n) + " elements", "memory");
  const DeviceBuffer inputs(rotation->bytes() + 4096);
  fill_random(inputs.as<>(), inputs.bytes(), 31, s.stream.get());
  const Tensor t(n, TreeShape{64, 2});  // digests large enough for every leaf size
  const auto count = static_cast<double>(n);
  const double box = s.box(0.3, 0.1);
  const auto quant_at = [&](std::size_t run) {
    QuantArgs a = t.quant(Float16::bf16, n);
    a.x = inputs.as<std::uint16_t>(rotation->offset(run));
    return a;
  };
  add(s, "quantise bf16", n, nullptr, 3 * count,
      device_time(s.stream, box,
                  [&](std::size_t run) { accept(quantize_int8(quant_at(run), s.stream.get())); }),
      "3 bytes moved an element");
  for (const std::uint32_t leaf : {1024u, 4096u, 16384u}) {
    if (!s.budget.allows(4 * box)) return s.skip("integrity", "leaf sizes", "time");
    const TreeShape shape{leaf, 2};
    add(s, "tree hash", n, &shape, count,
        device_time(s.stream, box,
                    [&](std::size_t run) {
                      TreeArgs a = t.tree(shape, n);
                      a.data = inputs.as<>(rotation->offset(run));
                      accept(tree_hash(a, s.stream.get()));
                    }),
        "per byte hashed");
    for (const bool keep : {true, false})
      add(s, keep ? "quantise-and-hash" : "quantise-and-hash, no codes", n, &shape, count,
          device_time(s.stream, box,
                      [&](std::size_t run) {
                        QuantArgs a = quant_at(run);
                        if (!keep) a.codes = nullptr;
                        accept(quantize_and_hash(a, t.tree(shape, n), s.stream.get()));
                      }),
          "per byte hashed");
    add(s, "quantise, then tree hash", n, &shape, count,
        device_time(s.stream, box,
                    [&](std::size_t run) {
                      accept(quantize_int8(quant_at(run), s.stream.get()));
                      accept(tree_hash(t.tree(shape, n), s.stream.get()));
                    }),
        "per byte hashed");
  }
}

}  // namespace

void measure_integrity(Session& s) {
  for (const auto& [n, leaf, arity] :
       {std::tuple<std::size_t, std::uint32_t, std::uint32_t>{1, 64, 2},
        {4096 * 3 + 77, 4096, 2},
        {1'000'003, 1024, 4},
        {300'000, 64, 3}}) {
    check_shape(s, Float16::f16, n, TreeShape{leaf, arity});
    check_shape(s, Float16::bf16, n, TreeShape{leaf, arity});
  }
  // The anchors of 13B (256 tokens: 105 M codes), one token's KV, and a gibibyte.
  for (const std::size_t n : {std::size_t{104'857'600}, std::size_t{409'600}, std::size_t{1} << 30,
                              std::size_t{8'388'608}}) {
    if (!s.budget.allows(1.0)) {
      s.skip("integrity", std::to_string(n) + " elements and the rest", "time");
      return;
    }
    measure_size(s, n);
  }
}

}  // namespace fieldsim::measure
