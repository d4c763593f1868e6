#pragma once
// Time of one iteration of a batch as a function of how many sequences decode, of all their KV
// tokens, and of the prefill chunk that shares it: tables of the operators' times, linear between
// the nodes and exact at them. The tables are filled by whoever knows the operators.
#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"

namespace fieldsim::serving {

struct IterationTables {
  // Decode: sequences x KV tokens of all of them, ps. The first node of both is the least, and
  // what is beyond the last is extrapolated.
  std::vector<std::int64_t> sequences, kv_tokens;
  std::vector<std::vector<double>> decode;     // [sequences][kv]
  std::vector<std::vector<double>> attention;  // of it, reading the KV cache
  // What a prefill chunk adds: dense layers of so many tokens together with the decoding ones
  // (weights are read once), and its own attention behind cached tokens.
  std::vector<std::int64_t> dense_tokens;
  std::vector<double> dense;  // ps
  std::vector<std::int64_t> chunk_tokens, before_tokens;
  std::vector<std::vector<double>> chunk;  // [chunk][before]
  double host = 0;                         // ps an iteration, in decode and beside a prefill
  double overhead = 0;                     // share added to everything (attested TEE)
};

class IterationCost {
 public:
  explicit IterationCost(IterationTables tables) : t_(std::move(tables)) {}
  const IterationTables& tables() const { return t_; }

  // m iterations of n sequences that begin with `kv` tokens and add n each, ps: the arithmetic
  // series within each cell, so the cost is that of the cells crossed. n >= 1.
  double decode(std::int64_t n, std::int64_t kv, std::int64_t m = 1) const {
    return series(t_.decode, n, kv, m);
  }
  double attention(std::int64_t n, std::int64_t kv, std::int64_t m = 1) const {
    return series(t_.attention, n, kv, m);
  }
  // Of a prefill chunk alone, its attention.
  double chunk_attention(std::int64_t tokens, std::int64_t before) const;

  // One iteration in which n >= 0 sequences decode and `tokens` new ones are prefilled behind
  // `before`, ps.
  double mixed(std::int64_t n, std::int64_t kv, std::int64_t tokens, std::int64_t before) const;

 private:
  double series(const std::vector<std::vector<double>>& table, std::int64_t n, std::int64_t kv,
                std::int64_t m) const;

  IterationTables t_;
};

}  // namespace fieldsim::serving
