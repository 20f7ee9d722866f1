// SPDX-License-Identifier: Apache-2.0
// Every scalar that yaml-cpp 0.7 would convert in a surprising way, with milliwatt's decision.
//
// Traps of yaml-cpp 0.7, and the test that keeps milliwatt out of each:
//   010 reads as 8                        Scalar.LeadingZeroIsNotOctalButAnError
//   0x10 reads as 16                      Scalar.HexadecimalIsAnErrorAlsoForReals
//   yes, on, y, True are true             Scalar.BooleansAreTrueAndFalseOnly
//   1 is no bool, 1e6 and 1_000 no        Scalar.BooleansAreTrueAndFalseOnly,
//   integers, and the message names         Scalar.ExponentIsForRealsOnly,
//   neither file nor key                    Scalar.UnderscoresAreErrors
//   "12" in quotes is a number            Scalar.QuotedNumbersAndBooleansAreTexts
//   .inf and .nan are doubles             Scalar.InfinityAndNanAreErrors
//   300 for a byte, -1 for an unsigned    Scalar.RangeOfTheMemberIsTheLargestRange,
//                                           Scalar.NegativeIntoUnsignedIsOutOfRange
//   a missing key is made by looking      Scalar.MissingKeysAreNeverInvented
//   the first of two equal keys wins      Yaml.RejectsDuplicateKeys
//   <<: stays unmerged                    Yaml.RejectsMergeKeysWhichWouldStayUnmerged
//   anchors, aliases and tags mean more   Yaml.RejectsAnchorsAndAliases, Yaml.RejectsTags
//     than the file says
//   a second document is ignored          Yaml.RejectsSecondDocuments
//   the end of the file closes a quote    Yaml.RejectsQuotesThatTheEndOfTheFileCloses
//   lines and columns count from 0        Yaml.KeepsOrderTextPlaceAndPath
//   deep nesting, bytes that are no text  Yaml.DeepNestingIsAnErrorNotACrash,
//                                           Yaml.RejectsBinaryFiles
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/schema.h"

namespace milliwatt::base {
namespace {

struct Scalars {
  std::uint32_t u32 = 0;
  std::uint8_t u8 = 0;
  std::int8_t i8 = 0;
  std::int64_t i64 = 0;
  double real = 0.0;
  bool flag = false;
};

Schema<Scalars> scalar_schema() {
  Schema<Scalars> s{"scalars", "One member per type."};
  s.integer("u32", &Scalars::u32).def(0);
  s.integer("u8", &Scalars::u8).def(0);
  s.integer("i8", &Scalars::i8).def(0);
  s.integer("i64", &Scalars::i64).def(0);
  s.real("real", &Scalars::real).def(0.0);
  s.boolean("flag", &Scalars::flag).def(false);
  return s;
}

/// The message for `text`; empty when it is accepted.
std::string fault_of(const std::string& text) {
  try {
    scalar_schema().read(parse_yaml_text(text, "a.yaml"));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

Scalars read(const std::string& text) {
  return scalar_schema().read(parse_yaml_text(text, "a.yaml"));
}

TEST(Scalar, NegativeIntoUnsignedIsOutOfRange) {
  EXPECT_EQ(fault_of("u32: -1"), "a.yaml:1:6: u32: found '-1'; allowed: 0 .. 4294967295");
  EXPECT_EQ(fault_of("u8: -1"), "a.yaml:1:5: u8: found '-1'; allowed: 0 .. 255");
}

TEST(Scalar, LeadingZeroIsNotOctalButAnError) {
  EXPECT_EQ(fault_of("u32: 010"),
            "a.yaml:1:6: u32: found '010'; numbers are decimal and written without leading zeros");
}

TEST(Scalar, HexadecimalIsAnErrorAlsoForReals) {
  EXPECT_EQ(fault_of("u32: 0x10"), "a.yaml:1:6: u32: found '0x10'; numbers are written in decimal");
  EXPECT_EQ(fault_of("real: 0x10"),
            "a.yaml:1:7: real: found '0x10'; numbers are written in decimal");
}

TEST(Scalar, YamlOctalAndBinaryAreErrors) {
  EXPECT_NE(fault_of("u32: 0o17"), "");
  EXPECT_NE(fault_of("u32: 0b11"), "");
}

TEST(Scalar, ExponentIsForRealsOnly) {
  EXPECT_EQ(fault_of("u32: 1e6"),
            "a.yaml:1:6: u32: found '1e6'; whole numbers are written without an exponent");
  EXPECT_EQ(read("real: 1e6").real, 1'000'000.0);
}

TEST(Scalar, RangeOfTheMemberIsTheLargestRange) {
  EXPECT_EQ(fault_of("u32: 4294967296"),
            "a.yaml:1:6: u32: found '4294967296'; allowed: 0 .. 4294967295");
  EXPECT_EQ(read("u32: 4294967295").u32, 4'294'967'295U);
  EXPECT_EQ(read("u8: 7").u8, 7);
  EXPECT_EQ(read("u8: 65").u8, 65);  // a number, not the letter A
  EXPECT_EQ(read("u8: 255").u8, 255);
  EXPECT_NE(fault_of("u8: 256"), "");
  EXPECT_EQ(read("i8: -128").i8, -128);
  EXPECT_NE(fault_of("i8: 200"), "");
  EXPECT_EQ(read("i64: 9223372036854775807").i64, std::numeric_limits<std::int64_t>::max());
  EXPECT_NE(fault_of("i64: 9223372036854775808"), "");
}

TEST(Scalar, FractionsAreNotCutOff) {
  EXPECT_EQ(fault_of("u32: 3.7"), "a.yaml:1:6: u32: found '3.7'; expected a whole number");
}

TEST(Scalar, UnderscoresAreErrors) {
  EXPECT_EQ(fault_of("u32: 1_000"),
            "a.yaml:1:6: u32: found '1_000'; digits are written without underscores");
}

TEST(Scalar, QuotedNumbersAndBooleansAreTexts) {
  EXPECT_EQ(fault_of("u32: \"12\""),
            "a.yaml:1:6: u32: found the quoted text '12'; numbers are written without quotes");
  EXPECT_EQ(fault_of("real: '1.5'"),
            "a.yaml:1:7: real: found the quoted text '1.5'; numbers are written without quotes");
  EXPECT_EQ(
      fault_of("flag: 'true'"),
      "a.yaml:1:7: flag: found the quoted text 'true'; true and false are written without quotes");
}

TEST(Scalar, LettersBehindANumberAreErrors) {
  EXPECT_EQ(fault_of("u32: 12abc"),
            "a.yaml:1:6: u32: found '12abc'; expected a whole number without a unit");
}

TEST(Scalar, NothingIsNotZero) {
  EXPECT_EQ(fault_of("u32: ~"), "a.yaml:1:1: u32: found nothing; expected 0 .. 4294967295");
  EXPECT_EQ(fault_of("u32:"), "a.yaml:1:1: u32: found nothing; expected 0 .. 4294967295");
  EXPECT_EQ(fault_of("flag:"), "a.yaml:1:1: flag: found nothing; expected true or false");
}

TEST(Scalar, InfinityAndNanAreErrors) {
  EXPECT_EQ(fault_of("real: .inf"),
            "a.yaml:1:7: real: found '.inf'; expected a number, and it must be finite");
  EXPECT_NE(fault_of("real: -.inf"), "");
  EXPECT_NE(fault_of("real: .nan"), "");
  EXPECT_NE(fault_of("real: .NaN"), "");
  EXPECT_NE(fault_of("real: nan"), "");
}

TEST(Scalar, CommaIsNotADecimalPoint) {
  EXPECT_EQ(fault_of("real: 1,5"),
            "a.yaml:1:7: real: found '1,5'; digits are written without commas, and the decimal "
            "sign is a point");
}

TEST(Scalar, BooleansAreTrueAndFalseOnly) {
  EXPECT_TRUE(read("flag: true").flag);
  EXPECT_FALSE(read("flag: false").flag);
  for (const char* word : {"yes", "no", "on", "off", "y", "n", "1", "0", "True", "TRUE", "t"}) {
    EXPECT_EQ(fault_of(std::string("flag: ") + word),
              std::string("a.yaml:1:7: flag: found '") + word + "'; allowed: true or false");
  }
}

TEST(Scalar, MissingKeysAreNeverInvented) {
  const YamlNode root = parse_yaml_text("a: {b: 1}", "a.yaml");
  EXPECT_EQ(root.find("zzz"), nullptr);
  EXPECT_EQ(root.find("a")->find("zzz"), nullptr);
  EXPECT_EQ(root.find("a")->find("b")->find("zzz"), nullptr);
}

}  // namespace
}  // namespace milliwatt::base
