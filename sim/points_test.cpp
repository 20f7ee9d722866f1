// SPDX-License-Identifier: Apache-2.0
#include "sim/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fault_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "no fault";
}

TEST(Axis, IsAKeyAndItsValues) {
  const Axis axis = parse_axis("memory.sram.size=64 KiB, 256KiB");
  EXPECT_EQ(axis.key, "memory.sram.size");
  EXPECT_THAT(axis.values, ElementsAre("64 KiB", "256KiB"));
  EXPECT_THAT(parse_axis("accelerator.rows=4").values, ElementsAre("4"));
}

TEST(Axis, KeepsCommasInsideAValue) {
  EXPECT_THAT(parse_axis("key=[1, 2],{a: 1, b: 2},\"x,y\",'z,'").values,
              ElementsAre("[1, 2]", "{a: 1, b: 2}", "\"x,y\"", "'z,'"));
}

TEST(Axis, SplitsAtTheFirstEqualsSign) {
  EXPECT_THAT(parse_axis("key=a=b,c").values, ElementsAre("a=b", "c"));
}

TEST(Axis, RefusesWhatIsNoListOfDifferentValues) {
  const std::map<std::string, std::string> cases = {
      {"accelerator.rows", "'accelerator.rows' is not KEY=VALUE,VALUE..."},
      {"=4,8", "'=4,8' is not KEY=VALUE,VALUE..."},
      {"rows=", "'rows=' has an empty value"},
      {"rows=4,,8", "'rows=4,,8' has an empty value"},
      {"rows=4,8,", "'rows=4,8,' has an empty value"},
      {"rows=4,8, 4", "rows takes the value '4' twice"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(fault_of([t = text] { parse_axis(t); }), HasSubstr(message)) << text;
  }
}

TEST(PointSpace, TurnsTheLastAxisFastest) {
  const PointSpace space{{"p", "q"}, {"n", "m"}, {{"rows", {"4", "8"}}, {"bus", {"1"}}}, {"a=b"}};
  EXPECT_EQ(space.size(), 8);
  EXPECT_THAT(space.key_columns(),
              ElementsAre("point", "platform_file", "network_file", "rows", "bus"));
  EXPECT_THAT(space.key_cells(space.point(0)), ElementsAre("0", "p", "n", "4", "1"));
  EXPECT_THAT(space.key_cells(space.point(1)), ElementsAre("1", "p", "n", "8", "1"));
  EXPECT_THAT(space.key_cells(space.point(2)), ElementsAre("2", "p", "m", "4", "1"));
  EXPECT_THAT(space.key_cells(space.point(7)), ElementsAre("7", "q", "m", "8", "1"));
  EXPECT_THAT(space.settings_of(space.point(7)), ElementsAre("a=b", "rows=8", "bus=1"));
}

TEST(PointSpace, HasNoPointTwice) {
  const PointSpace space{{"p", "q", "r"},
                         {"n", "m"},
                         {{"a", {"1", "2", "3"}}, {"b", {"x", "y"}}, {"c", {"1", "2", "3", "4"}}},
                         {}};
  ASSERT_EQ(space.size(), 3 * 2 * 3 * 2 * 4);
  std::set<std::vector<std::string>> seen;
  for (std::int64_t i = 0; i < space.size(); ++i) {
    std::vector<std::string> cells = space.key_cells(space.point(i));
    cells.erase(cells.begin());
    EXPECT_TRUE(seen.insert(cells).second) << i;
  }
  EXPECT_THROW(space.point(space.size()), base::InternalError);
  EXPECT_THROW(space.point(-1), base::InternalError);
}

TEST(PointSpace, RefusesRepetitions) {
  const Axis rows{"rows", {"4", "8"}};
  EXPECT_THAT(fault_of([&] {
                PointSpace({"p"}, {"n"}, {rows, rows}, {});
              }),
              HasSubstr("'rows' is varied twice"));
  EXPECT_THAT(fault_of([&] { PointSpace({"p"}, {"n"}, {rows}, {"rows=4"}); }),
              HasSubstr("'rows' is varied, so it cannot be set"));
  EXPECT_THAT(fault_of([&] {
                PointSpace({"p", "./p"}, {"n"}, {}, {});
              }),
              HasSubstr("the platform './p' is given twice"));
  EXPECT_THAT(fault_of([&] { PointSpace({"p"}, {}, {}, {}); }), HasSubstr("at least one network"));
}

TEST(PointSpace, HasALargestSize) {
  std::vector<std::string> values;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(std::to_string(i));
  }
  // 1000 * 1000 * 10 = kMost, and twice as much.
  const std::vector<std::string> ten(values.begin(), values.begin() + 10);
  const std::vector<Axis> most = {{"a", values}, {"b", values}, {"c", ten}};
  EXPECT_EQ(PointSpace({"p"}, {"n"}, most, {}).size(), PointSpace::kMost);
  EXPECT_THAT(fault_of([&] {
                PointSpace({"p"}, {"n", "m"}, most, {});
              }),
              HasSubstr("more than 10000000 points"));
}

}  // namespace
}  // namespace milliwatt::sim
