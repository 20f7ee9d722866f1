// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::dataflows {

/// What part of a tile does not fit a buffer, by how much, and the key of the platform that helps;
/// empty when it fits: "no room for the ifmap of a tile of 48 bytes;
/// accelerator.input_buffer: 47 B -> at least 48 B (1 byte more)". Buffers are called as their keys
/// are.
std::string buffer_fault(const char* part, std::uint64_t needed, const std::string& buffer,
                         std::uint64_t bytes);

}  // namespace milliwatt::dataflows
