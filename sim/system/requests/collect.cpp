// From the book of a run to its result.
#include <algorithm>

#include "sim/system/requests/run.hpp"
#include "sim/system/simulate.hpp"

namespace fieldsim::system {

using serving::RequestLife;
using State = RequestLife::State;

namespace {

Spread spread(const Distribution& d) { return {d.mean, d.p50, d.p90, d.p99, d.max}; }

struct Latencies {
  std::vector<Duration> queue, ttft, tpot, e2e, first_released, released;
};

Duration per_token(Time first, Time last, std::int64_t tokens) {
  return tokens > 1 ? (last - first) / (tokens - 1) : Duration::zero();
}

bool meets(const serving::SloParams& slo, const RequestLife& l) {
  return (!slo.ttft || l.first_released - l.arrived <= *slo.ttft) &&
         (!slo.tpot || per_token(l.first_released, l.last_released, l.released) <= *slo.tpot);
}

Latencies latencies(const std::vector<RequestLife>& lives) {
  Latencies all;
  for (const RequestLife& l : lives) {
    if (l.state != State::done) continue;
    all.queue.push_back(l.placed - l.arrived);
    all.ttft.push_back(l.first - l.arrived);
    all.e2e.push_back(l.last - l.arrived);
    all.first_released.push_back(l.first_released - l.arrived);
    all.released.push_back(l.last_released - l.arrived);
    if (l.made > 1) all.tpot.push_back(per_token(l.first, l.last, l.made));
  }
  return all;
}

// A token's own time: what iterations are spent on, without the device's idle time.
hardware::Account of_a_token(const hardware::Account& device, double mean, std::int64_t tokens) {
  const Duration busy = device.total() - device[hardware::Category::stall];
  hardware::Account own;
  if (busy == Duration::zero()) return own;
  const double share = mean * static_cast<double>(tokens) / seconds(busy);
  for (std::size_t i = 0; i < hardware::kCategories; ++i) {
    const auto c = static_cast<hardware::Category>(i);
    if (c != hardware::Category::stall) own.add(c, scaled(device[c], share));
  }
  return own;
}

}  // namespace

void add_requests(const Scenario& s, const serving::AgentsWorld& world, Duration elapsed,
                  Result& result) {
  const serving::RequestBook& book = *world.book;
  const auto& slo = s.workload.requests->slo;
  const auto now = Time::at(elapsed);
  RequestsResult r;
  std::int64_t good_tokens = 0;
  for (std::size_t i = 0; i < book.lives().size(); ++i) {
    const RequestLife& l = book.lives()[i];
    const serving::Request& q = world.setup.requests[i];
    r.longest = std::max(r.longest, q.prompt + q.output);
    if (l.state != State::coming) ++r.arrived;
    if (l.preemptions > 0) ++r.preempted;
    if (l.state == State::queued || l.state == State::served) ++r.in_flight;
    if (l.state == State::refused) ++r.refused;
    if (l.state == State::given_up) ++r.given_up;
    if (l.state != State::done) continue;
    ++r.completed;
    if (slo && !meets(*slo, l)) continue;
    ++r.good;
    good_tokens += l.released;
  }
  Latencies all = latencies(book.lives());
  result.ttft = Duration::zero();
  if (!all.ttft.empty()) {
    int128 sum = 0;
    for (Duration d : all.ttft) sum += d.count();
    result.ttft =
        Duration::raw(static_cast<std::int64_t>(sum / static_cast<int128>(all.ttft.size())));
  }
  result.tpot = distribution(all.tpot);
  r.queue = spread(distribution(std::move(all.queue)));
  r.ttft = spread(distribution(std::move(all.ttft)));
  r.tpot = spread(result.tpot);
  result.breakdown = of_a_token(result.breakdown, result.tpot.mean, result.tokens);
  r.e2e = spread(distribution(std::move(all.e2e)));
  r.first_released = spread(distribution(std::move(all.first_released)));
  r.released = spread(distribution(std::move(all.released)));
  r.held = spread(result.recovery.output_commit);
  r.has_slo = slo.has_value();
  r.elapsed = seconds(elapsed);
  r.tokens = result.agents->tokens;
  r.prefill_tokens = world.batch.prefill_tokens();
  if (r.elapsed > 0) {
    r.per_s = static_cast<double>(r.completed) / r.elapsed;
    r.prompt_per_s = static_cast<double>(r.prefill_tokens) / r.elapsed;
    r.output_per_s = static_cast<double>(r.tokens.committed) / r.elapsed;
    r.good_per_s = static_cast<double>(r.good) / r.elapsed;
    r.good_tokens_per_s = static_cast<double>(good_tokens) / r.elapsed;
  }
  result.goodput = r.good_tokens_per_s;
  r.preemptions = book.preemptions();
  r.recomputed_tokens = result.agents->reprefilled_tokens;
  r.retracted_tokens = book.retracted();
  r.swapped_out = book.swapped_out();
  r.swapped_in = book.swapped_in();
  r.in_system_mean = book.in_system().mean(now);
  r.in_system_max = book.in_system().max();
  r.queued_mean = book.queued().mean(now);
  r.queued_max = book.queued().max();
  r.running_mean = result.agents->batch_mean;
  r.running_max = world.batch.peak();
  r.blocks = world.pool.capacity(serving::Place::device);
  r.blocks_max = world.pool.peak(serving::Place::device);
  r.blocks_at_end = world.pool.used(serving::Place::device) + world.pool.used(serving::Place::host);
  r.blocks_held_at_end = world.blocks_held();
  r.kv_utilization = book.blocks().mean(now) / static_cast<double>(r.blocks);
  r.evicted_caches = world.residency.evictions();
  r.iterations = world.batch.iterations();
  r.device_busy = result.agents->device_busy;
  result.requests = r;
}

}  // namespace fieldsim::system
