// SPDX-License-Identifier: Apache-2.0
#include "energy/cost.h"

#include <cmath>

#include "base/error.h"

namespace milliwatt::energy {

const char* dimension_name(Dimension dimension) {
  constexpr const char* kNames[kDimensions] = {"energy", "power", "area"};
  return kNames[static_cast<int>(dimension)];
}

namespace {

std::int64_t round_one(double value, const std::string& what) {
  constexpr double kLimit = 9.2e18;
  if (!(value >= 0 && value < kLimit)) {
    throw base::UserError(what + ": cost is negative or too large for 64 bits");
  }
  return std::llround(value);
}

}  // namespace

Bounds round_once(const Range& range, const std::string& what) {
  const Bounds rounded = {round_one(range.low, what), round_one(range.nominal, what),
                          round_one(range.high, what)};
  if (rounded.low > rounded.nominal || rounded.nominal > rounded.high) {
    throw base::UserError(what + ": the bounds must enclose the value (low <= value <= high)");
  }
  return rounded;
}

void throw_too_large() {
  throw base::UserError(
      "energy or area does not fit 64 bits (9.2 J, 9.2 m2): is a clock too slow, or a price too "
      "high?");
}

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    throw_too_large();
  }
  return sum;
}

std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    throw_too_large();
  }
  return product;
}

Bounds checked_add(const Bounds& a, const Bounds& b) {
  return {checked_add(a.low, b.low), checked_add(a.nominal, b.nominal),
          checked_add(a.high, b.high)};
}

Bounds checked_multiply(const Bounds& cost, std::int64_t count) {
  return {checked_multiply(cost.low, count), checked_multiply(cost.nominal, count),
          checked_multiply(cost.high, count)};
}

}  // namespace milliwatt::energy
