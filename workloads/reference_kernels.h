// SPDX-License-Identifier: Apache-2.0
// Kernels behind evaluate(), and what they share. Not for use outside reference*.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/quantization.h"
#include "workloads/reference.h"

namespace milliwatt::workloads::reference {

/// An operator with the bytes of its operands.
struct Call {
  const Graph& graph;
  const Operator& op;
  const std::vector<const Bytes*>& operands;

  const Tensor& input(std::size_t i) const { return graph.tensor(op.inputs.at(i)); }
  const Tensor& output() const { return graph.tensor(op.outputs.at(0)); }
  const Bytes& bytes(std::size_t i) const { return *operands.at(i); }
  bool has(std::size_t i) const { return i < operands.size() && operands[i] != nullptr; }
};

/// Stored int4, int8 or int16 elements minus `zero_point`. The difference fits 16 bits: int16
/// tensors have zero point 0.
std::vector<std::int16_t> widen(const Tensor& tensor, const Bytes& bytes, std::int32_t zero_point);

/// Stores int8 or int16 elements.
class Writer {
 public:
  explicit Writer(const Tensor& tensor)
      : wide_{tensor.type == ElementType::kInt16},
        bytes_(static_cast<std::size_t>(tensor.bytes())) {}

  void store(std::size_t index, std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    if (wide_) {
      bytes_[2 * index] = static_cast<std::uint8_t>(bits);
      bytes_[2 * index + 1] = static_cast<std::uint8_t>(bits >> 8);
    } else {
      bytes_[index] = static_cast<std::uint8_t>(bits);
    }
  }
  Bytes take() { return std::move(bytes_); }

 private:
  bool wide_;
  Bytes bytes_;
};

/// Bias, requantization and clamp behind the accumulators of one operator.
class Finisher {
 public:
  explicit Finisher(const Call& call);

  void store(std::size_t index, std::size_t channel, std::int64_t accumulator);
  Bytes take() { return writer_.take(); }

 private:
  std::int64_t scale(std::int64_t accumulator, std::size_t channel) const;

  const Operator& op_;
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
