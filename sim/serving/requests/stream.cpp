#include "sim/serving/requests/stream.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace fieldsim::serving {

namespace {

constexpr double kMicro = 1e6;  // a rate counts 1e-6/s

std::vector<Request> drawn(const RequestsParams& p, std::uint64_t seed) {
  SIM_CHECK(p.prompt_tokens && p.output_tokens && (p.count || p.duration), "a stream without end");
  const Drawn<Duration> between =
      p.arrival ? *p.arrival
                : Drawn<Duration>::exponential_of(Duration::raw(
                      std::llround(kMicro * kPsPerSecond / static_cast<double>(p.rate->count()))));
  const RandomStream arrival(seed, "requests.arrival"), prompt(seed, "requests.prompt_tokens"),
      output(seed, "requests.output_tokens");
  std::vector<Request> all;
  Duration at;
  for (std::uint64_t i = 0; !p.count || i < static_cast<std::uint64_t>(*p.count); ++i) {
    at += between.at(arrival.uniform_at(i));
    if (p.duration && scaled(at, 1 / p.rate_scale) >= *p.duration) break;
    all.push_back({at, std::max<std::int64_t>(1, p.prompt_tokens->at(prompt.uniform_at(i))),
                   std::max<std::int64_t>(1, p.output_tokens->at(output.uniform_at(i)))});
  }
  return all;
}

}  // namespace

std::vector<Request> request_stream(const RequestsParams& p, std::vector<Request> traced,
                                    std::uint64_t seed) {
  std::vector<Request> all = p.trace ? std::move(traced) : drawn(p, seed);
  if (p.limit && static_cast<std::int64_t>(all.size()) > *p.limit)
    all.resize(static_cast<std::size_t>(*p.limit));
  for (Request& r : all) r.arrival = scaled(r.arrival, 1 / p.rate_scale);
  if (p.duration)
    all.erase(std::find_if(all.begin(), all.end(),
                           [&](const Request& r) { return r.arrival >= *p.duration; }),
              all.end());
  return all;
}

}  // namespace fieldsim::serving
