// SPDX-License-Identifier: Apache-2.0
#include "workloads/fixed_point.h"

#include <algorithm>
#include <array>
#include <limits>

namespace milliwatt::workloads {

namespace {

constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();

std::int32_t saturate(std::int64_t x) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(x, kMin, kMax));
}

std::int32_t shift_left_saturating(std::int32_t x, int bits) {
  return saturate(std::int64_t{x} * (std::int64_t{1} << bits));
}

/// exp(a) in Q0.31 for a in [-1/4, 0) in Q0.31: Taylor polynomial of degree 4 around -1/8.
std::int32_t exp_of_last_quarter(std::int32_t a) {
  constexpr std::int32_t kExpOfMinusEighth = 1895147668;
  constexpr std::int32_t kOneThird = 715827883;
  const std::int32_t x = a + (std::int32_t{1} << 28);
  const std::int32_t x2 = doubling_high_multiply(x, x);
  const std::int32_t x3 = doubling_high_multiply(x2, x);
  const std::int32_t x4 = doubling_high_multiply(x2, x2);
  const std::int32_t x4_over_4 = rounding_shift_right(x4, 2);
  const std::int32_t tail =
      rounding_shift_right(doubling_high_multiply(x4_over_4 + x3, kOneThird) + x2, 1);
  return saturate(std::int64_t{kExpOfMinusEighth} +
                  doubling_high_multiply(kExpOfMinusEighth, x + tail));
}

/// 1 / ((1 + x) / 2) in Q2.29 for x in [0, 1) in Q0.31: three Newton steps.
std::int32_t two_over_one_plus(std::int32_t x) {
  constexpr std::int32_t k48Over17 = 1515870810;
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  constexpr std::int32_t kOne = std::int32_t{1} << 29;
  const auto half_denominator = static_cast<std::int32_t>((std::int64_t{x} + kMax + 1) / 2);
  std::int32_t y = k48Over17 + doubling_high_multiply(half_denominator, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const std::int32_t error = kOne - doubling_high_multiply(half_denominator, y);
    y = saturate(std::int64_t{y} + shift_left_saturating(doubling_high_multiply(y, error), 2));
  }
  return y;
}

/// 1 / (1 + x) in Q0.31.
std::int32_t one_over_one_plus(std::int32_t x) {
  return shift_left_saturating(two_over_one_plus(x), 1);
}

/// (1 - x) / (1 + x) in Q0.31.
std::int32_t one_minus_over_one_plus(std::int32_t x) {
  constexpr std::int32_t kOne = std::int32_t{1} << 29;
  return shift_left_saturating(two_over_one_plus(x) - kOne, 2);
}

int leading_zeros(std::uint32_t x) {
  int count = 0;
  while (count < 32 && (x & (std::uint32_t{1} << (31 - count))) == 0) {
    ++count;
  }
  return count;
}

}  // namespace

std::int32_t requantize_wide(std::int64_t x, Multiplier m) {
  constexpr std::int32_t kLargestRounded = 0x7FFF0000;
  const std::int32_t mantissa =
      m.mantissa >= kLargestRounded ? 0x7FFF : (m.mantissa + (1 << 15)) >> 16;
  const int shift = 15 - m.exponent;
  const auto product = static_cast<__int128>(x) * mantissa;
  const __int128 rounded = (product + (static_cast<__int128>(1) << (shift - 1))) >> shift;
  return static_cast<std::int32_t>(std::clamp<__int128>(rounded, kMin, kMax));
}

std::int32_t exp_of_negative(std::int32_t a, int integer_bits) {
  if (a == 0) {
    return kMax;
  }
  const std::int32_t quarter = std::int32_t{1} << (31 - integer_bits - 2);
  /// e^-(2^j) in Q0.31 for j = -2 .. 4.
  constexpr std::array<std::int32_t, 7> kPowers = {1672461947, 1302514674, 790015084, 290630308,
                                                   39332535,   720401,     242};
  const auto used = static_cast<std::size_t>(integer_bits + 2);
  const std::int32_t in_quarter = (a & (quarter - 1)) - quarter;
  const std::int32_t whole_quarters = in_quarter - a;
  std::int32_t result = exp_of_last_quarter(in_quarter * (1 << integer_bits));
  for (std::size_t j = 0; j < used; ++j) {
    if ((whole_quarters & (quarter << j)) != 0) {
      result = doubling_high_multiply(result, kPowers.at(j));
    }
  }
  return result;
}

std::int32_t sigmoid(std::int32_t a) {
  constexpr std::int32_t kHalf = std::int32_t{1} << 30;
  if (a == 0) {
    return kHalf;
  }
  const std::int32_t of_magnitude = one_over_one_plus(exp_of_negative(a > 0 ? -a : a, 4));
  return a > 0 ? of_magnitude : kMax - of_magnitude;
}

std::int32_t hyperbolic_tangent(std::int32_t a) {
  if (a == 0) {
    return 0;
  }
  // A Q4.27 read as Q5.26 is twice as large.
  const std::int32_t of_magnitude = one_minus_over_one_plus(exp_of_negative(a > 0 ? -a : a, 5));
  return a > 0 ? of_magnitude : -of_magnitude;
}

Reciprocal reciprocal(std::int32_t sum) {
  constexpr int kIntegerBits = 12;
  const auto bits = static_cast<std::uint32_t>(sum);
  const int headroom = leading_zeros(bits);
  const std::uint32_t fraction = (bits << headroom) - (std::uint32_t{1} << 31);
  return {one_over_one_plus(static_cast<std::int32_t>(fraction)), kIntegerBits - headroom};
}

}  // namespace milliwatt::workloads
