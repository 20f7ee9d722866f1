// SPDX-License-Identifier: Apache-2.0
// Reference kernels without weights: pools, addition and subtraction, softmax.
#include <algorithm>
#include <limits>

#include "workloads/fixed_point.h"
#include "workloads/reference_kernels.h"

namespace milliwatt::workloads::reference {

namespace {

/// Calls visit(output index, input index) for each valid tap of each output, and
/// finish(output index) after the last one.
template <typename Visit, typename Finish>
void for_each_window(const Call& call, const Pool2d& pool, Visit visit, Finish finish) {
  const auto& out = call.output().shape;
  const Axis rows = rows_of(pool.window, call.input(0));
  const Axis columns = columns_of(pool.window, call.input(0));
  std::size_t index = 0;
  for (std::int64_t n = 0; n < out[0]; ++n) {
    for (std::int64_t y = 0; y < out[1]; ++y) {
      for (std::int64_t x = 0; x < out[2]; ++x) {
        const TapRange ky = rows.taps(y);
        const TapRange kx = columns.taps(x);
        for (std::int64_t c = 0; c < out[3]; ++c, ++index) {
          for (std::int64_t row = ky.first; row < ky.last; ++row) {
            const std::int64_t line = n * rows.input + rows.origin(y) + row;
            for (std::int64_t column = kx.first; column < kx.last; ++column) {
              const std::int64_t pixel = line * columns.input + columns.origin(x) + column;
              visit(static_cast<std::size_t>(pixel * out[3] + c));
            }
          }
          finish(index);
        }
      }
    }
  }
}

std::int32_t rounded_mean(std::int64_t sum, std::int64_t count) {
  const std::int64_t nudge = sum > 0 ? count / 2 : -(count / 2);
  return static_cast<std::int32_t>((sum + nudge) / count);
}

}  // namespace

Bytes average_pool2d(const Call& call) {
  const auto& pool = std::get<Pool2d>(call.op.attributes);
  const auto image = widen(call.input(0), call.bytes(0), 0);
  const Clamp clamp = activation_clamp(pool.activation, call.output());
  Writer writer(call.output());
  std::int64_t sum = 0;
  std::int64_t count = 0;
  for_each_window(
      call, pool,
      [&](std::size_t tap) {
        sum += image[tap];
        ++count;
      },
      [&](std::size_t index) {
        writer.store(index, std::clamp(rounded_mean(sum, count), clamp.low, clamp.high));
        sum = 0;
        count = 0;
      });
  return writer.take();
}

Bytes max_pool2d(const Call& call) {
  constexpr std::int16_t kLowest = std::numeric_limits<std::int16_t>::min();
  const auto& pool = std::get<Pool2d>(call.op.attributes);
  const auto image = widen(call.input(0), call.bytes(0), 0);
  const Clamp clamp = activation_clamp(pool.activation, call.output());
  Writer writer(call.output());
  std::int16_t largest = kLowest;
  for_each_window(
      call, pool, [&](std::size_t tap) { largest = std::max(largest, image[tap]); },
      [&](std::size_t index) {
        writer.store(index, std::clamp<std::int32_t>(largest, clamp.low, clamp.high));
        largest = kLowest;
      });
  return writer.take();
}

Bytes add(const Call& call) {
  const AddParameters p = add_parameters(call.graph, call.op);
  const auto a = widen(call.input(0), call.bytes(0), p.zero_point_a);
  const auto b = widen(call.input(1), call.bytes(1), p.zero_point_b);
  BroadcastCursor cursor_a(call.input(0).shape, call.output().shape);
  BroadcastCursor cursor_b(call.input(1).shape, call.output().shape);
  Writer writer(call.output());
  const std::int32_t unit = std::int32_t{1} << p.left_shift;
  const auto elements = static_cast<std::size_t>(call.output().elements());
  const std::int32_t sign = call.op.kind == OperatorKind::kSub ? -1 : 1;
  for (std::size_t i = 0; i < elements; ++i) {
    const std::int32_t sum = call.scale(a[cursor_a.index()] * unit, p.multiplier_a) +
                             sign * call.scale(b[cursor_b.index()] * unit, p.multiplier_b);
    const std::int32_t y = call.scale(sum, p.multiplier_output) + p.output_zero_point;
    writer.store(i, std::clamp(y, p.clamp.low, p.clamp.high));
    cursor_a.advance();
    cursor_b.advance();
  }
  return writer.take();
}

namespace {

/// Softmax of one row; logits and outputs are stored integers.
class SoftmaxRow {
 public:
  SoftmaxRow(SoftmaxParameters parameters, ElementType output)
      : parameters_{parameters}, bits_{element_bits(output)} {}

  void run(const std::int16_t* logits, std::size_t depth, std::size_t first, Writer& writer) {
    const std::int32_t largest = *std::max_element(logits, logits + depth);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::int32_t difference = logits[i] - largest;
      sum += counts(difference) ? rounding_shift_right(exponential(difference), 12) : 0;
    }
    const Reciprocal scale = reciprocal(sum);
    for (std::size_t i = 0; i < depth; ++i) {
      writer.store(first + i, output(logits[i] - largest, scale));
    }
  }

 private:
  bool counts(std::int32_t difference) const {
    return difference >= parameters_.difference_minimum;
  }

  /// e^(difference x beta x scale) in Q0.31.
  std::int32_t exponential(std::int32_t difference) const {
    const std::int64_t shifted = difference * (std::int64_t{1} << parameters_.multiplier.exponent);
    return exp_of_negative(doubling_high_multiply(static_cast<std::int32_t>(shifted),
                                                  parameters_.multiplier.mantissa));
  }

  std::int32_t output(std::int32_t difference, Reciprocal scale) const {
    const std::int32_t lowest = -(1 << (bits_ - 1));
    if (!counts(difference)) {
      return lowest;
    }
    const std::int32_t product = doubling_high_multiply(scale.mantissa, exponential(difference));
    const std::int32_t y =
        rounding_shift_right(product, scale.bits_over_unit + 31 - bits_) + lowest;
    return std::clamp(y, lowest, -lowest - 1);
  }

  SoftmaxParameters parameters_;
  int bits_;
};

}  // namespace

Bytes softmax(const Call& call) {
  const auto logits = widen(call.input(0), call.bytes(0), 0);
  const auto depth = static_cast<std::size_t>(call.input(0).shape.back());
  Writer writer(call.output());
  SoftmaxRow row(softmax_parameters(call.graph, call.op), call.output().type);
  for (std::size_t first = 0; first < logits.size(); first += depth) {
    row.run(logits.data() + first, depth, first, writer);
  }
  return writer.take();
}

}  // namespace milliwatt::workloads::reference
