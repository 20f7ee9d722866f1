// SPDX-License-Identifier: Apache-2.0
// What the arguments of a software kernel must satisfy, and what follows from them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/error.h"
#include "mcu/native_kernels.h"

namespace milliwatt::mcu {

namespace {

/// Largest kernel extent, stride and dilation of a window.
constexpr std::int64_t kMaximumWindow = 1 << 16;
/// Most taps of a depthwise or pooling window: their sums stay in 32 bits.
constexpr std::int64_t kMaximumTaps = MW_KERNEL_MOST_TAPS;
/// Longest row of a softmax: the sum of its exponentials stays in 32 bits.
constexpr std::int64_t kMaximumSoftmaxDepth = 4095;
constexpr std::int64_t kMaximumAddShift = 22;

template <typename... Arguments>
void require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  if (!good) {
    throw base::SimulationError(fmt::format(text, std::forward<Arguments>(arguments)...));
  }
}

void require_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
  require(value >= low && value <= high, "{} is {}, allowed are {} to {}", name, value, low, high);
}

/// Product of extents that are at least 1.
std::int64_t volume(const char* name, std::initializer_list<std::int64_t> extents,
                    std::int64_t limit) {
  std::int64_t product = 1;
  for (const std::int64_t extent : extents) {
    require(extent >= 1, "{} has an extent of {}", name, extent);
    require(!__builtin_mul_overflow(product, extent, &product) && product <= limit,
            "{} is larger than {}", name, limit);
  }
  return product;
}

std::uint32_t operand(const char* name, std::initializer_list<std::int64_t> extents) {
  return static_cast<std::uint32_t>(volume(name, extents, kMaximumOperandBytes));
}

std::int64_t steps(std::initializer_list<std::int64_t> extents) {
  return volume("the work", extents, kMaximumKernelSteps);
}

/// One axis of a window: every position has a tap that may touch the image.
void check_axis(std::int64_t input, std::int64_t output, std::int64_t kernel, std::int64_t stride,
                std::int64_t dilation, std::int64_t pad) {
  require_range("the kernel's extent", kernel, 1, kMaximumWindow);
  require_range("the stride", stride, 1, kMaximumWindow);
  require_range("the dilation", dilation, 1, kMaximumWindow);
  require_range("the padding", pad, 0, (kernel - 1) * dilation);
  require((output - 1) * stride - pad < input, "the last of {} outputs lies beyond the input of {}",
          output, input);
}

void check_window(const mw_conv_geometry& g) {
  check_axis(g.input_h, g.output_h, g.kernel_h, g.stride_h, g.dilation_h, g.pad_top);
  check_axis(g.input_w, g.output_w, g.kernel_w, g.stride_w, g.dilation_w, g.pad_left);
}

void check_clamp(const mw_kernel_args& args) {
  require_range("the lower clamp", args.clamp_low, -128, 127);
  require_range("the upper clamp", args.clamp_high, args.clamp_low, 127);
}

void check_zero_points(const mw_kernel_args& args) {
  require_range("the input zero point", args.input_zero_point, -128, 127);
  require_range("the output zero point", args.output_zero_point, -128, 127);
}

/// Works out bytes and work of checked arguments; one function per kernel.
struct Sizes {
  const mw_kernel_args& args;
  KernelBytes bytes;
  KernelWork work;

  void weighted(std::int64_t inputs, std::int64_t weights, std::int64_t channels,
                std::int64_t outputs, std::int64_t macs) {
    check_zero_points(args);
    check_clamp(args);
    require(args.weight_bits == 8 || args.weight_bits == 4, "weights have {} bits",
            args.weight_bits);
    bytes.a = operand("the input", {inputs});
    bytes.b = operand("the filter", {(weights * args.weight_bits + 7) / 8});
    bytes.parameters = operand("the parameter table", {channels, sizeof(mw_channel_parameters)});
    bytes.output = operand("the output", {outputs});
    work.macs = macs;
    work.outputs = outputs;
  }

  void images() {
    const mw_conv_geometry& g = args.geometry;
    bytes.a = operand("the input", {g.batch, g.input_h, g.input_w, g.input_c});
    bytes.output = operand("the output", {g.batch, g.output_h, g.output_w, g.output_c});
    check_window(g);
  }

  void conv() {
    const mw_conv_geometry& g = args.geometry;
    images();
    require(args.groups >= 1 && g.input_c % args.groups == 0 && g.output_c % args.groups == 0,
            "{} groups do not divide {} input and {} output channels", args.groups, g.input_c,
            g.output_c);
    const std::int64_t depth = g.input_c / args.groups;
    const std::int64_t weights = operand("the filter", {g.output_c, g.kernel_h, g.kernel_w, depth});
    weighted(bytes.a, weights, g.output_c, bytes.output,
             steps({bytes.output, g.kernel_h, g.kernel_w, depth}));
  }

  void depthwise() {
    const mw_conv_geometry& g = args.geometry;
    images();
    require(
        args.depth_multiplier >= 1 && std::int64_t{g.input_c} * args.depth_multiplier == g.output_c,
        "{} channels with multiplier {} do not make {} outputs", g.input_c, args.depth_multiplier,
        g.output_c);
    check_taps();
    const std::int64_t weights = operand("the filter", {g.kernel_h, g.kernel_w, g.output_c});
    weighted(bytes.a, weights, g.output_c, bytes.output,
             steps({bytes.output, g.kernel_h, g.kernel_w}));
  }

  void check_taps() const {
    require_range("the number of taps",
                  std::int64_t{args.geometry.kernel_h} * args.geometry.kernel_w, 1, kMaximumTaps);
  }

  void fully_connected() {
    const mw_conv_geometry& g = args.geometry;
    const std::int64_t weights = operand("the filter", {g.output_c, g.input_c});
    weighted(operand("the input", {g.batch, g.input_c}), weights, g.output_c,
             operand("the output", {g.batch, g.output_c}), steps({g.batch, g.input_c, g.output_c}));
  }

  void pool() {
    const mw_conv_geometry& g = args.geometry;
    images();
    check_clamp(args);
    check_taps();
    require(g.input_c == g.output_c, "a pool of {} channels has {} outputs", g.input_c, g.output_c);
    require(g.dilation_h == 1 && g.dilation_w == 1, "a pool is dilated");
    work.taps = steps({bytes.output, g.kernel_h, g.kernel_w});
  }

  static std::uint32_t dims(const char* name, const std::int32_t (&d)[4]) {
    return operand(name, {d[0], d[1], d[2], d[3]});
  }

  void check_add_multiplier(std::int32_t mantissa, std::int32_t exponent) const {
    require_range("a multiplier", mantissa, 0, INT32_MAX);
    require_range("an exponent", exponent, -31, 0);
  }

  void add() {
    bytes.a = dims("operand a", args.dims_a);
    bytes.b = dims("operand b", args.dims_b);
    bytes.output = dims("the output", args.dims_output);
    for (int i = 0; i < 4; ++i) {
      const std::int32_t a = args.dims_a[i];
      const std::int32_t b = args.dims_b[i];
      require((a == b || a == 1 || b == 1) && args.dims_output[i] == std::max(a, b),
              "dimension {}: {} and {} do not broadcast to {}", i, a, b, args.dims_output[i]);
    }
    require_range("the zero point of a", args.add_zero_point_a, -128, 127);
    require_range("the zero point of b", args.add_zero_point_b, -128, 127);
    require_range("the output zero point", args.output_zero_point, -128, 127);
    require_range("the left shift", args.add_left_shift, 0, kMaximumAddShift);
    check_add_multiplier(args.add_multiplier_a, args.add_exponent_a);
    check_add_multiplier(args.add_multiplier_b, args.add_exponent_b);
    check_add_multiplier(args.add_multiplier, args.add_exponent);
    check_clamp(args);
    work.additions = bytes.output;
  }

  void softmax() {
    const mw_conv_geometry& g = args.geometry;
    require_range("the row's length", g.input_c, 1, kMaximumSoftmaxDepth);
    require(args.output_bits == 8 || args.output_bits == 16, "outputs have {} bits",
            args.output_bits);
    require_range("the multiplier", args.softmax_multiplier, 0, INT32_MAX);
    require_range("the exponent", args.softmax_exponent, 0, 31);
    // Differences become Q5.26 without overflow.
    require_range("the smallest difference", args.softmax_difference_minimum,
                  -((std::int64_t{31} << 26) >> args.softmax_exponent), 0);
    bytes.a = operand("the input", {g.batch, g.input_c});
    bytes.output = operand("the output", {g.batch, g.input_c, args.output_bits / 8});
    work.exponentials = bytes.a;
    work.rows = g.batch;
  }

  void copy() {
    bytes.a = operand("the copy", {args.bytes_copied});
    bytes.output = bytes.a;
    work.copied_bytes = bytes.a;
  }

  void resolve() {
    switch (args.kernel) {
      case MW_KERNEL_COPY:
        return copy();
      case MW_KERNEL_CONV:
        return conv();
      case MW_KERNEL_DEPTHWISE:
        return depthwise();
      case MW_KERNEL_FULLY_CONNECTED:
        return fully_connected();
      case MW_KERNEL_AVERAGE_POOL:
      case MW_KERNEL_MAX_POOL:
        return pool();
      case MW_KERNEL_ADD:
        return add();
      case MW_KERNEL_SOFTMAX:
        return softmax();
      default:
        require(false, "kernel {} does not exist", args.kernel);
    }
  }
};

}  // namespace

Kernel::Kernel(const mw_kernel_args& args) : args_{args} {
  Sizes sizes{args_, {}, {}};
  sizes.resolve();
  bytes_ = sizes.bytes;
  work_ = sizes.work;
}

const char* kernel_name(std::uint32_t kernel) {
  constexpr std::array<const char*, 8> kNames = {
      "copy", "conv", "depthwise", "fully_connected", "average_pool", "max_pool", "add", "softmax"};
  return kernel < kNames.size() ? kNames[kernel] : "unknown";
}

}  // namespace milliwatt::mcu
