// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "workloads/geometry.h"
#include "workloads/layer_kinds.h"

namespace milliwatt::workloads {

namespace {

using K = OperatorKind;

[[noreturn]] void refuse(std::string why) { throw base::UserError(std::move(why)); }

std::int32_t checked_extent(std::int64_t extent, const char* what) {
  if (extent > std::numeric_limits<std::int32_t>::max()) {
    refuse(fmt::format("{} {} are too many", extent, what));
  }
  return static_cast<std::int32_t>(extent);
}

const Tensor& data_of(const LayerSpec& layer, const Operands& operands) {
  const std::size_t place = data_place(layer);
  if (place >= operands.size() || operands[place] == nullptr) {
    refuse(fmt::format("{} needs its data as input {}", operator_name(layer.kind), place));
  }
  return *operands[place];
}

void require_image(const LayerSpec& layer, const Shape& input) {
  if (input.size() != 4) {
    refuse(fmt::format("{} takes an input of 4 dimensions (batch, height, width, channels), not {}",
                       operator_name(layer.kind), input.size()));
  }
}

Shape window_shape(const LayerSpec& layer, const Shape& input, std::int32_t channels) {
  require_image(layer, input);
  const std::int64_t height = vertical(layer.window).outputs(input[1]);
  const std::int64_t width = horizontal(layer.window).outputs(input[2]);
  if (height < 1 || width < 1) {
    refuse(fmt::format("the window of {} x {} does not fit the input of {} x {}",
                       layer.window.kernel_h, layer.window.kernel_w, input[1], input[2]));
  }
  return {input[0], static_cast<std::int32_t>(height), static_cast<std::int32_t>(width), channels};
}

/// Extent of which a window with these pads leads back to `input` elements.
std::int32_t extent_before(const WindowAxis& axis, std::int32_t input, bool same) {
  const std::int64_t extent = same ? input * axis.stride
                                   : (input - 1) * axis.stride +
                                         effective_kernel(axis.kernel, axis.dilation) -
                                         axis.pad_before - axis.pad_after;
  return checked_extent(std::max<std::int64_t>(extent, 1), "rows or columns");
}

Shape transpose_conv_shape(const LayerSpec& layer, const Shape& input) {
  require_image(layer, input);
  if (!layer.size.empty()) {
    return {input[0], layer.size[0], layer.size[1], layer.filters};
  }
  const bool same = layer.padding == PaddingRule::kSame;
  return {input[0], extent_before(vertical(layer.window), input[1], same),
          extent_before(horizontal(layer.window), input[2], same), layer.filters};
}

Shape fully_connected_shape(const LayerSpec& layer, const Operands& operands) {
  const Tensor& data = data_of(layer, operands);
  if (data.shape.empty()) {
    refuse("fully_connected takes an input of one dimension or more");
  }
  if (layer.keep_dimensions) {
    Shape shape = data.shape;
    shape.back() = layer.units;
    return shape;
  }
  const bool named =
      layer.form.operands && operands[1] != nullptr && operands[1]->shape.size() == 2;
  return {named ? static_cast<std::int32_t>(data.elements() / operands[1]->shape[1])
                : data.shape.front(),
          layer.units};
}

/// Extents of 1 stretch; others that differ are left for the check to refuse.
Shape broadcast(Shape a, Shape b) {
  if (a.size() < b.size()) {
    std::swap(a, b);
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    std::int32_t& extent = a[a.size() - b.size() + i];
    extent = std::max(extent, b[i]);
  }
  return a;
}

Shape matmul_shape(const LayerSpec& layer, Shape a, Shape b) {
  if (a.size() < 2 || b.size() < 2) {
    refuse("batch_matmul takes inputs of two dimensions or more");
  }
  const std::int32_t rows = a[a.size() - (layer.transpose_a ? 1 : 2)];
  const std::int32_t columns = b[b.size() - (layer.transpose_b ? 2 : 1)];
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Shape shape = broadcast(a, b);
  shape.insert(shape.end(), {rows, columns});
  return shape;
}

Shape reduced_shape(const LayerSpec& layer, const Shape& input) {
  Shape shape;
  for (std::size_t d = 0; d < input.size(); ++d) {
    const bool reduced = std::find(layer.axes.begin(), layer.axes.end(),
                                   static_cast<std::int32_t>(d)) != layer.axes.end();
    if (!reduced || layer.keep_dimensions) {
      shape.push_back(reduced ? 1 : input[d]);
    }
  }
  return shape;
}

Shape padded_shape(const LayerSpec& layer, Shape shape) {
  if (layer.pad_before.size() != shape.size() || layer.pad_after.size() != shape.size()) {
    refuse(
        fmt::format("'before' and 'after' need a number for each of {} dimensions", shape.size()));
  }
  for (std::size_t d = 0; d < shape.size(); ++d) {
    shape[d] = checked_extent(std::int64_t{layer.pad_before[d]} + shape[d] + layer.pad_after[d],
                              "elements of one dimension");
  }
  return shape;
}

Shape concatenated_shape(const LayerSpec& layer, const Operands& operands) {
  const auto at = static_cast<std::size_t>(layer.axis);
  Shape shape = data_of(layer, operands).shape;
  if (layer.joins_new_axis) {
    shape.insert(shape.begin() + layer.axis, static_cast<std::int32_t>(operands.size()));
    return shape;
  }
  std::int64_t sum = 0;
  for (const Tensor* part : operands) {
    sum += part != nullptr && at < part->shape.size() ? part->shape[at] : 0;
  }
  shape.at(at) = checked_extent(sum, "elements of one dimension");
  return shape;
}

Shape sliced_shape(const LayerSpec& layer, const Shape& input) {
  const SliceSpec& slice = layer.slice;
  if (slice.begin.size() != input.size() || slice.step.size() != input.size() ||
      slice.count.size() != input.size()) {
    refuse(
        fmt::format("what a slice takes needs a number for each of {} dimensions", input.size()));
  }
  Shape shape;
  for (std::size_t d = 0; d < input.size(); ++d) {
    const bool squeezed = std::find(slice.squeeze.begin(), slice.squeeze.end(),
                                    static_cast<std::int32_t>(d)) != slice.squeeze.end();
    if (squeezed && slice.count[d] != 1) {
      refuse(fmt::format("'squeeze' names dimension {}, of which {} elements are taken", d,
                         slice.count[d]));
    }
    if (!squeezed) {
      shape.push_back(slice.count[d]);
    }
  }
  return shape;
}

/// Extents of the outputs of a split along its axis.
std::vector<std::int32_t> split_extents(const LayerSpec& layer, std::int32_t extent) {
  if (layer.parts && !layer.sizes.empty()) {
    refuse("'parts' and 'sizes' say the same; give one of them");
  }
  if (!layer.sizes.empty()) {
    return layer.sizes;
  }
  constexpr std::int32_t kMostParts = 1 << 16;
  const std::int32_t parts =
      layer.joins_new_axis ? extent : layer.parts.value_or(static_cast<int>(layer.outputs.size()));
  if (parts > kMostParts) {
    refuse(fmt::format("a split into {} outputs is more than {}", parts, kMostParts));
  }
  if (parts < 1 || extent % parts != 0) {
    refuse(parts < 1
               ? "split needs 'parts', 'sizes' or names of its 'outputs'"
               : fmt::format("{} elements are not {} equal parts; give 'sizes'", extent, parts));
  }
  return std::vector<std::int32_t>(static_cast<std::size_t>(parts), extent / parts);
}

std::vector<Shape> split_shapes(const LayerSpec& layer, const Shape& input) {
  std::vector<Shape> shapes;
  for (const std::int32_t extent :
       split_extents(layer, input.at(static_cast<std::size_t>(layer.axis)))) {
    Shape shape = input;
    shape[static_cast<std::size_t>(layer.axis)] = extent;
    if (layer.joins_new_axis) {
      shape.erase(shape.begin() + layer.axis);
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

Shape transposed_shape(const LayerSpec& layer, const Shape& input) {
  Shape shape;
  for (const std::int32_t d : layer.permutation) {
    if (d < 0 || static_cast<std::size_t>(d) >= input.size()) {
      refuse(fmt::format("'permutation' names dimension {} of {}", d, input.size()));
    }
    shape.push_back(input[static_cast<std::size_t>(d)]);
  }
  return shape;
}

Shape sequence_shape(const LayerSpec& layer, Shape shape) {
  const std::size_t rank = layer.kind == K::kSvdf ? 2 : 3;
  if (shape.size() != rank) {
    refuse(fmt::format("{} takes data of {} dimensions, not {}", operator_name(layer.kind), rank,
                       shape.size()));
  }
  shape.back() = layer.units;
  return shape;
}

Shape movement_shape(const LayerSpec& layer, const Operands& operands) {
  const Shape& input = data_of(layer, operands).shape;
  switch (layer.kind) {
    case K::kReshape:
      return layer.shape;
    case K::kPad:
      return padded_shape(layer, input);
    case K::kConcatenate:
      return concatenated_shape(layer, operands);
    case K::kSlice:
      return sliced_shape(layer, input);
    case K::kTranspose:
      return transposed_shape(layer, input);
    case K::kResizeNearest:
    case K::kResizeBilinear:
      require_image(layer, input);
      return {input[0], layer.size.at(0), layer.size.at(1), input[3]};
    default:
      return input;
  }
}

Shape output_shape(const LayerSpec& layer, const Operands& operands) {
  const Shape& input = data_of(layer, operands).shape;
  switch (layer.kind) {
    case K::kConv2d:
      return window_shape(layer, input, layer.filters);
    case K::kDepthwiseConv2d:
      require_image(layer, input);
      return window_shape(
          layer, input,
          checked_extent(std::int64_t{input.back()} * layer.multiplier, "output channels"));
    case K::kTransposeConv2d:
      return transpose_conv_shape(layer, input);
    case K::kAveragePool2d:
    case K::kMaxPool2d:
      require_image(layer, input);
      return window_shape(layer, input, input.back());
    case K::kFullyConnected:
      return fully_connected_shape(layer, operands);
    case K::kAdd:
    case K::kSub:
    case K::kMul:
    case K::kMaximum:
    case K::kMinimum:
      return broadcast(input, operands[1]->shape);
    case K::kBatchMatmul:
      return matmul_shape(layer, input, operands[1]->shape);
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
      return reduced_shape(layer, input);
    case K::kSvdf:
    case K::kLstm:
      return sequence_shape(layer, input);
    default:
      return movement_shape(layer, operands);
  }
}

}  // namespace

std::size_t data_place(const LayerSpec& layer) {
  if (layer.kind == K::kTransposeConv2d) {
    return layer.form.operands ? 2 : 0;
  }
  return layer.kind == K::kSplit ? static_cast<std::size_t>(layer.data_operand) : 0;
}

std::vector<Shape> output_shapes(const LayerSpec& layer, const Operands& operands) {
  const bool all_needed = operand_count(layer.kind).made == 0;
  if (all_needed && std::find(operands.begin(), operands.end(), nullptr) != operands.end()) {
    refuse(fmt::format("{} needs all its inputs", operator_name(layer.kind)));
  }
  if (layer.kind == K::kSplit) {
    return split_shapes(layer, data_of(layer, operands).shape);
  }
  return {output_shape(layer, operands)};
}

Shape told_shape(LayerSpec layer, const Shape& input) {
  Tensor stand_in;
  stand_in.shape = input;
  const Operands operands = {&stand_in};
  resolve_layer(layer, operands, {});
  return output_shape(layer, operands);
}

}  // namespace milliwatt::workloads
