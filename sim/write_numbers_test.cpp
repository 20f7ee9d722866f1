// SPDX-License-Identifier: Apache-2.0
#include "sim/write_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

TEST(WithPrefix, KeepsThreeDigitsAndSmallWholeNumbers) {
  EXPECT_EQ(with_prefix(0), "0");
  EXPECT_EQ(with_prefix(7), "7");
  EXPECT_EQ(with_prefix(999), "999");
  EXPECT_EQ(with_prefix(1000), "1.00k");
  EXPECT_EQ(with_prefix(12501632), "12.5M");
  EXPECT_EQ(with_prefix(0.5), "500m");
  EXPECT_EQ(with_prefix(4.5e-6), "4.50u");
  EXPECT_EQ(with_prefix(2.5), "2.50");
  EXPECT_EQ(with_prefix(1e-18), "1.00a");
  EXPECT_EQ(with_prefix(-2500), "-2.50k");
}

TEST(WithPrefix, TakesTheNextPrefixWhenRoundingReachesIt) {
  EXPECT_EQ(with_prefix(999.4), "999");
  EXPECT_EQ(with_prefix(999.6), "1.00k");
  EXPECT_EQ(with_prefix(999'499), "999k");
  EXPECT_EQ(with_prefix(999'500), "1.00M");
}

TEST(WithPrefix, FallsBackToAnExponentWherePrefixesEnd) {
  EXPECT_EQ(with_prefix(1.5e-19), "1.50e-19");
  EXPECT_EQ(with_prefix(1.5e21), "1.50e+21");
}

TEST(ThreeDigits, RoundsToThreeSignificantDigits) {
  EXPECT_EQ(three_digits(0), "0");
  EXPECT_EQ(three_digits(1.25593), "1.26");
  EXPECT_EQ(three_digits(99.96), "100");
  EXPECT_EQ(three_digits(796.22), "796");
  EXPECT_EQ(three_digits(12345), "12300");
  EXPECT_EQ(three_digits(0.000123456), "0.000123");
  EXPECT_EQ(three_digits(0.0000123456), "1.23e-05");
}

TEST(Decimal, IsExactWhereADoubleIsNot) {
  EXPECT_EQ(decimal(1500, 3), "1.5");
  EXPECT_EQ(decimal(1000, 3), "1");
  EXPECT_EQ(decimal(5, 3), "0.005");
  EXPECT_EQ(decimal(0, 12), "0");
  EXPECT_EQ(decimal(-1500, 3), "-1.5");
  EXPECT_EQ(decimal(42, 0), "42");
  EXPECT_EQ(decimal(std::numeric_limits<std::int64_t>::max(), 12), "9223372.036854775807");
  EXPECT_EQ(decimal(std::numeric_limits<std::int64_t>::min(), 18), "-9.223372036854775808");
}

TEST(Shortest, ReadsBackToTheSameDouble) {
  for (const double value : {0.1, 1.0 / 3, 796.2227194190759, 1e300, 1e-300}) {
    EXPECT_EQ(std::stod(shortest(value)), value);
  }
}

TEST(Numbers, RefuseWhatIsNotFinite) {
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(shortest(value), base::InternalError);
    EXPECT_THROW(with_prefix(value), base::InternalError);
    EXPECT_THROW(three_digits(value), base::InternalError);
  }
}

}  // namespace
}  // namespace milliwatt::sim
