// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "base/clock.h"
#include "sim/results.h"

namespace milliwatt::sim {

/// A time in which something of a cause went on.
struct Activity {
  Cause cause = Cause::kControl;
  base::Picoseconds begin = 0;
  base::Picoseconds end = 0;
};

/// When the host says that a layer begins.
struct LayerMark {
  int layer = 0;
  base::Picoseconds at = 0;
};

/// From the start of a layer's first step on an engine to the end of its last. Those of one command
/// may overlap; a layer that several commands work for has several.
struct LayerSpan {
  int layer = 0;
  base::Picoseconds begin = 0;
  base::Picoseconds end = 0;
};

/// `layer` as an index. Throws SimulationError unless it is one of `layers`.
std::size_t checked_layer(int layer, std::size_t layers);

/// When each of `layers` layers begins, so that every moment of [begin, end) belongs to the oldest
/// layer that is not finished: a layer begins when its mark has been passed, if it has one, and all
/// steps of the layers before it have ended. The first one begins at `begin`, the others there or
/// later, in order. Throws SimulationError for a mark or span of a layer that does not exist.
std::vector<base::Picoseconds> layer_begins(const std::vector<LayerMark>& marks,
                                            const std::vector<LayerSpan>& spans, std::size_t layers,
                                            base::Picoseconds begin, base::Picoseconds end);

struct Window {
  base::Cycles begin = 0;
  base::Cycles end = 0;
};

/// Cycles of `clock` in each window by cause. A cycle belongs to the first cause of the enum that
/// is active when the cycle begins; to kControl where none is. Sums to the window's cycles.
/// `windows` are consecutive and ascending; one result each.
std::vector<std::array<std::int64_t, kCauses>> attribute(const std::vector<Activity>& activities,
                                                         const std::vector<Window>& windows,
                                                         const base::Clock& clock);

}  // namespace milliwatt::sim
