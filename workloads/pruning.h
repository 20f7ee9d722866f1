// SPDX-License-Identifier: Apache-2.0
// Weights set to zero on purpose (docs/precision.md).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/diagnostics.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// What becomes zero as a whole: single weights, all weights of an output channel with its bias, or
/// groups of neighbours in memory along the last dimension of the filter, aligned to their size.
enum class PrunePattern : std::uint8_t { kUnstructured, kChannel, kSimdGroup };

/// Which of them: those of the smallest mean magnitude |w| * scale, or a seeded draw.
enum class PruneCriterion : std::uint8_t { kMagnitude, kRandom };

struct PruneRule {
  PrunePattern pattern = PrunePattern::kUnstructured;
  double fraction = 0.0;  ///< of all units of the pattern, rounded down
  std::int32_t group = 4;
  PruneCriterion criterion = PruneCriterion::kMagnitude;
  /// Whether the entry of a list says so, rather than a default for all layers: defaults pass over
  /// what cannot be done.
  bool named = false;
  base::Place place;
};

/// Prunes the weights of each operator that has a rule, one entry per operator. What cannot be done
/// is told in `faults`.
Graph pruned(const Graph& graph, const std::vector<std::optional<PruneRule>>& rules,
             std::uint32_t seed, base::Diagnostics& faults);

/// Units of `count` that a fraction is: floor(fraction * count), where a product that is short of a
/// whole number by less than 1e-9 counts as that number.
std::int64_t units_of_fraction(double fraction, std::int64_t count);

}  // namespace milliwatt::workloads
