// SPDX-License-Identifier: Apache-2.0
// The one form that every network takes inside milliwatt, whichever file it came from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace milliwatt::workloads {

enum class ElementType : std::uint8_t {
  kInt4,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kFloat32,
  kBool
};

/// Bits of one stored element (4 for kInt4: two per byte, low nibble first).
int element_bits(ElementType type);
/// "int8", "float32", ...
const char* element_name(ElementType type);

/// real = scale * (stored - zero_point). One scale, or one per index of `dimension`.
/// Empty scales: the tensor is not quantized.
struct Quantization {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
  int dimension = 0;

  bool per_channel() const { return scales.size() > 1; }
  std::int32_t zero_point() const { return zero_points.empty() ? 0 : zero_points.front(); }
};

/// What a tensor is to the network. States live across invocations and start at their zero point.
enum class TensorRole : std::uint8_t { kInput, kConstant, kActivation, kState };

/// Index into Graph::tensors.
using TensorId = std::int32_t;
/// An optional operand that is absent (a convolution without bias).
constexpr TensorId kNoTensor = -1;

struct Tensor {
  std::string name;
  ElementType type = ElementType::kInt8;
  /// Activations are NHWC with the batch first; a scalar has an empty shape.
  std::vector<std::int32_t> shape;
  Quantization quantization;
  TensorRole role = TensorRole::kActivation;
  /// Stored little-endian bytes of a constant, empty otherwise.
  std::vector<std::uint8_t> data;

  std::int64_t elements() const;
  /// Stored size: int4 is packed across the whole tensor, the last byte may be half used.
  std::int64_t bytes() const;
};

enum class OperatorKind : std::uint8_t {
  kConv2d,
  kDepthwiseConv2d,
  kFullyConnected,
  kAveragePool2d,
  kMaxPool2d,
  kAdd,
  kReshape,
  kSoftmax,
};

/// "conv2d", "depthwise_conv2d", ...: the spelling of layer traces and reports.
const char* operator_name(OperatorKind kind);

/// Bounds of a fused activation in stored integers are derived with the output's quantization.
enum class Activation : std::uint8_t { kNone, kRelu, kRelu6, kReluN1To1 };

/// Sliding window of a convolution or pool. Padding is explicit: SAME and VALID are resolved by
/// the importer. Taps outside the image are skipped.
struct Window {
  std::int32_t kernel_h = 1;
  std::int32_t kernel_w = 1;
  std::int32_t stride_h = 1;
  std::int32_t stride_w = 1;
  std::int32_t dilation_h = 1;
  std::int32_t dilation_w = 1;
  std::int32_t pad_top = 0;
  std::int32_t pad_bottom = 0;
  std::int32_t pad_left = 0;
  std::int32_t pad_right = 0;
};

/// Inputs {ifmap NHWC, filter OHWI, bias or none}. `groups` divides the input channels.
struct Conv2d {
  Window window;
  Activation activation = Activation::kNone;
  std::int32_t groups = 1;
};

/// Inputs {ifmap NHWC, filter 1HWO, bias or none}. Output channel = channel * multiplier + m.
struct DepthwiseConv2d {
  Window window;
  Activation activation = Activation::kNone;
  std::int32_t multiplier = 1;
};

/// Inputs {ifmap (rows x depth after flattening), filter (units x depth), bias or none}.
struct FullyConnected {
  Activation activation = Activation::kNone;
  bool keep_dimensions = false;
};

/// Average and max pooling: input {ifmap NHWC}. Averages divide by the number of valid taps.
struct Pool2d {
  Window window;
  Activation activation = Activation::kNone;
};

/// Inputs {a, b}; broadcasting as in numpy.
struct Add {
  Activation activation = Activation::kNone;
};

/// Input {data, optional constant shape}; copies bytes.
struct Reshape {};

/// Input {logits}, over the last dimension.
struct Softmax {
  float beta = 1.0F;
};

using Attributes =
    std::variant<Conv2d, DepthwiseConv2d, FullyConnected, Pool2d, Add, Reshape, Softmax>;

struct Operator {
  OperatorKind kind = OperatorKind::kReshape;
  std::string name;
  Attributes attributes;
  /// Operands in the order of the kind; kNoTensor where an optional one is absent.
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  /// States that the operator reads and writes besides its inputs and outputs.
  std::vector<TensorId> states;

  /// Every tensor whose bytes the operator may read: inputs and states, without kNoTensor.
  std::vector<TensorId> reads() const;
  /// Every tensor whose bytes the operator may write: outputs and states.
  std::vector<TensorId> writes() const;
};

/// Where the values of a network's constants come from.
enum class WeightsOrigin : std::uint8_t { kFile, kSeeded };

/// Operators stand in an order in which each tensor is written before it is read.
struct Graph {
  std::string name;
  std::int32_t batch = 1;
  WeightsOrigin weights = WeightsOrigin::kFile;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  const Tensor& tensor(TensorId id) const { return tensors.at(static_cast<std::size_t>(id)); }
};

/// Multiply-accumulates of an operator; every filter tap counts, padding taps included.
/// Pools, additions, bias and requantization count 0.
std::int64_t macs(const Graph& graph, const Operator& op);
/// Elements of the operator's constant weights and bias.
std::int64_t parameters(const Graph& graph, const Operator& op);

}  // namespace milliwatt::workloads
