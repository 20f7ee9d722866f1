// SPDX-License-Identifier: Apache-2.0
#include "dataflows/systolic_cost.h"

#include <algorithm>
#include <vector>

#include "base/integer_math.h"
#include "dataflows/recurrence.h"
#include "dataflows/systolic_transfers.h"

namespace milliwatt::dataflows {
namespace {

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

/// A number of equal things.
template <typename T>
struct Several {
  T one;
  std::int64_t count = 0;
};

/// [0, size) in parts of `step`: the full ones, and the rest if there is one.
std::vector<Several<std::int64_t>> parts(std::int64_t size, std::int64_t step) {
  std::vector<Several<std::int64_t>> found;
  if (size >= step) {
    found.push_back({step, size / step});
  }
  if (size % step != 0) {
    found.push_back({size % step, 1});
  }
  return found;
}

/// Work of a command's units, added up over kinds of tiles instead of tiles.
class Work {
 public:
  Work(const SystolicCommand& command, const SystolicShape& shape, const TransferCosts& costs)
      : c_{command},
        s_{shape},
        costs_{costs},
        tiling_{command.convolution(), command.mapping, shape},
        slots_{tiling_.slots()},
        filter_kinds_{filter_kinds()} {}

  std::int64_t least() const {
    const std::int64_t loads = weight_loads() + table_loads() + ifmap_loads();
    const std::int64_t stored = stores();
    const std::int64_t moved = s_.separate_store_channel ? std::max(loads, stored) : loads + stored;
    const auto [array, output] = compute();
    return std::max({moved, output, first_loads() + array + last_store()});
  }

 private:
  struct Compute {
    std::int64_t array = 0;
    std::int64_t output = 0;
  };

  /// Tiles of equal size, counted.
  std::vector<Several<FilterTile>> filter_kinds() const {
    std::vector<Several<FilterTile>> kinds;
    for (std::int64_t i = 0; i < tiling_.filter_tiles(); ++i) {
      const FilterTile tile = tiling_.filter_tile(i);
      const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) {
        return kind.one.filters.size == tile.filters.size && kind.one.taps == tile.taps;
      });
      if (same == kinds.end()) {
        kinds.push_back({tile, 1});
      } else {
        ++same->count;
      }
    }
    return kinds;
  }

  Compute compute() const {
    Compute sum;
    for (const auto& h : parts(c_.geometry.output_h, c_.mapping.tile_h)) {
      for (const auto& w : parts(c_.geometry.output_w, c_.mapping.tile_w)) {
        for (const auto& kind : filter_kinds_) {
          const std::int64_t items = h.count * w.count * kind.count * c_.geometry.batch;
          sum.array += items * array_cycles(h.one * w.one, kind.one);
          sum.output += items * output_job_cycles(h.one * w.one, kind.one);
        }
      }
    }
    return sum;
  }

  std::int64_t array_cycles(std::int64_t pixels, const FilterTile& tile) const {
    std::int64_t cycles = 0;
    for (const auto& p : parts(pixels, tiling_.fold_pixels(pixels))) {
      for (const auto& k : parts(tile.taps, tiling_.fold_taps())) {
        const ArrayUse use =
            array_use(s_.dataflow, p.one, static_cast<std::int32_t>(k.one), tile.filters.size);
        cycles += p.count * k.count * fold_cycles(s_.rows, use);
      }
    }
    return cycles;
  }

  std::int64_t output_job_cycles(std::int64_t pixels, const FilterTile& tile) const {
    OutputJob job;
    job.pixels = static_cast<std::int32_t>(pixels);
    job.channels = tile.filters.size;
    return output_cycles(s_.shared, job);
  }

  /// How often tiles of the inner loop are loaded: slots are filled in turn, so that `keys` tiles
  /// which come round `rounds` times all stay, or none does.
  static std::int64_t times(const SlotPlan& slots, std::int64_t keys, std::int64_t rounds) {
    return slots.count >= keys ? 1 : rounds;
  }

  std::int64_t weight_loads() const {
    const bool per_fold = c_.mapping.weights_per_fold;
    std::int64_t all_keys = 0;
    for (const auto& kind : filter_kinds_) {
      all_keys += kind.count * (per_fold ? tiling_.tap_folds(kind.one) : 1);
    }
    std::int64_t cycles = 0;
    for (const auto& kind : filter_kinds_) {
      const std::int64_t folds = per_fold ? tiling_.tap_folds(kind.one) : 1;
      const std::int64_t keys = c_.mapping.pixel_tiles_outer ? all_keys : folds;
      std::int64_t once = cost(weight_transfer(c_, tiling_, kind.one, folds - 1));
      if (folds > 1) {
        once += (folds - 1) * cost(weight_transfer(c_, tiling_, kind.one, 0));
      }
      cycles += kind.count * once * times(slots_.weights, keys, tiling_.pixel_tiles());
    }
    return cycles;
  }

  std::int64_t table_loads() const {
    std::int64_t cycles = 0;
    for (const auto& kind : filter_kinds_) {
      cycles += kind.count * cost(table_transfer(c_, kind.one.filters));
    }
    const bool comes_round = c_.mapping.pixel_tiles_outer;
    return cycles * (comes_round
                         ? times(slots_.parameters, tiling_.filter_tiles(), tiling_.pixel_tiles())
                         : 1);
  }

  std::int64_t ifmap_loads() const {
    std::int64_t cycles = 0;
    for (std::int64_t i = 0; i < tiling_.pixel_tiles() / c_.geometry.batch; ++i) {
      cycles += cost(ifmap_transfer(c_, tiling_.pixel_tile(i)));
    }
    const bool comes_round = !c_.mapping.pixel_tiles_outer;
    return c_.geometry.batch * cycles *
           (comes_round ? times(slots_.ifmaps, tiling_.pixel_tiles(), tiling_.filter_tiles()) : 1);
  }

  std::int64_t stores() const {
    std::int64_t cycles = 0;
    for (std::int64_t i = 0; i < tiling_.pixel_tiles() / c_.geometry.batch; ++i) {
      const PixelTile tile = tiling_.pixel_tile(i);
      if (c_.mapping.pixel_tiles_outer) {
        cycles += cost(ofmap_transfer(c_, tile, {}));
        continue;
      }
      for (const auto& kind : filter_kinds_) {
        cycles += kind.count * cost(ofmap_transfer(c_, tile, kind.one.filters));
      }
    }
    return c_.geometry.batch * cycles;
  }

  /// Both must be there before the first fold starts, and they come one after the other.
  std::int64_t first_loads() const {
    return cost(ifmap_transfer(c_, tiling_.pixel_tile(0))) +
           cost(weight_transfer(c_, tiling_, tiling_.full_tile(), 0));
  }

  /// Output job and store of the last tile come after the last fold.
  std::int64_t last_store() const {
    const PixelTile pixels = tiling_.pixel_tile(tiling_.pixel_tiles() - 1);
    const FilterTile tile = tiling_.filter_tile(tiling_.filter_tiles() - 1);
    return output_job_cycles(pixels.pixels(), tile) +
           cost(ofmap_transfer(c_, pixels, tile.filters));
  }

  std::int64_t cost(const Transfer& t) const {
    return t.bytes() > 0 ? transfer_cycles(t, costs_) : 0;
  }

  const SystolicCommand& c_;
  const SystolicShape& s_;
  const TransferCosts& costs_;
  Tiling tiling_;
  SlotPlans slots_;
  std::vector<Several<FilterTile>> filter_kinds_;
};

}  // namespace

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

std::int64_t least_cycles(const SystolicCommand& command, const SystolicShape& shape,
                          const TransferCosts& costs) {
  return Work{command, shape, costs}.least();
}

}  // namespace milliwatt::dataflows
