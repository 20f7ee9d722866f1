// SPDX-License-Identifier: Apache-2.0
// Convolution, depthwise convolution and fully connected layers: operands are widened to 16 bits
// once, so that the inner loops are what a compiler turns into multiply-add vector instructions.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "abi/kernel_weighted.h"
#include "mcu/kernel_families.h"
#include "mcu/kernel_output.h"

namespace milliwatt::mcu {

namespace {

using Wide = std::vector<std::int16_t>;

/// Vectors are padded with zeros to a multiple of this many elements.
constexpr std::int64_t kLanes = 8;

std::int64_t padded(std::int64_t elements) { return (elements + kLanes - 1) / kLanes * kLanes; }

/// Products that surely add up in 32 bits: an input of 8 bits less its zero point or one of 16, and
/// a weight of 8.
std::int64_t safe_products(int input_bits) { return input_bits > 8 ? 1 << 8 : 1 << 15; }

enum Place : std::size_t { kInput, kWeights, kTable, kOutput, kOperands };

/// What the three kernels have in common: their operands and the checks of them.
class WeightedKernel : public Kernel {
 protected:
  explicit WeightedKernel(const KernelRecord& record)
      : Kernel{record}, s_{record.section<mw_weighted_section>()}, g_{s_.geometry} {
    require_operands(record, kOperands);
    require_integers(record, kInput, "the input");
    require_integers(record, kOutput, "the output");
    require(bits(kWeights) <= 8 && operands()[kWeights].is_float == 0, "weights have {} bits",
            bits(kWeights));
    require_element("the input zero point", s_.input_zero_point, bits(kInput));
    require(bits(kInput) <= 8 || s_.input_zero_point == 0, "an input of 16 bits has zero point {}",
            s_.input_zero_point);
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
  }

  /// The operands hold these numbers of elements, and rows of the table.
  void check_sizes(std::int64_t inputs, std::int64_t weights, std::int64_t channels,
                   std::int64_t outputs) {
    require_operand(record(), kInput, "the input", MW_USE_READ, inputs);
    require_operand(record(), kWeights, "the filter", MW_USE_READ, weights);
    require_output_table(record(), kTable, channels, bits(kOutput));
    require_operand(record(), kOutput, "the output", MW_USE_WRITE, outputs);
    work_.outputs = outputs;
  }

  OutputStage stage(const Pointers& operands) const {
    return {operands[kTable],     g_.output_c,  bits(kOutput),
            s_.output_zero_point, s_.clamp_low, s_.clamp_high};
  }

  Wide filter(const Pointers& operands, std::int64_t rows, std::int64_t length) const;
  Wide input(const std::uint8_t* bytes, std::int64_t first, std::int64_t elements,
             std::int32_t times) const;

  mw_weighted_section s_;
  const mw_conv_geometry& g_;
};

/// A filter as rows of `length` elements, each row padded.
Wide WeightedKernel::filter(const Pointers& operands, std::int64_t rows,
                            std::int64_t length) const {
  const std::int64_t pitch = padded(length);
  Wide wide(static_cast<std::size_t>(rows * pitch));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < length; ++i) {
      wide[static_cast<std::size_t>(row * pitch + i)] = static_cast<std::int16_t>(
          workloads::load_element(operands[kWeights], row * length + i, bits(kWeights)));
    }
  }
  return wide;
}

/// Activations from `first` on less their zero point, each repeated `times` in a row.
Wide WeightedKernel::input(const std::uint8_t* bytes, std::int64_t first, std::int64_t elements,
                           std::int32_t times) const {
  Wide wide(static_cast<std::size_t>(elements * times));
  auto* to = wide.data();
  const int width = bits(kInput);
  for (std::int64_t i = first; i < first + elements; ++i) {
    const std::int32_t stored =
        width == 8 ? static_cast<std::int8_t>(bytes[i]) : workloads::load_element(bytes, i, width);
    to = std::fill_n(to, times, static_cast<std::int16_t>(stored - s_.input_zero_point));
  }
  return wide;
}

/// Sum of products of `length` elements, a multiple of kLanes.
std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::int64_t length,
                 std::int64_t safe) {
  std::int64_t total = 0;
  for (std::int64_t begin = 0; begin < length; begin += safe) {
    const std::int64_t end = std::min(length, begin + safe);
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
  Patch(const mw_conv_geometry& geometry, std::int32_t groups, const Wide& input)
      : g_{geometry},
        input_{input.data()},
        depth_{g_.input_c / groups},
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

class Conv : public WeightedKernel {
 public:
  explicit Conv(const KernelRecord& record) : WeightedKernel{record} {
    require_window(g_);
    require(s_.groups >= 1 && g_.input_c % s_.groups == 0 && g_.output_c % s_.groups == 0,
            "{} groups do not divide {} input and {} output channels", s_.groups, g_.input_c,
            g_.output_c);
    const std::int64_t depth = g_.input_c / s_.groups;
    const std::int64_t outputs = output_elements(g_);
    check_sizes(input_elements(g_),
                volume("the filter", {g_.output_c, g_.kernel_h, g_.kernel_w, depth}), g_.output_c,
                outputs);
    work_.macs = steps({outputs, g_.kernel_h, g_.kernel_w, depth});
  }

  void run(const Pointers& operands) const override {
    const OutputStage stage = this->stage(operands);
    const std::int64_t length = std::int64_t{g_.kernel_h} * g_.kernel_w * (g_.input_c / s_.groups);
    const Wide filter = this->filter(operands, g_.output_c, length);
    const Wide input = this->input(operands[kInput], 0, input_elements(g_), 1);
    Patch patch(g_, s_.groups, input);
    ElementWriter output(operands[kOutput], work().outputs, bits(kOutput));
    const std::int64_t group_outputs = g_.output_c / s_.groups;
    const std::int64_t pitch = padded(length);
    const std::int64_t safe = safe_products(bits(kInput));
    const std::int64_t pixels = std::int64_t{g_.batch} * g_.output_h * g_.output_w;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      const std::int64_t line = pixel / g_.output_w;
      for (std::int64_t group = 0; group < s_.groups; ++group) {
        const std::int16_t* taps =
            patch.fetch(line / g_.output_h, line % g_.output_h, pixel % g_.output_w, group);
        for (std::int64_t i = 0; i < group_outputs; ++i) {
          const std::int64_t channel = group * group_outputs + i;
          const std::int64_t sum = dot(taps, filter.data() + channel * pitch, pitch, safe);
          output.put(stage.finish(sum, channel));
        }
      }
    }
  }
};

class FullyConnected : public WeightedKernel {
 public:
  explicit FullyConnected(const KernelRecord& record) : WeightedKernel{record} {
    check_sizes(volume("the input", {g_.batch, g_.input_c}),
                volume("the filter", {g_.output_c, g_.input_c}), g_.output_c,
                volume("the output", {g_.batch, g_.output_c}));
    work_.macs = steps({g_.batch, g_.input_c, g_.output_c});
  }

  void run(const Pointers& operands) const override {
    const OutputStage stage = this->stage(operands);
    const std::int64_t pitch = padded(g_.input_c);
    const Wide filter = this->filter(operands, g_.output_c, g_.input_c);
    ElementWriter output(operands[kOutput], work().outputs, bits(kOutput));
    for (std::int64_t row = 0; row < g_.batch; ++row) {
      Wide input = this->input(operands[kInput], row * g_.input_c, g_.input_c, 1);
      input.resize(static_cast<std::size_t>(pitch));
      for (std::int64_t unit = 0; unit < g_.output_c; ++unit) {
        const std::int64_t sum =
            dot(input.data(), filter.data() + unit * pitch, pitch, safe_products(bits(kInput)));
        output.put(stage.finish(sum, unit));
      }
    }
  }
};

/// Adds the products of one tap to the sums of all channels.
template <typename Sum>
void accumulate(Sum* sums, const std::int16_t* input, const std::int16_t* filter,
                std::int64_t channels) {
  for (std::int64_t c = 0; c < channels; ++c) {
    sums[c] += std::int32_t{input[c]} * filter[c];
  }
}

/// Sums of one output pixel of a depthwise convolution; `input` has a value per output channel.
template <typename Sum>
void sum_pixel(const mw_conv_geometry& g, const Wide& input, const Wide& filter, std::int64_t pixel,
               std::vector<Sum>& sums) {
  const std::int64_t line = pixel / g.output_w;
  const std::int64_t top = line % g.output_h * g.stride_h - g.pad_top;
  const std::int64_t left = pixel % g.output_w * g.stride_w - g.pad_left;
  const TapRange rows = taps_inside(top, g.input_h, g.kernel_h, g.dilation_h);
  const TapRange columns = taps_inside(left, g.input_w, g.kernel_w, g.dilation_w);
  std::fill(sums.begin(), sums.end(), Sum{0});
  for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const std::int64_t y = line / g.output_h * g.input_h + top + ky * g.dilation_h;
    for (std::int64_t kx = columns.begin; kx < columns.end; ++kx) {
      const std::int64_t x = left + kx * g.dilation_w;
      accumulate(sums.data(), input.data() + (y * g.input_w + x) * g.output_c,
                 filter.data() + (ky * g.kernel_w + kx) * padded(g.output_c), g.output_c);
    }
  }
}

class Depthwise : public WeightedKernel {
 public:
  explicit Depthwise(const KernelRecord& record) : WeightedKernel{record} {
    require_window(g_);
    require(
        s_.depth_multiplier >= 1 && std::int64_t{g_.input_c} * s_.depth_multiplier == g_.output_c,
        "{} channels with multiplier {} do not make {} outputs", g_.input_c, s_.depth_multiplier,
        g_.output_c);
    require_taps(g_);
    volume("the input for all filters", {input_elements(g_), s_.depth_multiplier});
    const std::int64_t outputs = output_elements(g_);
    check_sizes(input_elements(g_), volume("the filter", {g_.kernel_h, g_.kernel_w, g_.output_c}),
                g_.output_c, outputs);
    work_.macs = steps({outputs, g_.kernel_h, g_.kernel_w});
  }

  void run(const Pointers& operands) const override {
    if (bits(kInput) > 8) {
      return run_with<std::int64_t>(operands);
    }
    run_with<std::int32_t>(operands);
  }

 private:
  template <typename Sum>
  void run_with(const Pointers& operands) const {
    const OutputStage stage = this->stage(operands);
    const Wide filter =
        this->filter(operands, std::int64_t{g_.kernel_h} * g_.kernel_w, g_.output_c);
    const Wide input = this->input(operands[kInput], 0, input_elements(g_), s_.depth_multiplier);
    std::vector<Sum> sums(static_cast<std::size_t>(g_.output_c));
    ElementWriter output(operands[kOutput], work().outputs, bits(kOutput));
    const std::int64_t pixels = std::int64_t{g_.batch} * g_.output_h * g_.output_w;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      sum_pixel(g_, input, filter, pixel, sums);
      for (std::int64_t channel = 0; channel < g_.output_c; ++channel) {
        output.put(stage.finish(sums[static_cast<std::size_t>(channel)], channel));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Kernel> make_conv(const KernelRecord& record) {
  return std::make_unique<Conv>(record);
}
std::unique_ptr<Kernel> make_depthwise(const KernelRecord& record) {
  return std::make_unique<Depthwise>(record);
}
std::unique_ptr<Kernel> make_fully_connected(const KernelRecord& record) {
  return std::make_unique<FullyConnected>(record);
}

}  // namespace milliwatt::mcu
