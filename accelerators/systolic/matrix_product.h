// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "accelerators/systolic/fold_core.h"
#include "accelerators/systolic/instruction_set.h"

namespace milliwatt::systolic {

/// The values of a fold without its time: int8 x int8 -> int32 products of the gathered operands.
/// It models nothing; it is the fast way to what ExactArray computes register by register. Sums
/// cannot overflow: kMostFoldTaps products of at most 2^14 stay below 2^31.
class MatrixProduct {
 public:
  explicit MatrixProduct(InstructionSet set = best_instruction_set()) : set_(set) {}

  /// sums[t][j] = sum over k of streams[t][k] * weights[k][j]; sums are [pixels][columns].
  void run(const FoldOperands& fold, std::int32_t* sums);

 private:
  void widen_streams(const FoldOperands& fold);
  void pack_pairs(const FoldOperands& fold);
  void pack_quads(const FoldOperands& fold);

  InstructionSet set_;
  // Scratch, kept from fold to fold.
  std::vector<std::int16_t> streams_;      ///< [pixels][pitch]
  std::vector<std::int16_t> pairs_;        ///< [pitch / 2][padded filters][2] weights
  std::vector<std::int8_t> quads_;         ///< [pitch / 4][padded filters][4] weights
  std::vector<std::int32_t> corrections_;  ///< -128 * sum of a filter's weights
};

}  // namespace milliwatt::systolic
