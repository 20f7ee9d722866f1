// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace milliwatt::base {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> faults_of(const std::string& text) {
  try {
    CsvTable::parse(text, "t.csv");
  } catch (const UserError& error) {
    return error.messages();
  }
  return {};
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Csv, ReadsFieldsByColumnName) {
  const CsvTable table = CsvTable::parse("name,count,price\nread,3,0.5\nwrite,-4,1e-3\n", "t.csv");
  EXPECT_THAT(table.header(), ElementsAre("name", "count", "price"));
  EXPECT_EQ(table.rows(), 2);
  EXPECT_EQ(table.text(1, "name"), "write");
  EXPECT_EQ(table.integer(1, "count"), -4);
  EXPECT_EQ(table.real(1, "price"), 0.001);
  EXPECT_TRUE(table.has_column("price"));
  EXPECT_FALSE(table.has_column("prize"));
}

TEST(Csv, ReadsQuotesAndLineEnds) {
  const CsvTable table = CsvTable::parse(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x,y\",\"he said \"\"no\"\"\"\r\n\"two\nlines\",\r\nlast,row",
      "t.csv");
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.text(0, "a"), "x,y");
  EXPECT_EQ(table.text(0, "b"), "he said \"no\"");
  EXPECT_EQ(table.text(1, "a"), "two\nlines");
  EXPECT_EQ(table.text(1, "b"), "");
  EXPECT_EQ(table.where(1), "t.csv:3");
  EXPECT_EQ(table.where(2), "t.csv:5");
}

TEST(Csv, ReportsAllRowsOfTheWrongLength) {
  EXPECT_THAT(faults_of("a,b\n1\n1,2\n1,2,3\n\n"),
              ElementsAre("t.csv:2: found 1 fields, the header has 2",
                          "t.csv:4: found 3 fields, the header has 2",
                          "t.csv:5: found 1 fields, the header has 2"));
}

TEST(Csv, LooseFormLeavesOutWhatMeansNothing) {
  Diagnostics faults;
  const CsvTable table = CsvTable::parse("\n a , b,c,\n ,, \n1,\t2 ,3, ,\r\n\n4,5,6\n7,,8\n9,10\n",
                                         "t.csv", CsvForm::kLoose, faults);
  EXPECT_THAT(table.header(), ElementsAre("a", "b", "c"));
  ASSERT_EQ(table.rows(), 3);
  EXPECT_EQ(table.text(0, "b"), "2");
  EXPECT_EQ(table.where(0), "t.csv:4");
  EXPECT_EQ(table.integer(1, "c"), 6);
  EXPECT_EQ(table.text(2, "b"), "");
  EXPECT_THAT(faults.messages(), ElementsAre("t.csv:8: found 2 fields, the header has 3"));
  EXPECT_EQ(table.header_place().text(), "t.csv:2");
  EXPECT_EQ(table.place(0).text(), "t.csv:4");
}

TEST(Csv, RejectsBadHeaders) {
  EXPECT_THAT(faults_of(""), ElementsAre("t.csv:1: the table is empty; expected a header line"));
  EXPECT_THAT(faults_of("a,b,a\n"), ElementsAre("t.csv:1: two columns are named 'a'"));
  EXPECT_THAT(faults_of("a,,b\n"), ElementsAre("t.csv:1: column 2 has no name"));
}

TEST(Csv, RejectsBadQuotes) {
  EXPECT_THAT(faults_of("a\n\"open\n\n"),
              ElementsAre("t.csv:2: a quote is opened and never closed"));
  EXPECT_THAT(faults_of("a\n\"x\"y\n"),
              ElementsAre("t.csv:2: a comma or the end of the line must follow a closing quote"));
  EXPECT_THAT(faults_of("a\nx\"y\n"),
              ElementsAre("t.csv:2: a quote inside a field that is not quoted"));
}

TEST(Csv, NumbersNameTheirCell) {
  const CsvTable table = CsvTable::parse("a,count\nx,010\ny,\n", "t.csv");
  EXPECT_EQ(message_of([&] { table.integer(0, "count"); }),
            "t.csv:2: count: found '010'; numbers are decimal and written without leading zeros");
  EXPECT_EQ(message_of([&] { table.real(1, "count"); }),
            "t.csv:3: count: found ''; expected a number");
  EXPECT_EQ(message_of([&] { table.text(0, "coumt"); }),
            "t.csv:1: no column 'coumt'; did you mean 'count'?");
}

TEST(Csv, WrittenTablesReadBack) {
  const std::vector<std::string> awkward = {"", "a,b", "\"", "line\nbreak", " x ", "\r"};
  CsvWriter writer({"one", "two"});
  for (const std::string& field : awkward) {
    writer.add_row({field, "plain"});
  }
  const CsvTable table = CsvTable::parse(writer.text(), "t.csv");
  ASSERT_EQ(table.rows(), static_cast<int>(awkward.size()));
  for (int row = 0; row < table.rows(); ++row) {
    EXPECT_EQ(table.text(row, "one"), awkward[row]);
    EXPECT_EQ(table.text(row, "two"), "plain");
  }
}

TEST(Csv, WritesPlainFieldsPlainly) {
  CsvWriter writer({"layer", "cycles"});
  writer.add_row({"conv 1", "12"});
  EXPECT_EQ(writer.text(), "layer,cycles\nconv 1,12\n");
  EXPECT_THROW(writer.add_row({"too short"}), InternalError);
}

}  // namespace
}  // namespace milliwatt::base
