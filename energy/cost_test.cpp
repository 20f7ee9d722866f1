// SPDX-License-Identifier: Apache-2.0
#include "energy/cost.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "energy/expression.h"

namespace milliwatt::energy {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Scope scope_of(const std::map<std::string, double>& numbers,
               const std::map<std::string, Range>& costs) {
  Scope scope;
  scope.number = [numbers](const std::string& name) -> std::optional<double> {
    return numbers.count(name) ? std::optional<double>(numbers.at(name)) : std::nullopt;
  };
  scope.cost = [costs](const std::string& name, Dimension) -> std::optional<Range> {
    return costs.count(name) ? std::optional<Range>(costs.at(name)) : std::nullopt;
  };
  return scope;
}

std::int64_t attojoules(const std::string& text) {
  return round_once(Expression::parse(text, Dimension::kEnergy).evaluate(scope_of({}, {})), "test")
      .nominal;
}

TEST(RoundOnce, GoesToTheNearestAttojoule) {
  EXPECT_EQ(attojoules("0.2 pJ"), 200'000);
  EXPECT_EQ(attojoules("1.3237 pJ"), 1'323'700);
  EXPECT_EQ(attojoules("2.4 aJ"), 2);
  EXPECT_EQ(attojoules("2.5 aJ"), 3) << "ties go away from zero";
  EXPECT_EQ(attojoules("2.6 aJ"), 3);
}

TEST(RoundOnce, RoundsTheSumAndNotItsParts) {
  // 0.4 + 0.4 + 0.4 = 1.2 aJ is 1 aJ; rounding each part first would give 0.
  EXPECT_EQ(attojoules("0.4 aJ + 0.4 aJ + 0.4 aJ"), 1);
  // 3 x 0.4 aJ = 1.2 aJ likewise.
  EXPECT_EQ(attojoules("3 * 0.4 aJ"), 1);
}

TEST(RoundOnce, RefusesWhatIsNoCost) {
  EXPECT_THROW(round_once({-1, 0, 0}, "x"), base::UserError);
  EXPECT_THROW(round_once({0, 0, 1e19}, "x"), base::UserError);
  EXPECT_THROW(round_once({0, std::numeric_limits<double>::quiet_NaN(), 0}, "x"), base::UserError);
  EXPECT_THROW(round_once({2, 1, 3}, "x"), base::UserError);
  EXPECT_THROW(round_once({1, 3, 2}, "x"), base::UserError);
  EXPECT_EQ(round_once({1, 2, 3}, "x"), (Bounds{1, 2, 3}));
}

TEST(CheckedArithmetic, ThrowsExactlyWhenItWouldWrap) {
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_THROW(checked_add(kMax, 1), base::UserError);
  EXPECT_EQ(checked_multiply(kMax / 2, 2), kMax - 1);
  EXPECT_THROW(checked_multiply(kMax / 2 + 1, 2), base::UserError);
  EXPECT_THROW(checked_multiply(Bounds{1, 1, kMax}, 2), base::UserError);
}

TEST(Expression, SumsProductsOfCostsNumbersAndAttributes) {
  const Scope scope = scope_of({{"width_bits", 32}}, {{"register_1b", {8000, 9000, 10'000}},
                                                      {"int_mul_8", {200'000, 200'000, 200'000}}});
  const Range range =
      Expression::parse("int_mul_8 + 2 * width_bits * register_1b + 0.5 pJ * width_bits",
                        Dimension::kEnergy)
          .evaluate(scope);
  // 200 000 + 2 x 32 x 9 000 + 32 x 500 000; the bounds differ by 2 x 32 x 1 000.
  EXPECT_EQ(range.nominal, 16'776'000);
  EXPECT_EQ(range.low, 16'712'000);
  EXPECT_EQ(range.high, 16'840'000);
}

TEST(Expression, EachProductHoldsExactlyOneCost) {
  const Scope scope = scope_of({{"lanes", 4}}, {{"a", {1, 1, 1}}});
  const auto evaluate = [&](const char* text) {
    return Expression::parse(text, Dimension::kEnergy).evaluate(scope).nominal;
  };
  EXPECT_EQ(evaluate("a * lanes"), 4);
  EXPECT_THROW(evaluate("a * a"), base::UserError);
  EXPECT_THROW(evaluate("lanes"), base::UserError);
  EXPECT_THROW(evaluate("a + 3"), base::UserError);
  EXPECT_THROW(evaluate("a * 3 pJ"), base::UserError);
  EXPECT_THROW(evaluate("a * nobody"), base::UserError);
  EXPECT_THROW(Expression::parse("1 pJ * 2 pJ", Dimension::kEnergy), base::UserError);
}

TEST(Expression, UnitsBelongToTheDimension) {
  const Scope scope = scope_of({}, {});
  const auto evaluate = [&](const char* text, Dimension dimension) {
    return Expression::parse(text, dimension).evaluate(scope).nominal;
  };
  EXPECT_EQ(evaluate("0.07 uW", Dimension::kPower), 7e7);
  EXPECT_EQ(evaluate("5.98 um2", Dimension::kArea), 5.98e6);
  EXPECT_THROW(evaluate("0.07 uW", Dimension::kEnergy), base::UserError);
  EXPECT_THROW(evaluate("3 parsec", Dimension::kEnergy), base::UserError);
  EXPECT_THROW(evaluate("1 pJ +", Dimension::kEnergy), base::UserError);
  EXPECT_THROW(evaluate("", Dimension::kEnergy), base::UserError);
}

}  // namespace
}  // namespace milliwatt::energy
