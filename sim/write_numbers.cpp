// SPDX-License-Identifier: Apache-2.0
#include "sim/write_numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

constexpr int kDigits = 3;
constexpr std::string_view kPrefixes = "afpnum kMGTPE";
constexpr int kUnprefixed = 6;  // index of the blank

/// The power of ten of the first digit, after rounding to three digits: 2 for 999.4, 3 for 999.6.
int exponent_of(double value) {
  const std::string text = fmt::format("{:.{}e}", value, kDigits - 1);
  return std::stoi(text.substr(text.find('e') + 1));
}

/// `value` with three significant digits, given the exponent of its first digit.
std::string fixed(double value, int exponent) {
  return fmt::format("{:.{}f}", value, std::max(0, kDigits - 1 - exponent));
}

void require_finite(double value) {
  if (!std::isfinite(value)) {
    throw base::InternalError("a result is not a finite number");
  }
}

}  // namespace

std::string with_prefix(double value) {
  require_finite(value);
  if (value == std::floor(value) && std::abs(value) < 1000) {
    return fmt::format("{:.0f}", value);
  }
  const int exponent = exponent_of(value);
  const int group = static_cast<int>(std::floor(exponent / 3.0));
  const int prefix = kUnprefixed + group;
  if (prefix < 0 || prefix >= static_cast<int>(kPrefixes.size())) {
    return fmt::format("{:.{}e}", value, kDigits - 1);
  }
  const std::string digits = fixed(value * std::pow(10.0, -3 * group), exponent - 3 * group);
  return group == 0 ? digits : digits + kPrefixes[static_cast<std::size_t>(prefix)];
}

std::string three_digits(double value) {
  require_finite(value);
  if (value == 0) {
    return "0";
  }
  const int exponent = exponent_of(value);
  if (exponent < -4 || exponent > 9) {
    return fmt::format("{:.{}e}", value, kDigits - 1);
  }
  const double step = std::pow(10.0, exponent - kDigits + 1);
  return fixed(exponent < kDigits ? value : std::round(value / step) * step, exponent);
}

std::string decimal(std::int64_t value, int places) {
  const bool negative = value < 0;
  const auto magnitude =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  std::string digits = fmt::format("{:0{}}", magnitude, places + 1);
  const std::size_t point = digits.size() - static_cast<std::size_t>(places);
  std::string fraction = digits.substr(point);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return (negative ? "-" : "") + digits.substr(0, point) + (fraction.empty() ? "" : "." + fraction);
}

std::string shortest(double value) {
  require_finite(value);
  return fmt::format("{}", value);
}

}  // namespace milliwatt::sim
