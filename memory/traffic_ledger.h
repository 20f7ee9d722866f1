// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/traffic.h"
#include "memory/burst.h"

namespace milliwatt::memory {

/// Index of an initiator / a target, in the order of declaration.
using InitiatorId = int;
using TargetId = int;

/// Bytes by initiator, target, direction, tensor class and layer, as one end of the links saw them.
/// The interconnect keeps one ledger where bursts are offered and one where targets serve them; a
/// burst that is lost, repeated, misrouted or mistagged in between makes the two differ.
class TrafficLedger {
 public:
  void add(InitiatorId initiator, TargetId target, const Burst& burst);

  std::uint64_t bytes(InitiatorId initiator, TargetId target, bool write,
                      base::TensorClass tensor_class, int layer) const;
  /// Sum over all layers and tensor classes.
  std::uint64_t bytes(InitiatorId initiator, TargetId target, bool write) const;

  struct Entry {
    InitiatorId initiator = 0;
    TargetId target = 0;
    bool write = false;
    base::TensorClass tensor_class = base::TensorClass::kControl;
    int layer = base::kNoLayer;
    std::uint64_t bytes = 0;

    bool operator==(const Entry& other) const;
  };
  /// Everything that is not zero, in a fixed order (that of the fields of Entry).
  std::vector<Entry> entries() const;

  bool operator==(const TrafficLedger& other) const { return entries() == other.entries(); }

 private:
  /// Bytes of one (initiator, target): [layer + 1][direction x tensor class].
  using Row = std::array<std::uint64_t, 2 * base::kTensorClasses>;
  using Table = std::vector<Row>;

  std::map<std::pair<InitiatorId, TargetId>, Table> tables_;
};

}  // namespace milliwatt::memory
