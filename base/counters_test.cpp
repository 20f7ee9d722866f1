// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace milliwatt::base {
namespace {

enum SramAction { kRead, kWrite };

ComponentClass sram() { return {"sram", {{"read", "one word"}, {"write", "one word"}}}; }

TEST(ComponentClass, KnowsTheIndexOfItsActions) {
  EXPECT_EQ(sram().index("read"), kRead);
  EXPECT_EQ(sram().index("write"), kWrite);
  EXPECT_THROW(sram().index("erase"), InternalError);
}

TEST(Counters, KeepsLayersAndActionsApart) {
  Counters counters("input_buffer", sram());
  counters.add(kRead, 0, 5);
  counters.add(kRead, 2, 7);
  counters.add(kWrite, 2);
  counters.add(kRead, kNoLayer, 11);
  EXPECT_EQ(counters.layers(), 3);
  EXPECT_EQ(counters.value(kRead, kNoLayer), 11);
  EXPECT_EQ(counters.value(kRead, 0), 5);
  EXPECT_EQ(counters.value(kRead, 1), 0);
  EXPECT_EQ(counters.value(kRead, 2), 7);
  EXPECT_EQ(counters.value(kRead, 3), 0);
  EXPECT_EQ(counters.value(kWrite, 2), 1);
  EXPECT_EQ(counters.total(kRead), 23);  // 11 + 5 + 7
  EXPECT_EQ(counters.total(kWrite), 1);
}

TEST(Counters, StartEmptyAndResetToEmpty) {
  Counters counters("input_buffer", sram());
  EXPECT_EQ(counters.layers(), 0);
  EXPECT_EQ(counters.total(kRead), 0);
  counters.add(kRead, 4);
  counters.reset();
  EXPECT_EQ(counters, Counters("input_buffer", sram()));
  EXPECT_EQ(counters.layers(), 0);
}

TEST(Counters, EqualWhenEveryCountIsEqual) {
  Counters a("buffer", sram());
  Counters b("buffer", sram());
  a.add(kRead, 0);
  b.add(kRead, 0);
  b.add(kRead, 5, 0);  // has seen more layers, counted nothing there
  EXPECT_EQ(a, b);
  b.add(kWrite, 5);
  EXPECT_NE(a, b);
  EXPECT_NE(a, Counters("other", sram()));
}

TEST(Counters, OverflowIsCaughtAtTheLastCount) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  Counters counters("buffer", sram());
  counters.add(kRead, 0, kLargest);
  EXPECT_EQ(counters.value(kRead, 0), kLargest);
  EXPECT_THROW(counters.add(kRead, 0, 1), InternalError);
  counters.add(kWrite, 0, kLargest);
  counters.add(kWrite, 1, 1);
  EXPECT_THROW(counters.total(kWrite), InternalError);
}

TEST(Counters, LayersBelowNoLayerAreBugs) {
  Counters counters("buffer", sram());
  EXPECT_THROW(counters.add(kRead, kNoLayer - 1), InternalError);
}

TEST(Counters, NeedActions) {
  EXPECT_THROW(Counters("wire", ComponentClass{"wire", {}}), InternalError);
}

TEST(ActionCounts, FindsInstances) {
  ActionCounts counts;
  counts.components.emplace_back("a", sram());
  counts.components.emplace_back("b", sram());
  EXPECT_EQ(counts.find("b"), &counts.components[1]);
  EXPECT_EQ(counts.find("c"), nullptr);
}

}  // namespace
}  // namespace milliwatt::base
