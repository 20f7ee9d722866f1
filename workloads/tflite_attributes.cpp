// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite_attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/geometry.h"

namespace milliwatt::workloads::tflite {

namespace {

using Shape = std::vector<std::int32_t>;

/// Most dimensions of a tensor whose axes an operator names.
constexpr std::size_t kMostDimensions = 8;

class AttributeReader {
 public:
  AttributeReader(const OperatorSource& source, std::vector<std::string>& faults)
      : graph_{source.graph},
        op_{source.op},
        builtin_{source.builtin},
        options_{source.options},
        faults_{faults} {}

  Attributes read() {
    switch (op_.kind) {
      case OperatorKind::kConv2d:
        return read_conv();
      case OperatorKind::kDepthwiseConv2d:
        return read_depthwise();
      case OperatorKind::kFullyConnected:
        return read_fully_connected();
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return read_pool();
      case OperatorKind::kTransposeConv2d:
        return read_transpose_conv();
      case OperatorKind::kAdd:
        return Add{read_activation(AddField::kActivation)};
      case OperatorKind::kSub:
        return Sub{read_activation(SubField::kActivation)};
      case OperatorKind::kMul:
        return Mul{read_activation(MulField::kActivation)};
      case OperatorKind::kReshape:
        return Reshape{};
      case OperatorKind::kSoftmax:
        return Softmax{options_.scalar<float>(SoftmaxField::kBeta, 0.0F)};
      case OperatorKind::kBatchMatmul:
        return BatchMatmul{flag(BatchMatmulField::kTransposeA),
                           flag(BatchMatmulField::kTransposeB)};
      case OperatorKind::kRelu:
        return read_relu();
      case OperatorKind::kLeakyRelu:
        return LeakyRelu{options_.scalar<float>(LeakyReluField::kAlpha, 0.0F)};
      case OperatorKind::kSvdf:
        return Svdf{options_.scalar<std::int32_t>(SvdfField::kRank, 0),
                    read_activation(SvdfField::kActivation)};
      case OperatorKind::kLstm:
        return read_lstm();
      default:
        return read_movement();
    }
  }

 private:
  template <typename... Arguments>
  bool require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!good) {
      faults_.push_back(fmt::format("{}: {} {}", graph_.name, op_.name,
                                    fmt::format(text, std::forward<Arguments>(arguments)...)));
    }
    return good;
  }

  Attributes read_movement() {
    switch (op_.kind) {
      case OperatorKind::kMean:
      case OperatorKind::kSum:
      case OperatorKind::kReduceMax:
        return read_reduce();
      case OperatorKind::kPad:
        return read_pad();
      case OperatorKind::kConcatenate:
        return read_concatenate();
      case OperatorKind::kSlice:
        return builtin_ == Builtin::kSlice ? read_slice() : read_strided_slice();
      case OperatorKind::kSplit:
        return read_split();
      case OperatorKind::kTranspose:
        return Transpose{constants(1)};
      case OperatorKind::kResizeNearest:
        return Resize{flag(ResizeNearestField::kAlignCorners),
                      flag(ResizeNearestField::kHalfPixelCenters)};
      case OperatorKind::kResizeBilinear:
        return Resize{flag(ResizeBilinearField::kAlignCorners),
                      flag(ResizeBilinearField::kHalfPixelCenters)};
      default:
        return Plain{};
    }
  }

  template <typename Field>
  bool flag(Field field) const {
    return options_.scalar<std::uint8_t>(field, 0) != 0;
  }

  template <typename Field>
  Activation read_activation(Field field) {
    const auto code = options_.scalar<std::int8_t>(field, 0);
    switch (code) {
      case 0:
        return Activation::kNone;
      case 1:
        return Activation::kRelu;
      case 2:
        return Activation::kReluN1To1;
      case 3:
        return Activation::kRelu6;
      default:
        require(false,
                "has the unsupported activation {}; allowed: 0 none, 1 relu, 2 relu_n1_to_1, 3 "
                "relu6",
                code);
        return Activation::kNone;
    }
  }

  bool has(std::size_t index) const {
    return index < op_.inputs.size() && op_.inputs[index] != kNoTensor;
  }

  /// Shape of operand `index` if it has four dimensions, else {1, 1, 1, 1}, which check_graph
  /// will refuse.
  Shape shape4(std::size_t index) const {
    return shape4(has(index) ? graph_.tensor(op_.inputs[index]).shape : Shape());
  }
  static Shape shape4(const Shape& shape) {
    const bool good = shape.size() == 4 && *std::min_element(shape.begin(), shape.end()) >= 1;
    return good ? shape : Shape{1, 1, 1, 1};
  }

  /// The elements of an int32 constant, at most a few; empty, with a message, if it is none.
  std::vector<std::int32_t> constants(std::size_t index) {
    std::vector<std::int32_t> values;
    if (!require(has(index), "lacks operand {}", index)) {
      return values;
    }
    const Tensor& tensor = graph_.tensor(op_.inputs[index]);
    const std::size_t count = tensor.data.size() / sizeof(std::int32_t);
    if (require(tensor.role == TensorRole::kConstant && tensor.type == ElementType::kInt32 &&
                    count <= 2 * kMostDimensions,
                "needs a constant of up to {} int32 in '{}'", 2 * kMostDimensions, tensor.name)) {
      values.resize(count);
      const auto bytes = static_cast<std::ptrdiff_t>(count * sizeof values[0]);
      std::copy_n(tensor.data.begin(), bytes, reinterpret_cast<std::uint8_t*>(values.data()));
    }
    return values;
  }

  const Shape& data_shape() const { return graph_.tensor(op_.inputs.at(0)).shape; }

  /// Null where the file names a tensor that does not exist.
  const Tensor* output() const {
    const TensorId id = op_.outputs.empty() ? kNoTensor : op_.outputs.front();
    const bool exists = id >= 0 && static_cast<std::size_t>(id) < graph_.tensors.size();
    return exists ? &graph_.tensor(id) : nullptr;
  }

  /// Counts a negative axis from behind; 0, with a message, beyond the rank.
  std::int32_t axis_of(std::int64_t axis, std::size_t rank) {
    const std::int64_t counted = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
    const bool good = counted >= 0 && counted < static_cast<std::int64_t>(rank);
    require(good, "names axis {} of {} dimensions", axis, rank);
    return good ? static_cast<std::int32_t>(counted) : 0;
  }

  template <typename Field>
  void read_strides(Window& window) {
    window.stride_w = options_.scalar<std::int32_t>(Field::kStrideW, 0);
    window.stride_h = options_.scalar<std::int32_t>(Field::kStrideH, 0);
  }

  /// Checks the extents and resolves SAME (0) and VALID (1) over the image that the window slides
  /// over.
  template <typename Field>
  void read_padding(const Shape& image, Window& window) {
    const auto code = options_.scalar<std::int8_t>(Field::kPadding, 0);
    const auto extents = {window.kernel_h, window.kernel_w,   window.stride_h,
                          window.stride_w, window.dilation_h, window.dilation_w};
    const auto [least, most] = std::minmax(extents);
    if (require(code == 0 || code == 1, "has the unsupported padding {}; allowed: 0 same, 1 valid",
                code) &&
        require(least >= 1 && most <= kMaximumWindow,
                "has a kernel, stride or dilation outside 1 .. {}", kMaximumWindow) &&
        code == 0) {
      pad_same(window, image[1], image[2]);
    }
  }

  /// The window of a convolution: both kinds have [.][h][w][.] filters.
  template <typename Field>
  Window read_filter_window() {
    Window window;
    const Shape filter = shape4(1);
    window.kernel_h = filter[1];
    window.kernel_w = filter[2];
    read_strides<Field>(window);
    window.dilation_h = options_.scalar<std::int32_t>(Field::kDilationH, 1);
    window.dilation_w = options_.scalar<std::int32_t>(Field::kDilationW, 1);
    read_padding<Field>(shape4(0), window);
    return window;
  }

  Conv2d read_conv() {
    Conv2d conv;
    conv.window = read_filter_window<Conv2dField>();
    conv.activation = read_activation(Conv2dField::kActivation);
    conv.groups = std::max(shape4(0)[3] / shape4(1)[3], 1);
    return conv;
  }

  DepthwiseConv2d read_depthwise() {
    DepthwiseConv2d conv;
    conv.window = read_filter_window<DepthwiseField>();
    conv.activation = read_activation(DepthwiseField::kActivation);
    conv.multiplier = std::max(shape4(1)[3] / shape4(0)[3], 1);
    return conv;
  }

  TransposeConv2d read_transpose_conv() {
    using Field = TransposeConvField;
    TransposeConv2d conv;
    const Shape filter = shape4(1);
    conv.window.kernel_h = filter[1];
    conv.window.kernel_w = filter[2];
    read_strides<Field>(conv.window);
    read_padding<Field>(shape4(output() == nullptr ? Shape() : output()->shape), conv.window);
    conv.activation = read_activation(Field::kActivation);
    return conv;
  }

  FullyConnected read_fully_connected() {
    using Field = FullyConnectedField;
    require(options_.scalar<std::int8_t>(Field::kWeightsFormat, 0) == 0,
            "has shuffled weights, which are not supported");
    return {read_activation(Field::kActivation), flag(Field::kKeepDimensions)};
  }

  Pool2d read_pool() {
    using Field = Pool2dField;
    Pool2d pool;
    pool.window.kernel_h = options_.scalar<std::int32_t>(Field::kFilterH, 0);
    pool.window.kernel_w = options_.scalar<std::int32_t>(Field::kFilterW, 0);
    read_strides<Field>(pool.window);
    read_padding<Field>(shape4(0), pool.window);
    pool.activation = read_activation(Field::kActivation);
    return pool;
  }

  Relu read_relu() const {
    return {builtin_ == Builtin::kRelu6       ? Activation::kRelu6
            : builtin_ == Builtin::kReluN1To1 ? Activation::kReluN1To1
                                              : Activation::kRelu};
  }

  Reduce read_reduce() {
    Reduce reduce;
    for (const std::int32_t axis : constants(1)) {
      reduce.axes.push_back(axis_of(axis, data_shape().size()));
    }
    std::sort(reduce.axes.begin(), reduce.axes.end());
    reduce.axes.erase(std::unique(reduce.axes.begin(), reduce.axes.end()), reduce.axes.end());
    return reduce;
  }

  Pad read_pad() {
    Pad pad;
    const auto pairs = constants(1);
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      pad.before.push_back(pairs[i]);
      pad.after.push_back(pairs[i + 1]);
    }
    pad.value = output() == nullptr ? 0 : output()->quantization.zero_point();
    if (builtin_ == Builtin::kPadV2) {
      pad.value = read_pad_value();
    }
    return pad;
  }

  std::int32_t read_pad_value() {
    const Tensor* tensor = has(2) ? &graph_.tensor(op_.inputs[2]) : nullptr;
    if (!require(tensor != nullptr && tensor->role == TensorRole::kConstant &&
                     (tensor->data.size() == 1 || tensor->data.size() == 2),
                 "needs a constant int8 or int16 to pad with")) {
      return 0;
    }
    const auto& data = tensor->data;
    return data.size() == 1 ? static_cast<std::int8_t>(data[0])
                            : static_cast<std::int16_t>(data[0] | (data[1] << 8));
  }

  Concatenate read_concatenate() {
    if (builtin_ == Builtin::kPack) {
      return {axis_of(options_.scalar<std::int32_t>(PackField::kAxis, 0), data_shape().size() + 1),
              true};
    }
    require(read_activation(ConcatenationField::kActivation) == Activation::kNone,
            "has an activation, which is not supported");
    return {
        axis_of(options_.scalar<std::int32_t>(ConcatenationField::kAxis, 0), data_shape().size()),
        false};
  }

  Split read_split() {
    if (builtin_ == Builtin::kUnpack) {
      return {axis_of(options_.scalar<std::int32_t>(UnpackField::kAxis, 0), data_shape().size()),
              true, 0};
    }
    const bool axis_first = builtin_ == Builtin::kSplit;
    const std::size_t data = axis_first ? 1 : 0;
    const auto axis = constants(axis_first ? 0 : 2);
    if (!require(has(data) && axis.size() == 1, "needs data and one axis")) {
      return {};
    }
    return {axis_of(axis[0], graph_.tensor(op_.inputs[data]).shape.size()), false,
            static_cast<std::int32_t>(data)};
  }

  Slice read_slice() {
    Slice slice;
    slice.begin = constants(1);
    slice.count = constants(2);
    slice.step.assign(slice.begin.size(), 1);
    const Shape& shape = data_shape();
    const bool good = slice.begin.size() == shape.size() && slice.count.size() == shape.size();
    for (std::size_t d = 0; good && d < shape.size(); ++d) {
      const std::int64_t rest = std::int64_t{shape[d]} - slice.begin[d];
      slice.count[d] = slice.count[d] == -1 && rest <= shape[d] ? static_cast<std::int32_t>(rest)
                                                                : slice.count[d];
    }
    return slice;
  }

  Slice read_strided_slice() {
    using Field = StridedSliceField;
    const auto begin = constants(1);
    const auto end = constants(2);
    const auto step = constants(3);
    const std::size_t rank = data_shape().size();
    if (!require(begin.size() == rank && end.size() == rank && step.size() == rank &&
                     std::count(step.begin(), step.end(), 0) == 0,
                 "needs a begin, an end and a step other than 0 for each of {} dimensions", rank) ||
        !require(options_.scalar<std::int32_t>(Field::kEllipsisMask, 0) == 0 &&
                     options_.scalar<std::int32_t>(Field::kNewAxisMask, 0) == 0 &&
                     !flag(Field::kOffset),
                 "has an ellipsis, a new axis or ends as offsets, which are not supported")) {
      return {};
    }
    Slice slice;
    for (std::size_t d = 0; d < rank; ++d) {
      const auto masked = [&](Field field) {
        return (options_.scalar<std::int32_t>(field, 0) & (1 << d)) != 0;
      };
      const Stretch stretch = stretch_of(
          {begin[d], end[d], step[d], masked(Field::kBeginMask), masked(Field::kEndMask)},
          data_shape()[d]);
      slice.begin.push_back(static_cast<std::int32_t>(stretch.first));
      slice.step.push_back(step[d]);
      slice.count.push_back(masked(Field::kShrinkMask) ? 1
                                                       : static_cast<std::int32_t>(stretch.count));
    }
    return slice;
  }

  Lstm read_lstm() {
    constexpr std::int8_t kTanh = 4;
    require(options_.scalar<std::int8_t>(LstmField::kActivation, 0) == kTanh,
            "has another activation than tanh");
    require(options_.scalar<float>(LstmField::kProjectionClip, 0.0F) == 0.0F &&
                !flag(LstmField::kDiagonal),
            "has a projection clip or diagonal weights, which are not supported");
    return {options_.scalar<float>(LstmField::kCellClip, 0.0F), flag(LstmField::kTimeMajor)};
  }

  const Graph& graph_;
  const Operator& op_;
  Builtin builtin_;
  Table options_;
  std::vector<std::string>& faults_;
};

}  // namespace

Attributes read_attributes(const OperatorSource& source, std::vector<std::string>& faults) {
  return AttributeReader(source, faults).read();
}

}  // namespace milliwatt::workloads::tflite
