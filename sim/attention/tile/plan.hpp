#pragma once
// The tiling of an attention call: tile sizes, split rule, dispatch order and bytes. Nothing here
// is fitted: it is read from the kernels' sources (named in each file), and holds for every GPU.
#include "sim/attention/tile/call.hpp"
#include "sim/hardware/gpu/tile/residency.hpp"
#include "sim/hardware/gpu/tile/schedule.hpp"
#include "sim/hardware/gpu/tile/shape.hpp"

namespace fieldsim::attention::tile {

struct AttentionPlan {
  std::int64_t tile_rows = 64;      // packed queries of one CTA
  std::int64_t tile_columns = 128;  // KV tokens of one inner iteration
  std::int64_t row_tiles = 1;       // per request and head
  std::int64_t kv_tiles = 1;        // of the whole context
  std::int64_t splits = 1;          // of the KV range, as chosen
  std::int64_t split_ctas = 1;      // splits that hold work
  std::int64_t resident = 1;        // CTAs per SM
  bool split_mode = false;          // the kernel was launched able to split: a combine follows
  bool copies = false;              // FlashAttention 2: transposed copies of Q and O around it
  bool grouped = false;             // FlashAttention 2: query heads swapped into rows
  bool scans_requests = false;      // FlashAttention 3: tile scheduler and combine walk the batch
  bool wide() const { return tile_rows > 64; }
  hardware::tile::Grid grid;  // steps are KV tiles

  double query_bytes = 0, output_bytes = 0;
  double kv_bytes = 0;       // read by the attention kernel
  double new_kv_bytes = 0;   // 16-bit input of the KV write
  double written_bytes = 0;  // its output in the cache's format
  double partial_bytes = 0;  // fp32 partial outputs of split KV, written once
  double write_warps = 0;    // per token
  double write_heads = 0;    // KV heads of 128 elements, per token
  double footprint() const { return query_bytes + output_bytes + kv_bytes + new_kv_bytes; }
};

// Which library's kernels: follows from the GPU's family unless a table names it.
enum class Library { flash2, flash3, trtllm };
Library library_of(hardware::tile::Family family);

AttentionPlan plan(const AttentionCall& call, const hardware::tile::GpuShape& gpu, Library library);

AttentionPlan plan_flash2(const AttentionCall& call, const hardware::tile::GpuShape& gpu);
AttentionPlan plan_flash3(const AttentionCall& call, const hardware::tile::GpuShape& gpu);
AttentionPlan plan_trtllm(const AttentionCall& call, const hardware::tile::GpuShape& gpu);

// Shared memory and threads of one CTA of the tiles above, for residency and the fit error.
hardware::tile::CtaResources cta_resources(Library library, std::int64_t rows, std::int64_t columns,
                                           std::int64_t head_dim, std::int64_t element_bytes);

// Throws ConfigError when one CTA does not fit in an SM: by how many bytes, and which tile would
// fit.
void check_tile_fits(const hardware::SmParams& sm, Library library, std::int64_t rows,
                     std::int64_t columns, std::int64_t head_dim, std::int64_t element_bytes,
                     const std::string& what);

}  // namespace fieldsim::attention::tile
