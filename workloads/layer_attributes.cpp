// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_attributes.h"

#include "base/error.h"
#include "workloads/layer_export.h"

namespace milliwatt::workloads {

namespace {

using K = OperatorKind;

Attributes movement_attributes(const LayerSpec& layer, std::int32_t pad_value) {
  switch (layer.kind) {
    case K::kPad:
      return Pad{layer.pad_before, layer.pad_after, layer.pad_value.value_or(pad_value)};
    case K::kConcatenate:
      return Concatenate{layer.axis, layer.joins_new_axis};
    case K::kSlice:
      return Slice{layer.slice.begin, layer.slice.step, layer.slice.count};
    case K::kSplit:
      return Split{layer.axis, layer.joins_new_axis, layer.data_operand};
    case K::kTranspose:
      return Transpose{layer.permutation};
    case K::kResizeNearest:
    case K::kResizeBilinear:
      return Resize{layer.align_corners, layer.half_pixel_centers};
    case K::kReshape:
      return Reshape{};
    default:
      return Plain{};
  }
}

/// Writes the attributes of one operator into the fields of a layer.
struct FieldsOf {
  LayerSpec& layer;

  void window(const Window& window) const {
    layer.window = window;
    layer.padding = PaddingRule::kExplicit;
  }

  void operator()(const Conv2d& a) const {
    window(a.window);
    layer.activation = a.activation;
    layer.groups = a.groups;
  }
  void operator()(const DepthwiseConv2d& a) const {
    window(a.window);
    layer.activation = a.activation;
    layer.multiplier = a.multiplier;
  }
  void operator()(const TransposeConv2d& a) const {
    window(a.window);
    layer.activation = a.activation;
  }
  void operator()(const Pool2d& a) const {
    window(a.window);
    layer.activation = a.activation;
  }
  void operator()(const FullyConnected& a) const {
    layer.activation = a.activation;
    layer.keep_dimensions = a.keep_dimensions;
  }
  void operator()(const Add& a) const { layer.activation = a.activation; }
  void operator()(const Sub& a) const { layer.activation = a.activation; }
  void operator()(const Mul& a) const { layer.activation = a.activation; }
  void operator()(const Relu& a) const { layer.activation = a.activation; }
  void operator()(const Softmax& a) const { layer.beta = shortest_double(a.beta); }
  void operator()(const LeakyRelu& a) const { layer.alpha = shortest_double(a.alpha); }
  void operator()(const BatchMatmul& a) const {
    layer.transpose_a = a.transpose_a;
    layer.transpose_b = a.transpose_b;
  }
  void operator()(const Reduce& a) const { layer.axes = a.axes; }
  void operator()(const Pad& a) const {
    layer.pad_before = a.before;
    layer.pad_after = a.after;
    layer.pad_value = a.value;
  }
  void operator()(const Concatenate& a) const {
    layer.axis = a.axis;
    layer.joins_new_axis = a.stacks;
  }
  void operator()(const Split& a) const {
    layer.axis = a.axis;
    layer.joins_new_axis = a.unstacks;
    layer.data_operand = a.data;
  }
  void operator()(const Slice& a) const {
    layer.slice.begin = a.begin;
    layer.slice.step = a.step;
    layer.slice.count = a.count;
  }
  void operator()(const Transpose& a) const { layer.permutation = a.permutation; }
  void operator()(const Resize& a) const {
    layer.align_corners = a.align_corners;
    layer.half_pixel_centers = a.half_pixel_centers;
  }
  void operator()(const Svdf& a) const {
    layer.rank = a.rank;
    layer.activation = a.activation;
  }
  void operator()(const Lstm& a) const {
    layer.cell_clip = shortest_double(a.cell_clip);
    layer.time_major = a.time_major;
  }
  void operator()(const Reshape&) const {}
  void operator()(const Plain&) const {}
};

}  // namespace

Attributes attributes_of(const LayerSpec& layer, std::int32_t pad_value) {
  switch (layer.kind) {
    case K::kConv2d:
      return Conv2d{layer.window, layer.activation, layer.groups};
    case K::kDepthwiseConv2d:
      return DepthwiseConv2d{layer.window, layer.activation, layer.multiplier};
    case K::kTransposeConv2d:
      return TransposeConv2d{layer.window, layer.activation};
    case K::kFullyConnected:
      return FullyConnected{layer.activation, layer.keep_dimensions};
    case K::kAveragePool2d:
    case K::kMaxPool2d:
      return Pool2d{layer.window, layer.activation};
    case K::kAdd:
      return Add{layer.activation};
    case K::kSub:
      return Sub{layer.activation};
    case K::kMul:
      return Mul{layer.activation};
    case K::kBatchMatmul:
      return BatchMatmul{layer.transpose_a, layer.transpose_b};
    case K::kSoftmax:
      return Softmax{static_cast<float>(layer.beta)};
    case K::kRelu:
      return Relu{layer.activation};
    case K::kLeakyRelu:
      return LeakyRelu{static_cast<float>(layer.alpha)};
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
      return Reduce{layer.axes};
    case K::kSvdf:
      return Svdf{layer.rank, layer.activation};
    case K::kLstm:
      return Lstm{static_cast<float>(layer.cell_clip), layer.time_major};
    default:
      return movement_attributes(layer, pad_value);
  }
}

LayerSpec layer_of(const Operator& op) {
  LayerSpec layer;
  layer.kind = op.kind;
  std::visit(FieldsOf{layer}, op.attributes);
  return layer;
}

}  // namespace milliwatt::workloads
