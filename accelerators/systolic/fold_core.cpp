// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/fold_core.h"

namespace milliwatt::systolic {

ArrayOperands array_operands(Dataflow dataflow, const FoldOperands& fold) {
  ArrayOperands array;
  array.use = dataflows::array_use(dataflow, fold.pixels, fold.taps, fold.filters);
  if (dataflow == Dataflow::kInputStationary) {
    array.left = fold.weights;
    array.left_row = fold.filters;
    array.left_step = 1;
    array.top = fold.streams;
    array.top_row = 1;
    array.top_column = fold.pitch;
    return array;
  }
  const bool rows_are_pixels = dataflow == Dataflow::kOutputStationary;
  array.left = fold.streams;
  array.left_row = rows_are_pixels ? fold.pitch : 1;
  array.left_step = rows_are_pixels ? 1 : fold.pitch;
  array.top = fold.weights;
  array.top_row = fold.filters;
  array.top_column = 1;
  return array;
}

bool operator==(const FoldCounts& a, const FoldCounts& b) {
  return a.cycles == b.cycles && a.macs == b.macs && a.stationary_shifts == b.stationary_shifts &&
         a.sum_shifts == b.sum_shifts && a.idle_cycles == b.idle_cycles &&
         a.left_read == b.left_read && a.top_read == b.top_read && a.outputs == b.outputs;
}

std::int64_t outputs_of_column(Dataflow dataflow, const ArrayUse& use) {
  return dataflow == Dataflow::kOutputStationary ? use.rows : use.stream;
}

base::Cycles output_cycle(Dataflow dataflow, const ArraySize& size, const ArrayUse& use,
                          std::int64_t index, std::int32_t column) {
  const base::Cycles rows = size.rows;
  return dataflow == Dataflow::kOutputStationary ? use.stream + 2 * rows - 2 - index + column
                                                 : 2 * rows + index + column - 1;
}

FoldCounts fold_counts(Dataflow dataflow, const ArraySize& size, const ArrayUse& use) {
  const bool sums_stay = dataflow == Dataflow::kOutputStationary;
  const std::int64_t pes = std::int64_t{size.rows} * size.columns;
  FoldCounts counts;
  counts.cycles = dataflows::fold_cycles(size.rows, use);
  counts.macs = use.stream * use.rows * use.columns;
  counts.stationary_shifts = sums_stay ? 0 : pes * size.rows;
  counts.sum_shifts = sums_stay ? std::int64_t{size.rows} * size.rows * use.columns : 0;
  counts.idle_cycles =
      pes * counts.cycles - counts.macs - counts.stationary_shifts - counts.sum_shifts;
  counts.left_read = use.stream * use.rows;
  counts.top_read = (sums_stay ? use.stream : use.rows) * use.columns;
  counts.outputs = outputs_of_column(dataflow, use) * use.columns;
  return counts;
}

}  // namespace milliwatt::systolic
