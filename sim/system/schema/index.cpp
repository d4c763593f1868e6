#include <fmt/format.h>

#include "sim/system/schema/schema.hpp"

namespace fieldsim::system {

using config::Schema;
using namespace serving;

namespace {
constexpr std::int64_t kMostVectors = 1'000'000'000'000;
}

Schema<IndexParams> index_schema(const char* doc, const char* vectors) {
  using P = IndexParams;
  Schema<P> s("index", doc);
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
      .field("vectors", &P::vectors, vectors)
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
      .field("recall", &P::recall, "share of searches that find the wanted row; assumed")
      .range(0.0, 1.0)
      .shorthand("kind")
      .check([](const P& p, config::Report& report) {
        if (p.probes > p.lists)
          report.problem("probes", fmt::format("{} is more than the {} lists", p.probes, p.lists));
      });
  return s;
}

}  // namespace fieldsim::system
