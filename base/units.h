// SPDX-License-Identifier: Apache-2.0
// Numbers with units, as users write them: "200 MHz", "24 KiB", "3.1 pJ".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milliwatt::base {

/// What a number measures, and the unit in which milliwatt holds it. Only kCount and kRatio are
/// written without a unit; every other number must carry one.
enum class Unit {
  kCount,              // bare
  kRatio,              // bare
  kCycles,             // cycle, cycles
  kHertz,              // Hz kHz MHz GHz
  kBytes,              // B KB MB GB (powers of 1000), KiB MiB GiB (powers of 1024)
  kBits,               // bit
  kBytesPerSecond,     // B/s KB/s MB/s GB/s
  kPicoseconds,        // ps ns us ms s
  kAttojoules,         // aJ fJ pJ nJ uJ; integers are rounded to the nearest attojoule
  kPicojoules,         // the same symbols, held in pJ
  kMicrowatts,         // nW uW mW W
  kSquareMicrometres,  // um2 mm2
  kNanometres,         // nm um
  kVolts,              // mV V
  kPercent,            // %
  kKelvin,             // K
};

/// A value, or the sentence that says what is wrong with the text.
template <typename Value>
struct Parsed {
  Value value{};
  std::string fault;

  bool ok() const { return fault.empty(); }
};

/// The symbol of the unit in which values are held: "Hz", "B", "pJ"; "" for kCount and kRatio.
std::string unit_symbol(Unit unit);
/// Every symbol a user may write, smallest first.
std::vector<std::string> unit_symbols(Unit unit);

/// An exact integer in the unit's own symbol: "1.5 kHz" is 1500, "0.3 B" is a fault. Decimal digits
/// only: leading zeros, exponents, underscores, 0x, a plus sign and overflow of 64 bits are faults.
Parsed<std::int64_t> parse_integer(std::string_view text, Unit unit);

/// The nearest double in the unit's own symbol. An exponent (1e-3) is allowed; infinity, NaN and
/// overflow are faults.
Parsed<double> parse_real(std::string_view text, Unit unit);

/// The number with the largest symbol that keeps it whole: 200000000 Hz is "200 MHz". Reads back
/// to the same value.
std::string print_integer(std::int64_t value, Unit unit);
/// The shortest digits that read back to the same double, with the unit's own symbol.
std::string print_real(double value, Unit unit);

}  // namespace milliwatt::base
