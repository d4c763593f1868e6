#pragma once
// What is kept to roll back with: how much, where, and what a rollback then has to compute again.
#include <cstdint>

#include "sim/base/units.hpp"
#include "sim/recovery/params.hpp"

namespace fieldsim::recovery {

struct Retained {
  Bytes device;  // beside the KV cache's own pages
  Bytes pages;   // of the cache's pages: the KV that waits for a verdict
  Bytes host;
  Bytes total() const { return device + pages + host; }
};

struct Context {
  Bytes kv_per_token;       // of the whole batch
  std::int64_t tokens = 0;  // prompt and output of each sequence
  std::int64_t page_tokens = 16;
  std::int64_t batch = 1;
};

// Of `unverified` tokens in `boundaries` boundaries. cow_blocks keeps the pages and one block table
// a boundary, four bytes a page; a copy keeps the KV twice; recompute only the token ids.
Retained retained(Checkpoint kind, const Context& context, std::int64_t unverified,
                  std::int64_t boundaries);

// One boundary's block table.
Bytes block_table(const Context& context);

// Tokens whose KV must be computed again (verification.md 4.6, I10): everything behind a failed
// prefix anchor; of a failed object at the tail, the tokens since that boundary that are kept.
std::int64_t tainted_tokens(bool prefix_anchor, std::int64_t context_tokens,
                            std::int64_t kept_of_boundary);

}  // namespace fieldsim::recovery
