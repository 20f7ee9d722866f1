// SPDX-License-Identifier: Apache-2.0
// Costs as integers. Everything that is summed is an integer, so that sums are equal in any order.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/confidence.h"

namespace milliwatt::energy {

/// 10^-18 J. 2^63 aJ are 9.2 J.
using Attojoules = std::int64_t;
/// 10^-15 W. 2^63 fW are 9.2 kW.
using Femtowatts = std::int64_t;
/// 10^-18 m^2. 2^63 nm^2 are 9.2 m^2.
using SquareNanometres = std::int64_t;

constexpr int kConfidences = static_cast<int>(base::kConfidenceNames.size());
/// Best first.
constexpr std::array<base::Confidence, kConfidences> kAllConfidences = {
    base::Confidence::kPublished, base::Confidence::kDerived, base::Confidence::kBorrowed,
    base::Confidence::kAssumed};

/// What a cost measures; says which units it may be written in.
enum class Dimension : std::uint8_t { kEnergy, kPower, kArea };
constexpr int kDimensions = 3;
/// "energy", "power", "area".
const char* dimension_name(Dimension dimension);

/// A value with its bounds, in the smallest unit of its dimension (aJ, fW, nm^2), not yet rounded.
struct Range {
  double low = 0;
  double nominal = 0;
  double high = 0;
};

/// The same, rounded. low <= nominal <= high.
struct Bounds {
  std::int64_t low = 0;
  std::int64_t nominal = 0;
  std::int64_t high = 0;

  friend bool operator==(const Bounds& a, const Bounds& b) {
    return a.low == b.low && a.nominal == b.nominal && a.high == b.high;
  }
  friend bool operator!=(const Bounds& a, const Bounds& b) { return !(a == b); }
};

/// What one action, one second or one instance costs, and why. Rounded once, here, and exact after.
struct Cost {
  Bounds bounds;
  base::Confidence confidence = base::Confidence::kAssumed;
  std::string source;
  /// Said to be unknown in the technology file: reported as such, never as zero.
  bool unknown = false;
};

/// Nearest integer, ties away from zero. Throws UserError, naming `what`, when a value is negative,
/// not finite, too large, or when low <= nominal <= high does not hold.
Bounds round_once(const Range& range, const std::string& what);

/// What sums and products throw instead of wrapping around: UserError, for only a configuration
/// far from any chip, such as a clock of 1 Hz, gets there.
[[noreturn]] void throw_too_large();

/// Sums and products that never wrap around.
std::int64_t checked_add(std::int64_t a, std::int64_t b);
std::int64_t checked_multiply(std::int64_t a, std::int64_t b);
Bounds checked_add(const Bounds& a, const Bounds& b);
Bounds checked_multiply(const Bounds& cost, std::int64_t count);

}  // namespace milliwatt::energy
