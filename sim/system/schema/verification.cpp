#include "sim/system/schema/schema.hpp"
#include "sim/system/schema/timing.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace verify;

namespace {

Schema<PayloadParams> payload_schema() {
  using P = PayloadParams;
  Schema<P> s("payload", "What is hashed at a boundary");
  s.choice("kind", &P::kind,
           {{"anchor_kv", PayloadKind::anchor_kv, "keys and values of all anchor tokens"},
            {"new_kv", PayloadKind::new_kv, "keys and values of the boundary's own tokens"},
            {"anchor_vector", PayloadKind::anchor_vector, "one vector of the model's width"}},
           "an object of the model")
      .field("bytes", &P::bytes, "an amount")
      .exactly_one_of({"kind", "bytes"})
      .shorthand("kind");
  return s;
}

Schema<HashSpec> hash_schema() {
  using P = HashSpec;
  Schema<P> s("hash", "Who hashes, and how");
  s.choice(
       "engine", &P::engine,
       {{"cpu_sha256", HashEngine::cpu_sha256, "SHA-256 on host cores, as the CPU can"},
        {"cpu_blake3", HashEngine::cpu_blake3, "BLAKE3 on host cores"},
        {"cpu_interpreted", HashEngine::cpu_interpreted, "element by element in an interpreter"},
        {"gpu_tree", HashEngine::gpu_tree, "a SHA-256 tree on the device"}},
       "hash engine")
      .field("threads", &P::threads, "host cores for one payload (CPU engines)")
      .range(1, 10'000)
      .field("leaf", &P::leaf, "bytes of one leaf of the tree")
      .range(Bytes::raw(64), Bytes::raw(1 << 30))
      .shorthand("engine");
  return s;
}

Schema<TransferParams> transfer_schema() {
  using P = TransferParams;
  Schema<P> s("transfer", "How the payload reaches the host");
  s.choice("memory", &P::memory,
           {{"pinned", TransferMemory::pinned, "DMA to pinned memory"},
            {"pageable", TransferMemory::pageable, "through a staging buffer"},
            {"none", TransferMemory::none, "the host has the bytes already"}},
           "host memory of the copies")
      .field("pieces", &P::pieces, "copies of one payload, each synchronised")
      .range(1, 1'000'000)
      .field("overlap", &P::overlap, "hash a piece while the next is copied")
      .field("synchronize", &P::synchronize, "wake-up after a copy, instead of the hardware's")
      .at_least(Duration::zero())
      .shorthand("memory");
  return s;
}

Schema<LedgerParams> ledger_schema() {
  using P = LedgerParams;
  Schema<P> s("ledger", "Reading the ledger");
  s.choice("consistency", &P::consistency,
           {{"none", Consistency::none, "no ledger"},
            {"eventual", Consistency::eventual, "the local replica as it is"},
            {"cached_head", Consistency::cached_head, "a signed head at most max_age old"},
            {"lease", Consistency::lease, "a head under lease, renewed each max_age"},
            {"quorum", Consistency::quorum, "a round trip and the cosigners' signatures"},
            {"linearizable", Consistency::linearizable, "a round trip and the log's commit"}},
           "what a read guarantees")
      .field("round_trip", &P::round_trip, "to the ledger and back")
      .at_least(Duration::zero())
      .field("commit", &P::commit, "the log's write, of a linearizable read")
      .at_least(Duration::zero())
      .field("max_age", &P::max_age, "of a cached head or a lease")
      .at_least(Duration::raw(1))
      .field("entries", &P::entries, "leaves of the ledger's tree")
      .range(1, std::int64_t{1} << 60)
      .field("cosigners", &P::cosigners, "signatures of a quorum read")
      .range(1, 1000)
      .field("each_piece", &P::each_piece, "read for each piece, not once for each boundary")
      .choice("partition", &P::partition,
              {{"fail_closed", Partition::fail_closed, "wait until it ends"},
               {"fail_open", Partition::fail_open, "go on with the last head, up to open_limit"}},
              "while the ledger cannot be reached")
      .field("open_limit", &P::open_limit, "oldest head that fail_open uses")
      .at_least(Duration::zero())
      .shorthand("consistency");
  return s;
}

}  // namespace

Schema<VerificationParams> verification_schema() {
  using P = VerificationParams;
  Schema<P> s("verification", "What is checked, when, and how");
  s.choice("timing", &P::timing, timings(), "when verdicts are waited for")
      .section("on_load", &P::on_load, on_load_schema(), "timing on_load")
      .section("audit", &P::audit, audit_schema(), "timing sampled_audit")
      .section("challenge", &P::challenge, challenge_schema(), "timing challenge_window")
      .section("tee", &P::tee, tee_schema(), "timing attested_tee")
      .section("boundary", &P::boundary, boundary_schema(), "when a commit boundary closes")
      .field("window", &P::window,
             "boundaries being generated or unverified at once; 1 is stop and wait")
      .range(1, 1'000'000)
      .field("workers", &P::workers, "boundaries checked at once")
      .range(1, 1'000'000)
      .section("payload", &P::payload, payload_schema(), "what is hashed")
      .choice("quantize", &P::quantize,
              {{"none", Quantize::none, "the stored bytes are hashed"},
               {"int8_static", Quantize::int8_static, "INT8 codes with a static scale are hashed"}},
              "deterministic quantisation before hashing")
      .reference("scheme", &P::scheme, scheme_schema(), "schemes",
                 "what makes the inference verifiable; without one the payload is hashed")
      .section("noise_mitigation", &P::noise_mitigation, mitigation_schema(),
               "what is done about floating-point noise in recomputed state")
      .section("hash", &P::hash, hash_schema(), "hash engine")
      .section("transfer", &P::transfer, transfer_schema(), "copies to the host")
      .section("ledger", &P::ledger, ledger_schema(), "ledger reads")
      .check([](const P& p, config::Report& report) {
        if (p.scheme && p.timing == Timing::on_load && !hashes(p.scheme->kind))
          report.problem("timing",
                         "on_load compares digests of stored bytes; this scheme checks what is "
                         "computed: take optimistic or pessimistic");
        if (p.scheme && p.scheme->kind == SchemeKind::gpu_hash &&
            p.hash.engine != HashEngine::gpu_tree)
          report.problem("hash.engine", "the scheme hashes on the device: give hash: gpu_tree");
        if (p.scheme && p.scheme->kind == SchemeKind::sampling && p.timing != Timing::sampled_audit)
          report.problem("timing", "the scheme checks a sample: give timing: sampled_audit");
        if (p.hash.engine == HashEngine::gpu_tree && p.ledger.each_piece)
          report.problem("ledger.each_piece", "gpu_tree yields one root, so there is one read");
        if (p.transfer.overlap && p.transfer.memory == TransferMemory::none)
          report.problem("transfer.overlap", "there is no copy to overlap with");
      });
  return s;
}

}  // namespace fieldsim::system
