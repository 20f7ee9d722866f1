// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "energy/sram_table.h"

namespace milliwatt::energy {
namespace {

constexpr double kAttojoulesPerPicojoule = 1e6;
constexpr double kFemtowattsPerMicrowatt = 1e9;
constexpr double kSquareNanometresPerSquareMillimetre = 1e12;

const std::vector<std::string>& columns() {
  static const std::vector<std::string> kColumns = {
      "node_nm",      "cell",    "temp_K",   "size_bytes",
      "width_bits",   "read_pJ", "write_pJ", "leak_subthreshold_uW",
      "leak_gate_uW", "area_mm2"};
  return kColumns;
}

SramPoint point_of(const base::CsvTable& csv, int row) {
  SramPoint point;
  point.size_bytes = csv.integer(row, "size_bytes");
  point.width_bits = csv.integer(row, "width_bits");
  const double leakage = csv.real(row, "leak_subthreshold_uW") + csv.real(row, "leak_gate_uW");
  point.values = {csv.real(row, "read_pJ") * kAttojoulesPerPicojoule,
                  csv.real(row, "write_pJ") * kAttojoulesPerPicojoule,
                  leakage * kFemtowattsPerMicrowatt,
                  csv.real(row, "area_mm2") * kSquareNanometresPerSquareMillimetre};
  return point;
}

}  // namespace

SramTable SramTable::load(const std::string& path) {
  const base::CsvTable csv = base::CsvTable::read_file(path);
  if (csv.header() != columns()) {
    throw base::UserError(path + ":1: not the columns of an SRAM table");
  }
  SramTable table;
  table.name_ = path;
  for (int row = 0; row < csv.rows(); ++row) {
    const SramConditions conditions = {csv.integer(row, "node_nm"), csv.text(row, "cell"),
                                       csv.integer(row, "temp_K")};
    auto group = std::find_if(table.groups_.begin(), table.groups_.end(),
                              [&](const auto& entry) { return entry.first == conditions; });
    if (group == table.groups_.end()) {
      group = table.groups_.insert(table.groups_.end(), {conditions, {}});
    }
    group->second.push_back(point_of(csv, row));
  }
  return table;
}

}  // namespace milliwatt::energy
