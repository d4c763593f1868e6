// From a kernel's mangled name to its CPU form: the same bodies, on the project's fiber emulator.
#include <cstdio>
#include <cstdlib>

#include "kernels/cuda/merge.cuh"
#include "kernels/cuda/unfused.cuh"
#include "kernels/emu/grid.hpp"
#include "kernels/hash/tree_launch.hpp"
#include "tests/unit/measure/fake_cudart.hpp"

namespace {

using fieldsim::kernels::DType;
namespace emu = fieldsim::kernels::emu;
namespace kern = fieldsim::kernels;
using namespace fieldsim::integrity;

struct Block {
  int thread() const { return emu::thread_index(); }
  std::int64_t block() const { return emu::block_index(); }
  void sync() const { emu::sync_block(); }
  std::uint32_t* shared() const { return reinterpret_cast<std::uint32_t*>(emu::shared_bytes()); }
};

struct Call {
  const std::string& name;
  dim3 grid, block;
  void** arguments;
  std::size_t shared;
  bool is(const char* text) const { return name.find(text) != std::string::npos; }
  template <class T>
  const T& argument() const {
    return *static_cast<const T*>(arguments[0]);
  }
  template <class Body>
  bool launch(std::size_t shared_bytes, const Body& body) const {
    const emu::Outcome outcome =
        emu::launch(static_cast<int>(grid.x), static_cast<int>(block.x), shared_bytes, body, 1);
    if (outcome == emu::Outcome::ok) return true;
    std::fprintf(stderr, "emulator: %s: %s\n", name.c_str(), emu::to_string(outcome));
    std::abort();
  }
};

// Template arguments as they are mangled: an enumerator "E<value>E", an integer "Li<value>E".
bool has_dtype(const Call& c, DType type) {
  return c.is(type == DType::bf16 ? "DTypeE1E" : "DTypeE0E");
}
template <int kDim>
bool has_dim(const Call& c) {
  return c.is(("ELi" + std::to_string(kDim) + "E").c_str());
}

template <DType kType, int kDim>
bool attention(const Call& c) {
  if (!has_dtype(c, kType) || !has_dim<kDim>(c)) return false;
  if (c.is("fused_kernel")) {
    const auto& p = c.argument<kern::Params>();
    if (c.is("ELi3EEE")) return c.launch(c.shared, [&] { kern::fused_body<kType, kDim, 3>(p); });
    if constexpr (kDim > 64)
      if (c.is("ELi2EEE")) return c.launch(c.shared, [&] { kern::fused_body<kType, kDim, 2>(p); });
  }
  if (c.is("scores_kernel"))
    return c.launch(c.shared, [&] { kern::scores_body<kType, kDim>(c.argument<kern::Params>()); });
  if (c.is("values_kernel"))
    return c.launch(c.shared, [&] { kern::values_body<kType, kDim>(c.argument<kern::Params>()); });
  if (c.is("merge_kernel"))
    return c.launch(c.shared,
                    [&] { kern::merge_body<kType, kDim>(c.argument<kern::MergeParams>()); });
  return false;
}

template <DType kType>
bool attention(const Call& c) {
  if (c.is("softmax_rows_kernel") && has_dtype(c, kType))
    return c.launch(c.shared, [&] { kern::softmax_rows_body<kType>(c.argument<kern::Params>()); });
  return attention<kType, 64>(c) || attention<kType, 128>(c) || attention<kType, 256>(c);
}

template <Float16 kType, bool kPerTensor>
bool integrity_kernel(const Call& c) {
  if (!c.is(kType == Float16::f16 ? "Float16E1E" : "Float16E2E") ||
      !c.is(kPerTensor ? "ELb1E" : "ELb0E"))
    return false;
  if (c.is("leaf_kernel"))
    return c.launch(4 * kLeafSharedWords, [&] {
      hash_leaves<QuantSource<kType, kPerTensor>>(Block{}, c.argument<LeafArgs>());
    });
  const std::int64_t threads = std::int64_t{c.grid.x} * c.block.x;
  for (std::int64_t t = 0; t < threads; ++t)
    quantize_thread<kType, kPerTensor>(c.argument<QuantArgs>(), t, threads);
  return true;
}

bool hashing(const Call& c) {
  if (c.is("level_kernel"))
    return c.launch(4 * kLevelSharedWords, [&] { hash_levels(Block{}, c.argument<LevelArgs>()); });
  if (c.is("leaf_kernel") && c.is("RawSource"))
    return c.launch(4 * kLeafSharedWords,
                    [&] { hash_leaves<RawSource>(Block{}, c.argument<LeafArgs>()); });
  if (!c.is("leaf_kernel") && !c.is("quantize_kernel")) return false;
  return integrity_kernel<Float16::f16, true>(c) || integrity_kernel<Float16::f16, false>(c) ||
         integrity_kernel<Float16::bf16, true>(c) || integrity_kernel<Float16::bf16, false>(c);
}

}  // namespace

bool fake::run_kernel(const std::string& name, dim3 grid, dim3 block, void** arguments,
                      std::size_t shared_bytes) {
  const Call call{name, grid, block, arguments, shared_bytes};
  return hashing(call) || attention<DType::bf16>(call) || attention<DType::f16>(call);
}
