// SPDX-License-Identifier: Apache-2.0
// What a user may leave open in the keys of a layer, filled in from its operands.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "workloads/geometry.h"
#include "workloads/layer_kinds.h"
#include "workloads/layer_shapes.h"

namespace milliwatt::workloads {

namespace {

using K = OperatorKind;

/// Counts a negative axis from behind. Throws UserError beyond the rank.
void resolve_axis(std::int32_t& axis, std::size_t rank) {
  const auto dimensions = static_cast<std::int32_t>(rank);
  if (axis < -dimensions || axis >= dimensions) {
    throw base::UserError(fmt::format("names axis {} of {} dimensions", axis, rank));
  }
  axis += axis < 0 ? dimensions : 0;
}

void resolve_axes(std::vector<std::int32_t>& axes, std::size_t rank) {
  for (std::int32_t& axis : axes) {
    resolve_axis(axis, rank);
  }
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
}

/// Filters, units and kernel from weights that are operands.
void resolve_filters(LayerSpec& layer, const Operands& operands) {
  const std::size_t place = layer.kind == K::kLstm ? 5 : 1;
  const bool filtered = is_weighted(layer.kind) || layer.kind == K::kSvdf || layer.kind == K::kLstm;
  const bool named =
      filtered && layer.form.operands && place < operands.size() && operands[place] != nullptr;
  if (!named || operands[place]->shape.empty()) {
    return;
  }
  const Shape& weights = operands[place]->shape;
  layer.filters = weights[0];
  layer.units = layer.kind == K::kSvdf ? weights[0] / layer.rank : weights[0];
  if (is_conv(layer.kind) && weights.size() == 4 && !layer.kernel_given) {
    layer.window.kernel_h = weights[1];
    layer.window.kernel_w = weights[2];
  }
}

void resolve_padding(LayerSpec& layer, const Operands& operands, const Operands& declared) {
  if (layer.padding != PaddingRule::kSame) {
    return;
  }
  Shape image = operands.at(data_place(layer))->shape;
  if (layer.kind == K::kTransposeConv2d) {
    image = declared.empty() ? output_shapes(layer, operands).front() : declared[0]->shape;
  }
  if (image.size() == 4) {
    pad_same(layer.window, image[1], image[2]);
  }
}

/// One dimension of a slice; numbers that are not told take it whole.
void resolve_stretch(SliceSpec& slice, std::size_t d, bool begun, bool ended, std::int32_t extent) {
  SliceRange range;
  range.begin = slice.begin[d];
  range.end = ended ? slice.end[d] : 0;
  range.step = slice.step[d];
  range.from_the_first = !begun;
  range.to_the_last = !ended;
  if (range.step == 0) {
    throw base::UserError("a slice without 'count' needs steps other than 0");
  }
  const Stretch stretch = stretch_of(range, extent);
  slice.begin[d] = static_cast<std::int32_t>(stretch.first);
  slice.count[d] = static_cast<std::int32_t>(stretch.count);
}

void resolve_slice(SliceSpec& slice, const Shape& input) {
  const std::size_t rank = input.size();
  const bool begun = !slice.begin.empty();
  const bool ended = !slice.end.empty();
  const bool counted = !slice.count.empty();
  slice.begin.resize(begun ? slice.begin.size() : rank, 0);
  slice.step.resize(slice.step.empty() ? rank : slice.step.size(), 1);
  slice.count.resize(counted ? slice.count.size() : rank, 1);
  for (std::int32_t& squeezed : slice.squeeze) {
    resolve_axis(squeezed, rank);
  }
  if (slice.begin.size() != rank || slice.step.size() != rank || slice.count.size() != rank ||
      (ended && slice.end.size() != rank)) {
    throw base::UserError(
        fmt::format("what a slice takes needs a number for each of {} dimensions", rank));
  }
  for (std::size_t d = 0; d < rank; ++d) {
    if (counted) {
      slice.begin[d] += slice.begin[d] < 0 ? input[d] : 0;
    } else {
      resolve_stretch(slice, d, begun, ended, input[d]);
    }
  }
}

}  // namespace

void resolve_layer(LayerSpec& layer, const Operands& operands, const Operands& declared) {
  const std::size_t place = data_place(layer);
  if (place >= operands.size() || operands[place] == nullptr) {
    throw base::UserError(
        fmt::format("{} needs its data as input {}", operator_name(layer.kind), place));
  }
  const Shape& input = operands[place]->shape;
  resolve_filters(layer, operands);
  switch (layer.kind) {
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
      return resolve_axes(layer.axes, input.size());
    case K::kConcatenate:
      return resolve_axis(layer.axis, input.size() + (layer.joins_new_axis ? 1 : 0));
    case K::kSplit:
      return resolve_axis(layer.axis, input.size());
    case K::kSlice:
      return resolve_slice(layer.slice, input);
    default:
      if (has_window(layer.kind)) {
        resolve_padding(layer, operands, declared);
      }
  }
}

}  // namespace milliwatt::workloads
