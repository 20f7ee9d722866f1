// SPDX-License-Identifier: Apache-2.0
// Pools, addition and softmax.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "mcu/kernel_detail.h"
#include "workloads/fixed_point.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu::detail {

namespace {

const std::int8_t* as_int8(const std::uint8_t* bytes) {
  return reinterpret_cast<const std::int8_t*>(bytes);
}

/// Sums or maxima of one output pixel, per channel; returns the number of taps inside the image.
template <typename Combine>
std::int32_t fold_pixel(const mw_conv_geometry& g, const std::int8_t* input, std::int64_t pixel,
                        std::vector<std::int32_t>& folded, Combine combine) {
  const std::int64_t line = pixel / g.output_w;
  const std::int64_t top = line % g.output_h * g.stride_h - g.pad_top;
  const std::int64_t left = pixel % g.output_w * g.stride_w - g.pad_left;
  const TapRange rows = taps_inside(top, g.input_h, g.kernel_h, 1);
  const TapRange columns = taps_inside(left, g.input_w, g.kernel_w, 1);
  for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const std::int64_t y = line / g.output_h * g.input_h + top + ky;
    const std::int8_t* from = input + (y * g.input_w + left + columns.begin) * g.input_c;
    for (std::int32_t kx = columns.begin; kx < columns.end; ++kx, from += g.input_c) {
      for (std::int32_t c = 0; c < g.input_c; ++c) {
        combine(folded[static_cast<std::size_t>(c)], from[c]);
      }
    }
  }
  return (rows.end - rows.begin) * (columns.end - columns.begin);
}

/// sum / count, ties away from zero.
std::int32_t rounded_average(std::int32_t sum, std::int32_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

}  // namespace

void run_pool(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const mw_conv_geometry& g = args.geometry;
  const bool average = args.kernel == MW_KERNEL_AVERAGE_POOL;
  const auto add = [](std::int32_t& sum, std::int32_t x) { sum += x; };
  const auto larger = [](std::int32_t& best, std::int32_t x) { best = std::max(best, x); };
  std::vector<std::int32_t> folded(static_cast<std::size_t>(g.input_c));
  auto* output = reinterpret_cast<std::int8_t*>(operands.output);
  const std::int64_t pixels = std::int64_t{g.batch} * g.output_h * g.output_w;
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    std::fill(folded.begin(), folded.end(), average ? 0 : -128);
    const std::int32_t taps = average ? fold_pixel(g, as_int8(operands.a), pixel, folded, add)
                                      : fold_pixel(g, as_int8(operands.a), pixel, folded, larger);
    for (const std::int32_t value : folded) {
      *output++ =
          clamped(average ? rounded_average(value, taps) : value, args.clamp_low, args.clamp_high);
    }
  }
}

namespace {

/// Distance in elements from one index of a dimension to the next; 0 where the dimension repeats.
struct Strides {
  std::int64_t step[4] = {};

  explicit Strides(const std::int32_t (&dims)[4]) {
    std::int64_t size = 1;
    for (int i = 3; i >= 0; --i) {
      step[i] = dims[i] == 1 ? 0 : size;
      size *= dims[i];
    }
  }
};

/// The scaled addend of every int8 value: (value - zero point) << shift, requantized.
std::vector<std::int32_t> addends(std::int32_t zero_point, std::int32_t shift,
                                  workloads::Multiplier multiplier) {
  std::vector<std::int32_t> table(256);
  for (std::int32_t value = -128; value < 128; ++value) {
    const std::int32_t shifted = (value - zero_point) * (std::int32_t{1} << shift);
    table[static_cast<std::uint8_t>(value)] = workloads::requantize(shifted, multiplier);
  }
  return table;
}

}  // namespace

void run_add(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const auto a = addends(args.add_zero_point_a, args.add_left_shift,
                         {args.add_multiplier_a, args.add_exponent_a});
  const auto b = addends(args.add_zero_point_b, args.add_left_shift,
                         {args.add_multiplier_b, args.add_exponent_b});
  const Strides sa(args.dims_a);
  const Strides sb(args.dims_b);
  const auto& dims = args.dims_output;
  const std::int64_t rows = std::int64_t{dims[0]} * dims[1] * dims[2];
  std::uint8_t* output = operands.output;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t index[3] = {row / dims[2] / dims[1], row / dims[2] % dims[1], row % dims[2]};
    const std::uint8_t* from_a = operands.a;
    const std::uint8_t* from_b = operands.b;
    for (int i = 0; i < 3; ++i) {
      from_a += index[i] * sa.step[i];
      from_b += index[i] * sb.step[i];
    }
    for (std::int32_t c = 0; c < dims[3]; ++c, from_a += sa.step[3], from_b += sb.step[3]) {
      const std::int32_t sum = a[*from_a] + b[*from_b];
      const std::int64_t scaled =
          workloads::requantize(sum, {args.add_multiplier, args.add_exponent});
      *output++ = static_cast<std::uint8_t>(
          clamped(scaled + args.output_zero_point, args.clamp_low, args.clamp_high));
    }
  }
}

namespace {

/// Exponential of every difference 0, -1, ... down to the smallest that counts, in Q0.31.
std::vector<std::int32_t> exponentials(const mw_kernel_args& args) {
  const std::int32_t smallest = std::max(args.softmax_difference_minimum, -255);
  std::vector<std::int32_t> table;
  for (std::int32_t difference = 0; difference >= smallest; --difference) {
    const std::int64_t shifted =
        std::int64_t{difference} * (std::int64_t{1} << args.softmax_exponent);
    table.push_back(workloads::exp_of_negative(workloads::doubling_high_multiply(
        static_cast<std::int32_t>(shifted), args.softmax_multiplier)));
  }
  return table;
}

/// One row of a softmax in `bits`, given the exponentials of differences to the row's maximum.
void softmax_row(const std::int8_t* input, std::int32_t length, std::int32_t bits,
                 const std::vector<std::int32_t>& table, std::uint8_t* output) {
  constexpr int kHeadroom = 12;
  const std::int32_t maximum = *std::max_element(input, input + length);
  const auto exponential = [&](std::int32_t i) {
    const auto difference = static_cast<std::size_t>(maximum - input[i]);
    return difference < table.size() ? table[difference] : 0;
  };
  std::int32_t sum = 0;
  for (std::int32_t i = 0; i < length; ++i) {
    sum += workloads::rounding_shift_right(exponential(i), kHeadroom);
  }
  const workloads::Reciprocal scale = workloads::reciprocal(sum);
  const int shift = scale.bits_over_unit + 31 - bits;
  const std::int32_t lowest = -(1 << (bits - 1));
  for (std::int32_t i = 0; i < length; ++i) {
    const std::int32_t share = workloads::doubling_high_multiply(exponential(i), scale.mantissa);
    // A share below 2^31 that is shifted by more than 31 bits rounds to nothing.
    const std::int32_t rounded = shift > 31 ? 0 : workloads::rounding_shift_right(share, shift);
    const std::int32_t value = std::min(rounded + lowest, -1 - lowest);
    std::memcpy(output + std::int64_t{i} * (bits / 8), &value, static_cast<std::size_t>(bits / 8));
  }
}

}  // namespace

void run_softmax(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const std::int32_t length = args.geometry.input_c;
  const std::vector<std::int32_t> table = exponentials(args);
  for (std::int64_t row = 0; row < args.geometry.batch; ++row) {
    softmax_row(as_int8(operands.a) + row * length, length, args.output_bits, table,
                operands.output + row * length * (args.output_bits / 8));
  }
}

}  // namespace milliwatt::mcu::detail
