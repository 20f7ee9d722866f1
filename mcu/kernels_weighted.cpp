// SPDX-License-Identifier: Apache-2.0
// Convolution, depthwise convolution and fully connected layers: operands are widened to 16 bits
// once, so that the inner loops are what a compiler turns into multiply-add vector instructions.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"
#include "mcu/kernel_detail.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu::detail {

namespace {

using Wide = std::vector<std::int16_t>;

/// Products of an int8 less its zero point and an int8 that surely add up in 32 bits.
constexpr std::int64_t kSafeProducts = 1 << 15;
/// Vectors are padded with zeros to a multiple of this many elements.
constexpr std::int64_t kLanes = 8;

std::int64_t padded(std::int64_t elements) { return (elements + kLanes - 1) / kLanes * kLanes; }

/// The requantization table of a kernel, and its last step for every sum.
class OutputTable {
 public:
  OutputTable(const mw_kernel_args& args, const std::uint8_t* table)
      : rows_(static_cast<std::size_t>(args.geometry.output_c)),
        zero_point_{args.output_zero_point},
        low_{args.clamp_low},
        high_{args.clamp_high} {
    std::memcpy(rows_.data(), table, rows_.size() * sizeof(mw_channel_parameters));
    for (std::size_t channel = 0; channel < rows_.size(); ++channel) {
      check(channel);
    }
  }

  /// Output of a channel whose products add up to `sum`.
  std::int8_t finish(std::int64_t sum, std::int64_t channel) const {
    const mw_channel_parameters& row = rows_[static_cast<std::size_t>(channel)];
    const std::int64_t total = sum + row.bias;
    const auto accumulator = static_cast<std::int32_t>(total);
    if (accumulator != total) {
      throw base::SimulationError(
          fmt::format("the accumulator of channel {} leaves 32 bits", channel));
    }
    const std::int64_t scaled = workloads::requantize(accumulator, {row.multiplier, row.exponent});
    return clamped(scaled + zero_point_, low_, high_);
  }

 private:
  void check(std::size_t channel) const {
    const mw_channel_parameters& row = rows_[channel];
    if (row.multiplier < 0 || row.exponent < -31 || row.exponent > 30) {
      throw base::SimulationError(fmt::format("channel {} is requantized by {} * 2^{}", channel,
                                              row.multiplier, row.exponent));
    }
  }

  std::vector<mw_channel_parameters> rows_;
  std::int64_t zero_point_;
  std::int32_t low_;
  std::int32_t high_;
};

/// Element `i` of a filter of 4 or 8 bits.
std::int16_t weight_at(const std::uint8_t* filter, std::int64_t i, std::int32_t bits) {
  if (bits == 8) {
    return static_cast<std::int8_t>(filter[i]);
  }
  const int nibble = (filter[i / 2] >> (i % 2 * 4)) & 0xf;
  return static_cast<std::int16_t>((nibble ^ 8) - 8);
}

/// A filter as rows of `length` elements, each row padded.
Wide widen_filter(const std::uint8_t* filter, std::int64_t rows, std::int64_t length,
                  std::int32_t bits) {
  const std::int64_t pitch = padded(length);
  Wide wide(static_cast<std::size_t>(rows * pitch));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < length; ++i) {
      wide[static_cast<std::size_t>(row * pitch + i)] = weight_at(filter, row * length + i, bits);
    }
  }
  return wide;
}

/// Activations less their zero point, each repeated `times` in a row.
Wide widen_input(const std::uint8_t* input, std::int64_t elements, std::int32_t zero_point,
                 std::int32_t times) {
  Wide wide(static_cast<std::size_t>(elements * times));
  auto* to = wide.data();
  for (std::int64_t i = 0; i < elements; ++i) {
    const auto value = static_cast<std::int16_t>(static_cast<std::int8_t>(input[i]) - zero_point);
    to = std::fill_n(to, times, value);
  }
  return wide;
}

/// Sum of products of `length` elements, a multiple of kLanes.
std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::int64_t length) {
  std::int64_t total = 0;
  for (std::int64_t begin = 0; begin < length; begin += kSafeProducts) {
    const std::int64_t end = std::min(length, begin + kSafeProducts);
    std::int32_t part = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      part += std::int32_t{a[i]} * b[i];
    }
    total += part;
  }
  return total;
}

/// Fetches the taps of one output pixel and group into a row; taps in the padding stay zero.
class Patch {
 public:
  Patch(const mw_kernel_args& args, const Wide& input)
      : g_{args.geometry},
        input_{input.data()},
        depth_{g_.input_c / args.groups},
        row_(static_cast<std::size_t>(padded(std::int64_t{g_.kernel_h} * g_.kernel_w * depth_))) {}

  const std::int16_t* fetch(std::int64_t batch, std::int64_t y, std::int64_t x,
                            std::int64_t group) {
    const std::int64_t top = y * g_.stride_h - g_.pad_top;
    const std::int64_t left = x * g_.stride_w - g_.pad_left;
    const TapRange rows = taps_inside(top, g_.input_h, g_.kernel_h, g_.dilation_h);
    const TapRange columns = taps_inside(left, g_.input_w, g_.kernel_w, g_.dilation_w);
    std::fill(row_.begin(), row_.end(), std::int16_t{0});
    for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
      const std::int64_t line = batch * g_.input_h + top + ky * g_.dilation_h;
      fetch_line(line, left, ky, columns, group);
    }
    return row_.data();
  }

 private:
  /// Taps that lie side by side in memory are copied in one go.
  void fetch_line(std::int64_t line, std::int64_t left, std::int64_t ky, TapRange columns,
                  std::int64_t group) {
    const bool adjacent = g_.dilation_w == 1 && depth_ == g_.input_c;
    const std::int64_t run = adjacent ? columns.end - columns.begin : 1;
    for (std::int64_t kx = columns.begin; kx < columns.end; kx += run) {
      const std::int64_t pixel = line * g_.input_w + left + kx * g_.dilation_w;
      std::copy_n(input_ + pixel * g_.input_c + group * depth_, run * depth_,
                  row_.data() + (ky * g_.kernel_w + kx) * depth_);
    }
  }

  const mw_conv_geometry& g_;
  const std::int16_t* input_;
  std::int64_t depth_;
  Wide row_;
};

}  // namespace

void run_conv(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const mw_conv_geometry& g = args.geometry;
  const OutputTable table(args, operands.parameters);
  const std::int64_t length = std::int64_t{g.kernel_h} * g.kernel_w * (g.input_c / args.groups);
  const Wide filter = widen_filter(operands.b, g.output_c, length, args.weight_bits);
  const Wide input =
      widen_input(operands.a, std::int64_t{g.batch} * g.input_h * g.input_w * g.input_c,
                  args.input_zero_point, 1);
  Patch patch(args, input);
  const std::int64_t group_outputs = g.output_c / args.groups;
  auto* output = reinterpret_cast<std::int8_t*>(operands.output);
  const std::int64_t pixels = std::int64_t{g.batch} * g.output_h * g.output_w;
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    const std::int64_t line = pixel / g.output_w;
    for (std::int64_t group = 0; group < args.groups; ++group) {
      const std::int16_t* taps =
          patch.fetch(line / g.output_h, line % g.output_h, pixel % g.output_w, group);
      for (std::int64_t i = 0; i < group_outputs; ++i) {
        const std::int64_t channel = group * group_outputs + i;
        const std::int64_t pitch = padded(length);
        *output++ = table.finish(dot(taps, filter.data() + channel * pitch, pitch), channel);
      }
    }
  }
}

void run_fully_connected(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const mw_conv_geometry& g = args.geometry;
  const OutputTable table(args, operands.parameters);
  const std::int64_t pitch = padded(g.input_c);
  const Wide filter = widen_filter(operands.b, g.output_c, g.input_c, args.weight_bits);
  for (std::int64_t row = 0; row < g.batch; ++row) {
    Wide input = widen_input(operands.a + row * g.input_c, g.input_c, args.input_zero_point, 1);
    input.resize(static_cast<std::size_t>(pitch));
    for (std::int64_t unit = 0; unit < g.output_c; ++unit) {
      const std::int64_t sum = dot(input.data(), filter.data() + unit * pitch, pitch);
      operands.output[row * g.output_c + unit] = static_cast<std::uint8_t>(table.finish(sum, unit));
    }
  }
}

namespace {

/// Adds the products of one tap to the sums of all channels.
void accumulate(std::int32_t* sums, const std::int16_t* input, const std::int16_t* filter,
                std::int64_t channels) {
  for (std::int64_t c = 0; c < channels; ++c) {
    sums[c] += std::int32_t{input[c]} * filter[c];
  }
}

/// Sums of one output pixel of a depthwise convolution; `input` has a value per output channel.
void sum_pixel(const mw_conv_geometry& g, const Wide& input, const Wide& filter, std::int64_t pixel,
               std::vector<std::int32_t>& sums) {
  const std::int64_t line = pixel / g.output_w;
  const std::int64_t top = line % g.output_h * g.stride_h - g.pad_top;
  const std::int64_t left = pixel % g.output_w * g.stride_w - g.pad_left;
  const TapRange rows = taps_inside(top, g.input_h, g.kernel_h, g.dilation_h);
  const TapRange columns = taps_inside(left, g.input_w, g.kernel_w, g.dilation_w);
  std::fill(sums.begin(), sums.end(), 0);
  for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const std::int64_t y = line / g.output_h * g.input_h + top + ky * g.dilation_h;
    for (std::int64_t kx = columns.begin; kx < columns.end; ++kx) {
      const std::int64_t x = left + kx * g.dilation_w;
      accumulate(sums.data(), input.data() + (y * g.input_w + x) * g.output_c,
                 filter.data() + (ky * g.kernel_w + kx) * padded(g.output_c), g.output_c);
    }
  }
}

}  // namespace

void run_depthwise(const mw_kernel_args& args, const Kernel::Operands& operands) {
  const mw_conv_geometry& g = args.geometry;
  const OutputTable table(args, operands.parameters);
  const Wide filter =
      widen_filter(operands.b, std::int64_t{g.kernel_h} * g.kernel_w, g.output_c, args.weight_bits);
  const Wide input =
      widen_input(operands.a, std::int64_t{g.batch} * g.input_h * g.input_w * g.input_c,
                  args.input_zero_point, args.depth_multiplier);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(g.output_c));
  auto* output = reinterpret_cast<std::int8_t*>(operands.output);
  const std::int64_t pixels = std::int64_t{g.batch} * g.output_h * g.output_w;
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    sum_pixel(g, input, filter, pixel, sums);
    for (std::int64_t channel = 0; channel < g.output_c; ++channel) {
      *output++ = table.finish(sums[static_cast<std::size_t>(channel)], channel);
    }
  }
}

}  // namespace milliwatt::mcu::detail
