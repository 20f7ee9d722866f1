// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <gtest/gtest.h>

namespace milliwatt::base {
namespace {

TEST(EditDistance, CountsSlipsOfTheKeyboard) {
  EXPECT_EQ(edit_distance("rows", "rows"), 0);
  EXPECT_EQ(edit_distance("rows", "Rows"), 0);
  EXPECT_EQ(edit_distance("rows", "row"), 1);
  EXPECT_EQ(edit_distance("rows", "rowss"), 1);
  EXPECT_EQ(edit_distance("rows", "rovs"), 1);
  EXPECT_EQ(edit_distance("rows", "rosw"), 1);  // two neighbours swapped
  EXPECT_EQ(edit_distance("", "rows"), 4);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(NearestName, TakesTheClosestAndTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("colums", {"rows", "columns"}), "columns");
  EXPECT_EQ(nearest_name("MHZ", {"Hz", "kHz", "MHz"}), "MHz");
  EXPECT_EQ(nearest_name("ab", {"abc", "abd"}), "abc");
}

TEST(NearestName, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("latency", {"rows", "columns"}), std::nullopt);
  EXPECT_EQ(nearest_name("", {"rows"}), std::nullopt);
  EXPECT_EQ(nearest_name("x", {"y"}), std::nullopt);
  EXPECT_EQ(nearest_name("rows", {}), std::nullopt);
}

TEST(NearestName, GrantsShortNamesLess) {
  EXPECT_EQ(nearest_name("Hzz", {"Hz"}), "Hz");
  EXPECT_EQ(nearest_name("KiB", {"kHz"}), std::nullopt);  // 2 of 3 letters differ
  EXPECT_EQ(nearest_name("rxxs", {"rows"}), "rows");
  EXPECT_EQ(nearest_name("rxxx", {"rows"}), std::nullopt);
}

TEST(NearestName, DrawsTheLineAtAThirdOfTheName) {
  // "weight_buffer" has 13 letters: 4 slips are near, 5 are not.
  EXPECT_EQ(nearest_name("weight_bu", {"weight_buffer"}), "weight_buffer");
  EXPECT_EQ(nearest_name("weight_b", {"weight_buffer"}), std::nullopt);
}

TEST(Suggestion, SaysWhatIsAllowed) {
  EXPECT_EQ(suggestion("rosw", {"rows", "cols"}), "; did you mean 'rows'? Allowed: rows, cols");
  EXPECT_EQ(suggestion("latency", {"rows", "cols"}), ". Allowed: rows, cols");
}

}  // namespace
}  // namespace milliwatt::base
