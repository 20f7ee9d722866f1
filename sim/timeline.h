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

/// Cycles of `clock` in [begin, end) by cause. A cycle belongs to the first cause of the enum that
/// is active when the cycle begins; to kControl where none is. Sums to the window's cycles.
/// `windows` are consecutive and ascending; one result each.
struct Window {
  base::Cycles begin = 0;
  base::Cycles end = 0;
};
std::vector<std::array<std::int64_t, kCauses>> attribute(const std::vector<Activity>& activities,
                                                         const std::vector<Window>& windows,
                                                         const base::Clock& clock);

}  // namespace milliwatt::sim
