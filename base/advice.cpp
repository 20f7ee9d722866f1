// SPDX-License-Identifier: Apache-2.0
#include "base/advice.h"

#include <fmt/format.h>

#include "base/units.h"

namespace milliwatt::base {

std::string enlarge(const std::string& key, std::uint64_t bytes, std::uint64_t least) {
  const auto print = [](std::uint64_t size) {
    return print_integer(static_cast<std::int64_t>(size), Unit::kBytes);
  };
  return fmt::format("{}: {} -> at least {} ({} more)", key, print(bytes), print(least),
                     least - bytes == 1 ? "1 byte" : fmt::format("{} bytes", least - bytes));
}

}  // namespace milliwatt::base
