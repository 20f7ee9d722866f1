// SPDX-License-Identifier: Apache-2.0
// Kernels behind evaluate(), and what they share. Not for use outside reference*.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/operator_parameters.h"
#include "workloads/packing.h"
#include "workloads/reference.h"

namespace milliwatt::workloads::reference {

/// An operator with the bytes of its operands.
struct Call {
  const Graph& graph;
  const Operator& op;
  const std::vector<const Bytes*>& operands;
  States& states;
  Rounding rounding;
  Accumulators* accumulators = nullptr;

  const Tensor& input(std::size_t i) const { return graph.tensor(op.inputs.at(i)); }
  const Tensor& output() const { return graph.tensor(op.outputs.at(0)); }
  const Bytes& bytes(std::size_t i) const { return *operands.at(i); }
  Bytes& state(std::size_t i) const { return states.bytes(op.inputs.at(i)); }
  std::int32_t scale(std::int32_t x, Multiplier m) const {
    return rounding == Rounding::kDouble ? requantize(x, m) : requantize_once(x, m);
  }
  /// Scales an accumulator as its activations ask for: 64 bits for int16, else 32, which it must
  /// fit. `channel` is for the message.
  std::int64_t scale_sum(std::int64_t sum, Multiplier m, bool wide, std::size_t channel) const;
  /// sum + bias. Throws SimulationError where it leaves 64 bits.
  std::int64_t add_bias(std::int64_t sum, std::int64_t bias, std::size_t channel) const;
  bool has(std::size_t i) const { return i < operands.size() && operands[i] != nullptr; }
  /// `sum` is about to be requantized to the output's element `index`.
  void note(std::size_t index, std::int64_t sum) const {
    if (accumulators != nullptr) {
      accumulators->at(index) = sum;
    }
  }
};

/// Stored elements of 2 to 8 or 16 bits minus `zero_point`. The difference fits 16 bits: int16
/// tensors have zero point 0.
std::vector<std::int16_t> widen(const Tensor& tensor, const Bytes& bytes, std::int32_t zero_point);

/// Stored elements of 2 to 8, 16 or 32 bits.
std::vector<std::int32_t> integers(const Tensor& tensor, const Bytes& bytes);

/// Values of a constant of int32 or int64, such as a bias; zeros where there is none.
std::vector<std::int64_t> bias_values(const Call& call, std::size_t operand, std::size_t channels);

/// Products whose sum is sure to stay within 32 bits: 2^16 of |x - zero point| <= 255 and
/// |w| <= 128 for int8 and narrower, 2^8 of |x| <= 2^15 and |w| <= 2^7 for int16.
std::int64_t safe_products(const Tensor& input);

/// Sum of products, at most `safe` of them in 32 bits at a time.
std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::int64_t count,
                 std::int64_t safe);

/// Steps through an operand of a broadcasting operator in the order of the output's elements.
class BroadcastCursor {
 public:
  BroadcastCursor(const std::vector<std::int32_t>& operand,
                  const std::vector<std::int32_t>& output);

  std::size_t index() const { return index_; }
  void advance();

 private:
  std::vector<std::size_t> extents_;
  std::vector<std::size_t> strides_;
  std::vector<std::size_t> position_;
  std::size_t index_ = 0;
};

/// Stores elements of 2 to 8, 16 or 32 bits.
class Writer {
 public:
  explicit Writer(const Tensor& tensor)
      : bits_{element_bits(tensor.type)},
        width_{static_cast<std::size_t>(bits_) / 8},
        bytes_(static_cast<std::size_t>(tensor.bytes())) {}

  void store(std::size_t index, std::int32_t value) {
    if (bits_ < 8) {
      store_element(bytes_.data(), static_cast<std::int64_t>(index), bits_, value);
      return;
    }
    const auto bits = static_cast<std::uint32_t>(value);
    std::uint8_t* first = &bytes_[width_ * index];
    *first = static_cast<std::uint8_t>(bits);
    for (std::size_t i = 1; i < width_; ++i) {
      first[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    }
  }
  Bytes take() { return std::move(bytes_); }

 private:
  int bits_;
  std::size_t width_;
  Bytes bytes_;
};

/// Index of `x` for table_sigmoid() and table_tanh().
std::int32_t to_table(std::int32_t x, TableScale scale);

/// Bias, requantization and clamp behind the accumulators of one operator.
class Finisher {
 public:
  explicit Finisher(const Call& call);

  void store(std::size_t index, std::size_t channel, std::int64_t accumulator);
  Bytes take() { return writer_.take(); }

 private:
  const Call call_;
  bool wide_;
  OutputStage stage_;
  std::vector<std::int64_t> bias_;
  Writer writer_;
};

Bytes conv2d(const Call& call);
Bytes depthwise_conv2d(const Call& call);
Bytes fully_connected(const Call& call);
Bytes average_pool2d(const Call& call);
Bytes max_pool2d(const Call& call);
Bytes add(const Call& call);
Bytes softmax(const Call& call);

Bytes transpose_conv2d(const Call& call);
Bytes batch_matmul(const Call& call);
Bytes mul(const Call& call);
Bytes extremum(const Call& call);
Bytes rescale(const Call& call);
Bytes leaky_relu(const Call& call);
Bytes hard_swish(const Call& call);
Bytes sigmoid_or_tanh(const Call& call);
Bytes log_softmax(const Call& call);
Bytes quantize(const Call& call);
Bytes dequantize(const Call& call);
Bytes reduce(const Call& call);
Bytes pad(const Call& call);
Bytes concatenate(const Call& call);
Bytes slice(const Call& call);
std::vector<Bytes> split(const Call& call);
Bytes transpose(const Call& call);
Bytes resize_nearest(const Call& call);
Bytes resize_bilinear(const Call& call);
Bytes svdf(const Call& call);
Bytes lstm(const Call& call);

/// Taps [first, last) of an axis that fall inside the image at output position `position`.
struct TapRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
struct Axis {
  std::int64_t input;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;
  std::int64_t pad;

  std::int64_t origin(std::int64_t position) const { return position * stride - pad; }
  TapRange taps(std::int64_t position) const;
};
Axis rows_of(const Window& window, const Tensor& image);
Axis columns_of(const Window& window, const Tensor& image);

}  // namespace milliwatt::workloads::reference
