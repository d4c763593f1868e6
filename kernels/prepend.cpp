// Anchors as ordinary pages in front of every block table: what serves anchors today without a new
// kernel. Costs 4 bytes per page and request, and wants the anchor count to be a page multiple.
#include "kernels/plan_internal.hpp"

namespace fieldsim::kernels {

Error prepend_anchor_pages(const Problem& problem, const Lengths& lengths, std::int32_t page_size,
                           const std::int32_t* block_table, std::int32_t block_table_stride,
                           const std::int32_t* anchor_pages, std::int32_t* out_table,
                           std::int32_t out_stride, std::int32_t* out_kv_lengths) {
  if (Error e = check_problem(problem); !e.ok()) return e;
  if (Error e = check_lengths(problem, lengths); !e.ok()) return e;
  if (page_size < kMinPage || (page_size & (page_size - 1)) != 0)
    return {Status::bad_shape, "page_size", "is not a power of two of at least 16"};
  if (problem.mode != Mode::concat)
    return {Status::unsupported, "mode", "pages in front of the cache can only be concatenated"};
  if (block_table == nullptr) return {Status::bad_pointer, "block_table", "is null"};
  if (anchor_pages == nullptr && problem.max_anchors > 0)
    return {Status::bad_pointer, "anchor_pages", "is null"};
  if (out_table == nullptr) return {Status::bad_pointer, "out_table", "is null"};
  if (out_kv_lengths == nullptr) return {Status::bad_pointer, "out_kv_lengths", "is null"};
  const std::int32_t set_stride = ceil_div(problem.max_anchors, page_size);
  for (std::int32_t b = 0; b < problem.batch; ++b) {
    const std::int32_t count =
        lengths.anchors == nullptr ? problem.max_anchors : lengths.anchors[b];
    const std::int32_t front = count / page_size;
    const std::int32_t pages = ceil_div(lengths.kv[b], page_size);
    if (count % page_size != 0)
      return {Status::unsupported, "lengths.anchors", "is not a multiple of the page size"};
    if (pages > block_table_stride)
      return {Status::bad_shape, "block_table_stride", "is too short for the longest request"};
    if (front + pages > out_stride)
      return {Status::bad_shape, "out_stride", "is too short for anchors and cache"};
    const std::int32_t* set = anchor_pages;
    if (!problem.shared_anchors) set += std::int64_t{b} * set_stride;
    std::int32_t* out = out_table + std::int64_t{b} * out_stride;
    const std::int32_t* in = block_table + std::int64_t{b} * block_table_stride;
    for (std::int32_t i = 0; i < front; ++i) *out++ = set[i];
    for (std::int32_t i = 0; i < pages; ++i) *out++ = in[i];
    out_kv_lengths[b] = lengths.kv[b] + count;
  }
  return {};
}

}  // namespace fieldsim::kernels
