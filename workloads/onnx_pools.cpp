// SPDX-License-Identifier: Apache-2.0
// Nodes that pool, average and resize images.
#include <algorithm>

#include "workloads/geometry.h"
#include "workloads/onnx_operators.h"

namespace milliwatt::workloads::onnx {

namespace {

/// Whether rounding up gives the same size, so that ceil_mode says nothing.
bool divides(const WindowAxis& axis, std::int64_t input) {
  const std::int64_t room =
      input + axis.pad_before + axis.pad_after - effective_kernel(axis.kernel, axis.dilation);
  return room % axis.stride == 0;
}

/// A pool keeps the quantization of its operand; a node behind it may ask for another.
void add_pool(Context& c, const Node& node, OperatorKind kind, const View& x,
              const Window& window) {
  const Shape shape = {x.shape[0], x.shape[1],
                       static_cast<std::int32_t>(vertical(window).outputs(x.shape[2])),
                       static_cast<std::int32_t>(horizontal(window).outputs(x.shape[3]))};
  const Order order = usual_order(4);
  const TensorId in = c.builder.in_order(x, order);
  const TensorId out =
      c.builder.add_tensor(output_of(node), stored_shape(shape, order), c.builder.quantization(x));
  c.builder.add_operator(kind, node.name, Pool2d{window, Activation::kNone}, {in}, {out});
  c.values.set_real(output_of(node), view_of(out, shape, order));
}

void read_pool(Context& c, const Node& node, OperatorKind kind) {
  const View x = c.values.real(node, 0);
  const Window window =
      read_window(node, x.shape, checked_shape(integers_of(node, "kernel_shape")));
  require(window.dilation_h == 1 && window.dilation_w == 1, "it is dilated");
  require(integer_of(node, "ceil_mode", 0) == 0 ||
              (divides(vertical(window), x.shape[2]) && divides(horizontal(window), x.shape[3])),
          "its attribute 'ceil_mode' makes the output larger, which is not supported");
  add_pool(c, node, kind, x, window);
}

/// Means over axes of the file; the axes stay, with an extent of 1.
View add_mean(Context& c, const Node& node, const View& x, const std::vector<std::int32_t>& axes,
              const Quantization& q) {
  const Order order = x.reshaped() ? file_order(x.shape.size()) : x.order;
  const TensorId in = c.builder.in_order(x, order);
  Shape shape = x.shape;
  Reduce reduce;
  const Order places = inverse(order);
  for (const std::int32_t axis : axes) {
    shape[static_cast<std::size_t>(axis)] = 1;
    reduce.axes.push_back(places[static_cast<std::size_t>(axis)]);
  }
  std::sort(reduce.axes.begin(), reduce.axes.end());
  const std::string& name = output_of(node);
  const TensorId operand = c.builder.add_integers(name + "/axes", reduce.axes);
  const TensorId out = c.builder.add_tensor(name, stored_shape(shape, order), q);
  c.builder.add_operator(OperatorKind::kMean, node.name, reduce, {in, operand}, {out});
  return view_of(out, shape, order);
}

Shape without(const Shape& shape, const std::vector<std::int32_t>& axes) {
  Shape kept;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (std::find(axes.begin(), axes.end(), static_cast<std::int32_t>(d)) == axes.end()) {
      kept.push_back(shape[d]);
    }
  }
  return kept;
}

/// The extents behind a Resize: operand 3, or operand 2 (1 in old files) times those of the image.
Shape resized(const Context& c, const Node& node, const Shape& image) {
  if (c.values.has(node, 3)) {
    return checked_shape(c.values.integers(node, 3));
  }
  const std::size_t place = c.opset < 11 ? 1 : 2;
  const Constant* scales = c.values.constant(node, place);
  require(scales != nullptr && !scales->is_quantized() && scales->array->type == DataType::kFloat &&
              scales->array->elements() == static_cast<std::int64_t>(image.size()),
          "its scales are not constant, one for each dimension");
  std::vector<std::int64_t> extents;
  for (std::size_t d = 0; d < image.size(); ++d) {
    const double extent = scales->array->real(static_cast<std::int64_t>(d)) * image[d];
    require(extent >= 1.0 && extent < 1e9, "a scale is {}",
            scales->array->real(static_cast<std::int64_t>(d)));
    extents.push_back(static_cast<std::int64_t>(extent));
  }
  return checked_shape(extents);
}

}  // namespace

void read_average_pool(Context& c, const Node& node) {
  const auto pads = integers_of(node, "pads");
  const bool padded =
      text_of(node, "auto_pad", "NOTSET") != "NOTSET" ||
      std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; });
  require(integer_of(node, "count_include_pad", 0) == 0 || !padded,
          "its attribute 'count_include_pad' makes pads part of the average");
  read_pool(c, node, OperatorKind::kAveragePool2d);
}

void read_max_pool(Context& c, const Node& node) { read_pool(c, node, OperatorKind::kMaxPool2d); }

void read_global_average_pool(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  require(x.shape.size() == 4, "it takes {} dimensions; expected 4", x.shape.size());
  const Target target = c.values.target_of(output_of(node));
  if (same_quantization(target.quantization, c.builder.quantization(x)) &&
      target.nodes.size() == 1) {
    Window window;
    window.kernel_h = x.shape[2];
    window.kernel_w = x.shape[3];
    return add_pool(c, node, OperatorKind::kAveragePool2d, x, window);
  }
  require(target.activation() == Activation::kNone, "an activation behind it is not supported");
  c.values.set_target(target, add_mean(c, node, x, {2, 3}, target.quantization));
}

void read_reduce_mean(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  std::vector<std::int32_t> axes;
  for (const std::int64_t axis : integers_of(node, "axes")) {
    axes.push_back(checked_axis(axis, x.shape.size()));
  }
  if (axes.empty()) {
    axes = file_order(x.shape.size());
  }
  std::sort(axes.begin(), axes.end());
  require(std::adjacent_find(axes.begin(), axes.end()) == axes.end(), "it names an axis twice");
  const Target target = c.values.target_of(output_of(node));
  require(target.activation() == Activation::kNone, "an activation behind it is not supported");
  View mean = add_mean(c, node, x, axes, target.quantization);
  if (integer_of(node, "keepdims", 1) == 0) {
    mean.shape = without(x.shape, axes);
  }
  c.values.set_target(target, mean);
}

void read_resize(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  require(x.shape.size() == 4, "it takes {} dimensions; expected 4", x.shape.size());
  const Shape shape = resized(c, node, x.shape);
  const bool whole = shape.size() == 4 && shape[0] == x.shape[0] && shape[1] == x.shape[1] &&
                     shape[2] % x.shape[2] == 0 && shape[3] % x.shape[3] == 0;
  require(text_of(node, "mode", "nearest") == "nearest" && whole,
          "it is not a Resize of height and width by whole factors to the nearest pixel");
  // By whole factors, all rules but two repeat each pixel.
  const std::string rule =
      text_of(node, "coordinate_transformation_mode", c.opset < 11 ? "asymmetric" : "half_pixel");
  const std::string rounding =
      text_of(node, "nearest_mode", c.opset < 11 ? "floor" : "round_prefer_floor");
  require((rule == "asymmetric" && rounding == "floor") ||
              (rule == "half_pixel" && rounding.rfind("round_prefer_", 0) == 0),
          "it is resized by the rule '{}' and rounds by '{}'; expected asymmetric and floor, or "
          "half_pixel and round_prefer_floor",
          rule, rounding);
  const Order order = usual_order(4);
  const TensorId in = c.builder.in_order(x, order);
  const std::string& name = output_of(node);
  const TensorId size = c.builder.add_integers(name + "/size", {shape[2], shape[3]});
  const TensorId out =
      c.builder.add_tensor(name, stored_shape(shape, order), c.builder.quantization(x));
  c.builder.add_operator(OperatorKind::kResizeNearest, node.name, Resize{}, {in, size}, {out});
  c.values.set_real(name, view_of(out, shape, order));
}

}  // namespace milliwatt::workloads::onnx
