// SPDX-License-Identifier: Apache-2.0
// Any text as a platform file: it is read, or refused with messages; what is read, its own dump
// describes again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "sim/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using milliwatt::sim::parse_platform;
  const std::string text(data, data + size);
  std::string effective;
  try {
    effective = parse_platform(text, "fuzz.yaml").effective_yaml();
  } catch (const milliwatt::base::UserError& error) {
    if (error.messages().empty()) {
      throw milliwatt::base::InternalError("a refusal without a message");
    }
    return 0;
  }
  if (parse_platform(effective, "effective.yaml").effective_yaml() != effective) {
    throw milliwatt::base::InternalError("the dump of a platform reads back as another one");
  }
  return 0;
}
