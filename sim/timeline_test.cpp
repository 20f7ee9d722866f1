// SPDX-License-Identifier: Apache-2.0
// Which cycles belong to which layer and to which cause, on intervals made by hand.
#include "sim/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "base/error.h"
#include "sim/measurement.h"

namespace milliwatt::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Row = std::array<std::int64_t, kCauses>;  // compute, vector, memory, host, control

/// One cycle is 10,000 ps.
const base::Clock kClock{"system", 100'000'000};
constexpr base::Picoseconds kCycle = 10'000;

Activity active(Cause cause, std::int64_t begin, std::int64_t end) {
  return {cause, begin * kCycle, end * kCycle};
}

TEST(Attribute, ACycleWithoutActivityIsControl) {
  EXPECT_THAT(attribute({}, {{3, 8}}, kClock), ElementsAre(Row{0, 0, 0, 0, 5}));
}

TEST(Attribute, TheFirstCauseOfTheEnumWins) {
  // Cycles:     0 1 2 3 4 5 6 7 8 9
  // host        h h h h h h h h h .
  // memory      . m m m m m m . . .
  // vector      . . . . . v v v . .
  // compute     . . c c . . . . . .
  const std::vector<Activity> activities = {
      active(Cause::kHost, 0, 9), active(Cause::kMemory, 1, 7), active(Cause::kVector, 5, 8),
      active(Cause::kCompute, 2, 4)};
  EXPECT_THAT(attribute(activities, {{0, 10}}, kClock), ElementsAre(Row{2, 3, 2, 2, 1}));
}

TEST(Attribute, OverlappingActivitiesOfOneCauseCountOnce) {
  EXPECT_THAT(
      attribute({active(Cause::kMemory, 0, 4), active(Cause::kMemory, 2, 6)}, {{0, 8}}, kClock),
      ElementsAre(Row{0, 0, 6, 0, 2}));
}

TEST(Attribute, WindowsCutActivities) {
  // Compute 2 .. 9; windows 1 .. 4, 4 .. 4, 4 .. 10. What lies before the first belongs to none.
  EXPECT_THAT(attribute({active(Cause::kHost, 0, 1), active(Cause::kCompute, 2, 9)},
                        {{1, 4}, {4, 4}, {4, 10}}, kClock),
              ElementsAre(Row{2, 0, 0, 0, 1}, Row{}, Row{5, 0, 0, 0, 1}));
}

TEST(Attribute, ACycleIsActiveWhenSomethingIsAtItsBeginning) {
  const base::Picoseconds t = kCycle;
  // From just after edge 2 to just after edge 5: active at the edges 3, 4 and 5.
  EXPECT_THAT(attribute({{Cause::kCompute, 2 * t + 1, 5 * t + 1}}, {{0, 8}}, kClock),
              ElementsAre(Row{3, 0, 0, 0, 5}));
  // Within a cycle: at no edge.
  EXPECT_THAT(attribute({{Cause::kCompute, 2 * t + 1, 3 * t}}, {{0, 8}}, kClock),
              ElementsAre(Row{0, 0, 0, 0, 8}));
}

/// Cycle by cycle, without a sweep over changes.
Row naive(const std::vector<Activity>& activities, const Window& window, const base::Clock& clock) {
  Row row{};
  for (base::Cycles n = window.begin; n < window.end; ++n) {
    Cause cause = Cause::kControl;
    for (const Activity& a : activities) {
      if (a.begin <= clock.edge(n) && clock.edge(n) < a.end) {
        cause = std::min(cause, a.cause);
      }
    }
    ++row[static_cast<std::size_t>(cause)];
  }
  return row;
}

TEST(Attribute, EqualsALoopOverCycles) {
  std::mt19937 random{17};
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  const base::Clock odd{"system", 66'600'000};
  for (int round = 0; round < 300; ++round) {
    std::vector<Activity> activities;
    for (std::int64_t i = below(12); i > 0; --i) {
      const base::Picoseconds begin = below(900'000);
      activities.push_back({static_cast<Cause>(below(kCauses)), begin, begin + below(400'000)});
    }
    std::vector<Window> windows;
    base::Cycles at = below(5);
    for (int i = 0; i < 4; ++i) {
      const base::Cycles begin = at;
      at += below(20);
      windows.push_back({begin, at});
    }
    const std::vector<Row> rows = attribute(activities, windows, odd);
    ASSERT_EQ(rows.size(), windows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i], naive(activities, windows[i], odd)) << "round " << round;
      ASSERT_EQ(std::accumulate(rows[i].begin(), rows[i].end(), std::int64_t{0}),
                windows[i].end - windows[i].begin);
    }
  }
}

TEST(LayerBegins, AreTheMarksWhereCommandsDoNotOverlap) {
  EXPECT_THAT(layer_begins({{0, 120}, {1, 300}, {2, 450}},
                           {{0, 150, 280}, {1, 320, 440}, {2, 460, 580}}, 3, 100, 600),
              ElementsAre(100, 300, 450));
}

TEST(LayerBegins, OfACommandsLayersAreWhereAllBeforeThemHaveEnded) {
  // One command runs layers 1 to 3 from 200 on; layer 2 ends before layer 1. Layer 3 has the rest
  // up to the next mark.
  EXPECT_THAT(layer_begins({{0, 100}, {1, 190}, {4, 500}},
                           {{1, 200, 400}, {2, 210, 380}, {3, 220, 470}}, 5, 100, 600),
              ElementsAre(100, 190, 400, 400, 500));
}

TEST(LayerBegins, AMarkDoesNotBeginALayerWhileAnOlderOneRuns) {
  // The host goes on to layer 1 while the engine still works for layer 0.
  EXPECT_THAT(layer_begins({{0, 0}, {1, 100}, {2, 200}}, {{0, 50, 150}}, 3, 0, 300),
              ElementsAre(0, 150, 200));
}

TEST(LayerBegins, LayersWithoutAMarkOrASpanHaveEmptyWindows) {
  EXPECT_THAT(layer_begins({{0, 10}, {3, 50}}, {{0, 20, 40}}, 4, 10, 90),
              ElementsAre(10, 40, 40, 50));
  EXPECT_THAT(layer_begins({}, {}, 2, 10, 90), ElementsAre(10, 10));
  EXPECT_THAT(layer_begins({}, {}, 0, 10, 90), IsEmpty());
}

TEST(LayerBegins, IgnoreTheSetUpAndStayWithinTheInference) {
  EXPECT_THAT(layer_begins({{1, 150}}, {{0, 10, 60}, {0, 110, 140}, {0, 180, 260}}, 2, 100, 200),
              ElementsAre(100, 200));
  EXPECT_THAT(layer_begins({}, {{0, 10, 60}}, 2, 100, 200), ElementsAre(100, 100));
}

TEST(LayerBegins, RefuseLayersThatDoNotExist) {
  for (const int layer : {-1, 2}) {
    EXPECT_THROW(layer_begins({{layer, 5}}, {}, 2, 0, 9), base::SimulationError);
    try {
      layer_begins({}, {{layer, 5, 6}}, 2, 0, 9);
      ADD_FAILURE() << "accepted";
    } catch (const base::SimulationError& error) {
      EXPECT_THAT(error.what(), HasSubstr("of a network of 2"));
    }
  }
  EXPECT_NO_THROW(layer_begins({{1, 5}}, {{1, 5, 6}}, 2, 0, 9));
}

base::Counters counters(const std::string& name, std::int64_t layer_0, std::int64_t none) {
  base::Counters c{name, {"sram", {{"read", "a word"}, {"write", "a word"}}}};
  c.add(0, 0, layer_0);
  c.add(1, base::kNoLayer, none);
  return c;
}

TEST(Difference, OfCountsIsByActionAndLayer) {
  base::ActionCounts before;
  before.components = {counters("a", 3, 5), counters("b", 0, 0)};
  base::ActionCounts after = before;
  after.components[0].add(0, 0, 4);
  after.components[0].add(0, 2, 6);
  after.components[0].add(1, base::kNoLayer, 1);
  const base::ActionCounts d = difference(after, before);
  ASSERT_EQ(d.components.size(), 2U);
  EXPECT_EQ(d.components[0].instance(), "a");
  EXPECT_EQ(d.components[0].value(0, 0), 4);
  EXPECT_EQ(d.components[0].value(0, 2), 6);
  EXPECT_EQ(d.components[0].value(1, base::kNoLayer), 1);
  EXPECT_EQ(d.components[0].total(0), 10);
  EXPECT_EQ(d.components[1].total(0) + d.components[1].total(1), 0);
}

TEST(Difference, OfCountsNeedsTheSamePlatform) {
  base::ActionCounts one;
  one.components = {counters("a", 1, 1)};
  EXPECT_THROW(difference(one, base::ActionCounts{}), base::InternalError);
}

TEST(Difference, OfTrafficLeavesOutWhatDidNotMove) {
  using Entry = memory::TrafficLedger::Entry;
  Entry entry{};
  entry.initiator = 1;
  entry.target = 1;
  entry.layer = 3;
  entry.bytes = 100;
  Entry same = entry;
  same.layer = 4;
  Entry grown = entry;
  grown.bytes = 130;
  Entry fresh = entry;
  fresh.write = true;
  fresh.bytes = 8;
  Entry expected = entry;
  expected.bytes = 30;
  EXPECT_THAT(difference({grown, same, fresh}, {entry, same}), ElementsAre(expected, fresh));
}

}  // namespace
}  // namespace milliwatt::sim
