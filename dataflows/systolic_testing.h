// SPDX-License-Identifier: Apache-2.0
// Arrays and mapped convolutions for tests.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "dataflows/graph_testing.h"
#include "dataflows/systolic_mapping.h"
#include "dataflows/systolic_task.h"

namespace milliwatt::dataflows::testing {

constexpr std::uint32_t kLargeBuffer = 1 << 20;

inline SystolicShape array_of(std::int32_t rows, std::int32_t columns,
                              std::uint32_t buffers = kLargeBuffer) {
  SystolicShape shape;
  shape.rows = rows;
  shape.columns = columns;
  shape.input_buffer_bytes = shape.weight_buffer_bytes = buffers;
  shape.accumulator_buffer_bytes = shape.output_buffer_bytes = buffers;
  return shape;
}

constexpr std::uint32_t SystolicShape::*kBuffers[] = {
    &SystolicShape::input_buffer_bytes, &SystolicShape::weight_buffer_bytes,
    &SystolicShape::accumulator_buffer_bytes, &SystolicShape::output_buffer_bytes};

/// The smallest size of one buffer of a shape with which the mapping fits.
inline std::uint32_t smallest(std::uint32_t SystolicShape::*buffer, SystolicShape shape,
                              const Convolution& convolution, const SystolicMapping& mapping) {
  std::uint32_t too_small = 0;
  std::uint32_t enough = shape.*buffer;
  while (enough - too_small > 1) {
    shape.*buffer = too_small + (enough - too_small) / 2;
    (misfit(convolution, mapping, shape).empty() ? enough : too_small) = shape.*buffer;
  }
  return enough;
}

/// A random convolution or fully connected layer, mapped somehow onto some array.
struct Case {
  workloads::Graph graph;
  SystolicShape shape;
  SystolicMapping mapping;

  const workloads::Operator& op() const { return graph.operators[0]; }
  ConvGeometry geometry() const { return conv_geometry(graph, op()); }
  Convolution convolution() const { return convolution_of(graph, op()); }
  SystolicCommand command() const {
    SystolicCommand command;
    command.geometry = geometry();
    command.groups = convolution().groups;
    command.bits = convolution().bits;
    command.mapping = mapping;
    return command;
  }
};

/// Any number of filters and taps that the dataflow allows; 0, as many as may be, now and then.
inline void random_cut(Dice& dice, Case& c) {
  const Convolution conv = c.convolution();
  const std::int32_t of_group = conv.group_filters();
  const std::int32_t most = std::min(
      c.shape.dataflow == Dataflow::kInputStationary ? c.geometry().output_c : c.shape.columns,
      c.geometry().output_c);
  if (most >= 2 * of_group && dice.one_in(2)) {
    c.mapping.filter_tile = of_group * dice.roll(2, most / of_group);
  } else if (!dice.one_in(3)) {
    c.mapping.filter_tile = dice.roll(1, std::min(most, of_group));
  }
  if (!dice.one_in(3)) {
    c.mapping.fold_taps =
        dice.roll(1, c.shape.dataflow == Dataflow::kOutputStationary ? 80 : c.shape.rows);
  }
}

inline Case random_case(Dice& dice) {
  Case c;
  c.graph = dice.one_in(5)   ? random_fully_connected(dice)
            : dice.one_in(2) ? random_convolution(dice)
                             : random_grouped_convolution(dice);
  if (!dice.one_in(3)) {
    narrow(dice, c.graph);
  }
  c.shape = array_of(dice.roll(1, 9), dice.roll(1, 9));
  c.shape.dataflow = static_cast<Dataflow>(dice.roll(0, 2));
  c.shape.separate_store_channel = dice.one_in(2);
  const ConvGeometry g = c.geometry();
  // Also tiles that are larger than the ofmap.
  c.mapping = {dice.roll(1, g.output_h + 1), dice.roll(1, g.output_w + 1), dice.one_in(2),
               dice.one_in(2)};
  random_cut(dice, c);
  if (!misfit(c.convolution(), c.mapping, c.shape).empty()) {
    c.mapping.pixel_tiles_outer = true;  // tiles of these filters end inside a byte
  }
  for (std::uint32_t SystolicShape::*const buffer : kBuffers) {
    const std::uint32_t least = smallest(buffer, c.shape, c.convolution(), c.mapping);
    if (!dice.one_in(3)) {
      c.shape.*buffer = least + static_cast<std::uint32_t>(
                                    dice.one_in(2) ? 0 : dice.roll(0, 3 * static_cast<int>(least)));
    }
  }
  return c;
}

inline std::string describe(const Case& c) {
  const ConvGeometry g = c.geometry();
  const char* const dataflows[] = {"ws", "os", "is"};
  return fmt::format(
      "{}x{}x{}x{} * {}x{}x{} in {} groups, {} * {} -> {} bits on {} {}x{}, tiles {}x{}, {} "
      "filters, {} taps, {} "
      "outer, "
      "by {}, buffers {} {} {} {}",
      g.batch, g.input_h, g.input_w, g.input_c, g.output_c, g.kernel_h, g.kernel_w,
      c.convolution().groups, c.convolution().bits.input, c.convolution().bits.weights,
      c.convolution().bits.output, dataflows[static_cast<int>(c.shape.dataflow)], c.shape.rows,
      c.shape.columns, c.mapping.tile_h, c.mapping.tile_w, c.mapping.filter_tile,
      c.mapping.fold_taps, c.mapping.pixel_tiles_outer ? "pixels" : "filters",
      c.mapping.weights_per_fold ? "fold" : "filter tile", c.shape.input_buffer_bytes,
      c.shape.weight_buffer_bytes, c.shape.accumulator_buffer_bytes, c.shape.output_buffer_bytes);
}

}  // namespace milliwatt::dataflows::testing
