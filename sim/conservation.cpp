// SPDX-License-Identifier: Apache-2.0
#include "sim/conservation.h"

#include <fmt/format.h>

#include "base/error.h"

namespace milliwatt::sim {
namespace {

void compare(const std::string& name, const char* what, std::uint64_t counted,
             std::uint64_t ledger) {
  if (counted != ledger) {
    throw base::SimulationError(
        fmt::format("bytes are not conserved: {} counted {} bytes {}, the "
                    "interconnect {}",
                    name, counted, what, ledger));
  }
}

std::uint64_t sum(const std::vector<memory::TrafficLedger::Entry>& entries, bool write,
                  int initiator, int target) {
  std::uint64_t total = 0;
  for (const memory::TrafficLedger::Entry& entry : entries) {
    if (entry.write == write && (initiator < 0 || entry.initiator == initiator) &&
        (target < 0 || entry.target == target)) {
      total += entry.bytes;
    }
  }
  return total;
}

}  // namespace

void check_conservation(const memory::Interconnect& bus, const LinkEnds& ends) {
  const auto offered = bus.offered_bytes().entries();
  const auto served = bus.served_bytes().entries();
  if (!(offered == served)) {
    throw base::SimulationError(
        "bytes are not conserved: what initiators offered is not what targets served");
  }
  for (const EndCount& port : ends.ports) {
    const std::string& name = bus.initiator_name(port.id);
    compare(name, "read", port.read, sum(offered, false, port.id, -1));
    compare(name, "written", port.written, sum(offered, true, port.id, -1));
  }
  for (const EndCount& memory : ends.memories) {
    const std::string& name = bus.target_name(memory.id);
    compare(name, "read", memory.read, sum(served, false, -1, memory.id));
    compare(name, "written", memory.written, sum(served, true, -1, memory.id));
  }
}

}  // namespace milliwatt::sim
