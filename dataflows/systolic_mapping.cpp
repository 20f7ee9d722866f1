// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_mapping.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "dataflows/slots.h"
#include "dataflows/systolic_tiling.h"
#include "dataflows/systolic_transfers.h"

namespace milliwatt::dataflows {
namespace {

/// Emits the steps of one command.
class Expansion {
 public:
  Expansion(const SystolicCommand& command, const SystolicShape& shape, const SlotPlans& plans)
      : c_{command},
        g_{command.geometry},
        m_{command.mapping},
        s_{shape},
        tiling_{command.convolution(), m_, s_},
        ifmaps_{ring(kInputBuffer, 0, plans.ifmaps)},
        parameters_{ring(kWeightBuffer, 0, plans.parameters)},
        weights_{ring(kWeightBuffer, end_of(plans.parameters), plans.weights)},
        sums_{ring(kAccumulatorBuffer, 0, plans.sums)},
        outputs_{ring(kOutputBuffer, 0, plans.outputs)} {}

  SystolicProgram run();

 private:
  /// One pixel tile of one filter tile: the unit of work between two stores.
  struct Item {
    std::int64_t pixel_tile = 0;
    std::int64_t filter_tile = 0;
    PixelTile pixels;
    FilterTile tile;
    SlotId ifmap = 0;
    SlotId parameters = 0;
    SlotId weights = 0;  ///< of the filter tile, or of its first taps
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
  SlotId claim_weights(const Item& item, std::int64_t part);
  void load(SlotId slot, const Transfer& transfer);
  void compute(const Item& item, SlotId sums);
  Fold fold_of_taps(const Item& item, std::int64_t part) const;
  void add_fold(const Fold& fold);
  void finish(const Item& item, SlotId sums, SlotId output);
  void store(const Item& item, SlotId output);
  bool stores_after(const Item& item) const;

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
    item.pixel_tile = index / tiling_.filter_tiles();
    item.filter_tile = index % tiling_.filter_tiles();
  } else {
    item.pixel_tile = index % tiling_.pixel_tiles();
    item.filter_tile = index / tiling_.pixel_tiles();
  }
  item.pixels = tiling_.pixel_tile(item.pixel_tile);
  item.tile = tiling_.filter_tile(item.filter_tile);
  return item;
}

/// The next item's loads stand before this item's store, so that one DMA channel fetches ahead
/// while the array works; its slots are claimed after this item's last use of them.
SystolicProgram Expansion::run() {
  const std::int64_t items = tiling_.pixel_tiles() * tiling_.filter_tiles();
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
  const Transfer transfer = ifmap_transfer(c_, item.pixels);
  if (!ifmap.held && transfer.bytes() > 0) {
    load(ifmap.slot, transfer);
  }
  item.weights = claim_weights(item, 0);
  const SlotRing::Claim parameters = parameters_.claim(item.filter_tile);
  item.parameters = parameters.slot;
  if (!parameters.held) {
    load(parameters.slot, table_transfer(c_, item.tile.filters));
  }
}

SlotId Expansion::claim_weights(const Item& item, std::int64_t part) {
  const std::int64_t key =
      m_.weights_per_fold ? item.filter_tile * tiling_.most_tap_folds() + part : item.filter_tile;
  const SlotRing::Claim claim = weights_.claim(key);
  if (!claim.held) {
    load(claim.slot, weight_transfer(c_, tiling_, item.tile, part));
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

/// Taps outside, pixels inside, so that weights which come fold by fold are loaded once.
void Expansion::compute(const Item& item, SlotId sums) {
  const std::int64_t pixels = item.pixels.pixels();
  const std::int64_t step = tiling_.fold_pixels(pixels);
  for (std::int64_t part = 0; part < tiling_.tap_folds(item.tile); ++part) {
    Fold fold = fold_of_taps(item, part);
    fold.sums = sums;
    fold.weights = part > 0 && m_.weights_per_fold ? claim_weights(item, part) : item.weights;
    for (std::int64_t first = 0; first < pixels; first += step) {
      fold.first_pixel = static_cast<std::int32_t>(first);
      fold.pixels = static_cast<std::int32_t>(std::min(step, pixels - first));
      add_fold(fold);
    }
  }
}

Fold Expansion::fold_of_taps(const Item& item, std::int64_t part) const {
  const PixelTile& p = item.pixels;
  Fold fold;
  fold.output_y = p.out_y.begin;
  fold.output_x = p.out_x.begin;
  fold.tile_h = p.out_y.size;
  fold.tile_w = p.out_x.size;
  fold.input_y = p.in_y.begin;
  fold.input_x = p.in_x.begin;
  fold.input_h = p.in_y.size;
  fold.input_w = p.in_x.size;
  fold.channel_begin = item.tile.channels.begin;
  fold.channels = item.tile.channels.size;
  fold.k_begin = static_cast<std::int32_t>(part * tiling_.fold_taps());
  fold.taps = static_cast<std::int32_t>(
      std::min<std::int64_t>(tiling_.fold_taps(), item.tile.taps - fold.k_begin));
  fold.filter_begin = item.tile.filters.begin;
  fold.filters = item.tile.filters.size;
  fold.first_weight = m_.weights_per_fold ? 0 : std::int64_t{fold.k_begin} * fold.filters;
  fold.accumulate = part > 0;
  fold.ifmap = item.ifmap;
  return fold;
}

void Expansion::add_fold(const Fold& fold) {
  Step step;
  step.kind = StepKind::kCompute;
  step.unit = kArrayUnit;
  step.reads = {fold.ifmap, fold.weights};
  step.writes = {fold.sums};
  step.job = static_cast<std::uint32_t>(program_.folds.size());
  step.cycles_low = step.cycles_high = fold_cycles(s_.rows, array_use(s_.dataflow, fold));
  program_.folds.push_back(fold);
  schedule().steps.push_back(step);
}

void Expansion::finish(const Item& item, SlotId sums, SlotId output) {
  OutputJob job;
  job.sums = sums;
  job.parameters = item.parameters;
  job.output = output;
  job.output_offset =
      m_.pixel_tiles_outer ? static_cast<std::uint32_t>(item.tile.filters.begin) : 0;
  job.output_pitch =
      static_cast<std::uint32_t>(m_.pixel_tiles_outer ? g_.output_c : item.tile.filters.size);
  job.bits = c_.bits.output;
  job.pixels = static_cast<std::int32_t>(item.pixels.pixels());
  job.channels = item.tile.filters.size;
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
  return !m_.pixel_tiles_outer || item.filter_tile + 1 == tiling_.filter_tiles();
}

void Expansion::store(const Item& item, SlotId output) {
  Step step;
  step.kind = StepKind::kStore;
  step.unit = store_unit();
  step.reads = {output};
  step.job = static_cast<std::uint32_t>(schedule().transfers.size());
  schedule().transfers.push_back(ofmap_transfer(c_, item.pixels, item.tile.filters));
  schedule().steps.push_back(step);
}

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
  const bool swapped = shape.dataflow == Dataflow::kInputStationary;
  engine.buffers = {{"input_buffer", shape.input_buffer_bytes, swapped ? columns : rows, 8},
                    {"weight_buffer", shape.weight_buffer_bytes, swapped ? rows : columns, 8},
                    {"accumulator_buffer", shape.accumulator_buffer_bytes, columns, 32},
                    {"output_buffer", shape.output_buffer_bytes, columns, 8}};
  engine.shared = shape.shared;
  engine.vector_input = kInputBuffer;
  engine.vector_output = kOutputBuffer;
  return engine;
}

ArrayUse array_use(Dataflow dataflow, std::int64_t pixels, std::int32_t taps,
                   std::int32_t filters) {
  switch (dataflow) {
    case Dataflow::kOutputStationary:
      return {static_cast<std::int32_t>(pixels), filters, taps};
    case Dataflow::kInputStationary:
      return {taps, static_cast<std::int32_t>(pixels), filters};
    default:
      return {taps, filters, pixels};
  }
}

std::int64_t fold_cycles(std::int32_t array_rows, const ArrayUse& use) {
  return 2 * std::int64_t{array_rows} + use.stream + use.columns - 2;
}

SystolicMapping mapping_of(const mw_systolic_descriptor& d) {
  return {d.tile_h,      d.tile_w,   d.pixel_tiles_outer != 0, d.weights_per_fold != 0,
          d.filter_tile, d.fold_taps};
}

OperandBits bits_of(const mw_systolic_descriptor& d) {
  return {d.input_bits, d.weight_bits, d.output_bits};
}

SystolicProgram expand(const SystolicCommand& command, const SystolicShape& shape) {
  const std::string fault = misfit(command.convolution(), command.mapping, shape);
  if (!fault.empty()) {
    throw base::SimulationError("systolic command: " + fault);
  }
  const Tiling tiling{command.convolution(), command.mapping, shape};
  return Expansion{command, shape, tiling.slots()}.run();
}

}  // namespace milliwatt::dataflows
