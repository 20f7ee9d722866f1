// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "dataflows/recurrence.h"
#include "dataflows/vector_task.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::kNoTensor;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorRole;

std::int32_t divide_up(std::int32_t a, std::int32_t b) { return (a + b - 1) / b; }

/// One filter's weight for tap k, whatever the operator: both layouts hold [filter][k].
class Filters {
 public:
  Filters(const Graph& graph, const Operator& op, const ConvGeometry& geometry)
      : weights_{graph.tensor(op.inputs[1]).data}, length_{dot_length(geometry)} {}

  std::int8_t weight(std::int64_t filter, std::int64_t k) const {
    return static_cast<std::int8_t>(weights_[static_cast<std::size_t>(filter * length_ + k)]);
  }
  /// Sum of a filter's weights: what an input zero point of 1 would add to every output.
  std::int32_t sum(std::int64_t filter) const {
    std::int32_t total = 0;
    for (std::int64_t k = 0; k < length_; ++k) {
      total += weight(filter, k);
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
PackedConstant requantization_table(const Graph& graph, const Operator& op, const Filters& filters,
                                    const ConvGeometry& g) {
  const workloads::OutputStage stage = workloads::output_stage(graph, op);
  PackedConstant table;
  table.tensor_class = base::TensorClass::kParameters;
  table.bytes.resize(static_cast<std::size_t>(g.output_c) * sizeof(mw_channel_parameters));
  for (std::int32_t c = 0; c < g.output_c; ++c) {
    const workloads::Multiplier m = stage.multipliers[static_cast<std::size_t>(c)];
    const mw_channel_parameters row{bias_of(graph, op, c) - stage.input_zero_point * filters.sum(c),
                                    m.mantissa, m.exponent};
    std::memcpy(table.bytes.data() + static_cast<std::size_t>(c) * sizeof row, &row, sizeof row);
  }
  return table;
}

class SystolicTask : public EngineTask {
 public:
  SystolicTask(const Graph& graph, const Operator& op, const SystolicShape& shape,
               const SystolicMapping& mapping) {
    const ConvGeometry geometry = conv_geometry(graph, op);
    const Filters filters{graph, op, geometry};
    constants_.push_back(pack_weights(filters, geometry, shape.columns));
    constants_.push_back(requantization_table(graph, op, filters, geometry));
    const workloads::OutputStage stage = workloads::output_stage(graph, op);
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

/// Places of a trial command: apart, so that no two tensors touch.
SystolicCommand trial(const ConvGeometry& geometry, const SystolicMapping& mapping) {
  SystolicCommand command;
  command.geometry = geometry;
  command.mapping = mapping;
  command.ifmap = std::uint64_t{1} << 40;
  command.weights = std::uint64_t{2} << 40;
  command.parameters = std::uint64_t{3} << 40;
  command.ofmap = std::uint64_t{4} << 40;
  return command;
}

/// Cycles of a transfer: bursts of every run of touching rows, and the bytes.
std::int64_t transfer_cycles(const Transfer& t, const TransferCosts& costs) {
  std::uint64_t run = t.row_bytes;
  std::uint64_t runs = std::uint64_t{t.rows} * t.planes;
  if (t.rows == 1 || t.row_stride == t.row_bytes) {
    run *= t.rows;
    runs = t.planes;
    if (t.planes == 1 || t.plane_stride == run) {
      run *= t.planes;
      runs = 1;
    }
  }
  const LinkCost& link = costs.link(t.tensor_class);
  const double bursts = static_cast<double>((run + costs.burst_bytes - 1) / costs.burst_bytes);
  return static_cast<std::int64_t>(
      static_cast<double>(runs) *
      (bursts * link.cycles_per_burst + static_cast<double>(run) * link.cycles_per_byte));
}

std::optional<std::string> array_refuses(const Graph& graph, const Operator& op) {
  if (op.kind != OperatorKind::kConv2d && op.kind != OperatorKind::kFullyConnected) {
    return "the array runs conv2d and fully_connected only";
  }
  const auto* conv = std::get_if<workloads::Conv2d>(&op.attributes);
  if (conv != nullptr && conv->groups != 1) {
    return "the array does not run grouped convolutions";
  }
  const Tensor& weights = graph.tensor(op.inputs[1]);
  if (weights.role != TensorRole::kConstant) {
    return "the weights are not constant";
  }
  if (weights.type != ElementType::kInt8 || graph.tensor(op.inputs[0]).type != ElementType::kInt8 ||
      graph.tensor(op.outputs[0]).type != ElementType::kInt8) {
    return "the array works on int8 weights and activations";
  }
  if (weights.quantization.zero_point() != 0) {
    return "the array needs weights with a zero point of 0";
  }
  return std::nullopt;
}

}  // namespace

SystolicEngine::SystolicEngine(const SystolicShape& shape) : shape_{shape} {}

std::optional<std::string> SystolicEngine::refuses(const Graph& graph, const Operator& op) const {
  if (op.kind == OperatorKind::kAdd || op.kind == OperatorKind::kAveragePool2d ||
      op.kind == OperatorKind::kMaxPool2d) {
    return vector_refuses(graph, op, systolic_engine_shape(shape_));
  }
  std::optional<std::string> reason = array_refuses(graph, op);
  if (!reason && candidates(conv_geometry(graph, op)).empty()) {
    reason = misfit(conv_geometry(graph, op), {1, 1, false, true}, shape_);
  }
  return reason;
}

std::unique_ptr<EngineTask> SystolicEngine::map(const Graph& graph, const Operator& op,
                                                const TransferCosts& costs) const {
  if (op.kind != OperatorKind::kConv2d && op.kind != OperatorKind::kFullyConnected) {
    return vector_task(graph, op, systolic_engine_shape(shape_));
  }
  return systolic_task(graph, op, shape_, choose(conv_geometry(graph, op), costs));
}

std::vector<SystolicMapping> SystolicEngine::candidates(const ConvGeometry& geometry) const {
  std::vector<SystolicMapping> found;
  for (const bool pixels_outer : {false, true}) {
    for (const bool per_fold : {false, true}) {
      constexpr int kHeights = 4;
      int kept = 0;
      std::int32_t tile_h = geometry.output_h;
      std::int32_t tile_w = geometry.output_w;
      while (kept < kHeights) {
        const SystolicMapping mapping{tile_h, tile_w, pixels_outer, per_fold};
        if (misfit(geometry, mapping, shape_).empty()) {
          found.push_back(mapping);
          ++kept;
        }
        if (tile_h > 1) {
          tile_h = divide_up(tile_h, 2);
        } else if (tile_w > 1 && kept == 0) {
          tile_w = divide_up(tile_w, 2);
        } else {
          break;
        }
      }
    }
  }
  return found;
}

SystolicMapping SystolicEngine::choose(const ConvGeometry& geometry,
                                       const TransferCosts& costs) const {
  const std::vector<SystolicMapping> all = candidates(geometry);
  if (all.empty()) {
    throw base::UserError("no mapping fits the array's buffers: " +
                          misfit(geometry, {1, 1, false, true}, shape_));
  }
  SystolicMapping best;
  std::int64_t fewest = INT64_MAX;
  for (const SystolicMapping& mapping : all) {
    const std::int64_t cycles = predicted_cycles(trial(geometry, mapping), shape_, costs);
    if (cycles < fewest) {
      fewest = cycles;
      best = mapping;
    }
  }
  return best;
}

std::unique_ptr<EngineTask> systolic_task(const Graph& graph, const Operator& op,
                                          const SystolicShape& shape,
                                          const SystolicMapping& mapping) {
  return std::make_unique<SystolicTask>(graph, op, shape, mapping);
}

std::int64_t predicted_cycles(const SystolicCommand& command, const SystolicShape& shape,
                              const TransferCosts& costs) {
  // A clock of 1 THz makes a cycle a picosecond.
  const base::Clock clock{"cycles", 1'000'000'000'000};
  const SystolicProgram program = expand(command, shape);
  const Schedule& schedule = program.command.schedule;
  Recurrence recurrence{schedule, clock, systolic_engine_shape(shape).units.size(), Overlap::kFull};
  const auto duration = [&](const Step& step, base::Picoseconds start) {
    const bool moves = step.kind == StepKind::kLoad || step.kind == StepKind::kStore;
    return start + (moves ? transfer_cycles(schedule.transfers[step.job], costs) : step.cycles_low);
  };
  return recurrence.run(0, duration, [](const Step&, base::Picoseconds, base::Picoseconds) {});
}

}  // namespace milliwatt::dataflows
