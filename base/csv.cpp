// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/units.h"

namespace milliwatt::base {
namespace {

/// Cuts the text into records, counting lines as it goes.
class Scanner {
 public:
  Scanner(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      text_.remove_prefix(3);
    }
  }

  bool at_end() const { return at_ >= text_.size(); }
  int line() const { return line_; }

  std::vector<std::string> take_record() {
    std::vector<std::string> fields;
    do {
      fields.push_back(peek() == '"' ? take_quoted() : take_plain());
    } while (accept(','));
    accept('\r');
    if (!at_end() && !accept('\n')) {
      fail("a comma or the end of the line must follow a closing quote");
    }
    ++line_;
    return fields;
  }

 private:
  char peek() const { return at_end() ? '\n' : text_[at_]; }

  bool accept(char letter) {
    if (at_end() || text_[at_] != letter) {
      return false;
    }
    ++at_;
    return true;
  }

  std::string take_plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    if (field.find('"') != std::string::npos) {
      fail("a quote inside a field that is not quoted");
    }
    at_ = end;
    return field;
  }

  std::string take_quoted() {
    std::string field;
    const int first_line = line_;
    ++at_;
    while (!at_end()) {
      const char letter = text_[at_++];
      if (letter == '"' && !accept('"')) {
        return field;
      }
      line_ += letter == '\n' ? 1 : 0;
      field += letter;
    }
    line_ = first_line;
    fail("a quote is opened and never closed");
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw UserError(fmt::format("{}:{}: {}", name_, line_, message));
  }

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

void check_header(const std::vector<std::string>& header, const Place& place, Diagnostics& faults) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i].empty()) {
      faults.add(place, fmt::format("column {} has no name", i + 1));
    } else if (std::count(header.begin(), header.begin() + static_cast<long>(i), header[i]) > 0) {
      faults.add(place, fmt::format("two columns are named '{}'", header[i]));
    }
  }
}

/// What kLoose leaves of a line; a line without a field is empty.
void tidy(std::vector<std::string>& fields) {
  constexpr const char* kBlanks = " \t\v\f";
  for (std::string& field : fields) {
    field.erase(0, std::min(field.find_first_not_of(kBlanks), field.size()));
    field.erase(field.find_last_not_of(kBlanks) + 1);
  }
  while (!fields.empty() && fields.back().empty()) {
    fields.pop_back();
  }
}

}  // namespace

CsvTable CsvTable::parse(std::string_view text, const std::string& name) {
  Diagnostics faults;
  CsvTable table = parse(text, name, CsvForm::kStrict, faults);
  faults.throw_if_any();
  return table;
}

CsvTable CsvTable::parse(std::string_view text, const std::string& name, CsvForm form,
                         Diagnostics& faults) {
  Scanner scanner(text, name);
  CsvTable table;
  table.name_ = name;
  while (!scanner.at_end()) {
    Row row{scanner.line(), scanner.take_record()};
    if (form == CsvForm::kLoose) {
      tidy(row.fields);
    }
    if (row.fields.empty()) {
      continue;
    }
    if (table.header_.empty()) {
      table.header_ = std::move(row.fields);
      table.header_line_ = row.line;
      check_header(table.header_, table.header_place(), faults);
    } else if (row.fields.size() != table.header_.size()) {
      faults.add({name, row.line, 0, ""}, fmt::format("found {} fields, the header has {}",
                                                      row.fields.size(), table.header_.size()));
    } else {
      table.rows_.push_back(std::move(row));
    }
  }
  if (table.header_.empty()) {
    throw UserError(name + ":1: the table is empty; expected a header line");
  }
  return table;
}

CsvTable CsvTable::read_file(const std::string& path) { return parse(base::read_file(path), path); }

bool CsvTable::has_column(std::string_view column) const {
  return std::find(header_.begin(), header_.end(), column) != header_.end();
}

std::size_t CsvTable::column_index(std::string_view column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) {
    throw UserError(fmt::format("{}: no column '{}'{}", header_place().text(), column,
                                did_you_mean(column, header_)));
  }
  return static_cast<std::size_t>(found - header_.begin());
}

const std::string& CsvTable::text(int row, std::string_view column) const {
  return rows_.at(row).fields[column_index(column)];
}

std::int64_t CsvTable::integer(int row, std::string_view column) const {
  const auto parsed = parse_integer(text(row, column), Unit::kCount);
  if (!parsed.ok()) {
    throw UserError(fmt::format("{}: {}: {}", where(row), column, parsed.fault));
  }
  return parsed.value;
}

double CsvTable::real(int row, std::string_view column) const {
  const auto parsed = parse_real(text(row, column), Unit::kRatio);
  if (!parsed.ok()) {
    throw UserError(fmt::format("{}: {}: {}", where(row), column, parsed.fault));
  }
  return parsed.value;
}

std::string CsvTable::where(int row) const {
  return fmt::format("{}:{}", name_, rows_.at(row).line);
}

CsvWriter::CsvWriter(const std::vector<std::string>& header) : columns_(header.size()) {
  append(header);
}

void CsvWriter::add_row(const std::vector<std::string>& fields) {
  if (fields.size() != columns_) {
    throw InternalError(
        fmt::format("a CSV row has {} fields, its header {}", fields.size(), columns_));
  }
  append(fields);
}

void CsvWriter::append(const std::vector<std::string>& fields) {
  std::string separator;
  for (const std::string& field : fields) {
    text_ += separator;
    separator = ",";
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      text_ += field;
      continue;
    }
    text_ += '"';
    for (const char letter : field) {
      text_ += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    }
    text_ += '"';
  }
  text_ += '\n';
}

}  // namespace milliwatt::base
