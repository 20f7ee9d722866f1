// SPDX-License-Identifier: Apache-2.0
// Scalar fixed-point functions behind quantization.h and softmax, after the rounding rules of
// gemmlowp that TFLite Micro uses. "Qm.n" is an int32 with m integer and n fraction bits.
#pragma once

#include <cstdint>

#include "workloads/quantization.h"
#include "workloads/rounding.h"

namespace milliwatt::workloads {

/// requantize() of a wide accumulator, for int16 activations: the mantissa is first rounded to
/// 16 bits, then one 64-bit rounding shift takes ties up. The exponent must be below 15.
std::int32_t requantize_wide(std::int64_t x, Multiplier m);

/// exp(a) in Q0.31 for a <= 0 with the given number of integer bits (4 or 5). exp(0) = 2^31 - 1.
std::int32_t exp_of_negative(std::int32_t a, int integer_bits = 5);

/// sigmoid(a) and tanh(a) in Q0.31 for a in Q4.27.
std::int32_t sigmoid(std::int32_t a);
std::int32_t hyperbolic_tangent(std::int32_t a);

/// 1 / (sum / 2^19) as a Q0.31 mantissa in (1/2, 1] and the number of bits by which the sum
/// exceeds one (negative below). The sum is a positive Q12.19.
struct Reciprocal {
  std::int32_t mantissa = 0;
  int bits_over_unit = 0;
};
Reciprocal reciprocal(std::int32_t sum);

}  // namespace milliwatt::workloads
