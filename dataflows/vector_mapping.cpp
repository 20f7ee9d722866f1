// SPDX-License-Identifier: Apache-2.0
#include "dataflows/vector_mapping.h"

#include <algorithm>

#include "base/error.h"
#include "dataflows/slots.h"

namespace milliwatt::dataflows {
namespace {

/// Tiles of additions start on bus-friendly addresses.
constexpr std::int32_t kAddTileGranule = 64;

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
std::uint32_t output_room(const EngineShape& shape) {
  return shape.buffers.at(shape.vector_output).bytes;
}

std::int64_t ifmap_row_bytes(const mw_conv_geometry& g) {
  return std::int64_t{g.input_w} * g.input_c;
}
std::int64_t ofmap_row_bytes(const mw_conv_geometry& g) {
  return std::int64_t{g.output_w} * g.output_c;
}

/// Most ifmap rows that `rows` output rows of a pool look at.
std::int64_t input_rows(const mw_conv_geometry& g, std::int64_t rows) {
  return std::min<std::int64_t>((rows - 1) * g.stride_h + g.kernel_h, g.input_h);
}

/// Steps common to all vector commands.
class Emitter {
 public:
  explicit Emitter(const EngineShape& shape)
      : shape_{shape},
        load_{first_dma(shape)},
        store_{last_of(shape, UnitKind::kDma)},
        vector_{last_of(shape, UnitKind::kVector)} {}

  Schedule& schedule() { return command_.schedule; }
  Command take() { return std::move(command_); }

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
  const std::int64_t tile = std::min(d.tile, d.elements);
  const std::int64_t tiles = (d.elements + tile - 1) / tile;
  const auto bytes = static_cast<std::uint32_t>(tile);
  Emitter emit{shape};
  const int pairs = slots_that_fit(input_room(shape), 2 * std::uint64_t{bytes}, 2);
  SlotRing a{emit.schedule(), shape.vector_input, 0, bytes, pairs};
  SlotRing b{emit.schedule(), shape.vector_input, bytes * static_cast<std::uint32_t>(pairs), bytes,
             pairs};
  SlotRing out{emit.schedule(), shape.vector_output, 0, bytes,
               slots_that_fit(output_room(shape), bytes, 2)};
  struct Tile {
    AddJob job;
    std::uint64_t offset = 0;
  };
  pipeline<Tile>(
      tiles,
      [&](std::int64_t i) {
        Tile t{add_job(d), static_cast<std::uint64_t>(i * tile)};
        t.job.elements = static_cast<std::int32_t>(std::min(tile, d.elements - i * tile));
        t.job.a = a.claim(i).slot;
        t.job.b = b.claim(i).slot;
        emit.load(t.job.a, command.a + t.offset, t.job.elements);
        emit.load(t.job.b, command.b + t.offset, t.job.elements);
        t.job.output = out.claim(i).slot;
        return t;
      },
      [&](const Tile& t) {
        emit.compute(t.job, {t.job.a, t.job.b}, t.job.output);
      },
      [&](const Tile& t) { emit.store(t.job.output, command.output + t.offset, t.job.elements); });
  return emit.take();
}

Command expand_pool(const VectorCommand& command, const EngineShape& shape) {
  const mw_vector_descriptor& d = command.fields;
  const mw_conv_geometry& g = d.geometry;
  const std::int64_t tile = std::min(d.tile, g.output_h);
  const std::int64_t tiles_down = (g.output_h + tile - 1) / tile;
  const auto in_bytes = static_cast<std::uint32_t>(input_rows(g, tile) * ifmap_row_bytes(g));
  const auto out_bytes = static_cast<std::uint32_t>(tile * ofmap_row_bytes(g));
  Emitter emit{shape};
  SlotRing in{emit.schedule(), shape.vector_input, 0, in_bytes,
              slots_that_fit(input_room(shape), in_bytes, 2)};
  SlotRing out{emit.schedule(), shape.vector_output, 0, out_bytes,
               slots_that_fit(output_room(shape), out_bytes, 2)};
  struct Tile {
    PoolJob job;
    std::uint64_t address = 0;
  };
  pipeline<Tile>(
      g.batch * tiles_down,
      [&](std::int64_t i) {
        const std::int64_t image = i / tiles_down;
        Tile t{pool_job(d), 0};
        t.job.output_y = static_cast<std::int32_t>(i % tiles_down * tile);
        t.job.output_rows =
            static_cast<std::int32_t>(std::min<std::int64_t>(tile, g.output_h - t.job.output_y));
        t.job.input_y = std::max(0, t.job.output_y * g.stride_h - g.pad_top);
        const std::int32_t end =
            std::min(g.input_h, (t.job.output_y + t.job.output_rows - 1) * g.stride_h - g.pad_top +
                                    g.kernel_h);
        t.address =
            command.output +
            static_cast<std::uint64_t>((image * g.output_h + t.job.output_y) * ofmap_row_bytes(g));
        t.job.input = in.claim(i).slot;
        t.job.output = out.claim(i).slot;
        if (end > t.job.input_y) {
          emit.load(t.job.input,
                    command.a + static_cast<std::uint64_t>((image * g.input_h + t.job.input_y) *
                                                           ifmap_row_bytes(g)),
                    (end - t.job.input_y) * ifmap_row_bytes(g));
        }
        return t;
      },
      [&](const Tile& t) { emit.compute(t.job, {t.job.input}, t.job.output); },
      [&](const Tile& t) {
        emit.store(t.job.output, t.address, t.job.output_rows * ofmap_row_bytes(g));
      });
  return emit.take();
}

bool pool_tile_fits(const mw_conv_geometry& g, std::int64_t rows, int copies,
                    const EngineShape& shape) {
  return copies * input_rows(g, rows) * ifmap_row_bytes(g) <= input_room(shape) &&
         copies * rows * ofmap_row_bytes(g) <= output_room(shape);
}

std::int32_t add_tile(const mw_vector_descriptor& d, const EngineShape& shape) {
  const auto most =
      static_cast<std::int32_t>(std::min(input_room(shape) / 4, output_room(shape) / 2));
  const std::int32_t whole = most - most % kAddTileGranule;
  const std::int32_t tile =
      whole > 0 ? whole
                : std::min<std::int32_t>(static_cast<std::int32_t>(input_room(shape) / 2),
                                         static_cast<std::int32_t>(output_room(shape)));
  return std::min(tile, d.elements);
}

std::int32_t pool_tile(const mw_vector_descriptor& d, const EngineShape& shape) {
  const mw_conv_geometry& g = d.geometry;
  for (const int copies : {2, 1}) {
    for (std::int32_t rows = g.output_h; rows > 0; --rows) {
      if (pool_tile_fits(g, rows, copies, shape)) {
        return rows;
      }
    }
  }
  return 0;
}

bool sensible(const mw_vector_descriptor& d) {
  const mw_conv_geometry& g = d.geometry;
  if (d.operation == MW_VECTOR_ADD) {
    return d.elements > 0;
  }
  constexpr std::int32_t kMost = 1 << 15;
  const auto in_range = [](std::int32_t low, std::int32_t value) {
    return value >= low && value <= kMost;
  };
  return (d.operation == MW_VECTOR_AVERAGE_POOL || d.operation == MW_VECTOR_MAX_POOL) &&
         in_range(1, g.batch) && in_range(1, g.input_h) && in_range(1, g.input_w) &&
         in_range(1, g.input_c) && in_range(1, g.output_h) && in_range(1, g.output_w) &&
         g.output_c == g.input_c && in_range(1, g.kernel_h) && in_range(1, g.kernel_w) &&
         in_range(1, g.stride_h) && in_range(1, g.stride_w) && in_range(0, g.pad_top) &&
         in_range(0, g.pad_left) && g.dilation_h == 1 && g.dilation_w == 1;
}

bool fits(const mw_vector_descriptor& d, const EngineShape& shape) {
  if (d.tile <= 0) {
    return false;
  }
  if (d.operation == MW_VECTOR_ADD) {
    const std::int64_t tile = std::min(d.tile, d.elements);
    return 2 * tile <= input_room(shape) && tile <= output_room(shape);
  }
  return pool_tile_fits(d.geometry, std::min(d.tile, d.geometry.output_h), 1, shape);
}

}  // namespace

std::int32_t vector_tile(const mw_vector_descriptor& fields, const EngineShape& shape) {
  return fields.operation == MW_VECTOR_ADD ? add_tile(fields, shape) : pool_tile(fields, shape);
}

Command expand_vector(const VectorCommand& command, const EngineShape& shape) {
  if (!sensible(command.fields)) {
    throw base::SimulationError("vector command: fields out of range");
  }
  if (!fits(command.fields, shape)) {
    throw base::SimulationError("vector command: the tile does not fit the vector unit's buffers");
  }
  return command.fields.operation == MW_VECTOR_ADD ? expand_add(command, shape)
                                                   : expand_pool(command, shape);
}

}  // namespace milliwatt::dataflows
