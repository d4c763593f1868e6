// Floating-point noise: the flip laws against quantisers that run, and what mitigations leave.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "kernels/quant/element.hpp"
#include "sim/base/random.hpp"
#include "sim/verify/noise.hpp"

using namespace fieldsim;
using namespace fieldsim::verify;

namespace {

constexpr int kDraws = 2'000'000;

// Box-Muller; the second of a pair is dropped.
double normal(RandomStream& r) {
  const double radius = std::sqrt(-2 * std::log(r.uniform()));
  return radius * std::cos(6.283185307179586 * r.uniform());
}

int code(double steps) { return integrity::quantize_element(static_cast<float>(steps), 1.0F); }

// Share of values, uniform over the codes -50 .. 50, whose code changes.
double flips(const char* name, const std::function<double(RandomStream&)>& noise) {
  RandomStream r(7, name);
  int changed = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = 100 * (r.uniform() - 0.5);
    changed += code(x) != code(x + noise(r)) ? 1 : 0;
  }
  return static_cast<double>(changed) / kDraws;
}

// Five standard deviations of a share p.
double margin(double p) { return 5 * std::sqrt(p / kDraws); }

}  // namespace

TEST_CASE("Gaussian noise flips sqrt(2 / pi) sigma / s of the codes") {
  for (const auto& [sigma, published] :
       {std::pair{.001, 7.98e-4}, {.01, 7.98e-3}, {.05, 3.99e-2}, {.2, .1596}}) {
    const double p = flip_probability(NoiseLaw::gaussian, sigma);
    CHECK(p == Approx(published).epsilon(1e-3));
    CHECK(flips("gaussian", [s = sigma](RandomStream& r) { return s * normal(r); }) ==
          Approx(p).margin(margin(p)));
  }
}

TEST_CASE("uniform noise flips half its bound, two noisy nodes sqrt(2) of one") {
  for (const auto& [bound, published] : {std::pair{.01, 5.0e-3}, {.1, 5.0e-2}}) {
    const double p = flip_probability(NoiseLaw::uniform, bound);
    CHECK(p == Approx(published));
    CHECK(flips("uniform", [b = bound](RandomStream& r) { return b * (2 * r.uniform() - 1); }) ==
          Approx(p).margin(margin(p)));
  }
  const double p = flip_probability(NoiseLaw::two_nodes, .05);
  CHECK(p == Approx(2 * .05 / std::sqrt(3.14159265358979)));
  RandomStream r(7, "two nodes");
  int changed = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = 100 * (r.uniform() - 0.5), a = .05 * normal(r), b = .05 * normal(r);
    changed += code(x + a) != code(x + b) ? 1 : 0;
  }
  CHECK(static_cast<double>(changed) / kDraws == Approx(p).margin(margin(p)));
  for (const NoiseLaw law : {NoiseLaw::uniform, NoiseLaw::gaussian, NoiseLaw::two_nodes})
    CHECK(flip_probability(law, spread_of(law, 0.03)) == Approx(0.03));
}

TEST_CASE("noise bounded by e can reach the share 2 e of the codes") {
  for (const double bound : {.01, .1}) {
    RandomStream r(7, "zone");
    int reachable = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = 100 * (r.uniform() - 0.5);
      reachable += code(x - bound) != code(x + bound) ? 1 : 0;
    }
    CHECK(at_risk(bound) == Approx(2 * bound));
    CHECK(static_cast<double>(reachable) / kDraws ==
          Approx(at_risk(bound)).margin(margin(2 * bound)));
  }
}

TEST_CASE("a hash of many recomputed codes matches always or never") {
  struct Row {
    double p;
    std::int64_t n;
    double any, within;
  };
  for (const Row& row : {Row{.05, 768, 1, 1e-9},
                         {1e-3, 768, .536, 1e-3},
                         {1e-3, 4'096, .983, 1e-3},
                         {1e-3, 5'120, .994, 1e-3},
                         {1e-3, 409'600, 1, 1e-9},
                         {1.6e-5, 768, .012, .03},
                         {1.6e-5, 4'096, .063, .02},
                         {1.6e-5, 5'120, .079, .01},
                         {1.6e-5, 409'600, .9986, 1e-4},
                         {2.7e-7, 768, 2e-4, .05},
                         {2.7e-7, 4'096, 1e-3, .12},
                         {2.7e-7, 5'120, 1.4e-3, .02},
                         {2.7e-7, 409'600, .10, .06},
                         {2.7e-7, 419'430'400, 1, 1e-9},
                         {1.6e-14, 768, 1e-11, .25},
                         {1.6e-14, 409'600, 7e-9, .07},
                         {1.6e-14, 419'430'400, 7e-6, .05}}) {
    CAPTURE(row.p, row.n);
    CHECK(any_flips(row.p, row.n) == Approx(row.any).epsilon(row.within));
  }
  CHECK(any_flips(.05, 0) == 0);
  CHECK(any_flips(0, 1'000) == 0);
  // Continuous where the two ways of computing it meet.
  CHECK(any_flips(1e-9, 9'999) == Approx(any_flips(1e-9, 10'001)).epsilon(1e-3));
  CHECK(any_flips(0.693 / 1e5, 100'000) == Approx(0.5).epsilon(1e-3));
}

TEST_CASE("flips are clustered: only runs that diverge can differ") {
  CHECK(false_positive(0.05, 0.05, 409'600) == Approx(0.05));
  CHECK(false_positive(0.05, 1e-3, 768) == Approx(0.05 * any_flips(1e-3, 768)));
  CHECK(false_positive(1, 0.05, 0) == 0);
}

TEST_CASE("a Gaussian in INT8 codes has 52.87 - 20 log10 K dB") {
  CHECK(sqnr_db(1) == Approx(52.87).margin(.005));
  CHECK(sqnr_db(4) == Approx(40.8).margin(.05));
  RandomStream r(7, "sqnr");
  double signal = 0, error = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = normal(r) * 127 / 4, e = x - code(x);
    if (std::abs(x) > 127) continue;  // what clips is another error
    signal += x * x;
    error += e * e;
  }
  CHECK(10 * std::log10(signal / error) == Approx(sqnr_db(4)).margin(.05));
}

TEST_CASE("a guard band of three sigma leaves 5.44e-5 of the codes and keeps 0.7 of them") {
  const NoiseSpec spec{.spread = .05, .elements = 1'000'000};
  const Mitigated m = mitigated(spec, {.kind = Mitigation::guard_band, .guard = .15});
  CHECK(m.flip == Approx(5.46e-5).epsilon(.005));
  CHECK(m.elements == Approx(700'000).margin(1));
  // One mask bit is worth H(0.3) = 0.8813 bit.
  CHECK(m.evidence_bits == Approx(881'291).epsilon(1e-4));
  RandomStream r(7, "guard band");
  int kept = 0, changed = 0;
  for (int i = 0; i < 4 * kDraws; ++i) {
    const double x = 100 * (r.uniform() - 0.5), place = x - std::floor(x);
    if (std::abs(place - 0.5) < .15) continue;  // near the boundary between two codes
    ++kept;
    changed += code(x) != code(x + .05 * normal(r)) ? 1 : 0;
  }
  CHECK(kept / (4.0 * kDraws) == Approx(.700).margin(.001));
  CHECK(static_cast<double>(changed) / kept == Approx(m.flip).margin(5 * std::sqrt(m.flip / kept)));
}

TEST_CASE("rounding hints of b bits tolerate half a step less 2^-(b+1)") {
  const NoiseSpec spec{.law = NoiseLaw::uniform, .spread = .5, .elements = 4'096};
  const Mitigated m = mitigated(spec, {.kind = Mitigation::rounding_hints, .bits = 4});
  CHECK(m.flip == Approx(1.0 / 16));
  CHECK(m.evidence_bits == 4 * 4'096);
  const NoiseSpec gentle{.law = NoiseLaw::uniform, .spread = .46, .elements = 4'096};
  CHECK(mitigated(gentle, {.kind = Mitigation::rounding_hints, .bits = 4}).mismatch == 0);
  // The verifier takes the whole number nearest to its own value less the published fraction.
  RandomStream r(7, "hints");
  int changed = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = 100 * (r.uniform() - 0.5), hint = std::round((x - code(x)) * 16) / 16;
    changed += code(x + .9 * (2 * r.uniform() - 1) - hint) != code(x) ? 1 : 0;
  }
  // A hint is off by up to 1/32 step: what is tolerated lies between the bound and half a step.
  const double measured = static_cast<double>(changed) / kDraws;
  CHECK(measured <= exceeds(NoiseLaw::uniform, .9, .5 * (1 - 1.0 / 16)));
  CHECK(measured >= exceeds(NoiseLaw::uniform, .9, .5) - margin(.5));
}

TEST_CASE(
    "a syndrome of the lowest bits takes 449 B for 4,096 codes, 52 B for 409,600 that flip less") {
  const auto at = [](std::int64_t n, double p) {
    return mitigated({.spread = spread_of(NoiseLaw::gaussian, p), .elements = n},
                     {.kind = Mitigation::lsb_syndrome});
  };
  const Mitigated many = at(4'096, .05), few = at(409'600, 1.6e-5);
  CHECK(many.corrects == 276);
  CHECK(std::round(many.evidence_bits / 8) == 449);
  CHECK(few.corrects == 22);
  CHECK(std::round(few.evidence_bits / 8) == 52);
  CHECK(many.mismatch < 1e-6);
  CHECK(few.mismatch < 1e-6);
  CHECK(few.mismatch == Approx(4.5e-7).epsilon(.02));  // Poisson, more than 22 of 6.55
  CHECK(at(4'096, 0).evidence_bits == 0);
}

TEST_CASE("a tolerance of one code leaves what is carried over two boundaries") {
  const NoiseSpec spec{.law = NoiseLaw::uniform, .spread = 3, .elements = 100};
  const Mitigated m = mitigated(spec, {.kind = Mitigation::threshold, .tolerance = 1});
  // E(|eta| - 1)+ = (3 - 1)^2 / 6, counted as one where eta crosses several: an upper bound.
  CHECK(m.flip == Approx(4.0 / 6));
  const NoiseSpec small{.law = NoiseLaw::uniform, .spread = 1.5, .elements = 100};
  RandomStream r(7, "tolerance");
  int refused = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = 100 * (r.uniform() - 0.5), y = x + 1.5 * (2 * r.uniform() - 1);
    refused += std::abs(code(x) - code(y)) > 1 ? 1 : 0;
  }
  CHECK(static_cast<double>(refused) / kDraws ==
        Approx(mitigated(small, {.kind = Mitigation::threshold}).flip).epsilon(.02));
}

TEST_CASE(
    "stored bytes and one order of summation leave nothing, and the latter costs a third of a "
    "step") {
  const NoiseSpec spec{.spread = .05, .elements = 409'600};
  CHECK(mitigated(spec, {}).mismatch == 1);
  CHECK(mitigated(spec, {.kind = Mitigation::stored_bytes}).mismatch == 0);
  const Mitigated invariant = mitigated(spec, {.kind = Mitigation::batch_invariant});
  CHECK(invariant.mismatch == 0);
  CHECK(invariant.overhead == Approx(.3435));
  CHECK(mitigated(spec, {.kind = Mitigation::batch_invariant, .overhead = .018}).overhead ==
        Approx(.018));
  CHECK(mitigated(spec, {.kind = Mitigation::integer_kernels, .exposed = 0}).mismatch == 0);
  CHECK(mitigated(spec, {.kind = Mitigation::integer_kernels}).mismatch == 1);
}
