// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
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

/// `filters` of a tile, or the next fewer of which each tile ends at a byte of the ofmap; as they
/// are where fewer would not help.
std::int32_t whole_bytes(const Convolution& c, std::int32_t filters) {
  const std::int32_t granule = workloads::byte_granule(c.bits.output);
  const std::int32_t of_group = c.group_filters();
  const std::int32_t step = filters <= of_group ? granule : std::lcm(granule, of_group);
  const bool all = filters >= c.geometry.output_c;
  return all || filters < step ? filters : filters - filters % step;
}

/// The mapping that needs least of every buffer: one filter at a time, or as few as end at a byte.
SystolicMapping smallest_mapping(const Convolution& c, const SystolicShape& shape) {
  SystolicMapping mapping{1, 1, false, true, 1, 1};
  const std::int32_t filters = std::min(workloads::byte_granule(c.bits.output), c.group_filters());
  mapping.filter_tile = std::min(filters, most_filters(shape));
  mapping.pixel_tiles_outer = !Tiling{c, mapping, shape}.ends_at_bytes();
  mapping.filter_tile = mapping.pixel_tiles_outer ? 1 : mapping.filter_tile;
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

/// Which cuts of filters and taps are tried.
enum class Cuts {
  kUsual,  ///< those that may be worth it
  kSmall,  ///< those that need less of the buffers, for arrays that are large beside them
};

/// Numbers of filters that a tile may have. Usually as many of one group as there are columns, or
/// several small groups side by side: as many as there are columns, or as many as have their taps
/// in one fold (with more of them, weights are mostly zeros). Filters that stream past are worth
/// halving; others are where nothing else fits.
std::vector<std::int32_t> filter_tiles(const Convolution& c, const SystolicShape& shape,
                                       Cuts kind) {
  const std::int32_t filters = c.group_filters();
  std::vector<std::int32_t> tiles = halvings(std::min(filters, most_filters(shape)));
  if (kind == Cuts::kSmall) {
    return tiles;
  }
  if (shape.dataflow != Dataflow::kInputStationary) {
    tiles.resize(1);
  }
  const std::int32_t by_columns = std::min(c.groups, shape.columns / filters);
  const std::int64_t by_rows = shape.rows / (c.positions() * c.group_channels());
  if (by_rows > 1 && by_rows < by_columns) {
    tiles.insert(tiles.begin(), static_cast<std::int32_t>(by_rows) * filters);
  }
  if (by_columns > 1) {
    tiles.insert(tiles.begin(), by_columns * filters);
  }
  return tiles;
}

/// Taps of folds whose weights are loaded one by one: usually as many as may be, of output
/// stationary folds also a half, a quarter ... of them.
std::vector<std::int32_t> fold_taps(const Convolution& c, const SystolicShape& shape,
                                    const SystolicMapping& mapping, Cuts kind) {
  const std::int64_t taps = Tiling{c, mapping, shape}.full_tile().taps;
  const auto most = static_cast<std::int32_t>(std::min<std::int64_t>(taps, most_taps(shape)));
  const bool all = kind == Cuts::kSmall || shape.dataflow == Dataflow::kOutputStationary;
  return all ? halvings(most) : std::vector<std::int32_t>{most};
}

/// SystolicMapping with tiles of one pixel.
std::vector<SystolicMapping> cuts(const Convolution& c, const SystolicShape& shape, Cuts kind,
                                  bool pixels_outer) {
  std::vector<SystolicMapping> found;
  for (const std::int32_t usual : filter_tiles(c, shape, kind)) {
    const std::int32_t filters = pixels_outer ? usual : whole_bytes(c, usual);
    SystolicMapping mapping{1, 1, pixels_outer, false, filters, most_taps(shape)};
    found.push_back(mapping);
    mapping.weights_per_fold = true;
    for (const std::int32_t taps : fold_taps(c, shape, mapping, kind)) {
      mapping.fold_taps = taps;
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
    if (!known && fits(convolution, candidate, shape)) {
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
  command.bits = convolution.bits;
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

bool is_array_type(ElementType type) {
  return type == ElementType::kInt8 || workloads::is_sub_byte(type);
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
  for (const workloads::TensorId id : {op.inputs[0], op.inputs[1], op.outputs[0]}) {
    if (!is_array_type(graph.tensor(id).type)) {
      return fmt::format("a PE multiplies weights and activations of 2 to 8 bits, {} is {}",
                         graph.tensor(id).name, workloads::element_name(graph.tensor(id).type));
    }
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
  if (const std::string fault = convolution_fault(convolution); !fault.empty()) {
    return "the array cannot: " + fault;
  }
  if (candidates(convolution).empty()) {
    return "no mapping fits: " + misfit(convolution, smallest_mapping(convolution, shape_), shape_);
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
  const auto some = [&](const base::YamlNode& map) {
    return !candidates(convolution, schema.read(map)).empty();
  };
  std::string enough;  // to leave one of these
  std::string alone;   // these fit with nothing
  for (std::size_t i = 0; i < forced.entries.size(); ++i) {
    const std::string& key = forced.entries[i].key;
    base::YamlNode others = forced;
    others.entries.erase(others.entries.begin() + static_cast<std::ptrdiff_t>(i));
    base::YamlNode only = forced;
    only.entries = {forced.entries[i]};
    enough += some(others) ? (enough.empty() ? "" : " or ") + key : "";
    alone += some(only) ? "" : (alone.empty() ? "" : " and ") + key;
  }
  const std::string& named = enough.empty() ? alone : enough;
  return misfit(convolution, parameters.applied_to(smallest_mapping(convolution, shape_)), shape_) +
         "; or leave " + (named.empty() ? "more than one of its parameters" : named) +
         " to the planner";
}

std::vector<SystolicMapping> SystolicEngine::candidates(const Convolution& convolution,
                                                        const SystolicParameters& forced) const {
  std::vector<SystolicMapping> found;
  if (!convolution_fault(convolution).empty()) {
    return found;
  }
  for (const Cuts kind : {Cuts::kUsual, Cuts::kSmall}) {
    for (const bool pixels_outer : {false, true}) {
      for (const SystolicMapping& cut : cuts(convolution, shape_, kind, pixels_outer)) {
        add_tiles(convolution, shape_, forced, cut, found);
      }
    }
    if (!found.empty()) {
      break;
    }
  }
  return found;
}

SystolicMapping SystolicEngine::choose(const Convolution& convolution, const TransferCosts& costs,
                                       const SystolicParameters& forced) const {
  const std::vector<SystolicMapping> all = candidates(convolution, forced);
  if (all.empty()) {
    throw base::UserError(
        "no mapping fits the array's buffers: " +
        misfit(convolution, forced.applied_to(smallest_mapping(convolution, shape_)), shape_));
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
