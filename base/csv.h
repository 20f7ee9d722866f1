// SPDX-License-Identifier: Apache-2.0
// Comma-separated tables with a header line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace milliwatt::base {

/// How much of a file's spacing counts. kLoose is for tables of other programs: blanks around
/// fields, empty fields at the end of a line and lines without a field mean nothing.
enum class CsvForm { kStrict, kLoose };

/// A table read from a file. Cells are text until asked for by column name; every complaint names
/// file, line and column name. Strict: each row has as many fields as the header, header names are
/// unique, quotes are closed, and numbers follow the rules of base/units.h for bare numbers.
class CsvTable {
 public:
  /// `name` stands for the file in messages. Throws UserError with one message per fault.
  static CsvTable parse(std::string_view text, const std::string& name);
  static CsvTable read_file(const std::string& path);
  /// The same for readers that go on: rows of the wrong length are reported and left out.
  static CsvTable parse(std::string_view text, const std::string& name, CsvForm form,
                        Diagnostics& faults);

  const std::vector<std::string>& header() const { return header_; }
  int rows() const { return static_cast<int>(rows_.size()); }
  bool has_column(std::string_view column) const;

  /// Cell `row`, `column`. Throw UserError when the column does not exist or the text is no number.
  const std::string& text(int row, std::string_view column) const;
  std::int64_t integer(int row, std::string_view column) const;
  double real(int row, std::string_view column) const;

  /// "file:line" of a row, for messages.
  std::string where(int row) const;
  /// The same as a place.
  Place place(int row) const { return {name_, rows_.at(row).line, 0, ""}; }
  /// Where the header is.
  Place header_place() const { return {name_, header_line_, 0, ""}; }

 private:
  struct Row {
    int line = 0;  // of its first character, 1-based
    std::vector<std::string> fields;
  };

  std::size_t column_index(std::string_view column) const;

  std::string name_;
  std::vector<std::string> header_;
  int header_line_ = 1;
  std::vector<Row> rows_;
};

/// Builds a table as text: fields with a comma, quote or line break are quoted; lines end in \n.
class CsvWriter {
 public:
  explicit CsvWriter(const std::vector<std::string>& header);

  /// Throws InternalError when the number of fields differs from the header's.
  void add_row(const std::vector<std::string>& fields);
  const std::string& text() const { return text_; }

 private:
  void append(const std::vector<std::string>& fields);

  std::size_t columns_;
  std::string text_;
};

}  // namespace milliwatt::base
