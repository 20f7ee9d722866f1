// SPDX-License-Identifier: Apache-2.0
#include "shell/accounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/traffic.h"

namespace milliwatt::shell {
namespace {

/// What the timeline says of one unit.
struct Record {
  base::Cycles busy = 0;
  base::Cycles end = 0;
  bool overlaps = false;
};

std::vector<Record> record_units(const Timeline& timeline, std::size_t units) {
  std::vector<Record> records(units);
  for (const Interval& interval : timeline) {
    Record& record = records.at(interval.unit);
    record.busy += interval.end - interval.start;
    record.overlaps = record.overlaps || interval.start < record.end;
    record.end = std::max(record.end, interval.end);
  }
  return records;
}

}  // namespace

UnitAccount& AccountBook::row(dataflows::UnitId unit, std::int16_t layer) {
  std::vector<UnitAccount>& rows = rows_[unit];
  const auto index = static_cast<std::size_t>(layer - base::kNoLayer);
  if (index >= rows.size()) {
    rows.resize(index + 1);
  }
  return rows[index];
}

void AccountBook::add_idle(dataflows::UnitId unit, base::Cycles cycles) {
  row(unit, base::kNoLayer).idle += cycles;
}

UnitAccount AccountBook::account(dataflows::UnitId unit, std::int16_t layer) const {
  const std::vector<UnitAccount>& rows = rows_.at(unit);
  const auto index = static_cast<std::size_t>(layer - base::kNoLayer);
  return index < rows.size() ? rows[index] : UnitAccount{};
}

UnitAccount AccountBook::total(dataflows::UnitId unit) const {
  UnitAccount total;
  for (const UnitAccount& row : rows_.at(unit)) {
    total.busy += row.busy;
    total.idle += row.idle;
    for (std::size_t cause = 0; cause < row.stalls.size(); ++cause) {
      total.stalls[cause] += row.stalls[cause];
    }
  }
  return total;
}

void check_accounts(const AccountBook& book, const Timeline& timeline, base::Cycles elapsed,
                    const dataflows::EngineShape& shape) {
  const std::vector<Record> records = record_units(timeline, book.units());
  std::string faults;
  for (std::size_t unit = 0; unit < book.units(); ++unit) {
    const UnitAccount account = book.total(static_cast<dataflows::UnitId>(unit));
    const std::string& name = shape.units.at(unit).name;
    if (account.total() != elapsed) {
      faults +=
          fmt::format("; {}: busy {} + stalled {} + idle {} cycles are {}, not {}", name,
                      account.busy, account.stalled(), account.idle, account.total(), elapsed);
    }
    if (account.busy != records[unit].busy || records[unit].overlaps) {
      faults += fmt::format("; {}: busy {} cycles, but its steps take {}{}", name, account.busy,
                            records[unit].busy, records[unit].overlaps ? " and overlap" : "");
    }
  }
  if (!faults.empty()) {
    throw base::SimulationError("the accounts do not close" + faults);
  }
}

}  // namespace milliwatt::shell
