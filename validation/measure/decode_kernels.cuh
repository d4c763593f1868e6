#pragma once
// The small kernels of a decoder layer at batch 1, between the matrix-vector products and the
// attention. Activations are BF16, the residual stream FP32.
#include <cuda_runtime.h>

#include <cstdint>

namespace fieldsim::measure {

// x [width] = row *token of table [vocab, width].
void embed(const std::uint16_t* table, const std::int32_t* token, float* x, int width,
           cudaStream_t stream);
// out [width] = x / rms(x), unit weights.
void rms_norm(const float* x, std::uint16_t* out, int width, cudaStream_t stream);
// x [width] += y [width].
void add_residual(float* x, const std::uint16_t* y, int width, cudaStream_t stream);
// Writes this token's K and V, the last 2 kv_width of qkv, to element `at` of both pools (NHD).
void append_kv(const std::uint16_t* qkv, int width, int kv_width, std::uint16_t* k,
               std::uint16_t* v, std::int64_t at, cudaStream_t stream);
// out [ff] = silu(gate) * up, from gate_up [2, ff].
void silu_mul(const std::uint16_t* gate_up, std::uint16_t* out, int ff, cudaStream_t stream);
// *token = index of the largest of logits [vocab], the smallest index among equals.
void argmax(const std::uint16_t* logits, int vocab, std::int32_t* token, cudaStream_t stream);
// y [rows] = W [rows, columns] x: stands in where there is no cuBLAS. columns is a multiple of 8.
void matrix_vector(const std::uint16_t* w, const std::uint16_t* x, std::uint16_t* y, int rows,
                   int columns, cudaStream_t stream);

}  // namespace fieldsim::measure
