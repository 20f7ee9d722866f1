// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_engine.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/integer_math.h"
#include "dataflows/systolic_cost.h"
#include "dataflows/systolic_task.h"
#include "dataflows/systolic_tiling.h"
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
SystolicMapping smallest_mapping(const SystolicShape& shape) {
  SystolicMapping mapping{1, 1, false, true, 0, 0};
  if (shape.dataflow == Dataflow::kInputStationary) {
    mapping.filter_tile = 1;
  }
  if (shape.dataflow == Dataflow::kOutputStationary) {
    mapping.fold_taps = 1;
  }
  return mapping;
}

/// `whole`, and its halves, quarters ... down to 1.
std::vector<std::int32_t> halvings(std::int32_t whole) {
  std::vector<std::int32_t> parts{whole};
  while (parts.back() > 1) {
    parts.push_back(base::divide_up(parts.back(), 2));
  }
  return parts;
}

/// Numbers of filters that a tile may have. One group: as many as the array has columns; where
/// filters stream past, any part of them. Several small groups side by side: as many as the columns
/// hold, as many as have their taps in one fold, or one.
std::vector<std::int32_t> filter_tiles(const Convolution& c, const SystolicShape& shape) {
  const std::int32_t filters = c.group_filters();
  const std::int32_t most = std::min(most_filters(shape), shape.columns);
  if (c.groups == 1 || filters > most) {
    return shape.dataflow == Dataflow::kInputStationary
               ? halvings(filters)
               : std::vector<std::int32_t>{std::min(filters, most)};
  }
  const std::int64_t group_taps = c.positions() * c.group_channels();
  const std::int32_t by_columns = std::min(c.groups, most / filters);
  const auto by_rows =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(shape.rows / group_taps, 1, by_columns));
  std::vector<std::int32_t> tiles;
  for (const std::int32_t groups : {by_columns, by_rows, 1}) {
    const std::int32_t tile = groups * filters;
    if (std::find(tiles.begin(), tiles.end(), tile) == tiles.end()) {
      tiles.push_back(tile);
    }
  }
  if (shape.dataflow == Dataflow::kInputStationary) {
    const std::vector<std::int32_t> parts = halvings(filters);
    tiles.insert(tiles.end(), parts.begin() + 1, parts.end());
  }
  return tiles;
}

/// All cuts of filters and taps: SystolicMapping with tiles of one pixel.
std::vector<SystolicMapping> cuts(const Convolution& c, const SystolicShape& shape) {
  std::vector<SystolicMapping> found;
  for (const std::int32_t filters : filter_tiles(c, shape)) {
    SystolicMapping mapping{1, 1, false, false, filters, 0};
    found.push_back(mapping);
    mapping.weights_per_fold = true;
    if (shape.dataflow != Dataflow::kOutputStationary) {
      found.push_back(mapping);
      continue;
    }
    const std::int64_t taps = Tiling{c, mapping, shape}.full_tile().taps;
    for (const std::int32_t part :
         halvings(static_cast<std::int32_t>(std::min<std::int64_t>(taps, kMostFoldTaps)))) {
      mapping.fold_taps = part;
      found.push_back(mapping);
    }
  }
  return found;
}

/// Appends `mapping` with the largest tiles that fit: at most kMostHeights of full width, else one
/// narrower one.
void add_tiles(const Convolution& convolution, const SystolicShape& shape,
               const SystolicParameters& forced, SystolicMapping mapping,
               std::vector<SystolicMapping>& found) {
  constexpr std::size_t kMostHeights = 4;
  const std::size_t enough = found.size() + kMostHeights;
  const auto add_if_fits = [&] {
    const SystolicMapping candidate = forced.applied_to(mapping);
    const bool known = std::find(found.begin(), found.end(), candidate) != found.end();
    if (!known && misfit(convolution, candidate, shape).empty()) {
      found.push_back(candidate);
    }
  };
  mapping.tile_w = convolution.geometry.output_w;
  for (mapping.tile_h = convolution.geometry.output_h; found.size() < enough;
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
SystolicCommand trial(const Convolution& convolution, const SystolicMapping& mapping) {
  SystolicCommand command;
  command.geometry = convolution.geometry;
  command.groups = convolution.groups;
  command.mapping = mapping;
  command.ifmap = std::uint64_t{1} << 40;
  command.weights = std::uint64_t{2} << 40;
  command.parameters = std::uint64_t{3} << 40;
  command.ofmap = std::uint64_t{4} << 40;
  return command;
}

bool is_product(const Operator& op) {
  return op.kind == OperatorKind::kConv2d || op.kind == OperatorKind::kDepthwiseConv2d ||
         op.kind == OperatorKind::kFullyConnected;
}

std::optional<std::string> array_refuses(const Graph& graph, const Operator& op) {
  if (!is_product(op)) {
    return "it runs conv2d, depthwise_conv2d, fully_connected, add, average_pool2d and max_pool2d "
           "only";
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
  const Convolution convolution = convolution_of(graph, op);
  if (candidates(convolution).empty()) {
    return "no mapping fits: " + misfit(convolution, smallest_mapping(shape_), shape_);
  }
  return sums_refused(graph, op);
}

std::unique_ptr<EngineTask> SystolicEngine::map(const Graph& graph, const Operator& op,
                                                const TransferCosts& costs,
                                                const base::YamlNode& forced) const {
  if (!is_product(op)) {
    return vector_task(graph, op, systolic_engine_shape(shape_), forced);
  }
  const Convolution convolution = convolution_of(graph, op);
  SystolicParameters parameters;
  if (!forced.is_null()) {
    parameters = systolic_parameter_schema().read(forced);
    base::Diagnostics faults;
    if (const std::string fault = misfit_of(convolution, forced); !fault.empty()) {
      faults.add(forced.place, fault);
    }
    faults.throw_if_any();
  }
  return systolic_task(graph, op, shape_, choose(convolution, costs, parameters));
}

/// Why no mapping has all the parameters of `forced`, and which of them stand in the way alone;
/// empty when one has.
std::string SystolicEngine::misfit_of(const Convolution& convolution,
                                      const base::YamlNode& forced) const {
  const base::Schema<SystolicParameters> schema = systolic_parameter_schema();
  const SystolicParameters parameters = schema.read(forced);
  if (!candidates(convolution, parameters).empty()) {
    return {};
  }
  std::string free;
  for (std::size_t i = 0; i < forced.entries.size(); ++i) {
    base::YamlNode others = forced;
    others.entries.erase(others.entries.begin() + static_cast<std::ptrdiff_t>(i));
    if (!candidates(convolution, schema.read(others)).empty()) {
      free += (free.empty() ? "" : " or ") + forced.entries[i].key;
    }
  }
  return misfit(convolution, parameters.applied_to(smallest_mapping(shape_)), shape_) +
         "; or leave " + (free.empty() ? "several parameters" : free) + " to the planner";
}

std::vector<SystolicMapping> SystolicEngine::candidates(const Convolution& convolution,
                                                        const SystolicParameters& forced) const {
  std::vector<SystolicMapping> found;
  for (const bool pixels_outer : {false, true}) {
    for (SystolicMapping cut : cuts(convolution, shape_)) {
      cut.pixel_tiles_outer = pixels_outer;
      add_tiles(convolution, shape_, forced, cut, found);
    }
  }
  return found;
}

SystolicMapping SystolicEngine::choose(const Convolution& convolution, const TransferCosts& costs,
                                       const SystolicParameters& forced) const {
  const std::vector<SystolicMapping> all = candidates(convolution, forced);
  if (all.empty()) {
    throw base::UserError("no mapping fits the array's buffers: " +
                          misfit(convolution, forced.applied_to(smallest_mapping(shape_)), shape_));
  }
  struct Candidate {
    std::int64_t least;
    std::size_t index;
  };
  std::vector<Candidate> order;
  for (std::size_t i = 0; i < all.size(); ++i) {
    order.push_back({least_cycles(trial(convolution, all[i]), shape_, costs), i});
  }
  std::sort(order.begin(), order.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.least, a.index) < std::tie(b.least, b.index);
  });
  // The fewest cycles, and the first of equals; candidates that cannot be it are not expanded.
  std::pair<std::int64_t, std::size_t> best{INT64_MAX, 0};
  for (const Candidate& candidate : order) {
    if (candidate.least > best.first) {
      break;
    }
    if (std::pair{candidate.least, candidate.index} < best) {
      const SystolicCommand command = trial(convolution, all[candidate.index]);
      best = std::min(best, {predicted_cycles(command, shape_, costs), candidate.index});
    }
  }
  return all[best.second];
}

}  // namespace milliwatt::dataflows
