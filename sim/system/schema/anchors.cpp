#include <fmt/format.h>

#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace serving;

namespace {

constexpr std::int64_t kMostVectors = 1'000'000'000'000;

Schema<IndexParams> index_schema() {
  using P = IndexParams;
  Schema<P> s("index", "The vector index in which anchors are found");
  s.choice("kind", &P::kind,
           {{"flat", IndexKind::flat, "exact: every vector is compared"},
            {"ivf_flat", IndexKind::ivf_flat, "inverted lists of whole vectors"},
            {"ivf_pq", IndexKind::ivf_pq, "inverted lists of product-quantised codes"},
            {"hnsw", IndexKind::hnsw, "a layered small-world graph"}},
           "how it is searched")
      .choice("place", &P::place,
              {{"host", IndexPlace::host, "in host memory, searched by cores"},
               {"device", IndexPlace::device, "in device memory, beside generation"}},
              "where it lies and runs")
      .field("vectors", &P::vectors, "vectors at the start, the anchors among them")
      .range(1, kMostVectors)
      .field("dimension", &P::dimension, "elements of a vector")
      .range(1, 1'000'000)
      .field("element", &P::element, "of one element")
      .range(Bytes::raw(1), Bytes::raw(8))
      .field("neighbours", &P::neighbours, "k, answers of one search")
      .range(1, 1'000'000)
      .field("lists", &P::lists, "inverted lists (ivf_flat, ivf_pq)")
      .range(1, 1'000'000'000)
      .field("probes", &P::probes, "lists that a search goes over (ivf_flat, ivf_pq)")
      .range(1, 1'000'000'000)
      .field("code_bytes", &P::code_bytes, "of one 8-bit product-quantised code (ivf_pq)")
      .range(1, 1'000'000)
      .field("degree", &P::degree, "M, neighbours of a node (hnsw)")
      .range(2, 1'000'000)
      .field("expansions", &P::expansions, "ef, nodes expanded in the lowest layer (hnsw)")
      .range(1, 1'000'000'000)
      .field("threads", &P::threads, "host cores of one search")
      .range(1, 100'000)
      .field("core_rate", &P::core_rate, "arithmetic of one host core; assumed")
      .at_least(FlopsPerSecond::raw(1))
      .field("host_access", &P::host_access, "one dependent access to host memory; assumed")
      .at_least(Duration::zero())
      .field("device_access", &P::device_access, "one dependent access to device memory; assumed")
      .at_least(Duration::zero())
      .field("recall", &P::recall, "share of searches that find the anchor; assumed")
      .range(0.0, 1.0)
      .shorthand("kind")
      .check([](const P& p, config::Report& report) {
        if (p.probes > p.lists)
          report.problem("probes", fmt::format("{} is more than the {} lists", p.probes, p.lists));
      });
  return s;
}

Schema<FetchParams> fetch_schema() {
  using P = FetchParams;
  Schema<P> s("fetch", "Where a promoted anchor comes from");
  s.choice("from", &P::from,
           {{"host", FetchFrom::host, "it lies in this host's memory"},
            {"remote", FetchFrom::remote, "a replica sends it over the network"}},
           "where it lies")
      .field("latency", &P::latency, "until the replica's first byte (remote)")
      .at_least(Duration::zero())
      .field("rate", &P::rate, "of the network (remote)")
      .at_least(BytesPerSecond::raw(1))
      .shorthand("from");
  return s;
}

}  // namespace

Schema<AnchorParams> anchors_schema() {
  using P = AnchorParams;
  Schema<P> s("anchors", "The life of the anchors: found, fetched, verified, promoted, cached");
  s.field("count", &P::count, "distinct anchors")
      .range(1, 10'000'000)
      .field("per_request", &P::per_request,
             "anchors of one set, each an equal share of its tokens")
      .range(1, 1'000'000)
      .field("zipf", &P::zipf, "exponent of their popularity; 0 is uniform")
      .range(0.0, 10.0)
      .section("index", &P::index, index_schema(), "how one is found; without it, in no time")
      .section("fetch", &P::fetch, fetch_schema(), "where it comes from")
      .choice("promote", &P::promote,
              {{"copy_kv", Promote::copy_kv, "stored keys and values cross the link"},
               {"prefill", Promote::prefill, "its tokens are prefilled"}},
              "how its pages are written")
      .field("pinned", &P::pinned, "resident anchors are not evicted")
      .field("limit", &P::limit, "bytes of resident anchors; without one, what memory leaves")
      .at_least(Bytes::raw(1));
  return s;
}

// Rules between `anchors` and the sections beside it.
void check_anchors(const Scenario& s, config::Report& report) {
  if (!s.anchors) return;
  const AnchorParams& a = *s.anchors;
  if (s.attention.anchor_tokens < a.per_request || s.attention.anchor_tokens % a.per_request != 0)
    report.problem("attention.anchor_tokens",
                   fmt::format("{} tokens do not divide into the {} anchors of a request "
                               "(anchors.per_request)",
                               s.attention.anchor_tokens, a.per_request));
  if (a.per_request > a.count)
    report.problem("anchors.per_request", fmt::format("is above anchors.count, {}", a.count));
  if (a.index && a.index->vectors < a.count)
    report.problem(
        "anchors.index.vectors",
        fmt::format("the {} anchors are among the vectors: give at least that many", a.count));
}

}  // namespace fieldsim::system
