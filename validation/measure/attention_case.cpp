#include "validation/measure/attention_case.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace fieldsim::measure {

namespace {

constexpr std::size_t kElement = 2;  // bytes of FP16 and BF16

std::size_t product(std::int64_t count, std::size_t bytes) {
  return static_cast<std::size_t>(count) * bytes;
}

std::string refusal(const kernels::Error& error) {
  if (error.ok()) return "";
  return std::string(kernels::to_string(error.status)) + ": " + error.argument + " " + error.reason;
}

kernels::Problem problem_of(const Point& p, std::int32_t longest) {
  kernels::Problem problem;
  problem.dtype = p.f16 ? kernels::DType::f16 : kernels::DType::bf16;
  problem.mode =
      p.variant == Variant::gamma_fused ? kernels::Mode::gamma_mix : kernels::Mode::concat;
  problem.batch = p.batch;
  problem.q_heads = p.heads.q;
  problem.kv_heads = p.heads.kv;
  problem.head_dim = p.heads.dim;
  problem.max_q_len = p.q_len;
  problem.max_kv_len = longest;
  problem.max_anchors = p.anchors;
  problem.shared_anchors = p.shared_anchors;
  problem.cascade = p.variant == Variant::cascade;
  return problem;
}

// Page ids of all requests, drawn without order from the pool, as a serving system's are after a
// while. Ids below `first` are left to the anchors.
void draw_pages(AttentionCase* c, std::int32_t first, std::uint32_t seed) {
  const std::int32_t page = c->point.page;
  std::int64_t pages = 0;
  c->table_stride = 1;
  for (const std::int32_t length : c->kv) {
    const std::int32_t own = (length + page - 1) / page;
    pages += own;
    c->table_stride = std::max(c->table_stride, own);
  }
  c->pool_pages = std::max<std::int64_t>(1, first + pages);
  std::vector<std::int32_t> ids(static_cast<std::size_t>(pages));
  std::iota(ids.begin(), ids.end(), first);
  std::shuffle(ids.begin(), ids.end(), std::mt19937(seed));
  const auto stride = static_cast<std::size_t>(c->table_stride);
  c->table.assign(c->kv.size() * stride, -1);  // never read past a request's own pages
  std::size_t next = 0;
  for (std::size_t b = 0; b < c->kv.size(); ++b)
    for (std::int32_t i = 0; i < (c->kv[b] + page - 1) / page; ++i)
      c->table[b * stride + static_cast<std::size_t>(i)] = ids[next++];
}

std::string prepend(AttentionCase* c) {
  const Point& p = c->point;
  const std::int32_t per_set = (p.anchors + p.page - 1) / p.page;
  std::vector<std::int32_t> anchor_pages(
      static_cast<std::size_t>(per_set * (p.shared_anchors ? 1 : p.batch)));
  std::iota(anchor_pages.begin(), anchor_pages.end(), 0);
  const std::int32_t stride = c->table_stride + per_set;
  std::vector<std::int32_t> table(c->kv.size() * static_cast<std::size_t>(stride), -1);
  std::vector<std::int32_t> lengths(c->kv.size());
  kernels::Lengths before;
  before.kv = c->kv.data();
  before.q = c->q.data();
  const kernels::Error error =
      kernels::prepend_anchor_pages(c->problem, before, p.page, c->table.data(), c->table_stride,
                                    anchor_pages.data(), table.data(), stride, lengths.data());
  c->table = std::move(table);
  c->table_stride = stride;
  c->kv = std::move(lengths);
  c->problem.max_kv_len += p.anchors;
  c->problem.max_anchors = 0;
  return refusal(error);
}

}  // namespace

std::size_t AttentionCase::query_bytes() const {
  return product(query_tokens * problem.q_heads * problem.head_dim, kElement);
}
std::size_t AttentionCase::lse_bytes() const {
  return product(query_tokens * problem.q_heads, 2 * sizeof(float));  // two segments with a mixture
}
std::int64_t AttentionCase::page_elements() const {
  return std::int64_t{point.page} * problem.kv_heads * problem.head_dim;
}
std::size_t AttentionCase::pool_bytes() const {
  return product(pool_pages * page_elements(), kElement);
}
std::size_t AttentionCase::anchor_bytes() const {
  const std::int64_t sets = point.shared_anchors ? 1 : point.batch;
  return product(sets * point.anchors * problem.kv_heads * problem.head_dim, kElement);
}

std::string make_case(const Point& point, const kernels::DeviceInfo& device, std::uint32_t seed,
                      AttentionCase* made) {
  AttentionCase c;
  c.point = point;
  c.kv = kv_lengths(point);
  c.q.assign(c.kv.size(), point.q_len);
  c.query_tokens = std::int64_t{point.batch} * point.q_len;
  c.problem = problem_of(point, *std::max_element(c.kv.begin(), c.kv.end()));
  const bool prepended = point.variant == Variant::prepend_pages;
  const std::int32_t anchor_sets = point.shared_anchors ? 1 : point.batch;
  draw_pages(&c, prepended ? anchor_sets * ((point.anchors + point.page - 1) / point.page) : 0,
             seed);
  if (prepended)
    if (std::string refused = prepend(&c); !refused.empty()) return refused;
  kernels::Lengths lengths;
  lengths.kv = c.kv.data();
  lengths.q = c.q.data();
  kernels::Error error;
  if (point.variant == Variant::two_pass) {
    error = kernels::plan_two_pass(c.problem, device, lengths, {}, &c.two_pass);
    c.workspace_bytes = kernels::two_pass_workspace_bytes(c.problem, device);
  } else {
    error = kernels::plan_host(c.problem, device, lengths, {}, &c.plan);
    c.workspace_bytes = point.variant == Variant::unfused
                            ? kernels::unfused_workspace_bytes(c.problem, device)
                            : kernels::workspace_bytes(c.problem, device);
  }
  *made = std::move(c);
  return refusal(error);
}

kernels::Args args_of(const AttentionCase& c, const CaseBuffers& b) {
  const std::int64_t dim = c.problem.head_dim;
  const std::int64_t q_row = c.problem.q_heads * dim, kv_row = c.problem.kv_heads * dim;
  kernels::Args a;
  a.q = b.q;
  a.out = b.out;
  a.lse = b.lse;
  a.q_token = a.out_token = q_row;
  a.q_head = a.out_head = dim;
  a.kv.k = b.k;
  a.kv.v = b.v;
  a.kv.page_size = c.point.page;
  a.kv.k_page = a.kv.v_page = c.page_elements();
  // NHD: [page][token][head][dim]. HND: [page][head][token][dim].
  a.kv.k_token = a.kv.v_token = c.point.hnd ? dim : kv_row;
  a.kv.k_head = a.kv.v_head = c.point.hnd ? c.point.page * dim : dim;
  a.block_table = b.table;
  a.block_table_stride = c.table_stride;
  a.anchors.k = b.anchor_k;
  a.anchors.v = b.anchor_v;
  a.anchors.k_set = a.anchors.v_set = c.point.shared_anchors ? 0 : c.point.anchors * kv_row;
  a.anchors.k_token = a.anchors.v_token = kv_row;
  a.anchors.k_head = a.anchors.v_head = dim;
  a.gamma = b.gamma;
  return a;
}

}  // namespace fieldsim::measure
