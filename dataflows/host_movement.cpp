// SPDX-License-Identifier: Apache-2.0
// Operators that move elements about as software kernels: boxes of elements, in as few dimensions
// as they need.
#include <fmt/format.h>

#include <algorithm>

#include "abi/kernel_movement.h"
#include "dataflows/host_kernels.h"
#include "dataflows/host_task.h"

namespace milliwatt::dataflows {
namespace {

using workloads::OperatorKind;
using Shape = std::vector<std::int32_t>;

/// One dimension of a box, in elements.
struct Dimension {
  std::int64_t extent = 1;
  std::int64_t input_stride = 0;
  std::int64_t output_stride = 0;
};

/// Data input `input` to output `output`.
struct Box {
  std::size_t input = 0;
  std::size_t output = 0;
  std::int64_t input_offset = 0;
  std::int64_t output_offset = 0;
  std::vector<Dimension> dimensions;
};

std::int64_t product(Shape::const_iterator first, Shape::const_iterator last) {
  std::int64_t elements = 1;
  for (; first != last; ++first) {
    elements *= *first;
  }
  return elements;
}

/// Elements from one index to the next of each dimension.
std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides;
  for (auto at = shape.begin(); at != shape.end(); ++at) {
    strides.push_back(product(at + 1, shape.end()));
  }
  return strides;
}

/// Drops dimensions of one index, and joins neighbours that are one stretch on both sides.
void simplify(Box& box) {
  std::vector<Dimension> joined;
  for (const Dimension& inner : box.dimensions) {
    if (inner.extent == 1) {
      continue;
    }
    if (!joined.empty() && joined.back().input_stride == inner.input_stride * inner.extent &&
        joined.back().output_stride == inner.output_stride * inner.extent) {
      joined.back() = {joined.back().extent * inner.extent, inner.input_stride,
                       inner.output_stride};
    } else {
      joined.push_back(inner);
    }
  }
  box.dimensions = std::move(joined);
}

std::vector<Box> pad_boxes(const Graph& graph, const Operator& op) {
  const auto& pad = std::get<workloads::Pad>(op.attributes);
  const Shape& in = graph.tensor(op.inputs[0]).shape;
  const auto from = strides_of(in);
  const auto to = strides_of(graph.tensor(op.outputs[0]).shape);
  Box box;
  for (std::size_t d = 0; d < in.size(); ++d) {
    box.output_offset += pad.before[d] * to[d];
    box.dimensions.push_back({in[d], from[d], to[d]});
  }
  return {box};
}

std::vector<Box> slice_boxes(const Graph& graph, const Operator& op) {
  const auto& slice = std::get<workloads::Slice>(op.attributes);
  const auto from = strides_of(graph.tensor(op.inputs[0]).shape);
  const auto to = strides_of(slice.count);
  Box box;
  for (std::size_t d = 0; d < from.size(); ++d) {
    box.input_offset += slice.begin[d] * from[d];
    box.dimensions.push_back({slice.count[d], from[d] * slice.step[d], to[d]});
  }
  return {box};
}

std::vector<Box> transpose_boxes(const Graph& graph, const Operator& op) {
  const Shape& out = graph.tensor(op.outputs[0]).shape;
  const auto from = strides_of(graph.tensor(op.inputs[0]).shape);
  const auto to = strides_of(out);
  const auto& permutation = std::get<workloads::Transpose>(op.attributes).permutation;
  Box box;
  for (std::size_t d = 0; d < out.size(); ++d) {
    box.dimensions.push_back({out[d], from[static_cast<std::size_t>(permutation[d])], to[d]});
  }
  return {box};
}

/// Rows of `whole`, each cut into one stretch per part.
std::vector<Box> stretches(const Graph& graph, workloads::TensorId whole,
                           const std::vector<workloads::TensorId>& parts, std::int32_t axis) {
  const Shape& shape = graph.tensor(whole).shape;
  const std::int64_t rows = product(shape.begin(), shape.begin() + axis);
  const std::int64_t row = graph.tensor(whole).elements() / rows;
  std::vector<Box> boxes;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::int64_t stretch = graph.tensor(parts[i]).elements() / rows;
    Box box;
    box.input = i;
    box.output_offset = offset;
    box.dimensions = {{rows, stretch, row}, {stretch, 1, 1}};
    boxes.push_back(box);
    offset += stretch;
  }
  return boxes;
}

std::vector<Box> concatenate_boxes(const Graph& graph, const Operator& op) {
  const auto& join = std::get<workloads::Concatenate>(op.attributes);
  return stretches(graph, op.outputs[0], op.inputs, join.axis);
}

/// The boxes that would join the outputs, the other way round.
std::vector<Box> split_boxes(const Graph& graph, const Operator& op) {
  const auto& split = std::get<workloads::Split>(op.attributes);
  const workloads::TensorId data = op.inputs[static_cast<std::size_t>(split.data)];
  std::vector<Box> boxes = stretches(graph, data, op.outputs, split.axis);
  for (Box& box : boxes) {
    std::swap(box.input, box.output);
    std::swap(box.input_offset, box.output_offset);
    for (Dimension& d : box.dimensions) {
      std::swap(d.input_stride, d.output_stride);
    }
  }
  return boxes;
}

std::vector<Box> boxes_of(const Graph& graph, const Operator& op) {
  std::vector<Box> boxes = op.kind == OperatorKind::kPad           ? pad_boxes(graph, op)
                           : op.kind == OperatorKind::kSlice       ? slice_boxes(graph, op)
                           : op.kind == OperatorKind::kTranspose   ? transpose_boxes(graph, op)
                           : op.kind == OperatorKind::kConcatenate ? concatenate_boxes(graph, op)
                                                                   : split_boxes(graph, op);
  for (Box& box : boxes) {
    simplify(box);
  }
  return boxes;
}

/// `outputs`: index of the first output among the operands.
mw_move_piece piece_of(const Box& box, std::size_t outputs) {
  mw_move_piece piece{};
  piece.input = static_cast<std::uint32_t>(box.input);
  piece.output = static_cast<std::uint32_t>(outputs + box.output);
  piece.input_offset = static_cast<std::int32_t>(box.input_offset);
  piece.output_offset = static_cast<std::int32_t>(box.output_offset);
  std::fill(std::begin(piece.extents), std::end(piece.extents), 1);
  const std::size_t first = MW_KERNEL_MOST_DIMENSIONS - box.dimensions.size();
  for (std::size_t d = 0; d < box.dimensions.size(); ++d) {
    piece.extents[first + d] = static_cast<std::int32_t>(box.dimensions[d].extent);
    piece.input_strides[first + d] = static_cast<std::int32_t>(box.dimensions[d].input_stride);
    piece.output_strides[first + d] = static_cast<std::int32_t>(box.dimensions[d].output_stride);
  }
  return piece;
}

}  // namespace

HostCall copy_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_COPY);
  builder.add_data_inputs();
  builder.add_outputs();
  builder.add_section(mw_copy_section{static_cast<std::uint32_t>(builder.output().bytes()), 0});
  return builder.take();
}

std::optional<std::string> movement_refused(const Graph& graph, const Operator& op) {
  const std::size_t operands = data_inputs(op).size() + op.outputs.size();
  if (operands > MW_KERNEL_MOST_OPERANDS) {
    return fmt::format("it moves between {} tensors, a kernel takes {}", operands,
                       static_cast<int>(MW_KERNEL_MOST_OPERANDS));
  }
  for (const Box& box : boxes_of(graph, op)) {
    if (box.dimensions.size() > MW_KERNEL_MOST_DIMENSIONS) {
      return fmt::format("it moves elements in {} dimensions, a kernel takes {}",
                         box.dimensions.size(), static_cast<int>(MW_KERNEL_MOST_DIMENSIONS));
    }
  }
  return std::nullopt;
}

HostCall movement_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_MOVE);
  builder.add_data_inputs();
  builder.add_outputs();
  const std::vector<Box> boxes = boxes_of(graph, op);
  mw_move_section section{static_cast<std::uint32_t>(boxes.size()), 0, 0, 0};
  if (const auto* pad = std::get_if<workloads::Pad>(&op.attributes)) {
    section.fill = pad->value;
    section.fill_elements = static_cast<std::uint32_t>(builder.output().elements());
  }
  builder.add_section(section);
  for (const Box& box : boxes) {
    builder.add_section(piece_of(box, data_inputs(op).size()));
  }
  return builder.take();
}

}  // namespace milliwatt::dataflows
