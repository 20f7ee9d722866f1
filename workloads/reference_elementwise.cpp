// SPDX-License-Identifier: Apache-2.0
// Reference kernels that map element by element.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "workloads/fixed_point.h"
#include "workloads/operator_parameters.h"
#include "workloads/reference_kernels.h"
#include "workloads/sigmoid_table.h"

namespace milliwatt::workloads::reference {

BroadcastCursor::BroadcastCursor(const std::vector<std::int32_t>& operand,
                                 const std::vector<std::int32_t>& output)
    : extents_(output.begin(), output.end()),
      strides_(output.size(), 0),
      position_(output.size(), 0) {
  std::size_t stride = 1;
  for (std::size_t i = operand.size(); i-- > 0;) {
    const auto extent = static_cast<std::size_t>(operand[i]);
    strides_[output.size() - operand.size() + i] = extent == 1 ? 0 : stride;
    stride *= extent;
  }
}

void BroadcastCursor::advance() {
  for (std::size_t i = extents_.size(); i-- > 0;) {
    index_ += strides_[i];
    if (++position_[i] < extents_[i]) {
      return;
    }
    index_ -= strides_[i] * extents_[i];
    position_[i] = 0;
  }
}

namespace {

/// f(a, b) of stored integers, broadcasting.
template <typename Function>
Bytes map_pairs(const Call& call, Function f) {
  const auto a = integers(call.input(0), call.bytes(0));
  const auto b = integers(call.input(1), call.bytes(1));
  BroadcastCursor cursor_a(call.input(0).shape, call.output().shape);
  BroadcastCursor cursor_b(call.input(1).shape, call.output().shape);
  Writer writer(call.output());
  const auto elements = static_cast<std::size_t>(call.output().elements());
  for (std::size_t i = 0; i < elements; ++i) {
    writer.store(i, f(a[cursor_a.index()], b[cursor_b.index()]));
    cursor_a.advance();
    cursor_b.advance();
  }
  return writer.take();
}

/// f(x) of stored integers.
template <typename Function>
Bytes map_elements(const Call& call, Function f) {
  const auto values = integers(call.input(0), call.bytes(0));
  Writer writer(call.output());
  for (std::size_t i = 0; i < values.size(); ++i) {
    writer.store(i, f(values[i]));
  }
  return writer.take();
}

std::vector<float> reals(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

Bytes bytes_of(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::int16_t saturate16(std::int32_t x) {
  return static_cast<std::int16_t>(std::clamp(x, -32768, 32767));
}

std::int16_t shift_left16(std::int16_t x, int bits) {
  return static_cast<std::int16_t>(
      std::clamp<std::int64_t>(x * (std::int64_t{1} << std::min(bits, 31)), -32768, 32767));
}

/// round(a * b / 2^15), ties up; the one overflow saturates.
std::int16_t doubling_high_multiply16(std::int16_t a, std::int16_t b) {
  const std::int32_t product = a * b;
  const std::int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return saturate16((product + nudge) / (1 << 15));
}

/// x, on the scale of the output but for its exponent, times a gate in [0, 1].
class HardSwishElement {
 public:
  explicit HardSwishElement(HardSwishParameters p) : p_{p} {}

  std::int32_t operator()(std::int32_t x) const {
    const auto fine = static_cast<std::int16_t>((x - p_.input_zero_point) * 128);
    const std::int16_t value = doubling_high_multiply16(fine, p_.output_mantissa);
    const std::int16_t product = saturate16(gate(fine) * value / (1 << 15));
    const std::int32_t y = rounding_shift_right(product, -p_.output_exponent);
    return std::clamp(y + p_.output_zero_point, -128, 127);
  }

 private:
  /// (relu6(x + 3) / 6) in Q0.15.
  std::int16_t gate(std::int16_t fine) const {
    std::int16_t gate = fine;
    if (p_.gate_exponent > 0) {
      gate = shift_left16(gate, p_.gate_exponent - 1);
    }
    gate = doubling_high_multiply16(gate, p_.gate_mantissa);
    if (p_.gate_exponent > 0) {
      gate = shift_left16(gate, 1);
    } else {
      gate = static_cast<std::int16_t>(rounding_shift_right(gate, -p_.gate_exponent));
    }
    return static_cast<std::int16_t>((gate + (1 << 15)) >> 1);
  }

  HardSwishParameters p_;
};

}  // namespace

Bytes mul(const Call& call) {
  const ProductParameters p = product_parameters(call.graph, call.op);
  return map_pairs(call, [&](std::int32_t a, std::int32_t b) {
    const std::int32_t product = (a - p.zero_point_a) * (b - p.zero_point_b);
    return std::clamp(call.scale(product, p.multiplier) + p.output_zero_point, p.clamp.low,
                      p.clamp.high);
  });
}

Bytes extremum(const Call& call) {
  const bool largest = call.op.kind == OperatorKind::kMaximum;
  return map_pairs(call, [largest](std::int32_t a, std::int32_t b) {
    return largest ? std::max(a, b) : std::min(a, b);
  });
}

Bytes rescale(const Call& call) {
  const RescaleParameters p = rescale_parameters(call.graph, call.op);
  return map_elements(call, [&](std::int32_t x) {
    const std::int64_t y =
        std::int64_t{call.scale(x - p.input_zero_point, p.multiplier)} + p.output_zero_point;
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(y, p.clamp.low, p.clamp.high));
  });
}

Bytes leaky_relu(const Call& call) {
  const LeakyReluParameters p = leaky_relu_parameters(call.graph, call.op);
  const Clamp bounds = activation_clamp(Activation::kNone, call.output());
  return map_elements(call, [&](std::int32_t x) {
    const std::int32_t value = x - p.input_zero_point;
    const std::int32_t y =
        call.scale(value, value >= 0 ? p.positive : p.negative) + p.output_zero_point;
    return std::clamp(y, bounds.low, bounds.high);
  });
}

Bytes hard_swish(const Call& call) {
  return map_elements(call, HardSwishElement(hard_swish_parameters(call.graph, call.op)));
}

namespace {

Bytes narrow_sigmoid(const Call& call, bool tanh) {
  const SigmoidParameters p = sigmoid_parameters(call.graph, call.op);
  return map_elements(call, [&](std::int32_t x) {
    const std::int32_t value = x - p.input_zero_point;
    if (value <= -p.radius || value >= p.radius) {
      return value < 0 ? -128 : 127;
    }
    const std::int32_t scaled = call.scale(value, p.multiplier);
    const std::int32_t y = tanh ? rounding_shift_right(hyperbolic_tangent(scaled), 24)
                                : rounding_shift_right(sigmoid(scaled), 23) - 128;
    return std::clamp(y, -128, 127);
  });
}

}  // namespace

Bytes sigmoid_or_tanh(const Call& call) {
  const bool tanh = call.op.kind == OperatorKind::kTanh;
  if (call.input(0).type != ElementType::kInt16) {
    return narrow_sigmoid(call, tanh);
  }
  const TableScale scale = table_scale(call.graph, call.op);
  return map_elements(call, [&](std::int32_t x) -> std::int32_t {
    const std::int32_t scaled = to_table(x, scale);
    return tanh ? table_tanh(scaled) : table_sigmoid(scaled);
  });
}

std::int32_t to_table(std::int32_t x, TableScale scale) {
  const std::int64_t round = scale.shift > 0 ? std::int64_t{1} << (scale.shift - 1) : 0;
  return static_cast<std::int32_t>((std::int64_t{x} * scale.factor + round) >> scale.shift);
}

Bytes log_softmax(const Call& call) {
  auto values = reals(call.bytes(0));
  const auto depth = static_cast<std::size_t>(call.input(0).shape.back());
  for (std::size_t first = 0; first < values.size(); first += depth) {
    float* row = values.data() + first;
    const float largest = *std::max_element(row, row + depth);
    float sum = 0.0F;
    for (std::size_t i = 0; i < depth; ++i) {
      sum += std::exp(row[i] - largest);
    }
    const float log_sum = std::log(sum);
    std::transform(row, row + depth, row, [&](float x) { return x - largest - log_sum; });
  }
  return bytes_of(values);
}

Bytes quantize(const Call& call) {
  if (call.input(0).type != ElementType::kFloat32) {
    return rescale(call);
  }
  const float scale = single_scale(call.output());
  const std::int32_t zero_point = call.output().quantization.zero_point();
  const Clamp bounds = activation_clamp(Activation::kNone, call.output());
  const auto values = reals(call.bytes(0));
  Writer writer(call.output());
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Beyond 2^20 any value saturates; not-a-number becomes 0.
    const float steps = std::clamp(std::round(values[i] / scale), -1048576.0F, 1048576.0F);
    const std::int32_t y = (std::isnan(steps) ? 0 : static_cast<std::int32_t>(steps)) + zero_point;
    writer.store(i, std::clamp(y, bounds.low, bounds.high));
  }
  return writer.take();
}

Bytes dequantize(const Call& call) {
  const auto scale = static_cast<double>(single_scale(call.input(0)));
  const std::int32_t zero_point = call.input(0).quantization.zero_point();
  std::vector<float> values;
  for (const std::int32_t x : integers(call.input(0), call.bytes(0))) {
    values.push_back(static_cast<float>(scale * (static_cast<double>(x) - zero_point)));
  }
  return bytes_of(values);
}

}  // namespace milliwatt::workloads::reference
