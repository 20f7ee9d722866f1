// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep_table.h"

#include <algorithm>
#include <map>

#include "base/csv.h"
#include "base/error.h"

namespace milliwatt::sim {
namespace {

/// Adds what `merged` lacks of `columns`.
void merge(std::vector<std::string>& merged, const std::vector<std::string>& columns) {
  auto behind = merged.begin();
  for (const std::string& column : columns) {
    auto at = std::find(merged.begin(), merged.end(), column);
    if (at == merged.end()) {
      at = merged.insert(behind, column);
    }
    behind = at + 1;
  }
}

}  // namespace

std::vector<std::string> merge_columns(const std::vector<const PointOutcome*>& rows) {
  std::vector<std::string> merged;
  const std::vector<std::string>* last = nullptr;
  for (const PointOutcome* row : rows) {
    if (last == nullptr || *last != row->columns) {
      merge(merged, row->columns);
      last = &row->columns;
    }
  }
  return merged;
}

std::string outcome_table(const std::vector<std::string>& key_columns,
                          const std::vector<std::vector<std::string>>& key_cells,
                          const std::vector<const PointOutcome*>& outcomes) {
  if (key_cells.size() != outcomes.size()) {
    throw base::InternalError("a table with more or fewer keys than rows");
  }
  const std::vector<std::string> columns = merge_columns(outcomes);
  std::map<std::string, std::size_t> place;
  std::vector<std::string> header = key_columns;
  for (const std::string& column : columns) {
    place[column] = header.size();
    header.push_back(column);
  }
  header.insert(header.end(), {"status", "error"});
  base::CsvWriter csv(header);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const PointOutcome& outcome = *outcomes[i];
    std::vector<std::string> row = key_cells[i];
    row.resize(header.size());
    for (std::size_t j = 0; j < outcome.cells.size(); ++j) {
      row[place.at(outcome.columns[j])] = outcome.cells[j];
    }
    row[header.size() - 2] = status_name(outcome.status);
    row[header.size() - 1] = outcome.error;
    csv.add_row(row);
  }
  return csv.text();
}

}  // namespace milliwatt::sim
