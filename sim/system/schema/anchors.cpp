#include <fmt/format.h>

#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace serving;

namespace {

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
      .section("index", &P::index,
               index_schema("The vector index in which anchors are found",
                            "vectors at the start, the anchors among them"),
               "how one is found; without it, in no time")
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
