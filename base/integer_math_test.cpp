// SPDX-License-Identifier: Apache-2.0
#include "base/integer_math.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace milliwatt::base {
namespace {

TEST(DivideUp, CountsABegunPartAsAWholeOne) {
  EXPECT_EQ(divide_up(0, 5), 0);
  EXPECT_EQ(divide_up(1, 5), 1);
  EXPECT_EQ(divide_up(5, 5), 1);
  EXPECT_EQ(divide_up(6, 5), 2);
}

TEST(DivideUp, ReachesTheEndOfItsType) {
  EXPECT_EQ(divide_up(std::numeric_limits<std::int32_t>::max(), 2), 1 << 30);
  EXPECT_EQ(divide_up(std::numeric_limits<std::uint64_t>::max(), std::uint64_t{2}),
            std::uint64_t{1} << 63);
}

TEST(DivideUp, HasTheWiderType) {
  static_assert(
      std::is_same_v<decltype(divide_up(std::int32_t{1}, std::int64_t{1})), std::int64_t>);
  EXPECT_EQ(divide_up(std::int64_t{1} << 40, 3), 366503875926);  // 2^40 = 3 * 366503875925 + 1
}

TEST(RoundUp, StaysOnAMultiple) {
  EXPECT_EQ(round_up(0, 64), 0);
  EXPECT_EQ(round_up(1, 64), 64);
  EXPECT_EQ(round_up(64, 64), 64);
  EXPECT_EQ(round_up(65, 64), 128);
}

}  // namespace
}  // namespace milliwatt::base
