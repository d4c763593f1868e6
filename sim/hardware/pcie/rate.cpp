#include "sim/hardware/pcie/rate.hpp"

#include <algorithm>

#include "sim/base/error.hpp"

namespace fieldsim::hardware::pcie {
namespace {

constexpr int128 kPpm = 1'000'000;

constexpr std::int64_t kWriteOverhead = 24;  // B: framing + sequence 4, 64-bit header 16, LCRC 4
constexpr std::int64_t kCompletionOverhead = 20;  // B: as above with a 12 B header (CplD)
constexpr std::int64_t kFlitOverhead = 16;        // B: Gen 6 TLPs have a header and no LCRC
constexpr std::int64_t kRequestBytes = 24;        // B: 64-bit MRd without payload
constexpr std::int64_t kDllp = 8;                 // B on the wire
constexpr std::int64_t kSkipBytes = 4, kSkipInterval = 1538;  // symbols

// Ack latency limit in symbols, base specification: (MPS + 28) * AckFactor / lanes + internal
// delay. The factor is in tenths; 115 symbols is the internal delay at 8 GT/s and above.
std::int64_t ack_interval(std::int64_t mps, std::int64_t lanes) {
  const std::int64_t tenths = mps >= 512   ? (lanes > 8 ? 20 : 10)
                              : lanes > 8  ? 30
                              : lanes == 8 ? 25
                                           : 14;
  return (mps + 28) * tenths / (10 * lanes) + 115;
}

std::int64_t megatransfers(std::int64_t generation) {
  SIM_CHECK(generation >= 3 && generation <= 6, "PCIe generation outside 3..6 passed validation");
  return 8'000 << (generation - 3);
}

}  // namespace

BytesPerSecond payload_rate(const LinkParams& link, Direction direction) {
  const auto& limit = direction == Direction::to_device ? link.to_device : link.to_host;
  if (link.kind == LinkKind::nvlink_c2c) {
    SIM_CHECK(limit.has_value(), "an NVLink-C2C link without a rate passed validation");
    return *limit;
  }
  const std::int64_t mps = link.max_payload.count();
  const int128 raw =
      static_cast<int128>(megatransfers(link.generation)) * 1'000'000 * link.lanes / 8;
  int128 rate = 0;
  if (link.generation <= 5) {
    const std::int64_t overhead =
        direction == Direction::to_host ? kWriteOverhead : kCompletionOverhead;
    const std::int64_t ack = ack_interval(mps, link.lanes);
    const int128 kept = kPpm - 2 * kPpm * kDllp / ack - kPpm * kSkipBytes / kSkipInterval;
    rate = raw * 128 / 130 * kept / kPpm * mps / (mps + overhead);
  } else {
    rate = raw * 236 / 256 * mps / (mps + kFlitOverhead);
  }
  const auto payload = BytesPerSecond::raw(detail::narrow(rate));
  return limit ? std::min(payload, *limit) : payload;
}

Bytes request_bytes(const LinkParams& link, Bytes payload) {
  if (link.kind == LinkKind::nvlink_c2c) return Bytes::zero();
  const std::int64_t mrrs = link.max_read_request.count();
  return Bytes::raw((payload.count() + mrrs - 1) / mrrs * kRequestBytes);
}

}  // namespace fieldsim::hardware::pcie
