#pragma once
// When the last CTA of a grid ends, counting only work on the SMs. CTAs start in a fixed order,
// each on the first SM slot that is free: this is what the hardware's CTA dispatcher does for a
// plain grid, and what an atomic tile counter does for a persistent kernel. CTAs resident on one SM
// share its pipes: `alone` is the share of the SM's throughput that a single resident CTA can use.
#include <cstdint>
#include <span>
#include <vector>

namespace fieldsim::hardware::tile {

// `repeat` CTAs in a row with `steps` inner-loop iterations each (KV tiles, or k steps).
struct CtaRun {
  double steps = 0;
  std::int64_t repeat = 0;
};

// The order: `repeats` times (requests), for every group of heads, the runs, each `group` times.
struct Grid {
  std::vector<CtaRun> runs;
  std::vector<std::int64_t> groups{1};
  std::int64_t repeats = 1;

  std::int64_t ctas() const;
  double steps() const;    // over all CTAs
  double longest() const;  // steps of the longest CTA
  bool uniform() const;    // every CTA has the same number of steps
};

// What one CTA costs its SM, in us of an SM that is fully used.
struct CtaCost {
  double prologue = 0;  // fixed: set-up, first loads, epilogue
  double step = 0;      // one iteration
  double skipped = 0;   // a CTA without work (an empty split) returns after this
  double of(double steps) const { return steps > 0 ? prologue + steps * step : skipped; }
};

struct SmSlots {
  std::int64_t sms = 1;
  std::int64_t ctas = 1;  // resident CTAs per SM
  double alone = 1.0;     // throughput of an SM with one resident CTA, of 1 with `ctas`
};

// The fast path: equal CTAs in closed form, otherwise list scheduling over runs of equal CTAs,
// where all but the last waves are taken as a fluid (the SMs are busy there whatever the order).
double makespan(const Grid& grid, const CtaCost& cost, const SmSlots& slots);

inline constexpr std::int64_t kExactWaves = 6;        // one CTA per SM
inline constexpr std::int64_t kExactSharedWaves = 2;  // several: a wave is that many CTAs per SM

// Events of one CTA in the full simulation, for traces and tests.
struct CtaTrace {
  std::int64_t sm = 0;
  double start = 0;
  std::vector<double> ends;  // of the prologue, then of every step
};

// The reference: every step of every CTA is an event on its SM; no symmetry is used. Exact, and
// slow.
double makespan_by_events(const Grid& grid, const CtaCost& cost, const SmSlots& slots,
                          std::vector<CtaTrace>* trace = nullptr);

}  // namespace fieldsim::hardware::tile
