// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "dataflows/slots.h"
#include "dataflows/systolic_tiling.h"

namespace milliwatt::dataflows {
namespace {

constexpr std::int64_t kMostWeights = INT32_MAX;

/// Emits the steps of one command.
class Expansion {
 public:
  Expansion(const SystolicCommand& command, const SystolicShape& shape, const SlotPlans& plans)
      : c_{command},
        g_{command.geometry},
        m_{command.mapping},
        s_{shape},
        tiling_{g_, m_, s_},
        ifmaps_{ring(kInputBuffer, 0, plans.ifmaps)},
        parameters_{ring(kWeightBuffer, 0, plans.parameters)},
        weights_{ring(kWeightBuffer, end_of(plans.parameters), plans.weights)},
        sums_{ring(kAccumulatorBuffer, 0, plans.sums)},
        outputs_{ring(kOutputBuffer, 0, plans.outputs)} {}

  SystolicProgram run();

 private:
  /// One pixel tile of one column tile: the unit of work between two stores.
  struct Item {
    std::int64_t pixel_tile = 0;
    std::int64_t column_tile = 0;
    PixelTile pixels;
    Range filters;
    SlotId ifmap = 0;
    SlotId parameters = 0;
    SlotId weights = 0;  ///< of the column tile, or of its first fold
  };

  /// What fits a buffer fits 32 bits.
  SlotRing ring(BufferId buffer, std::uint32_t offset, const SlotPlan& plan) {
    return {schedule(), buffer, offset, static_cast<std::uint32_t>(plan.bytes), plan.count};
  }
  static std::uint32_t end_of(const SlotPlan& plan) {
    return static_cast<std::uint32_t>(plan.bytes * static_cast<std::uint64_t>(plan.count));
  }

  Schedule& schedule() { return program_.command.schedule; }
  UnitId store_unit() const { return s_.separate_store_channel ? kStoreUnit : kLoadUnit; }

  Item item(std::int64_t index) const;
  void prepare(Item& item);
  SlotId claim_weights(const Item& item, std::int64_t fold);
  void load(SlotId slot, const Transfer& transfer);
  void compute(const Item& item, SlotId sums);
  void finish(const Item& item, SlotId sums, SlotId output);
  void store(const Item& item, SlotId output);
  bool stores_after(const Item& item) const;
  Transfer ifmap_transfer(const PixelTile& tile) const;
  Transfer ofmap_transfer(const Item& item) const;

  const SystolicCommand& c_;
  const ConvGeometry& g_;
  const SystolicMapping& m_;
  const SystolicShape& s_;
  SystolicProgram program_;
  Tiling tiling_;
  SlotRing ifmaps_, parameters_, weights_, sums_, outputs_;
};

Expansion::Item Expansion::item(std::int64_t index) const {
  Item item;
  if (m_.pixel_tiles_outer) {
    item.pixel_tile = index / tiling_.column_tiles();
    item.column_tile = index % tiling_.column_tiles();
  } else {
    item.pixel_tile = index % tiling_.pixel_tiles();
    item.column_tile = index / tiling_.pixel_tiles();
  }
  item.pixels = tiling_.pixel_tile(item.pixel_tile);
  item.filters = tiling_.filters(item.column_tile);
  return item;
}

/// The next item's loads stand before this item's store, so that one DMA channel fetches ahead
/// while the array works; its slots are claimed after this item's last use of them.
SystolicProgram Expansion::run() {
  const std::int64_t items = tiling_.pixel_tiles() * tiling_.column_tiles();
  Item current = item(0);
  prepare(current);
  for (std::int64_t i = 0; i < items; ++i) {
    const SlotId sums = sums_.claim(i).slot;
    const SlotId output = outputs_.claim(m_.pixel_tiles_outer ? current.pixel_tile : i).slot;
    compute(current, sums);
    finish(current, sums, output);
    const Item done = current;
    if (i + 1 < items) {
      current = item(i + 1);
      prepare(current);
    }
    if (stores_after(done)) {
      store(done, output);
    }
  }
  return std::move(program_);
}

void Expansion::prepare(Item& item) {
  const SlotRing::Claim ifmap = ifmaps_.claim(item.pixel_tile);
  item.ifmap = ifmap.slot;
  const Transfer transfer = ifmap_transfer(item.pixels);
  if (!ifmap.held && transfer.bytes() > 0) {
    load(ifmap.slot, transfer);
  }
  item.weights = claim_weights(item, 0);
  const SlotRing::Claim parameters = parameters_.claim(item.column_tile);
  item.parameters = parameters.slot;
  if (!parameters.held) {
    Transfer table;
    table.address = c_.parameters +
                    static_cast<std::uint64_t>(item.filters.begin) * sizeof(mw_channel_parameters);
    table.row_bytes = static_cast<std::uint32_t>(item.filters.size) * sizeof(mw_channel_parameters);
    table.tensor_class = base::TensorClass::kParameters;
    load(parameters.slot, table);
  }
}

/// Weights lie packed by column tile, in each [k][column]; a fold's are consecutive.
SlotId Expansion::claim_weights(const Item& item, std::int64_t fold) {
  const std::int64_t key =
      m_.weights_per_fold ? item.column_tile * tiling_.folds() + fold : item.column_tile;
  const SlotRing::Claim claim = weights_.claim(key);
  if (!claim.held) {
    const std::int64_t length = dot_length(g_);
    const std::int64_t first = m_.weights_per_fold ? fold * s_.rows : 0;
    const std::int64_t taps =
        m_.weights_per_fold ? std::min<std::int64_t>(s_.rows, length - first) : length;
    Transfer transfer;
    transfer.address = c_.weights + static_cast<std::uint64_t>(item.filters.begin * length +
                                                               first * item.filters.size);
    transfer.row_bytes = static_cast<std::uint32_t>(taps * item.filters.size);
    transfer.tensor_class = base::TensorClass::kWeights;
    load(claim.slot, transfer);
  }
  return claim.slot;
}

void Expansion::load(SlotId slot, const Transfer& transfer) {
  Step step;
  step.kind = StepKind::kLoad;
  step.unit = kLoadUnit;
  step.writes = {slot};
  step.job = static_cast<std::uint32_t>(schedule().transfers.size());
  schedule().transfers.push_back(transfer);
  schedule().steps.push_back(step);
}

void Expansion::compute(const Item& item, SlotId sums) {
  const PixelTile& p = item.pixels;
  for (std::int64_t f = 0; f < tiling_.folds(); ++f) {
    Fold fold;
    fold.output_y = p.out_y.begin;
    fold.output_x = p.out_x.begin;
    fold.tile_h = p.out_y.size;
    fold.tile_w = p.out_x.size;
    fold.input_y = p.in_y.begin;
    fold.input_x = p.in_x.begin;
    fold.input_h = p.in_y.size;
    fold.input_w = p.in_x.size;
    fold.k_begin = static_cast<std::int32_t>(f * s_.rows);
    fold.rows =
        static_cast<std::int32_t>(std::min<std::int64_t>(s_.rows, dot_length(g_) - fold.k_begin));
    fold.columns = item.filters.size;
    fold.filter_begin = item.filters.begin;
    fold.accumulate = f > 0;
    fold.ifmap = item.ifmap;
    fold.weights = f > 0 && m_.weights_per_fold ? claim_weights(item, f) : item.weights;
    fold.weight_offset =
        m_.weights_per_fold ? 0 : static_cast<std::uint32_t>(fold.k_begin * fold.columns);
    fold.sums = sums;

    Step step;
    step.kind = StepKind::kCompute;
    step.unit = kArrayUnit;
    step.reads = {fold.ifmap, fold.weights};
    step.writes = {sums};
    step.job = static_cast<std::uint32_t>(program_.folds.size());
    step.cycles_low = step.cycles_high = fold_cycles(s_, fold.pixels(), fold.columns);
    program_.folds.push_back(fold);
    schedule().steps.push_back(step);
  }
}

void Expansion::finish(const Item& item, SlotId sums, SlotId output) {
  OutputJob job;
  job.sums = sums;
  job.parameters = item.parameters;
  job.output = output;
  job.output_offset = m_.pixel_tiles_outer ? static_cast<std::uint32_t>(item.filters.begin) : 0;
  job.output_pitch =
      static_cast<std::uint32_t>(m_.pixel_tiles_outer ? g_.output_c : item.filters.size);
  job.pixels = static_cast<std::int32_t>(item.pixels.pixels());
  job.channels = item.filters.size;
  job.zero_point = c_.output_zero_point;
  job.clamp_low = c_.clamp_low;
  job.clamp_high = c_.clamp_high;

  Step step;
  step.kind = StepKind::kCompute;
  step.unit = kOutputUnit;
  step.reads = {sums, item.parameters};
  step.writes = {output};
  step.job = static_cast<std::uint32_t>(program_.command.output_jobs.size());
  step.cycles_low = step.cycles_high = output_cycles(s_.shared, job);
  program_.command.output_jobs.push_back(job);
  schedule().steps.push_back(step);
}

/// With pixel tiles outside, the output slot gathers all filters of the tile.
bool Expansion::stores_after(const Item& item) const {
  return !m_.pixel_tiles_outer || item.column_tile + 1 == tiling_.column_tiles();
}

void Expansion::store(const Item& item, SlotId output) {
  Step step;
  step.kind = StepKind::kStore;
  step.unit = store_unit();
  step.reads = {output};
  step.job = static_cast<std::uint32_t>(schedule().transfers.size());
  schedule().transfers.push_back(ofmap_transfer(item));
  schedule().steps.push_back(step);
}

Transfer Expansion::ifmap_transfer(const PixelTile& tile) const {
  const std::int64_t row = std::int64_t{g_.input_w} * g_.input_c;
  Transfer t;
  t.address = c_.ifmap + static_cast<std::uint64_t>(
                             (std::int64_t{tile.image} * g_.input_h + tile.in_y.begin) * row +
                             std::int64_t{tile.in_x.begin} * g_.input_c);
  t.row_bytes = static_cast<std::uint32_t>(tile.in_x.size * g_.input_c);
  t.rows = static_cast<std::uint32_t>(tile.in_y.size);
  t.row_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kIfmap;
  return t;
}

Transfer Expansion::ofmap_transfer(const Item& item) const {
  const PixelTile& p = item.pixels;
  const std::int32_t first = m_.pixel_tiles_outer ? 0 : item.filters.begin;
  const std::int32_t channels = m_.pixel_tiles_outer ? g_.output_c : item.filters.size;
  const std::int64_t row = std::int64_t{g_.output_w} * g_.output_c;
  Transfer t;
  t.address = c_.ofmap + static_cast<std::uint64_t>(
                             (std::int64_t{p.image} * g_.output_h + p.out_y.begin) * row +
                             std::int64_t{p.out_x.begin} * g_.output_c + first);
  t.row_bytes = static_cast<std::uint32_t>(channels);
  t.rows = static_cast<std::uint32_t>(p.out_x.size);
  t.row_stride = static_cast<std::uint32_t>(g_.output_c);
  t.planes = static_cast<std::uint32_t>(p.out_y.size);
  t.plane_stride = static_cast<std::uint32_t>(row);
  t.tensor_class = base::TensorClass::kOfmap;
  return t;
}

/// Collects what is wrong in one line.
class Faults {
 public:
  void add(const std::string& fault) { all_ += (all_.empty() ? "" : "; ") + fault; }
  void add_if_too_big(const char* what, std::uint64_t needed, const char* buffer,
                      std::uint64_t available) {
    if (needed > available) {
      add(fmt::format("{} needs {} bytes, {} bytes more than {} = {} bytes", what, needed,
                      needed - available, buffer, available));
    }
  }
  std::string take() { return std::move(all_); }

 private:
  std::string all_;
};

}  // namespace

EngineShape systolic_engine_shape(const SystolicShape& shape) {
  const auto rows = static_cast<std::uint32_t>(shape.rows);
  const auto columns = static_cast<std::uint32_t>(shape.columns);
  EngineShape engine;
  engine.units = {{"load", UnitKind::kDma},
                  {"array", UnitKind::kMachine},
                  {"output_stage", UnitKind::kOutputStage},
                  {"vector_unit", UnitKind::kVector}};
  if (shape.separate_store_channel) {
    engine.units.push_back({"store", UnitKind::kDma});
  }
  engine.buffers = {{"input_buffer", shape.input_buffer_bytes, rows, 8},
                    {"weight_buffer", shape.weight_buffer_bytes, columns, 8},
                    {"accumulator_buffer", shape.accumulator_buffer_bytes, columns, 32},
                    {"output_buffer", shape.output_buffer_bytes, columns, 8}};
  engine.shared = shape.shared;
  engine.vector_input = kInputBuffer;
  engine.vector_output = kOutputBuffer;
  return engine;
}

std::int64_t fold_cycles(const SystolicShape& shape, std::int64_t pixels, std::int32_t columns) {
  return 2 * std::int64_t{shape.rows} + pixels + columns - 2;
}

std::string misfit(const ConvGeometry& geometry, const SystolicMapping& mapping,
                   const SystolicShape& shape) {
  std::string fault = geometry_fault(geometry);
  if (!fault.empty()) {
    return fault;
  }
  if (mapping.tile_h < 1 || mapping.tile_w < 1) {
    return fmt::format("tiles of {}x{} pixels are empty", mapping.tile_h, mapping.tile_w);
  }
  // Kernels have at most 2^40 positions.
  if (dot_length(geometry) > kMostWeights / geometry.output_c) {
    return fmt::format("the filters have more than {} weights", kMostWeights);
  }
  const Tiling tiling{geometry, mapping, shape};
  const std::int64_t folds = tiling.pixel_tiles() * tiling.column_tiles() * tiling.folds();
  const SlotPlans plans = tiling.slots();
  Faults faults;
  if (folds > kMostFolds) {
    faults.add(fmt::format("the mapping has {} folds, at most {} are possible", folds, kMostFolds));
  }
  faults.add_if_too_big("the ifmap of a tile", plans.ifmaps.bytes, "input_buffer",
                        shape.input_buffer_bytes);
  faults.add_if_too_big("the weights and the requantization table of a tile",
                        plans.weights.bytes + plans.parameters.bytes, "weight_buffer",
                        shape.weight_buffer_bytes);
  faults.add_if_too_big("the sums of a tile", plans.sums.bytes, "accumulator_buffer",
                        shape.accumulator_buffer_bytes);
  faults.add_if_too_big("the ofmap of a tile", plans.outputs.bytes, "output_buffer",
                        shape.output_buffer_bytes);
  return faults.take();
}

SystolicProgram expand(const SystolicCommand& command, const SystolicShape& shape) {
  const std::string fault = misfit(command.geometry, command.mapping, shape);
  if (!fault.empty()) {
    throw base::SimulationError("systolic command: " + fault);
  }
  const Tiling tiling{command.geometry, command.mapping, shape};
  return Expansion{command, shape, tiling.slots()}.run();
}

}  // namespace milliwatt::dataflows
