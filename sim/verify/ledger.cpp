#include "sim/verify/ledger.hpp"

#include <bit>

namespace fieldsim::verify {

using hardware::Category;

std::int64_t path_length(std::int64_t entries) {
  return entries <= 1 ? 0 : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(entries - 1)));
}

Ledger::Ledger(des::Engine& engine, const LedgerParams& params, hardware::Host& host)
    : engine_(engine),
      params_(params),
      host_(host),
      path_(host.params().merkle_node * path_length(params.entries)) {
  if (auto* trace = engine.trace()) track_ = trace->track("ledger", "reads");
}

bool Ledger::needs_round_trip() const {
  switch (params_.consistency) {
    case Consistency::none:
    case Consistency::eventual: return false;
    case Consistency::cached_head:
    case Consistency::lease: return !have_head_ || engine_.now() - head_at_ >= params_.max_age;
    case Consistency::quorum:
    case Consistency::linearizable: return true;
  }
  return true;
}

des::Task<> Ledger::read(hardware::Account& spent) {
  if (params_.consistency == Consistency::none) co_return;
  ++reads_;
  const Time began = engine_.now();
  if (needs_round_trip()) {
    ++round_trips_;
    // The head's age counts from when it was asked for; concurrent readers share the answer.
    have_head_ = true;
    head_at_ = began;
    const bool logs = params_.consistency == Consistency::linearizable;
    co_await engine_.delay(params_.round_trip + (logs ? params_.commit : Duration::zero()));
    spent.add(Category::ledger, engine_.now() - began);
    busy_ += engine_.now() - began;
    const std::int64_t signatures = params_.consistency == Consistency::quorum ? params_.cosigners
                                    : params_.consistency == Consistency::cached_head ? 1
                                                                                       : 0;
    if (signatures > 0) {
      const Time checking = engine_.now();
      co_await host_.work(host_.params().signature_verify * signatures);
      spent.add(Category::hash, engine_.now() - checking);
    }
  }
  const Time walking = engine_.now();
  co_await host_.work(path_);
  spent.add(Category::hash, engine_.now() - walking);
  if (auto* trace = engine_.trace()) trace->span(track_, "read", began, engine_.now());
}

}  // namespace fieldsim::verify
