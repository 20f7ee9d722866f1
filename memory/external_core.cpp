// SPDX-License-Identifier: Apache-2.0
#include "memory/external_core.h"

#include "base/error.h"

namespace milliwatt::memory {

base::ComponentClass external_memory_class(bool writable) {
  base::ComponentClass result{"external_memory", {}};
  result.actions.push_back({"read_byte", "one byte read from the device"});
  if (writable) result.actions.push_back({"write_byte", "one byte written to the device"});
  result.actions.push_back({"burst", "one burst of the device: command, address, latency"});
  return result;
}

ExternalCore::ExternalCore(std::string name, const base::Clock& clock, bool writable)
    : clock_{clock},
      writable_{writable},
      counters_{std::move(name), external_memory_class(writable)} {}

void ExternalCore::count(const Burst& burst, std::int64_t bursts) {
  if (burst.write && !writable_) {
    throw base::InternalError(name() + ": a write reached a read-only memory");
  }
  constexpr int kReadByte = 0, kWriteByte = 1;
  counters_.add(burst.write ? kWriteByte : kReadByte, burst.tag.layer, burst.bytes);
  counters_.add(counters_.actions() - 1, burst.tag.layer, bursts);
}

}  // namespace milliwatt::memory
