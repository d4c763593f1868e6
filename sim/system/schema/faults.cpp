#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace recovery;

namespace {

constexpr Duration kShortest = Duration::raw(1);

template <class P>
Schema<P> every(const char* name, const char* doc, const char* of) {
  Schema<P> s(name, doc);
  s.field("every", &P::every, of).at_least(kShortest).shorthand("every");
  return s;
}

Schema<TokenFlip> token_flip_schema() {
  Schema<TokenFlip> s("token_flip", "A token comes out different on its own");
  s.field("probability", &TokenFlip::probability, "of a token")
      .range(0.0, 1.0)
      .shorthand("probability");
  return s;
}

Schema<TimeOfUse> time_of_use_schema() {
  Schema<TimeOfUse> s("time_of_use", "Changed after its check and before its use (TOCTOU)");
  s.field("probability", &TimeOfUse::probability, "of a boundary")
      .range(0.0, 1.0)
      .shorthand("probability");
  return s;
}

Schema<Noise> noise_schema() {
  using P = Noise;
  Schema<P> s("noise", "Floating-point noise in recomputed state makes a true hash differ");
  s.field("diverges", &P::diverges, "share of boundaries whose recomputation diverges")
      .range(0.0, 1.0)
      .choice("law", &P::law,
              {{"uniform", verify::NoiseLaw::uniform, "within +- sigma"},
               {"gaussian", verify::NoiseLaw::gaussian, "of standard deviation sigma"},
               {"two_nodes", verify::NoiseLaw::two_nodes, "both nodes, each with sigma"}},
              "distribution of the difference")
      .field("flip", &P::flip, "E|eta| / s: probability that one element's INT8 code flips")
      .range(0.0, 1.0)
      .field("sigma", &P::sigma, "the noise of one element, where flip is not given")
      .at_least(0.0)
      .field("scale", &P::scale, "one step of the quantiser, in the unit of sigma")
      .at_least(1e-300)
      .field("elements", &P::elements,
             "recomputed and hashed at a boundary; those of the payload when not given, 0 when "
             "stored bytes are hashed")
      .range(0, std::int64_t{1} << 50)
      .field("systematic", &P::systematic, "a retry meets the same noise");
  return s;
}

Schema<LedgerFaults> ledger_faults_schema() {
  using P = LedgerFaults;
  Schema<P> s("ledger", "What goes wrong with the ledger");
  s.field("revoked_every", &P::revoked_every, "mean time until an anchor is revoked")
      .at_least(kShortest)
      .field("equivocation", &P::equivocation, "probability that a read is answered falsely")
      .range(0.0, 1.0)
      .field("partition_every", &P::partition_every, "mean time between partitions")
      .at_least(kShortest)
      .field("partition_lasts", &P::partition_lasts, "mean length of a partition")
      .at_least(kShortest);
  return s;
}

Schema<Crash> crash_schema(const char* name, const char* doc) {
  Schema<Crash> s(name, doc);
  s.field("every", &Crash::every, "mean time between crashes")
      .at_least(kShortest)
      .field("restart", &Crash::restart, "until it works again")
      .at_least(Duration::zero());
  return s;
}

Schema<SlowVerifier> slow_verifier_schema() {
  using P = SlowVerifier;
  Schema<P> s("slow_verifier", "Checks that take longer");
  s.field("probability", &P::probability, "of a check")
      .range(0.0, 1.0)
      .field("factor", &P::factor, "it takes so many times as long")
      .range(1.0, 1e6);
  return s;
}

}  // namespace

Schema<Faults> faults_schema() {
  using P = Faults;
  Schema<P> s("faults", "What goes wrong");
  s.field("verdict_failure", &P::verdict_failure, "probability that a verdict is 'no'")
      .range(0.0, 1.0)
      .section("token_flip", &P::token_flip, token_flip_schema(),
               "another kernel, batch shape or a soft error; a replay finds where")
      .section("bit_flips", &P::bit_flips,
               every<BitFlips>("bit_flips", "A bit flips in device memory",
                               "mean time between flips that matter, while generating"),
               "in device memory; gone after a rollback")
      .section("tampering", &P::tampering,
               every<Tampering>("tampering", "The anchor itself is falsified, and stays so",
                                "mean time until it happens, while generating"),
               "every verdict fails until another replica is fetched")
      .section("time_of_use", &P::time_of_use, time_of_use_schema(), "between check and use")
      .section("noise", &P::noise, noise_schema(), "false positives from floating-point noise")
      .section("ledger", &P::ledger, ledger_faults_schema(), "revocation, equivocation, partition")
      .section("device_crash", &P::device_crash,
               crash_schema("device_crash", "The device stops and restarts"),
               "fail-stop: work since the last boundary is lost")
      .section("verifier_crash", &P::verifier_crash,
               crash_schema("verifier_crash", "The verifier stops and restarts"),
               "checks in flight start again")
      .section("slow_verifier", &P::slow_verifier, slow_verifier_schema(),
               "checks that take longer");
  return s;
}

}  // namespace fieldsim::system
