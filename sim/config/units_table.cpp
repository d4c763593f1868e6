#include "sim/config/units_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "sim/base/error.hpp"

namespace fieldsim::config {

namespace {
using enum Dimension;
constexpr std::int64_t kK = 1'000, kM = kK * kK, kG = kM * kK, kT = kG * kK, kP = kT * kK;
constexpr std::int64_t kKi = 1024, kMi = kKi * kKi, kGi = kMi * kKi, kTi = kGi * kKi;

constexpr Unit kUnits[] = {
    {"ps", time, 1},
    {"ns", time, kK},
    {"us", time, kM},
    {"\u00b5s", time, kM, 1, false},  // micro sign
    {"\u03bcs", time, kM, 1, false},  // Greek mu
    {"ms", time, kG},
    {"s", time, kT},
    {"min", time, 60 * kT, 1, false},
    {"h", time, 3600 * kT, 1, false},
    {"B", size, 1},
    {"KB", size, kK},
    {"kB", size, kK, 1, false},
    {"MB", size, kM},
    {"GB", size, kG},
    {"TB", size, kT},
    {"KiB", size, kKi},
    {"MiB", size, kMi},
    {"GiB", size, kGi},
    {"TiB", size, kTi},
    {"B/s", bandwidth, 1},
    {"KB/s", bandwidth, kK},
    {"kB/s", bandwidth, kK, 1, false},
    {"MB/s", bandwidth, kM},
    {"GB/s", bandwidth, kG},
    {"TB/s", bandwidth, kT},
    {"PB/s", bandwidth, kP},
    {"KiB/s", bandwidth, kKi},
    {"MiB/s", bandwidth, kMi},
    {"GiB/s", bandwidth, kGi},
    {"TiB/s", bandwidth, kTi},
    // Network rates count bits; the eighth is exact or an error.
    {"kb/s", bandwidth, kK, 8, false},
    {"Mb/s", bandwidth, kM, 8, false},
    {"Gb/s", bandwidth, kG, 8, false},
    {"Tb/s", bandwidth, kT, 8, false},
    {"kbit/s", bandwidth, kK, 8, false},
    {"Mbit/s", bandwidth, kM, 8, false},
    {"Gbit/s", bandwidth, kG, 8, false},
    {"Tbit/s", bandwidth, kT, 8, false},
    {"kbps", bandwidth, kK, 8, false},
    {"Mbps", bandwidth, kM, 8, false},
    {"Gbps", bandwidth, kG, 8, false},
    {"Tbps", bandwidth, kT, 8, false},
    {"Hz", frequency, 1},
    {"kHz", frequency, kK},
    {"MHz", frequency, kM},
    {"GHz", frequency, kG},
    {"FLOP", work, 1},
    {"KFLOP", work, kK},
    {"MFLOP", work, kM},
    {"GFLOP", work, kG},
    {"TFLOP", work, kT},
    {"PFLOP", work, kP},
    {"FLOP/s", work_rate, 1},
    {"MFLOP/s", work_rate, kM},
    {"GFLOP/s", work_rate, kG},
    {"TFLOP/s", work_rate, kT},
    {"PFLOP/s", work_rate, kP},
    {"OP/s", work_rate, 1, 1, false},
    {"GOP/s", work_rate, kG, 1, false},
    {"TOP/s", work_rate, kT, 1, false},
    {"POP/s", work_rate, kP, 1, false},
    {"mW", power, 1},
    {"W", power, kK},
    {"kW", power, kM},
    {"MW", power, kG},
    {"nJ", energy, 1},
    {"uJ", energy, kK},
    {"\u00b5J", energy, kK, 1, false},
    {"\u03bcJ", energy, kK, 1, false},
    {"mJ", energy, kM},
    {"J", energy, kG},
    {"kJ", energy, kT},
    {"Wh", energy, 3600 * kG, 1, false},
    {"kWh", energy, 3600 * kT, 1, false},
    {"T/s", transfer_rate, 1},
    {"MT/s", transfer_rate, kM},
    {"GT/s", transfer_rate, kG},
    {"cycles", cycles, 1},
    {"cycle", cycles, 1, 1, false},
    {"/s", arrival_rate, kM},
    {"/ s", arrival_rate, kM, 1, false},
};

constexpr std::array<DimensionInfo, 11> kInfo = {{
    {"a time", "5 us", "1 ps"},
    {"a size", "16 GiB", "1 B"},
    {"a bandwidth", "2.039 TB/s", "1 B/s"},
    {"a frequency", "1410 MHz", "1 Hz"},
    {"an amount of work", "26 GFLOP", "1 FLOP"},
    {"a rate of work", "312 TFLOP/s", "1 FLOP/s"},
    {"a power", "400 W", "1 mW"},
    {"an energy", "1.5 J", "1 nJ"},
    {"a transfer rate", "32 GT/s", "1 T/s"},
    {"a number of cycles", "200 cycles", "1 cycle"},
    {"a rate of arrivals", "4 /s", "0.000001 /s"},
}};

// What people write instead of our spelling.
struct Alias {
  std::string_view written;  // lower case
  std::string_view meant;
};
constexpr Alias kAliases[] = {
    {"sec", "s"},
    {"secs", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"msec", "ms"},
    {"usec", "us"},
    {"nsec", "ns"},
    {"psec", "ps"},
    {"mins", "min"},
    {"minute", "min"},
    {"minutes", "min"},
    {"hour", "h"},
    {"hours", "h"},
    {"hr", "h"},
    {"byte", "B"},
    {"bytes", "B"},
    {"gbps", "GB/s"},
    {"mbps", "MB/s"},
    {"tbps", "TB/s"},
    {"kbps", "KB/s"},
    {"gibps", "GiB/s"},
    {"mibps", "MiB/s"},
    {"tflops", "TFLOP/s"},
    {"gflops", "GFLOP/s"},
    {"pflops", "PFLOP/s"},
    {"tflops/s", "TFLOP/s"},
    {"gflops/s", "GFLOP/s"},
    {"pflops/s", "PFLOP/s"},
    {"tops", "TOP/s"},
    {"watt", "W"},
    {"watts", "W"},
    {"joule", "J"},
    {"joules", "J"},
    {"clocks", "cycles"},
    {"clk", "cycles"},
};

std::string lower(std::string_view s) {
  std::string r(s);
  for (char& c : r) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return r;
}
}  // namespace

std::span<const Unit> units() { return kUnits; }

const Unit* find_unit(std::string_view name) {
  const auto* u = std::ranges::find(kUnits, name, &Unit::name);
  return u == std::end(kUnits) ? nullptr : u;
}

const DimensionInfo& info(Dimension dimension) {
  return kInfo[static_cast<std::size_t>(dimension)];
}

// The notes are for the three slips that change a result silently: b for B, G for GB or GiB, case.
UnitHint unit_hint(std::string_view unit, Dimension wanted) {
  const std::string low = lower(unit);
  const bool bits = (unit.ends_with('b') && !low.ends_with("ib")) || low.ends_with("bit");
  if (wanted == size && unit.size() <= 4 && bits) {
    if (unit.size() == 1) return {"b is a bit, B is a byte", "B"};
    const auto prefix = static_cast<char>(std::toupper(static_cast<unsigned char>(unit[0])));
    return {fmt::format(
                "b is a bit: a size is in bytes, {0}B (powers of 1000) or {0}iB (powers of 1024)",
                prefix),
            fmt::format("{}B", prefix)};
  }
  if ((wanted == size || wanted == bandwidth) && unit.size() == 1 &&
      std::string_view("kKMGT").find(unit[0]) != std::string_view::npos) {
    const auto p = static_cast<char>(std::toupper(static_cast<unsigned char>(unit[0])));
    const std::string_view per = wanted == bandwidth ? "/s" : "";
    return {fmt::format("{0}B{1} counts in powers of 1000, {0}iB{1} in powers of 1024", p, per),
            ""};
  }
  std::vector<std::string> same_letters;
  for (const Unit& u : kUnits)
    if (u.dimension == wanted && lower(u.name) == low && u.denominator == 1)
      same_letters.emplace_back(u.name);
  if (!same_letters.empty()) return {"upper and lower case differ", same_letters.front()};
  for (const Alias& a : kAliases)
    if (a.written == low && find_unit(a.meant)->dimension == wanted)
      return {"", std::string(a.meant)};
  return {"", nearest_word(std::string(unit), unit_names(wanted))};
}

}  // namespace fieldsim::config
