// SPDX-License-Identifier: Apache-2.0
#include "sim/timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

/// Where the number of active activities of a cause changes.
struct Change {
  base::Cycles at = 0;
  int cause = 0;
  int by = 0;
};

std::vector<Change> changes_of(const std::vector<Activity>& activities, const base::Clock& clock) {
  std::vector<Change> changes;
  changes.reserve(2 * activities.size());
  for (const Activity& activity : activities) {
    // Active at the beginning of cycle n: begin <= edge(n) < end.
    const base::Cycles begin = clock.cycle_at_or_after(activity.begin);
    const base::Cycles end = clock.cycle_at_or_after(activity.end);
    if (begin < end) {
      const int cause = static_cast<int>(activity.cause);
      changes.push_back({begin, cause, +1});
      changes.push_back({end, cause, -1});
    }
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.at < b.at; });
  return changes;
}

int first_active(const std::array<int, kCauses>& active) {
  for (int cause = 0; cause < kCauses; ++cause) {
    if (active[static_cast<std::size_t>(cause)] > 0) {
      return cause;
    }
  }
  return static_cast<int>(Cause::kControl);
}

}  // namespace

std::size_t checked_layer(int layer, std::size_t layers) {
  if (layer < 0 || static_cast<std::size_t>(layer) >= layers) {
    throw base::SimulationError(
        fmt::format("the program works for layer {} of a network of {}", layer, layers));
  }
  return static_cast<std::size_t>(layer);
}

std::vector<base::Picoseconds> layer_begins(const std::vector<LayerMark>& marks,
                                            const std::vector<LayerSpan>& spans, std::size_t layers,
                                            base::Picoseconds begin, base::Picoseconds end) {
  // One more than there are layers: the last one ends with the inference.
  std::vector<base::Picoseconds> begins(layers + 1, begin);
  const auto not_before = [&](std::size_t layer, base::Picoseconds t) {
    begins[layer] = std::max(begins[layer], t);
  };
  for (const LayerMark& mark : marks) {
    not_before(checked_layer(mark.layer, layers), mark.at);
  }
  for (const LayerSpan& span : spans) {
    not_before(checked_layer(span.layer, layers) + 1, span.end);
  }
  begins.front() = begin;
  for (std::size_t layer = 1; layer < layers; ++layer) {
    begins[layer] = std::min(end, std::max(begins[layer - 1], begins[layer]));
  }
  begins.pop_back();
  return begins;
}

std::vector<std::array<std::int64_t, kCauses>> attribute(const std::vector<Activity>& activities,
                                                         const std::vector<Window>& windows,
                                                         const base::Clock& clock) {
  const std::vector<Change> changes = changes_of(activities, clock);
  std::array<int, kCauses> active{};
  std::size_t next = 0;
  std::vector<std::array<std::int64_t, kCauses>> result(windows.size());
  for (std::size_t w = 0; w < windows.size(); ++w) {
    base::Cycles now = windows[w].begin;
    while (now < windows[w].end) {
      for (; next < changes.size() && changes[next].at <= now; ++next) {
        active[static_cast<std::size_t>(changes[next].cause)] += changes[next].by;
      }
      const base::Cycles until =
          next < changes.size() ? std::min(changes[next].at, windows[w].end) : windows[w].end;
      result[w][static_cast<std::size_t>(first_active(active))] += until - now;
      now = until;
    }
  }
  return result;
}

}  // namespace milliwatt::sim
