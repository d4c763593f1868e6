"""Triton kernels of peers.py: split-KV decode over a paged cache, and the merge of its splits.

K and V pools are [page, PAGE, KV_HEADS, DIM]; q and out [batch, KV_HEADS * GROUP, DIM]; partial results
[batch * KV_HEADS * GROUP, splits (, DIM)] in FP32, with maxima in base 2.
"""
import triton
import triton.language as tl


@triton.jit
def split_kernel(q, k, v, table, lengths, part_o, part_m, part_l, scale_log2, table_stride, splits,
                 GROUP: tl.constexpr, ROWS: tl.constexpr, DIM: tl.constexpr, PAGE: tl.constexpr,
                 BLOCK: tl.constexpr, KV_HEADS: tl.constexpr):
    # One program: the GROUP query heads of one KV head against one split of one request's tokens.
    request, head, split = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    length = tl.load(lengths + request)
    per_split = tl.cdiv(tl.cdiv(length, splits), BLOCK) * BLOCK
    begin = split * per_split
    end = tl.minimum(begin + per_split, length)
    rows, dims, tokens = tl.arange(0, ROWS), tl.arange(0, DIM), tl.arange(0, BLOCK)
    row_at = (request * KV_HEADS + head) * GROUP + rows
    real = rows < GROUP
    query = tl.load(q + row_at[:, None] * DIM + dims[None, :], mask=real[:, None], other=0.0)
    m = tl.full([ROWS], float("-inf"), tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    acc = tl.zeros([ROWS, DIM], tl.float32)
    for start in range(begin, end, BLOCK):
        token = start + tokens
        valid = token < end
        page = tl.load(table + request * table_stride + token // PAGE, mask=valid, other=0).to(tl.int64)
        at = ((page * PAGE + token % PAGE) * KV_HEADS + head) * DIM
        keys = tl.load(k + at[None, :] + dims[:, None], mask=valid[None, :], other=0.0)
        scores = tl.where(valid[None, :], tl.dot(query, keys) * scale_log2, float("-inf"))
        m_new = tl.maximum(m, tl.max(scores, 1))
        alpha = tl.exp2(m - m_new)
        weights = tl.exp2(scores - m_new[:, None])
        total = total * alpha + tl.sum(weights, 1)
        values = tl.load(v + at[:, None] + dims[None, :], mask=valid[:, None], other=0.0)
        acc = acc * alpha[:, None] + tl.dot(weights.to(values.dtype), values)
        m = m_new
    part = row_at * splits + split
    tl.store(part_m + part, m, mask=real)
    tl.store(part_l + part, total, mask=real)
    tl.store(part_o + part[:, None] * DIM + dims[None, :], acc, mask=real[:, None])


@triton.jit
def merge_kernel(part_o, part_m, part_l, out, splits, SPLITS: tl.constexpr, DIM: tl.constexpr):
    row = tl.program_id(0)
    split, dims = tl.arange(0, SPLITS), tl.arange(0, DIM)
    there = split < splits
    m = tl.load(part_m + row * splits + split, mask=there, other=float("-inf"))
    total = tl.load(part_l + row * splits + split, mask=there, other=0.0)
    weight = tl.exp2(m - tl.max(m, 0))  # an empty split has m = -inf and weight 0
    o = tl.load(part_o + (row * splits + split)[:, None] * DIM + dims[None, :], mask=there[:, None], other=0.0)
    result = tl.sum(o * weight[:, None], 0) / tl.sum(total * weight, 0)
    tl.store(out + row * DIM + dims, result.to(out.dtype.element_ty))
