#pragma once
// Text with a unit <-> integer quantity, in exact decimal arithmetic: "2.039 TB/s" is
// 2039000000000.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sim/base/units.hpp"

namespace fieldsim::config {

using TransfersPerSecond = Quantity<struct TransfersPerSecondTag>;  // 1/s, one lane of a bus

enum class Dimension {
  time,
  size,
  bandwidth,
  frequency,
  work,
  work_rate,
  power,
  energy,
  transfer_rate,
  cycles,
  arrival_rate,
};

// Ties a quantity's type to its dimension; a type without one cannot be a field.
template <Dimension D>
using Is = std::integral_constant<Dimension, D>;
template <class Q>
struct DimensionOf;
// clang-format off
template <> struct DimensionOf<Duration> : Is<Dimension::time> {};
template <> struct DimensionOf<Bytes> : Is<Dimension::size> {};
template <> struct DimensionOf<BytesPerSecond> : Is<Dimension::bandwidth> {};
template <> struct DimensionOf<Hertz> : Is<Dimension::frequency> {};
template <> struct DimensionOf<Flops> : Is<Dimension::work> {};
template <> struct DimensionOf<FlopsPerSecond> : Is<Dimension::work_rate> {};
template <> struct DimensionOf<Power> : Is<Dimension::power> {};
template <> struct DimensionOf<Energy> : Is<Dimension::energy> {};
template <> struct DimensionOf<TransfersPerSecond> : Is<Dimension::transfer_rate> {};
template <> struct DimensionOf<Cycles> : Is<Dimension::cycles> {};
template <> struct DimensionOf<ArrivalRate> : Is<Dimension::arrival_rate> {};
// clang-format on

// A value, or what is wrong with the text: "expected a bandwidth such as '2.039 TB/s', got ...".
template <class T>
struct Parsed {
  std::optional<T> value;
  std::string error;
  std::string nearest;  // the nearest valid unit or word, when there is one
};

Parsed<std::int64_t> parse_quantity(std::string_view text, Dimension dimension);
Parsed<std::int64_t> parse_count(std::string_view text);  // 64000, 1e6, 1.5e3, -1
Parsed<double> parse_ratio(std::string_view text);        // 0.92, 1e-3, 5 %
Parsed<bool> parse_bool(std::string_view text);           // true or false, nothing else

template <class Q>
Parsed<Q> parse_quantity(std::string_view text) {
  Parsed<std::int64_t> p = parse_quantity(text, DimensionOf<Q>::value);
  Parsed<Q> result{std::nullopt, std::move(p.error), std::move(p.nearest)};
  if (p.value) result.value = Q::raw(*p.value);
  return result;
}

// Exact and short: "2.039 TB/s", "16 GiB", "1.5 us". parse_quantity gives the same integer back.
std::string to_string(Dimension dimension, std::int64_t count);

template <class Tag>
std::string to_string(Quantity<Tag> q) {
  return to_string(DimensionOf<Quantity<Tag>>::value, q.count());
}

// "a bandwidth", "2.039 TB/s", and every unit that is understood.
std::string dimension_name(Dimension dimension);
std::string dimension_example(Dimension dimension);
std::vector<std::string> unit_names(Dimension dimension);

}  // namespace fieldsim::config
