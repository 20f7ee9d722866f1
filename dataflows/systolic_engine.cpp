// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_engine.h"

#include "base/error.h"
#include "base/integer_math.h"
#include "dataflows/recurrence.h"
#include "dataflows/systolic_task.h"
#include "dataflows/vector_task.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorRole;

/// The mapping that needs least of every buffer.
constexpr SystolicMapping kSmallest{1, 1, false, true};

/// Appends `mapping` with the largest tiles that fit: at most kMostHeights of full width, else one
/// narrower one.
void add_tiles(const ConvGeometry& geometry, const SystolicShape& shape, SystolicMapping mapping,
               std::vector<SystolicMapping>& found) {
  constexpr std::size_t kMostHeights = 4;
  const std::size_t enough = found.size() + kMostHeights;
  const auto add_if_fits = [&] {
    if (misfit(geometry, mapping, shape).empty()) {
      found.push_back(mapping);
    }
  };
  mapping.tile_w = geometry.output_w;
  for (mapping.tile_h = geometry.output_h; found.size() < enough;
       mapping.tile_h = base::divide_up(mapping.tile_h, 2)) {
    add_if_fits();
    if (mapping.tile_h <= 1) {
      break;
    }
  }
  while (found.size() + kMostHeights == enough && mapping.tile_w > 1) {
    mapping.tile_w = base::divide_up(mapping.tile_w, 2);
    add_if_fits();
  }
}

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
  const std::uint64_t whole_bursts = base::divide_up(run, costs.burst_bytes);
  const auto bursts = static_cast<double>(whole_bursts);
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
  const bool has_bias = op.inputs.size() > 2 && op.inputs[2] != workloads::kNoTensor;
  if (weights.role != TensorRole::kConstant ||
      (has_bias && graph.tensor(op.inputs[2]).role != TensorRole::kConstant)) {
    return "the array needs constant weights and biases";
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
  if (std::optional<std::string> reason = array_refuses(graph, op)) {
    return reason;
  }
  const ConvGeometry geometry = conv_geometry(graph, op);
  if (candidates(geometry).empty()) {
    return "no mapping fits: " + misfit(geometry, kSmallest, shape_);
  }
  return sums_refused(graph, op);
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
      add_tiles(geometry, shape_, {1, 1, pixels_outer, per_fold}, found);
    }
  }
  return found;
}

SystolicMapping SystolicEngine::choose(const ConvGeometry& geometry,
                                       const TransferCosts& costs) const {
  const std::vector<SystolicMapping> all = candidates(geometry);
  if (all.empty()) {
    throw base::UserError("no mapping fits the array's buffers: " +
                          misfit(geometry, kSmallest, shape_));
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
