// SPDX-License-Identifier: Apache-2.0
#include "dataflows/buffer_fault.h"

#include <fmt/format.h>

#include "base/advice.h"

namespace milliwatt::dataflows {

std::string buffer_fault(const char* part, std::uint64_t needed, const std::string& buffer,
                         std::uint64_t bytes) {
  return needed <= bytes ? ""
                         : fmt::format("no room for {} of {} bytes; {}", part, needed,
                                       base::enlarge("accelerator." + buffer, bytes, needed));
}

}  // namespace milliwatt::dataflows
