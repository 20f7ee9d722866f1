// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dataflows/conv_geometry.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::kNoTensor;
using workloads::Operator;

/// One filter's weight for tap k, whatever the operator: both layouts hold [filter][k].
class Filters {
 public:
  Filters(const Graph& graph, const Operator& op, const ConvGeometry& geometry)
      : weights_{graph.tensor(op.inputs[1]).data}, length_{dot_length(geometry)} {}

  std::int8_t weight(std::int64_t filter, std::int64_t k) const {
    return static_cast<std::int8_t>(weights_[static_cast<std::size_t>(filter * length_ + k)]);
  }
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
  const std::vector<std::uint8_t>& weights_;
  std::int64_t length_;
};

/// [column tile][k][column]: the rows of a fold are consecutive.
PackedConstant pack_weights(const Filters& filters, const ConvGeometry& g, std::int32_t columns) {
  PackedConstant packed;
  packed.tensor_class = base::TensorClass::kWeights;
  packed.bytes.reserve(static_cast<std::size_t>(dot_length(g) * g.output_c));
  for (std::int32_t first = 0; first < g.output_c; first += columns) {
    const std::int32_t last = std::min(first + columns, g.output_c);
    for (std::int64_t k = 0; k < dot_length(g); ++k) {
      for (std::int32_t filter = first; filter < last; ++filter) {
        packed.bytes.push_back(static_cast<std::uint8_t>(filters.weight(filter, k)));
      }
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
    const ConvGeometry geometry = conv_geometry(graph, op);
    const Filters filters{graph, op, geometry};
    const workloads::OutputStage stage = workloads::output_stage(graph, op);
    constants_.push_back(pack_weights(filters, geometry, shape.columns));
    constants_.push_back(requantization_table(graph, op, filters, stage));
    fields_.geometry = geometry;
    fields_.input_zero_point = stage.input_zero_point;
    fields_.output_zero_point = stage.output_zero_point;
    fields_.clamp_low = stage.clamp.low;
    fields_.clamp_high = stage.clamp.high;
    fields_.tile_h = mapping.tile_h;
    fields_.tile_w = mapping.tile_w;
    fields_.pixel_tiles_outer = mapping.pixel_tiles_outer ? 1 : 0;
    fields_.weights_per_fold = mapping.weights_per_fold ? 1 : 0;
  }

  const std::vector<PackedConstant>& constants() const override { return constants_; }

  std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                       std::uint16_t layer) const override {
    mw_systolic_descriptor d = fields_;
    d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_SYSTOLIC, sizeof d, layer, 1};
    d.ifmap = places.inputs.at(0);
    d.weights = places.constants.at(0);
    d.parameters = places.constants.at(1);
    d.ofmap = places.output;
    std::vector<std::uint8_t> bytes(sizeof d);
    std::memcpy(bytes.data(), &d, sizeof d);
    return bytes;
  }

  std::string mapping() const override {
    return fmt::format("tiles of {}x{} pixels, {} tiles outer, weights by {}", fields_.tile_h,
                       fields_.tile_w, fields_.pixel_tiles_outer != 0 ? "pixel" : "filter",
                       fields_.weights_per_fold != 0 ? "fold" : "filter tile");
  }

 private:
  mw_systolic_descriptor fields_{};
  std::vector<PackedConstant> constants_;
};

}  // namespace

std::unique_ptr<EngineTask> systolic_task(const Graph& graph, const Operator& op,
                                          const SystolicShape& shape,
                                          const SystolicMapping& mapping) {
  return std::make_unique<SystolicTask>(graph, op, shape, mapping);
}

std::optional<std::string> sums_refused(const Graph& graph, const Operator& op) {
  constexpr std::int64_t kLargestOperand = 128;
  const ConvGeometry geometry = conv_geometry(graph, op);
  const Filters filters{graph, op, geometry};
  for (std::int32_t c = 0; c < geometry.output_c; ++c) {
    const std::int64_t bound = kLargestOperand * filters.sum_of_magnitudes(c) +
                               std::abs(corrected_bias(graph, op, filters, c));
    if (bound > INT32_MAX) {
      return fmt::format("the sums of filter {} may reach {}, beyond 32 bits", c, bound);
    }
  }
  return std::nullopt;
}

}  // namespace milliwatt::dataflows
