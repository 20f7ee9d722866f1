// SPDX-License-Identifier: Apache-2.0
// Checks of operators that move elements about: they are copied, so both sides agree in type and
// quantization.
#include <algorithm>
#include <numeric>

#include "workloads/operator_rules.h"
#include "workloads/packing.h"

namespace milliwatt::workloads {

namespace {

using Shape = std::vector<std::int32_t>;

/// Same type, and the same quantization or none.
void check_copy(OperatorRules& rules, const Tensor& from, const Tensor& to) {
  rules.require(from.type == to.type, "maps {} to {}", element_name(from.type),
                element_name(to.type));
  rules.require(from.quantization.scales == to.quantization.scales &&
                    from.quantization.zero_points == to.quantization.zero_points,
                "has different scales or zero points for '{}' and '{}'", from.name, to.name);
}

bool ranks_equal(std::size_t rank, std::initializer_list<std::size_t> others) {
  return std::all_of(others.begin(), others.end(), [rank](std::size_t r) { return r == rank; });
}

void check_pad(OperatorRules& rules) {
  if (!rules.require_operands(2, 3)) {
    return;
  }
  const auto& pad = std::get<Pad>(rules.op().attributes);
  const Shape& in = rules.input(0).shape;
  const Shape& out = rules.output().shape;
  check_copy(rules, rules.input(0), rules.output());
  if (!rules.require(ranks_equal(in.size(), {out.size(), pad.before.size(), pad.after.size()}),
                     "needs a pair of pads for each dimension")) {
    return;
  }
  for (std::size_t d = 0; d < in.size(); ++d) {
    const std::int64_t extent = std::int64_t{pad.before[d]} + in[d] + pad.after[d];
    rules.require(pad.before[d] >= 0 && pad.after[d] >= 0 && extent == out[d],
                  "pads dimension {} from {} to {}, '{}' has {}", d, in[d], extent,
                  rules.output().name, out[d]);
  }
  const ElementType type = rules.output().type;
  const int bits = element_bits(type);
  const bool fits = is_activation_type(type)
                        ? pad.value >= lowest_element(bits) && pad.value <= highest_element(bits)
                        : pad.value == 0;
  rules.require(fits, "pads {} with {}", element_name(type), pad.value);
}

/// Extents of joined and split tensors: equal but for the axis.
void check_sections(OperatorRules& rules, const Tensor& whole,
                    const std::vector<const Tensor*>& parts, std::int32_t axis, bool lacks_axis) {
  const auto at = static_cast<std::size_t>(axis);
  if (!rules.require(axis >= 0 && at < whole.shape.size(), "names axis {} of {} dimensions", axis,
                     whole.shape.size())) {
    return;
  }
  std::int64_t sum = 0;
  for (const Tensor* part : parts) {
    check_copy(rules, *part, whole);
    Shape shape = part->shape;
    if (lacks_axis && at <= shape.size()) {
      shape.insert(shape.begin() + axis, 1);
    }
    Shape expected = whole.shape;
    expected[at] = at < shape.size() ? shape[at] : 0;
    rules.require(shape == expected, "cannot cut '{}' out of '{}'", part->name, whole.name);
    sum += expected[at];
  }
  rules.require(sum == whole.shape[at], "has {} parts of {} in dimension {}, '{}' has {}",
                parts.size(), sum, axis, whole.name, whole.shape[at]);
}

void check_concatenate(OperatorRules& rules) {
  const Operator& op = rules.op();
  if (!rules.require_operands(op.inputs.size(), op.inputs.size())) {
    return;
  }
  std::vector<const Tensor*> parts;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    parts.push_back(&rules.input(i));
  }
  const auto& join = std::get<Concatenate>(op.attributes);
  check_sections(rules, rules.output(), parts, join.axis, join.stacks);
}

void check_split(OperatorRules& rules) {
  const Operator& op = rules.op();
  const auto& split = std::get<Split>(op.attributes);
  const bool present = !op.outputs.empty() && op.inputs.size() <= 3 &&
                       rules.has_input(static_cast<std::size_t>(split.data));
  if (!rules.require(present, "has {} inputs and {} outputs; split takes 1 to 3 inputs",
                     op.inputs.size(), op.outputs.size())) {
    return;
  }
  std::vector<const Tensor*> parts;
  for (const TensorId id : op.outputs) {
    parts.push_back(&rules.graph().tensor(id));
  }
  check_sections(rules, rules.input(static_cast<std::size_t>(split.data)), parts, split.axis,
                 split.unstacks);
}

Shape without_ones(Shape shape) {
  shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
  return shape;
}

void check_slice(OperatorRules& rules) {
  if (!rules.require_operands(3, 4)) {
    return;
  }
  const auto& slice = std::get<Slice>(rules.op().attributes);
  const Shape& in = rules.input(0).shape;
  check_copy(rules, rules.input(0), rules.output());
  if (!rules.require(
          ranks_equal(in.size(), {slice.begin.size(), slice.step.size(), slice.count.size()}),
          "needs a begin, a step and a count for each dimension")) {
    return;
  }
  for (std::size_t d = 0; d < in.size(); ++d) {
    const std::int64_t last = slice.begin[d] + (std::int64_t{slice.count[d]} - 1) * slice.step[d];
    rules.require(slice.count[d] >= 1 && slice.begin[d] >= 0 && slice.begin[d] < in[d] &&
                      last >= 0 && last < in[d],
                  "takes {} elements from {} on of the {} of dimension {}", slice.count[d],
                  slice.begin[d], in[d], d);
  }
  rules.require(without_ones(slice.count) == without_ones(rules.output().shape),
                "has an output of another shape than what it takes");
}

void check_transpose(OperatorRules& rules) {
  if (!rules.require_operands(2, 2)) {
    return;
  }
  const auto& permutation = std::get<Transpose>(rules.op().attributes).permutation;
  const Shape& in = rules.input(0).shape;
  check_copy(rules, rules.input(0), rules.output());
  Shape all(in.size());
  std::iota(all.begin(), all.end(), 0);
  if (!rules.require(permutation.size() == in.size() &&
                         std::is_permutation(all.begin(), all.end(), permutation.begin()),
                     "needs a permutation of {} dimensions", in.size())) {
    return;
  }
  Shape expected;
  for (const std::int32_t d : permutation) {
    expected.push_back(in[static_cast<std::size_t>(d)]);
  }
  rules.check_shape(rules.output(), expected);
}

/// The pixel at or before the last position of a bilinear resize, whose scale is rounded to 1024ths
/// and can lead beyond the image.
std::int64_t last_pixel(std::int64_t input, std::int64_t output, const Resize& resize) {
  constexpr std::int64_t kOne = 1024;
  const std::int64_t cut = resize.align_corners && output > 1 ? 1 : 0;
  const std::int64_t scale = (kOne * (input - cut) + (output - cut) / 2) / (output - cut);
  const std::int64_t shift = resize.half_pixel_centers ? scale / 2 - kOne / 2 : 0;
  return ((output - 1) * scale + shift) / kOne;
}

void check_resize(OperatorRules& rules) {
  constexpr std::int32_t kMostPixels = 1 << 16;
  if (!rules.require_operands(2, 2) || !rules.check_rank4(rules.input(0)) ||
      !rules.check_rank4(rules.output())) {
    return;
  }
  const Shape& in = rules.input(0).shape;
  const Shape& out = rules.output().shape;
  check_copy(rules, rules.input(0), rules.output());
  rules.require(in[0] == out[0] && in[3] == out[3], "changes the batch or the channels");
  for (const std::int32_t extent : {in[1], in[2], out[1], out[2]}) {
    rules.require(extent <= kMostPixels, "has more than {} rows or columns", kMostPixels);
  }
  const auto& resize = std::get<Resize>(rules.op().attributes);
  rules.require(!resize.align_corners || !resize.half_pixel_centers,
                "aligns corners and centres at once");
  if (rules.op().kind == OperatorKind::kResizeBilinear) {
    rules.require(is_activation_type(rules.output().type),
                  "blends {}; resize_bilinear takes integers of 2 to 8 and 16 bits",
                  element_name(rules.output().type));
    rules.require(
        last_pixel(in[1], out[1], resize) < in[1] && last_pixel(in[2], out[2], resize) < in[2],
        "blends {} x {} pixels from {} x {}, more than its scale in 1024ths can tell", out[1],
        out[2], in[1], in[2]);
  }
}

}  // namespace

void check_movement(OperatorRules& rules) {
  switch (rules.op().kind) {
    case OperatorKind::kPad:
      return check_pad(rules);
    case OperatorKind::kConcatenate:
      return check_concatenate(rules);
    case OperatorKind::kSplit:
      return check_split(rules);
    case OperatorKind::kSlice:
      return check_slice(rules);
    case OperatorKind::kTranspose:
      return check_transpose(rules);
    case OperatorKind::kResizeNearest:
    case OperatorKind::kResizeBilinear:
      return check_resize(rules);
    default:
      rules.require(false, "has no rules");
  }
}

}  // namespace milliwatt::workloads
