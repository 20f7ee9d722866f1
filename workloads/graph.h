// SPDX-License-Identifier: Apache-2.0
// The one form that every network takes inside milliwatt, whichever file it came from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace milliwatt::workloads {

/// kInt2 .. kInt16 are what weights and activations may have; all integers but kUint8 are signed.
enum class ElementType : std::uint8_t {
  kInt2,
  kInt3,
  kInt4,
  kInt5,
  kInt6,
  kInt7,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kFloat32,
  kBool
};

/// Bits of one stored element. Elements narrower than a byte are packed (packing.h).
int element_bits(ElementType type);
/// Whether elements are narrower than a byte.
bool is_sub_byte(ElementType type);
/// The signed integer type of 2 to 8, 16, 32 or 64 bits. Throws InternalError for other widths.
ElementType integer_type(int bits);
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
  /// Stored size: elements are packed across the whole tensor, the last byte may be used in part.
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
  kTransposeConv2d,
  kBatchMatmul,
  kSub,
  kMul,
  kMaximum,
  kMinimum,
  kRelu,
  kLeakyRelu,
  kHardSwish,
  kLogistic,
  kTanh,
  kLogSoftmax,
  kQuantize,
  kDequantize,
  kMean,
  kSum,
  kReduceMax,
  kPad,
  kConcatenate,
  kSlice,
  kSplit,
  kTranspose,
  kResizeNearest,
  kResizeBilinear,
  kSvdf,
  kLstm,
};
/// Number of kinds; kLstm is the last.
constexpr int kOperatorKinds = static_cast<int>(OperatorKind::kLstm) + 1;

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
struct Sub {
  Activation activation = Activation::kNone;
};
struct Mul {
  Activation activation = Activation::kNone;
};

/// Input {data, optional constant shape}; copies bytes.
struct Reshape {};

/// Input {logits}, over the last dimension.
struct Softmax {
  float beta = 1.0F;
};

/// Inputs {shape of the output, filter OHWI, ifmap NHWC, bias or none}. The window is that of the
/// convolution from the output back to the ifmap; each ifmap pixel adds to the taps under it.
struct TransposeConv2d {
  Window window;
  Activation activation = Activation::kNone;
};

/// Inputs {a [.., rows, depth], b [.., depth, columns]}, or with the last two dimensions swapped;
/// leading dimensions broadcast.
struct BatchMatmul {
  bool transpose_a = false;
  bool transpose_b = false;
};

/// Kinds of which the operands say everything. {a, b}, broadcasting, on stored values whatever
/// their scales: maximum, minimum. {data}: hard_swish, logistic, tanh, log_softmax (over the last
/// dimension), quantize, dequantize.
struct Plain {};

/// Input {data}; clamps, and rescales where the scales of both sides differ.
struct Relu {
  Activation activation = Activation::kRelu;
};

/// Input {data}; negative values are multiplied by alpha.
struct LeakyRelu {
  float alpha = 0.0F;
};

/// mean, sum, reduce_max: inputs {data, constant axes}. Axes count from 0, ascending, each once.
struct Reduce {
  std::vector<std::int32_t> axes;
};

/// Inputs {data, constant pads, optional constant value}; elements before and behind each
/// dimension hold the stored integer `value`.
struct Pad {
  std::vector<std::int32_t> before;
  std::vector<std::int32_t> after;
  std::int32_t value = 0;
};

/// Any number of inputs. Where `stacks` is set each input is one index of a new dimension.
struct Concatenate {
  std::int32_t axis = 0;
  bool stacks = false;
};

/// Inputs {data, constants}: the element i of dimension d stands at begin[d] + i * step[d], for i
/// below count[d]. The output may lack dimensions of extent 1.
struct Slice {
  std::vector<std::int32_t> begin;
  std::vector<std::int32_t> step;
  std::vector<std::int32_t> count;
};

/// Input {data} at place `data` among constants; one output per stretch of the axis. Where
/// `unstacks` is set each output is one index and lacks the axis.
struct Split {
  std::int32_t axis = 0;
  bool unstacks = false;
  std::int32_t data = 0;
};

/// Inputs {data, constant permutation}: dimension d of the output is permutation[d] of the input.
struct Transpose {
  std::vector<std::int32_t> permutation;
};

/// Inputs {data NHWC, constant height and width}.
struct Resize {
  bool align_corners = false;
  bool half_pixel_centers = false;
};

/// A fully connected layer of rank-one filters over time: inputs {data [batch, depth], feature
/// weights [filters, depth], time weights [filters, memory], bias or none, state [batch, filters x
/// memory]}; filters = units x rank. The state holds the last `memory` outputs of each filter.
struct Svdf {
  std::int32_t rank = 1;
  Activation activation = Activation::kNone;
};

/// Inputs as in the file format: 0 data, 1 .. 4 weights of the input, forget, cell and output gate
/// [units, depth], 5 .. 8 recurrent weights [units, units], 9 .. 11 absent, 12 .. 15 biases, 16 and
/// 17 absent, 18 output state [batch, units], 19 cell state [batch, units], others absent. Data is
/// [batch, steps, depth], or [steps, batch, depth] where `time_major` is set.
struct Lstm {
  float cell_clip = 0.0F;  ///< 0: none
  bool time_major = false;
};

using Attributes =
    std::variant<Conv2d, DepthwiseConv2d, FullyConnected, Pool2d, Add, Reshape, Softmax, Sub, Mul,
                 TransposeConv2d, BatchMatmul, Plain, Relu, LeakyRelu, Reduce, Pad, Concatenate,
                 Slice, Split, Transpose, Resize, Svdf, Lstm>;

struct Operator {
  OperatorKind kind = OperatorKind::kReshape;
  std::string name;
  Attributes attributes;
  /// Operands in the order of the kind; kNoTensor where an optional one is absent.
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  /// States that the operator reads and writes; a state may be among the inputs as well.
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
  /// What a user should know of how the file was understood, each with its place in the file.
  std::vector<std::string> notes;

  const Tensor& tensor(TensorId id) const { return tensors.at(static_cast<std::size_t>(id)); }
};

/// Places among op.inputs of the operands that hold weights, and biases; empty for kinds without.
std::vector<std::size_t> weight_operands(OperatorKind kind);
std::vector<std::size_t> bias_operands(OperatorKind kind);
/// Place among op.inputs of the activation that the operator works on, or of the first one.
std::size_t data_operand(const Operator& op);

/// The activation that the operator applies to its outputs, kNone for kinds without.
Activation fused_activation(const Operator& op);

/// Multiply-accumulates of an operator; every filter tap counts, padding taps included.
/// A transposed convolution counts the taps of every ifmap pixel, an LSTM all gates of all steps.
/// Pools, elementwise operators, bias and requantization count 0.
std::int64_t macs(const Graph& graph, const Operator& op);
/// Elements of the operator's constant weights and bias.
std::int64_t parameters(const Graph& graph, const Operator& op);

}  // namespace milliwatt::workloads
