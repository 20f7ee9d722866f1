// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace milliwatt::base {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

std::int64_t whole(std::string_view text, Unit unit) {
  const auto parsed = parse_integer(text, unit);
  EXPECT_TRUE(parsed.ok()) << parsed.fault;
  return parsed.value;
}

double real(std::string_view text, Unit unit) {
  const auto parsed = parse_real(text, unit);
  EXPECT_TRUE(parsed.ok()) << parsed.fault;
  return parsed.value;
}

std::string fault(std::string_view text, Unit unit) { return parse_integer(text, unit).fault; }

TEST(Units, WholeNumbersOfEveryUnit) {
  EXPECT_EQ(whole("16", Unit::kCount), 16);
  EXPECT_EQ(whole("-3", Unit::kCount), -3);
  EXPECT_EQ(whole("0", Unit::kCount), 0);
  EXPECT_EQ(whole("1 cycle", Unit::kCycles), 1);
  EXPECT_EQ(whole("4 cycles", Unit::kCycles), 4);
  EXPECT_EQ(whole("200 MHz", Unit::kHertz), 200'000'000);
  EXPECT_EQ(whole("32.768 kHz", Unit::kHertz), 32'768);
  EXPECT_EQ(whole("24 KiB", Unit::kBytes), 24'576);
  EXPECT_EQ(whole("24 KB", Unit::kBytes), 24'000);
  EXPECT_EQ(whole("2 MiB", Unit::kBytes), 2'097'152);
  EXPECT_EQ(whole("2 MB", Unit::kBytes), 2'000'000);
  EXPECT_EQ(whole("1 GiB", Unit::kBytes), 1'073'741'824);
  EXPECT_EQ(whole("64 bit", Unit::kBits), 64);
  EXPECT_EQ(whole("1.6 GB/s", Unit::kBytesPerSecond), 1'600'000'000);
  EXPECT_EQ(whole("1.5 ns", Unit::kPicoseconds), 1'500);
  EXPECT_EQ(whole("1 s", Unit::kPicoseconds), 1'000'000'000'000);
  EXPECT_EQ(whole("3.1 pJ", Unit::kAttojoules), 3'100'000);
  EXPECT_EQ(whole("1.25 mm2", Unit::kSquareMicrometres), 1'250'000);
  EXPECT_EQ(whole("45 nm", Unit::kNanometres), 45);
  EXPECT_EQ(whole("0.18 um", Unit::kNanometres), 180);
}

TEST(Units, SpaceBeforeTheSymbolMayBeMissing) {
  EXPECT_EQ(whole("200MHz", Unit::kHertz), 200'000'000);
  EXPECT_EQ(whole("1.5KiB", Unit::kBytes), 1'536);
  EXPECT_EQ(real("50%", Unit::kPercent), 50.0);
}

TEST(Units, FractionsMustComeOutWhole) {
  EXPECT_EQ(whole("0.5 KiB", Unit::kBytes), 512);
  // 0.3 KiB = 307.2 B
  EXPECT_EQ(fault("0.3 KiB", Unit::kBytes), "found '0.3 KiB'; not a whole number of B");
  EXPECT_EQ(fault("0.0015 ns", Unit::kPicoseconds), "found '0.0015 ns'; not a whole number of ps");
  EXPECT_EQ(fault("3.7", Unit::kCount), "found '3.7'; expected a whole number");
  EXPECT_EQ(fault("3.0", Unit::kCount), "found '3.0'; expected a whole number");
}

TEST(Units, AttojoulesAreRoundedOnceToTheNearest) {
  EXPECT_EQ(whole("0.0004 fJ", Unit::kAttojoules), 0);
  EXPECT_EQ(whole("0.0005 fJ", Unit::kAttojoules), 1);
  EXPECT_EQ(whole("1.4999999 aJ", Unit::kAttojoules), 1);
  EXPECT_EQ(whole("1.5 aJ", Unit::kAttojoules), 2);
}

TEST(Units, LargestAndOneMore) {
  EXPECT_EQ(whole("9223372036854775807", Unit::kCount), kLargest);
  EXPECT_NE(fault("9223372036854775808", Unit::kCount), "");
  EXPECT_NE(fault("9223372036854775808 B", Unit::kBytes), "");
  EXPECT_NE(fault("9223372036.854775808 GHz", Unit::kHertz), "");
  EXPECT_EQ(whole("9223372036.854775807 GHz", Unit::kHertz), kLargest);
  EXPECT_NE(fault("8589934592 GiB", Unit::kBytes), "");  // 2^33 * 2^30 = 2^63
  EXPECT_NE(fault("9999999999999999999999999 GiB", Unit::kBytes), "");
  EXPECT_NE(fault("99999999999999999999999999999999999999999999", Unit::kCount), "");
}

TEST(Units, SpellingsThatMeanSomethingElseElsewhere) {
  EXPECT_EQ(fault("010", Unit::kCount),
            "found '010'; numbers are decimal and written without leading zeros");
  EXPECT_EQ(fault("-010", Unit::kCount),
            "found '-010'; numbers are decimal and written without leading zeros");
  EXPECT_EQ(fault("010 MHz", Unit::kHertz),
            "found '010 MHz'; numbers are decimal and written without leading zeros");
  EXPECT_EQ(fault("0x10", Unit::kCount), "found '0x10'; numbers are written in decimal");
  EXPECT_EQ(fault("0o17", Unit::kCount), "found '0o17'; numbers are written in decimal");
  EXPECT_EQ(fault("0b11", Unit::kCount), "found '0b11'; numbers are written in decimal");
  EXPECT_EQ(fault("1e6", Unit::kCount),
            "found '1e6'; whole numbers are written without an exponent");
  EXPECT_EQ(fault("1e6 Hz", Unit::kHertz),
            "found '1e6 Hz'; whole numbers are written without an exponent");
  EXPECT_EQ(fault("1_000", Unit::kCount), "found '1_000'; digits are written without underscores");
  EXPECT_EQ(fault("1,5", Unit::kCount),
            "found '1,5'; digits are written without commas, and the decimal sign is a point");
  EXPECT_EQ(fault("+5", Unit::kCount), "found '+5'; numbers are written without a plus sign");
  for (const char* text :
       {"", "-", "abc", "12abc", "1.2.3", "5.", ".5", "1e", "--1", "1 2", " 1"}) {
    EXPECT_NE(fault(text, Unit::kCount), "") << text;
    EXPECT_NE(parse_real(text, Unit::kRatio).fault, "") << text;
  }
}

TEST(Units, UnitsAreRequiredExactlyWhereTheyTellSomething) {
  EXPECT_EQ(fault("200", Unit::kHertz),
            "found '200'; expected a number with its unit (Hz, kHz, MHz, GHz)");
  EXPECT_EQ(fault("0", Unit::kBytes),
            "found '0'; expected a number with its unit (B, KB, KiB, MB, MiB, GB, GiB)");
  EXPECT_EQ(fault("4", Unit::kCycles),
            "found '4'; expected a number with its unit (cycle, cycles)");
  EXPECT_EQ(fault("16 B", Unit::kCount), "found '16 B'; expected a whole number without a unit");
  EXPECT_EQ(fault("16 KiB", Unit::kHertz),
            "found '16 KiB'; expected a number with its unit (Hz, kHz, MHz, GHz)");
}

TEST(Units, SymbolsAreExactAndSuggested) {
  EXPECT_EQ(fault("200 mhz", Unit::kHertz),
            "found '200 mhz'; expected a number with its unit (Hz, kHz, MHz, GHz); did you mean "
            "'MHz'?");
  EXPECT_NE(fault("1 kiB", Unit::kBytes).find("did you mean 'KiB'?"), std::string::npos);
}

TEST(Units, RealsAreTheNearestDouble) {
  EXPECT_EQ(real("0.1", Unit::kRatio), 0.1);
  EXPECT_EQ(real("1e-3", Unit::kRatio), 0.001);
  EXPECT_EQ(real("900 mV", Unit::kVolts), 0.9);
  // 3.1 fJ is the double next to 0.0031 pJ; 3.1 * 0.001 in doubles is another one.
  EXPECT_EQ(real("3.1 fJ", Unit::kPicojoules), 0.0031);
  EXPECT_EQ(real("2.5 mW", Unit::kMicrowatts), 2500.0);
  EXPECT_EQ(real("0.3 mm2", Unit::kSquareMicrometres), 300'000.0);
  EXPECT_EQ(real("298.15 K", Unit::kKelvin), 298.15);
}

TEST(Units, RealsAreFinite) {
  for (const char* text : {".inf", "-.inf", ".nan", "inf", "nan", "Infinity", "1e309", "0x10"}) {
    EXPECT_NE(parse_real(text, Unit::kRatio).fault, "") << text;
  }
  EXPECT_EQ(real("1.7976931348623157e308", Unit::kRatio), std::numeric_limits<double>::max());
}

TEST(Units, PrintsTheLargestSymbolThatStaysWhole) {
  EXPECT_EQ(print_integer(200'000'000, Unit::kHertz), "200 MHz");
  EXPECT_EQ(print_integer(1'500'000'000, Unit::kHertz), "1500 MHz");
  EXPECT_EQ(print_integer(333'333'333, Unit::kHertz), "333333333 Hz");
  EXPECT_EQ(print_integer(24'576, Unit::kBytes), "24 KiB");
  EXPECT_EQ(print_integer(24'000, Unit::kBytes), "24000 B");
  EXPECT_EQ(print_integer(0, Unit::kBytes), "0 B");
  EXPECT_EQ(print_integer(1, Unit::kCycles), "1 cycle");
  EXPECT_EQ(print_integer(0, Unit::kCycles), "0 cycles");
  EXPECT_EQ(print_integer(16, Unit::kCount), "16");
}

TEST(Units, EveryPrintedIntegerReadsBack) {
  std::mt19937_64 random(1);
  for (int unit = 0; unit <= static_cast<int>(Unit::kKelvin); ++unit) {
    const Unit which = static_cast<Unit>(unit);
    if (which == Unit::kPicojoules || which == Unit::kMicrowatts || which == Unit::kVolts) {
      continue;  // held as doubles
    }
    for (int i = 0; i < 1000; ++i) {
      const auto value = static_cast<std::int64_t>(random() >> (1 + i % 60));
      ASSERT_EQ(whole(print_integer(value, which), which), value) << print_integer(value, which);
      ASSERT_EQ(whole(print_integer(value / 1000 * 1000, which), which), value / 1000 * 1000);
    }
  }
}

TEST(Units, EveryPrintedRealReadsBack) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-300.0, 300.0);
  for (int unit = 0; unit <= static_cast<int>(Unit::kKelvin); ++unit) {
    for (int i = 0; i < 1000; ++i) {
      const double value = std::pow(10.0, exponent(random)) * (i % 2 == 0 ? 1.0 : -1.0);
      const Unit which = static_cast<Unit>(unit);
      ASSERT_EQ(real(print_real(value, which), which), value) << print_real(value, which);
    }
  }
  EXPECT_EQ(print_real(0.1, Unit::kVolts), "0.1 V");
  EXPECT_EQ(print_real(1.0 / 3.0, Unit::kRatio), "0.3333333333333333");
}

}  // namespace
}  // namespace milliwatt::base
