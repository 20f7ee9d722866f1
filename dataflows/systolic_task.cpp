// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dataflows/conv_geometry.h"
#include "dataflows/systolic_parameters.h"
#include "dataflows/systolic_tiling.h"
#include "workloads/packing.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::kNoTensor;
using workloads::Operator;
using workloads::OperatorKind;

/// The filters of an operator, each over the channels of its group, whatever their layout.
class Filters {
 public:
  Filters(const Graph& graph, const Operator& op, const Convolution& convolution)
      : count_{convolution.geometry.output_c},
        depth_{convolution.group_channels()},
        length_{convolution.positions() * depth_},
        filters_last_{op.kind == OperatorKind::kDepthwiseConv2d} {
    const workloads::Tensor& weights = graph.tensor(op.inputs[1]);
    weights_ = reinterpret_cast<const std::int8_t*>(weights.data.data());
    if (convolution.bits.weights < 8) {
      for (std::int64_t i = 0; i < weights.elements(); ++i) {
        unpacked_.push_back(static_cast<std::int8_t>(
            workloads::load_element(weights.data.data(), i, convolution.bits.weights)));
      }
      weights_ = unpacked_.data();
    }
  }
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  /// Tap (position * depth + channel of the group): from [filter][tap] or [position][filter].
  std::int8_t weight(std::int64_t filter, std::int64_t tap) const {
    return weights_[filters_last_ ? tap * count_ + filter : filter * length_ + tap];
  }
  std::int64_t depth() const { return depth_; }

  /// What an input zero point of 1 would add to every output.
  std::int64_t sum(std::int64_t filter) const {
    std::int64_t total = 0;
    for (std::int64_t k = 0; k < length_; ++k) {
      total += weight(filter, k);
    }
    return total;
  }
  std::int64_t sum_of_magnitudes(std::int64_t filter) const {
    std::int64_t total = 0;
    for (std::int64_t k = 0; k < length_; ++k) {
      total += std::abs(std::int32_t{weight(filter, k)});
    }
    return total;
  }

 private:
  const std::int8_t* weights_ = nullptr;
  std::vector<std::int8_t> unpacked_;  ///< of weights of less than 8 bits
  std::int64_t count_;
  std::int64_t depth_;
  std::int64_t length_;
  bool filters_last_;
};

/// Weight of a filter for a channel of its tile, or the zero that keeps groups apart.
std::int8_t tile_weight(const Filters& filters, const Convolution& c, std::int32_t filter,
                        std::int64_t position, std::int32_t channel) {
  const std::int64_t first = filter / c.group_filters() * filters.depth();
  const std::int64_t in_group = channel - first;
  const bool sees = in_group >= 0 && in_group < filters.depth();
  return sees ? filters.weight(filter, position * filters.depth() + in_group) : std::int8_t{0};
}

/// The bits of a block, [position][channel of the tile][filter].
void pack_block(const Filters& filters, const Convolution& c, const FilterTile& tile,
                const WeightBlock& block, std::uint8_t* bytes) {
  std::int64_t at = 0;
  for (std::int64_t k = block.first_tap; k < block.first_tap + block.taps; ++k) {
    const std::int64_t position = k / tile.channels.size;
    const auto channel = tile.channels.begin + static_cast<std::int32_t>(k % tile.channels.size);
    for (std::int32_t f = 0; f < tile.filters.size; ++f, ++at) {
      const std::int8_t weight = tile_weight(filters, c, tile.filters.begin + f, position, channel);
      if (c.bits.weights == 8) {
        bytes[at] = static_cast<std::uint8_t>(weight);
      } else {
        workloads::store_element(bytes, at, c.bits.weights, weight);
      }
    }
  }
}

/// [filter tile][block of taps], the bits behind a block 0.
PackedConstant pack_weights(const Filters& filters, const Convolution& c, const Tiling& tiling) {
  PackedConstant packed;
  packed.tensor_class = base::TensorClass::kWeights;
  for (std::int64_t i = 0; i < tiling.filter_tiles(); ++i) {
    const FilterTile tile = tiling.filter_tile(i);
    for (std::int64_t part = 0; part < tiling.weight_blocks(tile); ++part) {
      const WeightBlock block = tiling.weight_block(tile, part);
      packed.bytes.resize(static_cast<std::size_t>(block.begin + block.bytes));
      pack_block(filters, c, tile, block, packed.bytes.data() + block.begin);
    }
  }
  return packed;
}

std::int32_t bias_of(const Graph& graph, const Operator& op, std::int32_t channel) {
  const workloads::TensorId id = op.inputs.size() > 2 ? op.inputs[2] : kNoTensor;
  std::int32_t bias = 0;
  if (id != kNoTensor) {
    std::memcpy(&bias,
                graph.tensor(id).data.data() + std::size_t{4} * static_cast<std::size_t>(channel),
                4);
  }
  return bias;
}

/// sum (x - z) w + bias = sum x w + (bias - z sum w), also where padding streams x = z.
std::int64_t corrected_bias(const Graph& graph, const Operator& op, const Filters& filters,
                            std::int32_t channel) {
  const std::int64_t zero_point = graph.tensor(op.inputs[0]).quantization.zero_point();
  return bias_of(graph, op, channel) - zero_point * filters.sum(channel);
}

/// sums_refused() keeps the biases within 32 bits.
PackedConstant requantization_table(const Graph& graph, const Operator& op, const Filters& filters,
                                    const workloads::OutputStage& stage) {
  PackedConstant table;
  table.tensor_class = base::TensorClass::kParameters;
  table.bytes.resize(stage.multipliers.size() * sizeof(mw_channel_parameters));
  for (std::size_t c = 0; c < stage.multipliers.size(); ++c) {
    const std::int64_t bias = corrected_bias(graph, op, filters, static_cast<std::int32_t>(c));
    const mw_channel_parameters row{static_cast<std::int32_t>(bias), stage.multipliers[c].mantissa,
                                    stage.multipliers[c].exponent};
    std::memcpy(table.bytes.data() + c * sizeof row, &row, sizeof row);
  }
  return table;
}

class SystolicTask : public EngineTask {
 public:
  SystolicTask(const Graph& graph, const Operator& op, const SystolicShape& shape,
               const SystolicMapping& mapping) {
    const Convolution convolution = convolution_of(graph, op);
    const Tiling tiling{convolution, mapping, shape};
    const Filters filters{graph, op, convolution};
    const workloads::OutputStage stage = workloads::output_stage(graph, op);
    constants_.push_back(pack_weights(filters, convolution, tiling));
    constants_.push_back(requantization_table(graph, op, filters, stage));
    fields_.geometry = convolution.geometry;
    fields_.groups = convolution.groups;
    fields_.input_bits = static_cast<std::uint8_t>(convolution.bits.input);
    fields_.weight_bits = static_cast<std::uint8_t>(convolution.bits.weights);
    fields_.output_bits = static_cast<std::uint8_t>(convolution.bits.output);
    fields_.input_zero_point = stage.input_zero_point;
    fields_.output_zero_point = stage.output_zero_point;
    fields_.clamp_low = stage.clamp.low;
    fields_.clamp_high = stage.clamp.high;
    fields_.tile_h = mapping.tile_h;
    fields_.tile_w = mapping.tile_w;
    fields_.pixel_tiles_outer = mapping.pixel_tiles_outer ? 1 : 0;
    fields_.weights_per_fold = mapping.weights_per_fold ? 1 : 0;
    fields_.filter_tile = tiling.filters();
    fields_.fold_taps = static_cast<std::int32_t>(
        std::min<std::int64_t>(tiling.fold_taps(), tiling.full_tile().taps));
  }

  const std::vector<PackedConstant>& constants() const override { return constants_; }

  std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                       std::uint16_t layer) const override {
    mw_systolic_descriptor d = fields_;
    d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_SYSTOLIC, sizeof d, layer, 1};
    d.ifmap = places.inputs.at(0);
    d.weights = places.constants.at(0);
    d.parameters = places.constants.at(1);
    d.ofmap = places.outputs.at(0);
    std::vector<std::uint8_t> bytes(sizeof d);
    std::memcpy(bytes.data(), &d, sizeof d);
    return bytes;
  }

  std::string mapping() const override {
    return fmt::format(
        "tiles of {}x{} pixels and {} filters, {} tiles outer, weights by {}, {} taps",
        fields_.tile_h, fields_.tile_w, fields_.filter_tile,
        fields_.pixel_tiles_outer != 0 ? "pixel" : "filter",
        fields_.weights_per_fold != 0 ? "fold" : "filter tile", fields_.fold_taps);
  }

  base::YamlNode parameters() const override {
    const SystolicMapping mapping = mapping_of(fields_);
    return systolic_parameter_schema().dump(SystolicParameters{mapping});
  }

 private:
  mw_systolic_descriptor fields_{};
  std::vector<PackedConstant> constants_;
};

}  // namespace

Convolution convolution_of(const Graph& graph, const Operator& op) {
  const ConvGeometry geometry = conv_geometry(graph, op);
  const auto bits = [&](workloads::TensorId id) {
    return workloads::element_bits(graph.tensor(id).type);
  };
  const OperandBits operands{bits(op.inputs[0]), bits(op.inputs[1]), bits(op.outputs[0])};
  if (op.kind == OperatorKind::kDepthwiseConv2d) {
    return {geometry, geometry.input_c, operands};
  }
  const auto* conv = std::get_if<workloads::Conv2d>(&op.attributes);
  return {geometry, conv != nullptr ? conv->groups : 1, operands};
}

std::unique_ptr<EngineTask> systolic_task(const Graph& graph, const Operator& op,
                                          const SystolicShape& shape,
                                          const SystolicMapping& mapping) {
  return std::make_unique<SystolicTask>(graph, op, shape, mapping);
}

std::optional<std::string> sums_refused(const Graph& graph, const Operator& op) {
  const Convolution convolution = convolution_of(graph, op);
  const std::int64_t largest_operand = -workloads::lowest_element(convolution.bits.input);
  const Filters filters{graph, op, convolution};
  for (std::int32_t c = 0; c < convolution.geometry.output_c; ++c) {
    const std::int64_t bound = largest_operand * filters.sum_of_magnitudes(c) +
                               std::abs(corrected_bias(graph, op, filters, c));
    if (bound > INT32_MAX) {
      return fmt::format("the sums of filter {} may reach {}, beyond 32 bits", c, bound);
    }
  }
  return std::nullopt;
}

}  // namespace milliwatt::dataflows
