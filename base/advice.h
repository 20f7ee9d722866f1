// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::base {

/// How a size that does not suffice must grow, for messages:
/// "memory.sram.size: 256 KiB -> at least 312 KiB (57344 bytes more)".
std::string enlarge(const std::string& key, std::uint64_t bytes, std::uint64_t least);

}  // namespace milliwatt::base
