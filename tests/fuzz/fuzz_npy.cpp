// SPDX-License-Identifier: Apache-2.0
// Any bytes as an .npy file: they are refused with a message, or an array that is written and read
// again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "workloads/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  workloads::NpyArray array;
  try {
    array = workloads::parse_npy(bytes, "fuzz.npy");
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
    return 0;
  }
  const workloads::NpyArray again = workloads::parse_npy(workloads::format_npy(array), "again.npy");
  if (again.type != array.type || again.shape != array.shape || again.data != array.data) {
    throw base::InternalError("an array that changes when it is written");
  }
  return 0;
}
