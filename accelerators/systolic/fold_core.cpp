// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/fold_core.h"

namespace milliwatt::systolic {

bool operator==(const FoldCounts& a, const FoldCounts& b) {
  return a.cycles == b.cycles && a.macs == b.macs && a.weight_shifts == b.weight_shifts &&
         a.idle_cycles == b.idle_cycles && a.operands_read == b.operands_read &&
         a.weights_read == b.weights_read && a.outputs == b.outputs;
}

FoldCounts fold_counts(const ArraySize& size, std::int64_t pixels, std::int32_t rows,
                       std::int32_t columns) {
  const std::int64_t pes = std::int64_t{size.rows} * size.columns;
  FoldCounts counts;
  counts.cycles = output_cycle(size, pixels - 1, columns - 1) + 1;
  counts.macs = pixels * rows * columns;
  counts.weight_shifts = pes * size.rows;
  counts.idle_cycles = pes * counts.cycles - counts.macs - counts.weight_shifts;
  counts.operands_read = pixels * rows;
  counts.weights_read = std::int64_t{rows} * columns;
  counts.outputs = pixels * columns;
  return counts;
}

}  // namespace milliwatt::systolic
