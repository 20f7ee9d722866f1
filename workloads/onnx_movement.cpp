// SPDX-License-Identifier: Apache-2.0
// Nodes that move elements about. Most give a new view of the same bytes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "workloads/geometry.h"
#include "workloads/onnx_operators.h"

namespace milliwatt::workloads::onnx {

namespace {

/// The view in another shape of as many elements.
View in_shape(const View& x, const Shape& shape) {
  require(elements_of(x.shape) == elements_of(shape), "it changes {} elements into {}",
          elements_of(x.shape), elements_of(shape));
  View result = x;
  result.shape = shape;
  return result;
}

/// Axes of a Squeeze or Unsqueeze: an attribute in old files, an operand in new ones.
std::vector<std::int32_t> axes_of(const Context& c, const Node& node, std::size_t rank) {
  const auto given = c.values.has(node, 1) ? c.values.integers(node, 1) : integers_of(node, "axes");
  std::vector<std::int32_t> axes;
  for (const std::int64_t axis : given) {
    axes.push_back(checked_axis(axis, rank));
  }
  std::sort(axes.begin(), axes.end());
  require(std::adjacent_find(axes.begin(), axes.end()) == axes.end(), "it names an axis twice");
  return axes;
}

/// Extents that a Reshape asks for: 0 keeps one, -1 takes what is left.
Shape reshaped(const std::vector<std::int64_t>& wanted, const Shape& from) {
  std::vector<std::int64_t> extents = wanted;
  std::int64_t rest = elements_of(from);
  std::int64_t* open = nullptr;
  for (std::size_t d = 0; d < extents.size(); ++d) {
    if (extents[d] == 0) {
      require(d < from.size(), "it keeps extent {} of {}", d, from.size());
      extents[d] = from[d];
    }
    if (extents[d] == -1) {
      require(open == nullptr, "it leaves two extents open");
      open = &extents[d];
      continue;
    }
    require(extents[d] > 0 && rest % extents[d] == 0, "it cannot cut {} elements into {}",
            elements_of(from), extents[d]);
    rest /= extents[d];
  }
  if (open != nullptr) {
    *open = rest;
  }
  return checked_shape(extents);
}

/// A view whose elements lie in the order of the stored tensor's dimensions.
View unreshaped(Context& c, const View& x) {
  if (!x.reshaped()) {
    return x;
  }
  const Order order = usual_order(x.shape.size());
  return view_of(c.builder.in_order(x, order), x.shape, order);
}

/// What a constant pad value is in steps of the tensor.
std::int32_t pad_value(const Context& c, const Node& node, const Quantization& q) {
  double value = 0.0;
  if (c.values.has(node, 2)) {
    const Constant* constant = c.values.constant(node, 2);
    require(constant != nullptr && constant->array->elements() == 1,
            "it pads with a value that is not constant");
    value = constant->real(0);
  } else {
    value = real_of(node, "value", 0.0);
  }
  const double stored = std::round(value / static_cast<double>(q.scales.at(0))) + q.zero_point();
  require(!std::isnan(stored), "it pads with no number");
  return static_cast<std::int32_t>(std::clamp(stored, -128.0, 127.0));
}

std::vector<View> parts_of(const Context& c, const Node& node) {
  std::vector<View> parts;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    parts.push_back(c.values.real(node, i));
    require(parts[i].shape.size() == parts[0].shape.size(), "it joins {} and {} dimensions",
            parts[0].shape.size(), parts[i].shape.size());
  }
  require(!parts.empty(), "it joins nothing");
  return parts;
}

}  // namespace

void read_identity(Context& c, const Node& node) {
  c.values.set_real(output_of(node), c.values.real(node, 0));
}

void read_reshape(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  require(integer_of(node, "allowzero", 0) == 0, "its attribute 'allowzero' is set");
  c.values.set_real(output_of(node), in_shape(x, reshaped(c.values.integers(node, 1), x.shape)));
}

void read_flatten(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  const std::int64_t axis = integer_of(node, "axis", 1);
  require(axis >= -rank && axis <= rank, "it names axis {} of {} dimensions", axis, rank);
  const auto middle = x.shape.begin() + (axis < 0 ? axis + rank : axis);
  const auto rows = elements_of(Shape(x.shape.begin(), middle));
  const auto columns = elements_of(Shape(middle, x.shape.end()));
  c.values.set_real(output_of(node), in_shape(x, checked_shape({rows, columns})));
}

void read_squeeze(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const auto axes = axes_of(c, node, x.shape.size());
  Shape shape;
  for (std::size_t d = 0; d < x.shape.size(); ++d) {
    const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<std::int32_t>(d));
    require(!named || x.shape[d] == 1, "it drops axis {} of extent {}", d, x.shape[d]);
    if (axes.empty() ? x.shape[d] != 1 : !named) {
      shape.push_back(x.shape[d]);
    }
  }
  c.values.set_real(output_of(node), in_shape(x, shape));
}

void read_unsqueeze(Context& c, const Node& node) {
  const View x = c.values.real(node, 0);
  const std::size_t given =
      c.values.has(node, 1) ? c.values.integers(node, 1).size() : integers_of(node, "axes").size();
  require(x.shape.size() + given <= kMostDimensions, "its result has more than {} dimensions",
          kMostDimensions);
  const auto axes = axes_of(c, node, x.shape.size() + given);
  Shape shape = x.shape;
  for (const std::int32_t axis : axes) {
    shape.insert(shape.begin() + axis, 1);
  }
  c.values.set_real(output_of(node), in_shape(x, shape));
}

void read_transpose(Context& c, const Node& node) {
  const View x = unreshaped(c, c.values.real(node, 0));
  const auto rank = x.shape.size();
  Order permutation(rank);
  std::iota(permutation.rbegin(), permutation.rend(), 0);
  if (const auto given = integers_of(node, "perm"); !given.empty()) {
    const Order all = file_order(rank);
    require(given.size() == rank && std::is_permutation(all.begin(), all.end(), given.begin()),
            "its attribute 'perm' is no permutation of {} dimensions", rank);
    permutation.assign(given.begin(), given.end());
  }
  c.values.set_real(output_of(node), transposed(x, permutation));
}

void read_concat(Context& c, const Node& node) {
  std::vector<View> parts = parts_of(c, node);
  Shape shape = parts[0].shape;
  const std::int32_t axis = checked_axis(integer_of(node, "axis", 0), shape.size());
  const auto at = static_cast<std::size_t>(axis);
  const Quantization first = c.builder.quantization(parts[0]);
  const bool equal = std::all_of(parts.begin(), parts.end(), [&](const View& part) {
    return same_quantization(c.builder.quantization(part), first);
  });
  const Target target = equal ? Target{} : c.values.target_of(output_of(node));
  require(equal || target.activation() == Activation::kNone,
          "an activation behind it is not supported");
  const Quantization& q = equal ? first : target.quantization;
  const Order order = parts[0].reshaped() ? usual_order(shape.size()) : parts[0].order;
  std::vector<TensorId> inputs;
  std::int64_t extent = 0;
  for (const View& part : parts) {
    Shape expected = shape;
    expected[at] = part.shape[at];
    require(part.shape == expected, "its operands differ in more than axis {}", axis);
    extent += part.shape[at];
    inputs.push_back(c.builder.in_order(c.builder.requantized(part, q), order));
  }
  shape[at] = checked_shape({extent})[0];
  const TensorId out = c.builder.add_tensor(output_of(node), stored_shape(shape, order), q);
  c.builder.add_operator(OperatorKind::kConcatenate, node.name,
                         Concatenate{inverse(order)[at], false}, inputs, {out});
  const View view = view_of(out, shape, order);
  if (equal) {
    c.values.set_real(output_of(node), view);
  } else {
    c.values.set_target(target, view);
  }
}

void read_pad(Context& c, const Node& node) {
  const View x = unreshaped(c, c.values.real(node, 0));
  require(text_of(node, "mode", "constant") == "constant", "it pads by the rule '{}'",
          text_of(node, "mode", "constant"));
  const auto pads = c.opset < 11 ? integers_of(node, "pads") : c.values.integers(node, 1);
  const std::size_t rank = x.shape.size();
  require(pads.size() == 2 * rank && !c.values.has(node, 3),
          "it has {} pads for {} dimensions, or names axes", pads.size(), rank);
  Pad pad;
  Shape shape = x.shape;
  std::vector<std::int32_t> operand;
  for (const std::int32_t dimension : x.order) {
    const auto d = static_cast<std::size_t>(dimension);
    require(pads[d] >= 0 && pads[rank + d] >= 0, "it has negative pads");
    shape[d] = checked_shape({x.shape[d] + std::min(pads[d], std::int64_t{1} << 31) +
                              std::min(pads[rank + d], std::int64_t{1} << 31)})[0];
    pad.before.push_back(static_cast<std::int32_t>(pads[d]));
    pad.after.push_back(static_cast<std::int32_t>(pads[rank + d]));
    operand.push_back(pad.before.back());
    operand.push_back(pad.after.back());
  }
  const Quantization q = c.builder.quantization(x);
  pad.value = pad_value(c, node, q);
  const std::string& name = output_of(node);
  const TensorId constant = c.builder.add_integers(name + "/pads", operand);
  const TensorId out = c.builder.add_tensor(name, stored_shape(shape, x.order), q);
  c.builder.add_operator(OperatorKind::kPad, node.name, pad, {x.stored, constant}, {out});
  c.values.set_real(name, view_of(out, shape, x.order));
}

void read_slice(Context& c, const Node& node) {
  const View x = unreshaped(c, c.values.real(node, 0));
  const auto starts = c.values.integers(node, 1);
  const auto ends = c.values.integers(node, 2);
  std::vector<std::int64_t> axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (c.values.has(node, 3)) {
    axes = c.values.integers(node, 3);
  }
  std::vector<std::int64_t> steps(starts.size(), 1);
  if (c.values.has(node, 4)) {
    steps = c.values.integers(node, 4);
  }
  require(ends.size() == starts.size() && axes.size() == starts.size() &&
              steps.size() == starts.size() && axes.size() <= x.shape.size(),
          "its starts, ends, axes and steps differ in number");
  const std::size_t rank = x.shape.size();
  Shape shape = x.shape;
  Slice slice{Shape(rank, 0), Shape(rank, 1), x.shape};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<std::size_t>(checked_axis(axes[i], rank));
    require(steps[i] != 0 && std::abs(steps[i]) <= x.shape[d], "it takes steps of {}", steps[i]);
    const Stretch stretch = stretch_of({starts[i], ends[i], steps[i], false, false}, x.shape[d]);
    require(stretch.count > 0, "it takes nothing of axis {}", d);
    slice.begin[d] = static_cast<std::int32_t>(stretch.first);
    slice.step[d] = static_cast<std::int32_t>(steps[i]);
    slice.count[d] = static_cast<std::int32_t>(stretch.count);
    shape[d] = slice.count[d];
  }
  slice = {stored_shape(slice.begin, x.order), stored_shape(slice.step, x.order),
           stored_shape(slice.count, x.order)};
  const std::string& name = output_of(node);
  const TensorId begin = c.builder.add_integers(name + "/begin", slice.begin);
  const TensorId count = c.builder.add_integers(name + "/count", slice.count);
  const TensorId step = c.builder.add_integers(name + "/step", slice.step);
  const TensorId out =
      c.builder.add_tensor(name, stored_shape(shape, x.order), c.builder.quantization(x));
  c.builder.add_operator(OperatorKind::kSlice, node.name, slice, {x.stored, begin, count, step},
                         {out});
  c.values.set_real(name, view_of(out, shape, x.order));
}

void read_split(Context& c, const Node& node) {
  const View x = unreshaped(c, c.values.real(node, 0));
  const std::int32_t axis = checked_axis(integer_of(node, "axis", 0), x.shape.size());
  const auto at = static_cast<std::size_t>(axis);
  auto sizes = c.values.has(node, 1) ? c.values.integers(node, 1) : integers_of(node, "split");
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  require(parts > 0, "it has no output");
  if (sizes.empty()) {
    require(x.shape[at] % parts == 0, "it cannot cut {} into {} equal parts", x.shape[at], parts);
    sizes.assign(node.outputs.size(), x.shape[at] / parts);
  }
  require(sizes.size() == node.outputs.size(), "it has {} outputs of {} sizes", parts,
          sizes.size());
  std::vector<TensorId> outputs;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Shape shape = x.shape;
    shape[at] = checked_shape({sizes[i]})[0];
    outputs.push_back(c.builder.add_tensor(node.outputs[i], stored_shape(shape, x.order),
                                           c.builder.quantization(x)));
    if (!node.outputs[i].empty()) {
      c.values.set_real(node.outputs[i], view_of(outputs.back(), shape, x.order));
    }
  }
  c.builder.add_operator(OperatorKind::kSplit, node.name, Split{inverse(x.order)[at], false, 0},
                         {x.stored}, outputs);
}

}  // namespace milliwatt::workloads::onnx
