// SPDX-License-Identifier: Apache-2.0
#include "workloads/scalesim_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <map>
#include <optional>

#include "base/csv.h"
#include "base/nearest.h"
#include "base/units.h"
#include "base/utf8.h"
#include "workloads/check.h"

namespace milliwatt::workloads {

namespace {

using base::CsvTable;
using base::Diagnostics;

using Member = std::int32_t TopologyRow::*;

constexpr std::int32_t kLargestExtent = 1 << 24;

/// A column of numbers; one of Strides and Padding gives two members.
struct Column {
  const char* name;
  Member member;
  Member second;
  std::int32_t low;
  std::int32_t high;
};

constexpr const char* kLayerName = "Layer name";
constexpr const char* kStrides = "Strides";
constexpr const char* kStrideHeight = "Stride Height";
constexpr const char* kStrideWidth = "Stride Width";
constexpr const char* kPadding = "Padding";
constexpr const char* kPaddingHeight = "Padding Height";
constexpr const char* kPaddingWidth = "Padding Width";

using Row = TopologyRow;
constexpr std::array<Column, 6> kRequiredColumns = {{
    {"IFMAP Height", &Row::ifmap_h, nullptr, 1, kLargestExtent},
    {"IFMAP Width", &Row::ifmap_w, nullptr, 1, kLargestExtent},
    {"Filter Height", &Row::filter_h, nullptr, 1, kMaximumWindow},
    {"Filter Width", &Row::filter_w, nullptr, 1, kMaximumWindow},
    {"Channels", &Row::channels, nullptr, 1, kLargestExtent},
    {"Num Filter", &Row::filters, nullptr, 1, kLargestExtent},
}};
constexpr std::array<Column, 6> kFurtherColumns = {{
    {kStrides, &Row::stride_h, &Row::stride_w, 1, kMaximumWindow},
    {kStrideHeight, &Row::stride_h, nullptr, 1, kMaximumWindow},
    {kStrideWidth, &Row::stride_w, nullptr, 1, kMaximumWindow},
    {kPadding, &Row::pad_h, &Row::pad_w, 0, kMaximumWindow},
    {kPaddingHeight, &Row::pad_h, nullptr, 0, kMaximumWindow},
    {kPaddingWidth, &Row::pad_w, nullptr, 0, kMaximumWindow},
}};
constexpr std::array<Column, 3> kGemmColumns = {{
    {"M", &Row::m, nullptr, 1, kLargestExtent},
    {"N", &Row::n, nullptr, 1, kLargestExtent},
    {"K", &Row::k, nullptr, 1, kLargestExtent},
}};

/// Small letters and digits only.
std::string plain(std::string_view text) {
  std::string letters;
  for (const char letter : text) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
  }
  return letters;
}

/// Reads the header, then row by row.
class TopologyReader {
 public:
  TopologyReader(const CsvTable& table, Diagnostics& faults) : table_{table}, faults_{faults} {
    for (const std::string& written : table_.header()) {
      const std::string letters = plain(written);
      topology_.gemm = topology_.gemm || letters == "m" || letters == "n" || letters == "k";
    }
    if (topology_.gemm) {
      columns_.assign(kGemmColumns.begin(), kGemmColumns.end());
    } else {
      columns_.assign(kRequiredColumns.begin(), kRequiredColumns.end());
      columns_.insert(columns_.end(), kFurtherColumns.begin(), kFurtherColumns.end());
    }
  }

  Topology read() {
    if (!read_header()) {
      return std::move(topology_);
    }
    for (int row = 0; row < table_.rows(); ++row) {
      read_row(row);
    }
    if (table_.rows() == 0 && faults_.empty()) {
      faults_.add(table_.header_place(), "there is no layer below the header");
    }
    return std::move(topology_);
  }

 private:
  std::string layer_name() const { return topology_.gemm ? "Layer" : kLayerName; }

  std::vector<std::string> names() const {
    std::vector<std::string> all = {layer_name()};
    for (const Column& column : columns_) {
      all.emplace_back(column.name);
    }
    return all;
  }

  /// False, with messages, when the rows cannot be read.
  bool read_header() {
    const std::size_t before = faults_.messages().size();
    for (const std::string& written : table_.header()) {
      take_column(written);
    }
    require(layer_name());
    if (topology_.gemm) {
      for (const Column& column : kGemmColumns) {
        require(column.name);
      }
    } else {
      for (const Column& column : kRequiredColumns) {
        require(column.name);
      }
      require_either(kStrides, kStrideHeight, kStrideWidth, true);
      require_either(kPadding, kPaddingHeight, kPaddingWidth, false);
      topology_.has_pads = knows(kPadding) || knows(kPaddingHeight);
    }
    return faults_.messages().size() == before;
  }

  void take_column(const std::string& written) {
    const std::vector<std::string> known = names();
    const auto same = [&](const std::string& name) { return plain(name) == plain(written); };
    const auto found = std::find_if(known.begin(), known.end(), same);
    const bool name = plain(written) == "layer" || plain(written) == plain(kLayerName);
    if (name || found != known.end()) {
      const std::string& column = name ? known.front() : *found;
      const auto [first, fresh] = written_.emplace(column, written);
      if (!fresh && first->second != written) {  // equal ones are the table's to report
        faults_.add(table_.header_place(),
                    fmt::format("the columns '{}' and '{}' are the same", first->second, written));
      }
    } else if (!written.empty()) {
      faults_.add(table_.header_place(), fmt::format("the column '{}' is not known{}", written,
                                                     base::suggestion(written, known)));
      misspelt_.push_back(base::nearest_name(written, known).value_or(""));
    }
  }

  /// Whether a column is there, perhaps misspelt, which is a fault of its own.
  bool knows(const std::string& name) const {
    return written_.count(name) > 0 ||
           std::find(misspelt_.begin(), misspelt_.end(), name) != misspelt_.end();
  }

  void require(const std::string& name) {
    if (!knows(name)) {
      faults_.add(table_.header_place(), fmt::format("the column '{}' is missing", name));
    }
  }

  void require_either(const char* both, const char* high, const char* wide, bool required) {
    if (knows(high) || knows(wide)) {
      if (knows(both)) {
        faults_.add(table_.header_place(),
                    fmt::format("the column '{}' excludes '{}' and '{}'", both, high, wide));
      }
      require(high);
      require(wide);
    } else if (required) {
      require(both);
    }
  }

  void read_row(int index) {
    const std::size_t before = faults_.messages().size();
    TopologyRow row;
    row.place = table_.place(index);
    row.name = table_.text(index, written_.at(layer_name()));
    if (row.name.empty()) {
      faults_.add(row.place, "the layer has no name");
    } else if (base::first_non_text(row.name) != row.name.size()) {
      faults_.add(row.place, "the name of the layer is not UTF-8");
    } else {
      row.place.path = row.name;
      check_name(row);
    }
    for (const Column& column : columns_) {
      if (const auto found = written_.find(column.name); found != written_.end()) {
        read_number(column, table_.text(index, found->second), row);
      }
    }
    if (faults_.messages().size() == before) {
      check_filter(row);
    }
    if (faults_.messages().size() == before) {
      topology_.rows.push_back(std::move(row));
    }
  }

  void check_name(const TopologyRow& row) {
    const auto [first, fresh] = lines_.emplace(row.name, row.place.line);
    if (!fresh) {
      faults_.add(row.place,
                  fmt::format("the name is used twice; line {} has it too", first->second));
    }
  }

  void read_number(const Column& column, const std::string& text, TopologyRow& row) {
    const auto parsed = base::parse_integer(text, base::Unit::kCount);
    base::Place place = row.place;
    place.path += (place.path.empty() ? "" : ": ") + std::string(column.name);
    if (!parsed.ok() || parsed.value < column.low || parsed.value > column.high) {
      faults_.add(place, fmt::format("found '{}'; expected a whole number from {} to {}", text,
                                     column.low, column.high));
      return;
    }
    row.*column.member = static_cast<std::int32_t>(parsed.value);
    if (column.second != nullptr) {
      row.*column.second = row.*column.member;
    }
  }

  void check_filter(const TopologyRow& row) {
    if (!topology_.gemm && (row.filter_h > row.padded_h() || row.filter_w > row.padded_w())) {
      faults_.add(row.place,
                  fmt::format("the filter of {} x {} is larger than the ifmap of {} x {}{}",
                              row.filter_h, row.filter_w, row.padded_h(), row.padded_w(),
                              topology_.has_pads ? ", its padding included" : ""));
    }
  }

  const CsvTable& table_;
  Diagnostics& faults_;
  Topology topology_;
  std::vector<Column> columns_;
  std::map<std::string, std::string> written_;  ///< names of columns, as the file has them
  std::vector<std::string> misspelt_;           ///< columns that unknown ones stand for
  std::map<std::string, int> lines_;            ///< by name of a layer
};

}  // namespace

Topology read_topology_rows(std::string_view text, const std::string& name, Diagnostics& faults) {
  const CsvTable table = CsvTable::parse(text, name, base::CsvForm::kLoose, faults);
  return TopologyReader(table, faults).read();
}

}  // namespace milliwatt::workloads
