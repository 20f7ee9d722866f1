// SPDX-License-Identifier: Apache-2.0
// What yaml-cpp 0.7 would let pass silently, one test per trap; the traps that concern the meaning
// of a scalar are in scalar_test.cpp.
#include "base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace milliwatt::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> faults_of(const std::string& text) {
  try {
    parse_yaml_text(text, "a.yaml");
  } catch (const UserError& error) {
    return error.messages();
  }
  return {};
}

TEST(Yaml, KeepsOrderTextPlaceAndPath) {
  const YamlNode root = parse_yaml_text("zeta: 1\nalpha:\n  - x: ' q '\n  - 010\n", "a.yaml");
  ASSERT_EQ(root.entries.size(), 2);
  EXPECT_EQ(root.entries[0].key, "zeta");
  EXPECT_EQ(root.entries[1].place.text(), "a.yaml:2:1: alpha");
  const YamlNode& alpha = root.entries[1].value;
  EXPECT_EQ(alpha.place.text(), "a.yaml:3:3: alpha");
  ASSERT_EQ(alpha.items.size(), 2);
  EXPECT_EQ(alpha.items[0].entries[0].place.text(), "a.yaml:3:5: alpha[0].x");
  EXPECT_EQ(alpha.items[0].find("x")->place.text(), "a.yaml:3:8: alpha[0].x");
  EXPECT_EQ(alpha.items[0].find("x")->text, " q ");
  EXPECT_TRUE(alpha.items[0].find("x")->quoted);
  EXPECT_EQ(alpha.items[1].text, "010");
  EXPECT_FALSE(alpha.items[1].quoted);
  EXPECT_EQ(alpha.items[1].place.text(), "a.yaml:4:5: alpha[1]");
}

TEST(Yaml, MissingValueStandsAtItsKey) {
  const YamlNode root = parse_yaml_text("rows:\ncols: 4\nlast:", "a.yaml");
  EXPECT_TRUE(root.find("rows")->is_null());
  EXPECT_EQ(root.find("rows")->place.text(), "a.yaml:1:1: rows");
  EXPECT_EQ(root.find("last")->place.text(), "a.yaml:3:1: last");
}

TEST(Yaml, TildeAndNullAreNothingUnlessQuoted) {
  const YamlNode root = parse_yaml_text("a: ~\nb: null\nc: '~'\nd: \"null\"", "a.yaml");
  EXPECT_TRUE(root.find("a")->is_null());
  EXPECT_TRUE(root.find("b")->is_null());
  EXPECT_EQ(root.find("c")->text, "~");
  EXPECT_EQ(root.find("d")->text, "null");
}

TEST(Yaml, RejectsDuplicateKeys) {
  EXPECT_THAT(faults_of("m:\n  rows: 1\n  cols: 2\n  rows: 3\n"),
              ElementsAre("a.yaml:4:3: m.rows: duplicate key, first given in line 2"));
  EXPECT_THAT(faults_of("{a: 1, 'a': 2}"),
              ElementsAre("a.yaml:1:8: a: duplicate key, first given in line 1"));
  EXPECT_THAT(faults_of("a: {x: 1}\nb: {x: 1}\n"), ElementsAre());
}

TEST(Yaml, RejectsAnchorsAndAliases) {
  EXPECT_THAT(faults_of("a: &one 1\nb: *one\n"),
              ElementsAre("a.yaml:1:4: a: anchors (&one) are not allowed; write the value out",
                          "a.yaml:2:4: b: aliases (*name) are not allowed; write the value out"));
  EXPECT_THAT(faults_of("a: *none\n"),
              ElementsAre(HasSubstr("a.yaml:1:4: not valid YAML: the referenced anchor")));
}

TEST(Yaml, AnAliasIsOneFault) {
  Diagnostics faults;
  const auto root = parse_yaml_text("a: &one 1\nb: *one\nc: [*one, 2]\n", "a.yaml", faults);
  ASSERT_TRUE(root);
  EXPECT_EQ(faults.messages().size(), 3);
  EXPECT_EQ(root->find("b"), nullptr);
  EXPECT_EQ(root->find("a")->text, "1");
}

TEST(Yaml, ReadersMayGoOnBehindFaults) {
  Diagnostics faults;
  const auto root = parse_yaml_text("a: !!int 1\na: 2\nb: 3\n", "a.yaml", faults);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->text, "1");
  EXPECT_EQ(root->find("b")->text, "3");
  faults.add(root->find("b")->place, "is odd");
  EXPECT_EQ(faults.messages().size(), 3);
  EXPECT_EQ(parse_yaml_text("a: [\n", "a.yaml", faults), std::nullopt);
}

TEST(Yaml, RejectsQuotesThatTheEndOfTheFileCloses) {
  EXPECT_THAT(faults_of("a: 'b\nc: d\n"),
              ElementsAre("a.yaml:1:4: a: the quote ' is never closed"));
  EXPECT_THAT(faults_of("a: \"b\\\"\n"),
              ElementsAre("a.yaml:1:4: a: the quote \" is never closed"));
  EXPECT_THAT(faults_of("a: 'it''s'\nb: \"\\\"\"\nc: ''"), ElementsAre());
}

TEST(Yaml, SyntaxErrorsNameTheUsualCause) {
  EXPECT_THAT(faults_of("a:\n\tb: 1\n"), ElementsAre(testing::EndsWith("use blanks")));
  EXPECT_THAT(faults_of("a\n  b: 1\n"), ElementsAre(HasSubstr("a ':' is missing")));
  EXPECT_THAT(faults_of("a:\n  b: 1\n c: 2\n"), ElementsAre(HasSubstr("indented by less")));
  EXPECT_THAT(faults_of("a: {b: 1\nc: 2\n"), ElementsAre(HasSubstr("not closed")));
}

TEST(Yaml, RejectsMergeKeysWhichWouldStayUnmerged) {
  EXPECT_THAT(faults_of("a:\n  <<: {rows: 1}\n"),
              ElementsAre("a.yaml:2:3: a: merge keys (<<) are not allowed; write the keys out"));
}

TEST(Yaml, RejectsTags) {
  for (const char* tagged : {"!!int 3", "!foo 3", "! 3", "!!str ~", "!!map {b: 1}", "!x [1]"}) {
    EXPECT_THAT(faults_of(std::string("a: ") + tagged),
                ElementsAre(testing::ContainsRegex("^a.yaml:1:4: a: tags .* are not allowed")))
        << tagged;
  }
  EXPECT_THAT(faults_of("a: '!3'\nb: \"!\"\nc: wow!\n"), ElementsAre());
}

TEST(Yaml, RejectsALoneTagBehindAByteOrderMark) {
  EXPECT_THAT(faults_of("\xEF\xBB\xBF"
                        "a: ! 3"),
              ElementsAre("a.yaml:1:4: a: tags (!) are not allowed; the key decides the type"));
}

TEST(Yaml, RejectsKeysThatAreNotNames) {
  EXPECT_THAT(faults_of("? [1]\n: 4\n"),
              ElementsAre("a.yaml:1:3: a key must be a name, found a list"));
  EXPECT_THAT(faults_of("a: {? {x: 1} : 4}\n"),
              ElementsAre(HasSubstr("a key must be a name, found a map")));
  EXPECT_THAT(faults_of(": 4\n"), ElementsAre(HasSubstr("a key must be a name, found nothing")));
}

TEST(Yaml, RejectsSecondDocuments) {
  const std::string message = "the document ended before this line; a file holds one document";
  EXPECT_THAT(faults_of("a: 1\n---\nb: 2\n"), ElementsAre("a.yaml:2:1: " + message));
  EXPECT_THAT(faults_of("a: 1\n---\n"), ElementsAre("a.yaml:2:1: " + message));
  EXPECT_THAT(faults_of("[1, 2]\n]\n"), ElementsAre(HasSubstr("a.yaml:2:1: ")));
  EXPECT_THAT(faults_of("---\na: 1\n...\n"), ElementsAre());
}

TEST(Yaml, RejectsEmptyFiles) {
  EXPECT_THAT(faults_of(""), ElementsAre("a.yaml:1:1: the file is empty"));
  EXPECT_THAT(faults_of("# nothing\n\n"), ElementsAre("a.yaml:1:1: the file is empty"));
  EXPECT_THAT(faults_of("---\n"), ElementsAre(HasSubstr("the document is empty")));
  EXPECT_THAT(faults_of("~\n"), ElementsAre("a.yaml:1:1: the document is empty"));
}

TEST(Yaml, SyntaxErrorsNameFileLineAndColumn) {
  EXPECT_THAT(faults_of("a: 1\n b: 2\n"),
              ElementsAre(testing::StartsWith("a.yaml:2:3: not valid YAML: ")));
  EXPECT_THAT(faults_of("a: [1, 2\n"), ElementsAre(testing::StartsWith("a.yaml:2:1: not valid")));
  EXPECT_THAT(faults_of("a:\n\t- 1\n"), ElementsAre(testing::StartsWith("a.yaml:2:")));
}

TEST(Yaml, SyntaxErrorComesWithTheFaultsBeforeIt) {
  EXPECT_THAT(faults_of("a: 1\na: 2\nb: [\n"),
              ElementsAre(HasSubstr("duplicate key"), HasSubstr("not valid YAML")));
}

TEST(Yaml, DeepNestingIsAnErrorNotACrash) {
  EXPECT_THAT(faults_of(std::string(20'000, '[')), ElementsAre(HasSubstr("not valid YAML")));
}

TEST(Yaml, RejectsBinaryFiles) {
  EXPECT_THAT(faults_of(std::string("a\0b", 3)), ElementsAre("a.yaml:1: not UTF-8 text"));
  EXPECT_THAT(faults_of("a: 1\nb: \xE4\n"), ElementsAre("a.yaml:2: not UTF-8 text"));
  EXPECT_THAT(faults_of(std::string("\xFF\xFE"
                                    "a\0:\0",
                                    6)),
              ElementsAre(HasSubstr("UTF-8")));
}

TEST(Yaml, FileNamesAreThoseOfTheUser) {
  try {
    parse_yaml_file("./no/such.yaml");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "./no/such.yaml: no such file");
  }
}

bool same(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size() ||
      a.items.size() != b.items.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key || !same(a.entries[i].value, b.entries[i].value)) {
      return false;
    }
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same(a.items[i], b.items[i])) {
      return false;
    }
  }
  return true;
}

TEST(Yaml, WritesWhatItReads) {
  const std::string text =
      "rows: 16\nclock: 200 MHz\nname: \"he: \\\"llo\"\nempty: {}\nnone: []\nnil: ~\n"
      "list:\n  - 1\n  -\n    a: b\n    c:\n      - -0.5\n";
  const YamlNode root = parse_yaml_text(text, "a.yaml");
  EXPECT_EQ(write_yaml(root), text);
}

TEST(Yaml, WritesAwkwardTextsSoThatTheyReadBack) {
  YamlNode root = YamlNode::map();
  int next = 0;
  for (const char* text :
       {"",     " ",         "~",           "null",     "Null", "a: b", "- x",      "-",
        "--- ", "---",       "...",         "% x",      "# c",  "a #b", "'",        "\"",
        "\\",   "tab\there", "line\nbreak", "\x01\x7F", "{",    "[",    "*a",       "&a",
        "!t",   "|",         ">",           "?",        "@",    "`",    "\xC3\xA4", "true",
        "010",  "-5",        "1e-07",       "a ",       "<<",   "=",    ".5"}) {
    root.set("k" + std::to_string(next++), YamlNode::scalar(text));
    root.set(std::string("key ") + text, YamlNode::scalar("v"));
  }
  EXPECT_TRUE(same(parse_yaml_text(write_yaml(root), "a.yaml"), root)) << write_yaml(root);
}

TEST(Yaml, SurvivesRandomBytes) {
  std::mt19937 random(3);
  const std::string alphabet = "ab01: -\n[]{},&*!|>'\"%#?~.\t<";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int length = static_cast<int>(random() % 24); length > 0; --length) {
      text += alphabet[random() % alphabet.size()];
    }
    try {
      const YamlNode root = parse_yaml_text(text, "a.yaml");
      ASSERT_TRUE(same(parse_yaml_text(write_yaml(root), "b.yaml"), root)) << text;
    } catch (const UserError& error) {
      ASSERT_FALSE(error.messages().empty()) << text;
      ASSERT_EQ(error.messages()[0].compare(0, 7, "a.yaml:"), 0) << text << error.what();
    }
  }
}

}  // namespace
}  // namespace milliwatt::base
