// SPDX-License-Identifier: Apache-2.0
#include "memory/traffic_ledger.h"

#include <tuple>

namespace milliwatt::memory {
namespace {

std::size_t column(bool write, base::TensorClass tensor_class) {
  return (write ? base::kTensorClasses : 0) + static_cast<std::size_t>(tensor_class);
}

std::size_t row_of(int layer) { return static_cast<std::size_t>(layer - base::kNoLayer); }

}  // namespace

void TrafficLedger::add(InitiatorId initiator, TargetId target, const Burst& burst) {
  Table& table = tables_[{initiator, target}];
  const std::size_t row = row_of(burst.tag.layer);
  if (row >= table.size()) table.resize(row + 1, Row{});
  table[row][column(burst.write, burst.tag.tensor_class)] += burst.bytes;
}

std::uint64_t TrafficLedger::bytes(InitiatorId initiator, TargetId target, bool write,
                                   base::TensorClass tensor_class, int layer) const {
  const auto found = tables_.find({initiator, target});
  if (found == tables_.end() || row_of(layer) >= found->second.size()) return 0;
  return found->second[row_of(layer)][column(write, tensor_class)];
}

std::uint64_t TrafficLedger::bytes(InitiatorId initiator, TargetId target, bool write) const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries()) {
    if (entry.initiator == initiator && entry.target == target && entry.write == write) {
      sum += entry.bytes;
    }
  }
  return sum;
}

bool TrafficLedger::Entry::operator==(const Entry& other) const {
  const auto key = [](const Entry& e) {
    return std::tie(e.initiator, e.target, e.write, e.tensor_class, e.layer, e.bytes);
  };
  return key(*this) == key(other);
}

std::vector<TrafficLedger::Entry> TrafficLedger::entries() const {
  std::vector<Entry> all;
  for (const auto& [ends, table] : tables_) {
    for (std::size_t column_index = 0; column_index < Row{}.size(); ++column_index) {
      for (std::size_t row = 0; row < table.size(); ++row) {
        const std::uint64_t count = table[row][column_index];
        if (count == 0) continue;
        all.push_back({ends.first, ends.second, column_index >= base::kTensorClasses,
                       static_cast<base::TensorClass>(column_index % base::kTensorClasses),
                       static_cast<int>(row) + base::kNoLayer, count});
      }
    }
  }
  return all;
}

}  // namespace milliwatt::memory
