// SPDX-License-Identifier: Apache-2.0
#include "dataflows/vector_mapping.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/integer_math.h"
#include "dataflows/slots.h"
#include "dataflows/vector_tile.h"
#include "workloads/packing.h"

namespace milliwatt::dataflows {
namespace {

UnitId first_dma(const EngineShape& shape) {
  for (std::size_t i = 0; i < shape.units.size(); ++i) {
    if (shape.units[i].kind == UnitKind::kDma) {
      return static_cast<UnitId>(i);
    }
  }
  throw base::InternalError("engine without a DMA unit");
}

UnitId last_of(const EngineShape& shape, UnitKind kind) {
  for (std::size_t i = shape.units.size(); i > 0; --i) {
    if (shape.units[i - 1].kind == kind) {
      return static_cast<UnitId>(i - 1);
    }
  }
  throw base::InternalError("engine without a unit that vector commands need");
}

std::uint32_t input_room(const EngineShape& shape) {
  return shape.buffers.at(shape.vector_input).bytes;
}

/// Steps common to all vector commands.
class Emitter {
 public:
  explicit Emitter(const EngineShape& shape)
      : shape_{shape},
        load_{first_dma(shape)},
        store_{last_of(shape, UnitKind::kDma)},
        vector_{last_of(shape, UnitKind::kVector)} {}

  Command take() { return std::move(command_); }

  SlotRing input_slots(std::uint32_t offset, std::uint32_t bytes, int count) {
    return {schedule(), shape_.vector_input, offset, bytes, count};
  }
  /// Two where they fit.
  SlotRing output_slots(std::uint32_t bytes) {
    return {schedule(), shape_.vector_output, 0, bytes,
            slots_that_fit(shape_.buffers.at(shape_.vector_output).bytes, bytes, 2)};
  }
  void load(SlotId slot, std::uint64_t address, std::int64_t bytes) {
    transfer(StepKind::kLoad, load_, address, bytes, base::TensorClass::kIfmap).writes = {slot};
  }
  void compute(const VectorJob& job, std::initializer_list<SlotId> reads, SlotId output) {
    Step step;
    step.kind = StepKind::kCompute;
    step.unit = vector_;
    step.reads = reads;
    step.writes = {output};
    step.job = static_cast<std::uint32_t>(command_.vector_jobs.size());
    step.cycles_low = step.cycles_high = vector_cycles(shape_.shared, job);
    command_.vector_jobs.push_back(job);
    schedule().steps.push_back(step);
  }
  void store(SlotId slot, std::uint64_t address, std::int64_t bytes) {
    transfer(StepKind::kStore, store_, address, bytes, base::TensorClass::kOfmap).reads = {slot};
  }

 private:
  Schedule& schedule() { return command_.schedule; }

  Step& transfer(StepKind kind, UnitId unit, std::uint64_t address, std::int64_t bytes,
                 base::TensorClass tensor_class) {
    Transfer t;
    t.address = address;
    t.row_bytes = static_cast<std::uint32_t>(bytes);
    t.tensor_class = tensor_class;
    Step step;
    step.kind = kind;
    step.unit = unit;
    step.job = static_cast<std::uint32_t>(schedule().transfers.size());
    schedule().transfers.push_back(t);
    schedule().steps.push_back(step);
    return schedule().steps.back();
  }

  const EngineShape& shape_;
  UnitId load_, store_, vector_;
  Command command_;
};

AddJob add_job(const mw_vector_descriptor& d) {
  AddJob job;
  job.bits_a = d.a_bits;
  job.bits_b = d.b_bits;
  job.bits_output = d.output_bits;
  job.left_shift = d.add_left_shift;
  job.zero_point_a = d.add_zero_point_a;
  job.zero_point_b = d.add_zero_point_b;
  job.zero_point = d.zero_point;
  job.multiplier_a = d.add_multiplier_a;
  job.exponent_a = d.add_exponent_a;
  job.multiplier_b = d.add_multiplier_b;
  job.exponent_b = d.add_exponent_b;
  job.multiplier = d.add_multiplier;
  job.exponent = d.add_exponent;
  job.clamp_low = d.clamp_low;
  job.clamp_high = d.clamp_high;
  return job;
}

PoolJob pool_job(const mw_vector_descriptor& d) {
  const mw_conv_geometry& g = d.geometry;
  PoolJob job;
  job.bits_input = d.a_bits;
  job.bits_output = d.output_bits;
  job.average = d.operation == MW_VECTOR_AVERAGE_POOL;
  job.channels = g.input_c;
  job.input_h = g.input_h;
  job.input_w = g.input_w;
  job.output_w = g.output_w;
  job.kernel_h = g.kernel_h;
  job.kernel_w = g.kernel_w;
  job.stride_h = g.stride_h;
  job.stride_w = g.stride_w;
  job.pad_top = g.pad_top;
  job.pad_left = g.pad_left;
  job.clamp_low = d.clamp_low;
  job.clamp_high = d.clamp_high;
  return job;
}

/// The next tile's loads stand before this tile's store, as in the systolic mapping.
template <typename Tile, typename Prepare, typename Compute, typename Store>
void pipeline(std::int64_t tiles, Prepare&& prepare, Compute&& compute, Store&& store) {
  Tile current = prepare(0);
  for (std::int64_t i = 0; i < tiles; ++i) {
    compute(current);
    const Tile done = current;
    if (i + 1 < tiles) {
      current = prepare(i + 1);
    }
    store(done);
  }
}

Command expand_add(const VectorCommand& command, const EngineShape& shape) {
  const mw_vector_descriptor& d = command.fields;
  const std::int32_t tile = std::min(d.tile, d.elements);
  const auto bytes = [](std::int64_t elements, int bits) {
    return static_cast<std::uint32_t>(workloads::packed_bytes(elements, bits));
  };
  const std::uint32_t bytes_a = bytes(tile, d.a_bits);
  const std::uint32_t bytes_b = bytes(tile, d.b_bits);
  Emitter emit{shape};
  const int pairs = slots_that_fit(input_room(shape), std::uint64_t{bytes_a} + bytes_b, 2);
  SlotRing a = emit.input_slots(0, bytes_a, pairs);
  SlotRing b = emit.input_slots(bytes_a * static_cast<std::uint32_t>(pairs), bytes_b, pairs);
  SlotRing output = emit.output_slots(bytes(tile, d.output_bits));
  struct Tile {
    AddJob job;
    std::int64_t first = 0;
  };
  const auto at = [](std::uint64_t tensor, std::int64_t first, int bits) {
    return tensor + static_cast<std::uint64_t>(first * bits / 8);
  };
  pipeline<Tile>(
      vector_tiles(d),
      [&](std::int64_t i) {
        Tile t{add_job(d), i * tile};
        t.job.elements =
            static_cast<std::int32_t>(std::min<std::int64_t>(tile, d.elements - t.first));
        t.job.a = a.claim(i).slot;
        t.job.b = b.claim(i).slot;
        t.job.output = output.claim(i).slot;
        emit.load(t.job.a, at(command.a, t.first, d.a_bits), bytes(t.job.elements, d.a_bits));
        emit.load(t.job.b, at(command.b, t.first, d.b_bits), bytes(t.job.elements, d.b_bits));
        return t;
      },
      [&](const Tile& t) {
        emit.compute(t.job, {t.job.a, t.job.b}, t.job.output);
      },
      [&](const Tile& t) {
        emit.store(t.job.output, at(command.output, t.first, d.output_bits),
                   bytes(t.job.elements, d.output_bits));
      });
  return emit.take();
}

/// Output rows of one image that are pooled together, and the ifmap rows that they look at.
struct PoolTile {
  std::int64_t image = 0;
  std::int32_t output_y = 0;
  std::int32_t output_rows = 0;
  std::int32_t input_y = 0;
  std::int32_t input_rows = 0;
};

PoolTile pool_tile(const mw_conv_geometry& g, std::int32_t tile, std::int64_t index) {
  const std::int64_t tiles_down = base::divide_up(g.output_h, tile);
  PoolTile t;
  t.image = index / tiles_down;
  t.output_y = static_cast<std::int32_t>(index % tiles_down * tile);
  t.output_rows = std::min(tile, g.output_h - t.output_y);
  const std::int32_t first = t.output_y * g.stride_h - g.pad_top;
  const std::int32_t end = first + (t.output_rows - 1) * g.stride_h + g.kernel_h;
  t.input_y = std::max(0, first);
  t.input_rows = std::min(g.input_h, end) - t.input_y;
  return t;
}

Command expand_pool(const VectorCommand& command, const EngineShape& shape) {
  const mw_vector_descriptor& d = command.fields;
  const mw_conv_geometry& g = d.geometry;
  const std::int32_t tile = std::min(d.tile, g.output_h);
  const VectorTileBytes bytes = vector_tile_bytes(d, tile);
  const auto input_bytes = static_cast<std::uint32_t>(bytes.input);
  Emitter emit{shape};
  SlotRing input =
      emit.input_slots(0, input_bytes, slots_that_fit(input_room(shape), input_bytes, 2));
  SlotRing output = emit.output_slots(static_cast<std::uint32_t>(bytes.output));
  struct Tile {
    PoolJob job;
    std::uint64_t address = 0;
  };
  pipeline<Tile>(
      vector_tiles(d),
      [&](std::int64_t i) {
        const PoolTile p = pool_tile(g, tile, i);
        const VectorTileBytes before =
            pool_row_bytes(d, p.image * g.input_h + p.input_y, p.image * g.output_h + p.output_y);
        Tile t{pool_job(d), command.output + static_cast<std::uint64_t>(before.output)};
        t.job.output_y = p.output_y;
        t.job.output_rows = p.output_rows;
        t.job.input_y = p.input_y;
        t.job.input = input.claim(i).slot;
        t.job.output = output.claim(i).slot;
        emit.load(t.job.input, command.a + static_cast<std::uint64_t>(before.input),
                  pool_row_bytes(d, p.input_rows, 0).input);
        return t;
      },
      [&](const Tile& t) { emit.compute(t.job, {t.job.input}, t.job.output); },
      [&](const Tile& t) {
        emit.store(t.job.output, t.address, pool_row_bytes(d, 0, t.job.output_rows).output);
      });
  return emit.take();
}

}  // namespace

Command expand_vector(const VectorCommand& command, const EngineShape& shape) {
  const std::string fault = vector_fault(command.fields, shape);
  if (!fault.empty()) {
    throw base::SimulationError("vector command: " + fault);
  }
  return command.fields.operation == MW_VECTOR_ADD ? expand_add(command, shape)
                                                   : expand_pool(command, shape);
}

}  // namespace milliwatt::dataflows
