// SPDX-License-Identifier: Apache-2.0
// Kernels that map element by element: changes of scale, leaky relu, hard swish, logistic, tanh.
#include <algorithm>

#include "abi/kernel_elementwise.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_families.h"
#include "workloads/fixed_point.h"
#include "workloads/quantization.h"
#include "workloads/sigmoid_table.h"

namespace milliwatt::mcu {

namespace {

enum Place : std::size_t { kInput, kOutput, kOperands };

/// Operands {input, output} of `elements` integers.
void require_unary(const KernelRecord& record, std::int32_t elements, bool wide_output = false) {
  require_operands(record, kOperands);
  require_integers(record, kInput, "the input");
  require_integers(record, kOutput, "the output", wide_output);
  volume("the input", {elements});
  require_operand(record, kInput, "the input", MW_USE_READ, elements);
  require_operand(record, kOutput, "the output", MW_USE_WRITE, elements);
}

workloads::Multiplier factor(mw_multiplier m) { return {m.mantissa, m.exponent}; }

/// RESCALE and LEAKY_RELU.
class Rescale : public Kernel {
 public:
  explicit Rescale(const KernelRecord& record)
      : Kernel{record},
        s_{record.section<mw_rescale_section>()},
        leaky_{record.kernel() == MW_KERNEL_LEAKY_RELU} {
    // A difference to a zero point has at most 17 bits: shifted by 14 it fits 32.
    constexpr int kMostExponent = 14;
    require_unary(record, s_.elements, !leaky_);
    require_element("the input zero point", s_.input_zero_point, bits(kInput));
    require_element("the output zero point", s_.output_zero_point, bits(kOutput));
    require_multiplier("the multiplier", s_.positive, -31, kMostExponent);
    require_multiplier("the multiplier of negative values", s_.negative, -31, kMostExponent);
    require_clamp(s_.clamp_low, s_.clamp_high, bits(kOutput));
    work_.rescaled = s_.elements;
  }

  void run(const Pointers& operands) const override {
    ElementWriter output(operands[kOutput], s_.elements, bits(kOutput));
    const workloads::Multiplier positive = factor(s_.positive);
    const workloads::Multiplier negative = leaky_ ? factor(s_.negative) : positive;
    for_each_element(operands[kInput], s_.elements, bits(kInput), [&](std::int32_t x) {
      const std::int32_t value = x - s_.input_zero_point;
      const std::int64_t scaled = workloads::requantize(value, value < 0 ? negative : positive);
      output.put_clamped(scaled + s_.output_zero_point, s_.clamp_low, s_.clamp_high);
    });
  }

 private:
  mw_rescale_section s_;
  bool leaky_;
};

std::int32_t saturated16(std::int64_t x) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(x, INT16_MIN, INT16_MAX));
}

/// a * b / 2^15 of 16 bits, rounded to the nearest, ties up.
std::int32_t high_multiply16(std::int32_t a, std::int32_t b) {
  const std::int64_t product = std::int64_t{a} * b;
  return saturated16((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

/// x * relu6(x + 3) / 6 in 16 bits: the value on the scale of the output but for its exponent,
/// times a gate in Q0.15 that saturates where relu6 does.
class HardSwish : public Kernel {
 public:
  explicit HardSwish(const KernelRecord& record)
      : Kernel{record}, s_{record.section<mw_hard_swish_section>()} {
    require_unary(record, s_.elements);
    require(bits(kInput) == 8 && bits(kOutput) == 8, "maps {} bits to {}", bits(kInput),
            bits(kOutput));
    require_element("the input zero point", s_.input_zero_point, 8);
    require_element("the output zero point", s_.output_zero_point, 8);
    require_multiplier("the factor to the output", s_.output, -31, 0);
    require_multiplier("the factor to the gate", s_.gate, -31, 31);
    require_range("a mantissa", std::max(s_.output.mantissa, s_.gate.mantissa), 0, INT16_MAX);
    work_.rescaled = std::int64_t{2} * s_.elements;
  }

  void run(const Pointers& operands) const override {
    ElementWriter output(operands[kOutput], s_.elements, bits(kOutput));
    for_each_element(operands[kInput], s_.elements, bits(kInput), [&](std::int32_t x) {
      const std::int32_t fine = (x - s_.input_zero_point) * 128;
      const std::int32_t value = high_multiply16(fine, s_.output.mantissa);
      const std::int32_t gated = saturated16(std::int64_t{gate(fine)} * value / (1 << 15));
      const std::int32_t y = workloads::rounding_shift_right(gated, -s_.output.exponent);
      output.put_clamped(std::int64_t{y} + s_.output_zero_point, -128, 127);
    });
  }

 private:
  /// In Q0.15. All shifts to the left but the last come before the multiplication, for precision.
  std::int32_t gate(std::int32_t fine) const {
    const int left = s_.gate.exponent;
    const std::int64_t before =
        left > 0 ? std::int64_t{fine} * (std::int64_t{1} << (left - 1)) : fine;
    const std::int32_t scaled = high_multiply16(saturated16(before), s_.gate.mantissa);
    const std::int32_t signed_gate = left > 0 ? saturated16(std::int64_t{scaled} * 2)
                                              : workloads::rounding_shift_right(scaled, -left);
    return (signed_gate + (1 << 15)) >> 1;
  }

  mw_hard_swish_section s_;
};

/// LOGISTIC and TANH.
class Sigmoid : public Kernel {
 public:
  explicit Sigmoid(const KernelRecord& record)
      : Kernel{record},
        s_{record.section<mw_sigmoid_section>()},
        tanh_{record.kernel() == MW_KERNEL_TANH} {
    require_unary(record, s_.elements);
    const int width = bits(kInput);
    require((width == 8 || width == 16) && bits(kOutput) == width, "maps {} bits to {}", width,
            bits(kOutput));
    require_element("the input zero point", s_.input_zero_point, width);
    if (width == 16) {
      require_range("the table's factor", s_.table_factor, 0, UINT16_MAX);
      require_range("the table's shift", s_.table_shift, 0, 31);
      work_.lookups = s_.elements;
      return;
    }
    require_multiplier("the multiplier", s_.input, 0, 31);
    // What does not saturate becomes Q4.27 without overflow.
    require_range("the radius", s_.radius, 0, (std::int64_t{15} << 27) >> s_.input.exponent);
    work_.sigmoids = s_.elements;
  }

  void run(const Pointers& operands) const override {
    ElementWriter output(operands[kOutput], s_.elements, bits(kOutput));
    const bool wide = bits(kInput) == 16;
    for_each_element(operands[kInput], s_.elements, bits(kInput),
                     [&](std::int32_t x) { output.put(wide ? looked_up(x) : narrow(x)); });
  }

 private:
  std::int32_t narrow(std::int32_t x) const {
    const std::int32_t value = x - s_.input_zero_point;
    if (value <= -s_.radius || value >= s_.radius) {
      return value < 0 ? INT8_MIN : INT8_MAX;
    }
    const std::int32_t scaled = workloads::requantize(value, factor(s_.input));
    const std::int32_t y =
        tanh_ ? workloads::rounding_shift_right(workloads::hyperbolic_tangent(scaled), 24)
              : workloads::rounding_shift_right(workloads::sigmoid(scaled), 23) + INT8_MIN;
    return std::clamp<std::int32_t>(y, INT8_MIN, INT8_MAX);
  }

  std::int32_t looked_up(std::int32_t x) const {
    const std::int64_t half = s_.table_shift > 0 ? std::int64_t{1} << (s_.table_shift - 1) : 0;
    const auto place =
        static_cast<std::int32_t>((std::int64_t{x} * s_.table_factor + half) >> s_.table_shift);
    return tanh_ ? workloads::table_tanh(place) : workloads::table_sigmoid(place);
  }

  mw_sigmoid_section s_;
  bool tanh_;
};

}  // namespace

std::unique_ptr<Kernel> make_rescale(const KernelRecord& record) {
  return std::make_unique<Rescale>(record);
}
std::unique_ptr<Kernel> make_hard_swish(const KernelRecord& record) {
  return std::make_unique<HardSwish>(record);
}
std::unique_ptr<Kernel> make_sigmoid(const KernelRecord& record) {
  return std::make_unique<Sigmoid>(record);
}

}  // namespace milliwatt::mcu
