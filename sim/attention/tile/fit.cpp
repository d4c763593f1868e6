// Shared memory of one CTA: Q tile, `stages` K and V tiles, and what the library keeps beside them.
#include <algorithm>

#include <fmt/format.h>

#include "sim/attention/tile/plan.hpp"
#include "sim/base/error.hpp"

namespace fieldsim::attention::tile {
namespace {

// Stages of the K/V ring, from the launch templates: FlashAttention 2 keeps one K and one V tile
// (loads of the next overlap the other's use); FlashAttention 3 two of each.
std::int64_t stages(Library library) { return library == Library::flash2 ? 1 : 2; }

std::int64_t threads(Library library, std::int64_t rows) {
  constexpr std::int64_t kWarpgroup = 128;
  if (library == Library::flash2) return kWarpgroup;
  return kWarpgroup * (1 + std::max<std::int64_t>(rows / 64, 1));  // one producer warpgroup
}

std::int64_t tile_bytes(Library library, std::int64_t rows, std::int64_t columns,
                        std::int64_t head_dim, std::int64_t element) {
  return (rows + 2 * stages(library) * columns) * head_dim * element;
}

}  // namespace

hardware::tile::CtaResources cta_resources(Library library, std::int64_t rows, std::int64_t columns,
                                           std::int64_t head_dim, std::int64_t element_bytes) {
  hardware::tile::CtaResources cta;
  cta.threads = threads(library, rows);
  constexpr std::int64_t kRegisterFile = 65536, kMost = 255;
  // FlashAttention 3 is compiled for one CTA per SM; FlashAttention 2's split kernel uses all of
  // 255.
  cta.registers =
      library == Library::flash2 ? kMost : std::min(kMost, kRegisterFile / cta.threads / 8 * 8);
  cta.shared_memory = Bytes::raw(tile_bytes(library, rows, columns, head_dim, element_bytes));
  return cta;
}

void check_tile_fits(const hardware::SmParams& sm, Library library, std::int64_t rows,
                     std::int64_t columns, std::int64_t head_dim, std::int64_t element_bytes,
                     const std::string& what) {
  const auto r =
      hardware::tile::residency(sm, cta_resources(library, rows, columns, head_dim, element_bytes));
  if (r.ctas > 0) return;
  // The widest tile in the kernel's own unit that leaves room for Q.
  constexpr std::int64_t kUnit = 16;
  const std::int64_t room = sm.shared_memory_per_cta.count() - rows * head_dim * element_bytes;
  const std::int64_t fit = std::max<std::int64_t>(room, 0) /
                           (2 * stages(library) * head_dim * element_bytes) / kUnit * kUnit;
  std::string hint = fit > 0 ? fmt::format("{} x {} would fit", rows, fit)
                             : fmt::format("not even {} x {} would; use fewer rows", rows, kUnit);
  throw ConfigError(
      Where{}, "attention.tile",
      fmt::format(
          "{} tile of {} x {} (head size {}) needs {} B of shared memory, {} B more than the "
          "{} B that one CTA may use ({}); {}",
          what, rows, columns, head_dim,
          tile_bytes(library, rows, columns, head_dim, element_bytes), r.over.count(),
          sm.shared_memory_per_cta.count(), hardware::tile::name(r.limit), hint));
}

}  // namespace fieldsim::attention::tile
