// SPDX-License-Identifier: Apache-2.0
// Traps of Boost.Program_options 1.74, and the test that keeps milliwatt out of each:
//   --conf is taken for --config          CommandLine.NeverCompletesANameButSuggestsIt
//   -1 into an unsigned is 4294967295     CommandLine.ANegativeCountIsNotALargeOne
//   a stray positional is ignored         CommandLine.AStrayPositionalIsRefused
//   --out --quiet swallows the option     CommandLine.ValuesMustBeThereAndAreTakenAsTheyAre
//   -x reads as short options             CommandLine.ShortOptionsDoNotExist
//   an option given twice throws late,    CommandLine.OptionsComeOnceUnlessRepeatable
//     or the last one wins
#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace milliwatt::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

CommandLine line() {
  return CommandLine(
      {{"out", "DIR", ""}, {"set", "KEY=VALUE", "", true}, {"seed", "N", ""}, {"quiet", "", ""}},
      {"PLATFORM", "NETWORK"}, 1, 2);
}

/// The messages of the UserError that parsing throws; none when it does not.
Words faults(const Words& words) {
  try {
    line().parse(words);
    return {};
  } catch (const base::UserError& error) {
    return error.messages();
  }
}

TEST(CommandLine, TakesOptionsAndPositionalsInAnyOrder) {
  const Arguments arguments =
      line().parse({"--out", "a", "p.yaml", "--set=x=1", "n.tflite", "--quiet", "--set", "y=2"});
  EXPECT_THAT(arguments.positionals(), ElementsAre("p.yaml", "n.tflite"));
  EXPECT_EQ(arguments.value("out"), "a");
  EXPECT_THAT(arguments.values("set"), ElementsAre("x=1", "y=2"));
  EXPECT_TRUE(arguments.has("quiet"));
  EXPECT_FALSE(arguments.has("seed"));
  EXPECT_EQ(arguments.value("seed", "1"), "1");
}

TEST(CommandLine, NeverCompletesANameButSuggestsIt) {
  EXPECT_THAT(faults({"p", "--qui"}),
              ElementsAre("unknown option '--qui'; did you mean '--quiet'? Allowed: --out, --set, "
                          "--seed, --quiet"));
  EXPECT_THAT(faults({"p", "--ou=x"}), ElementsAre(HasSubstr("'--ou'; did you mean '--out'?")));
  EXPECT_THAT(faults({"p", "--sete", "a"}),
              ElementsAre(HasSubstr("'--sete'; did you mean '--set'?")));
  EXPECT_THAT(faults({"p", "--verbose"}), ElementsAre(HasSubstr("'--verbose'. Allowed: --out")));
  EXPECT_THAT(faults({"p", "-q"}), ElementsAre(HasSubstr("'-q'; did you mean '--quiet'?")));
}

TEST(CommandLine, ReportsAllFaultsAtOnce) {
  EXPECT_THAT(faults({"--quit", "p", "--sed", "2", "--quiet", "--quiet"}),
              ElementsAre(HasSubstr("'--quit'"), HasSubstr("'--sed'"),
                          "option '--quiet' is given more than once"));
  EXPECT_THAT(faults({"p", "n", "x", "y"}),
              ElementsAre("unexpected argument 'x'", "unexpected argument 'y'"));
  EXPECT_THAT(faults({}), ElementsAre("PLATFORM is missing"));
}

TEST(CommandLine, OptionsComeOnceUnlessRepeatable) {
  EXPECT_THAT(faults({"p", "--out", "a", "--out=b"}),
              ElementsAre("option '--out' is given more than once"));
  EXPECT_THAT(faults({"p", "--set", "a=1", "--set=a=1"}), IsEmpty());
}

TEST(CommandLine, ValuesMustBeThereAndAreTakenAsTheyAre) {
  EXPECT_THAT(faults({"p", "--out"}), ElementsAre(HasSubstr("'--out' is missing")));
  EXPECT_THAT(faults({"p", "--out", ""}), ElementsAre("option '--out' has an empty value"));
  EXPECT_THAT(faults({"p", "--out="}), ElementsAre(HasSubstr("'--out'")));
  EXPECT_THAT(faults({"p", "--quiet=1"}), ElementsAre(HasSubstr("'--quiet'")));
  EXPECT_THAT(faults({"p", "--out", "--quiet"}),
              ElementsAre("option '--out' needs a value, found '--quiet'"));
  EXPECT_EQ(line().parse({"p", "--out=--quiet"}).value("out"), "--quiet");
  EXPECT_EQ(line().parse({"p", "--seed", "-1"}).value("seed"), "-1");
}

TEST(CommandLine, AStrayPositionalIsRefused) {
  EXPECT_THAT(faults({"p", "n", "stray"}), ElementsAre("unexpected argument 'stray'"));
  EXPECT_THAT(faults({"p", "n"}), IsEmpty());
}

TEST(CommandLine, ANegativeCountIsNotALargeOne) {
  try {
    parse_count("jobs", "-1");
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_STREQ(error.what(),
                 "option '--jobs': found '-1'; allowed: whole numbers from 0 to 4294967295");
  }
}

TEST(CommandLine, ShortOptionsDoNotExist) {
  EXPECT_THAT(faults({"p", "-o", "x"}), ElementsAre(HasSubstr("unknown option '-o'")));
  EXPECT_THAT(faults({"p", "-qs3"}), ElementsAre(HasSubstr("unknown option '-qs3'")));
}

TEST(CommandLine, TakesEverythingBehindTwoDashesAsPositional) {
  EXPECT_THAT(line().parse({"--quiet", "--", "--out", "-x"}).positionals(),
              ElementsAre("--out", "-x"));
}

TEST(CommandLine, ANumberIsWholeAndFits) {
  EXPECT_EQ(parse_count("seed", "0"), 0U);
  EXPECT_EQ(parse_count("seed", "4294967295"), 4294967295U);
  for (const char* text : {"-1", "4294967296", "1x", "", " 1", "0x10", "1.0", "1e3"}) {
    EXPECT_THROW(parse_count("seed", text), base::UserError) << text;
  }
}

}  // namespace
}  // namespace milliwatt::app
