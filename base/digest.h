// SPDX-License-Identifier: Apache-2.0
// Digests of bytes: equal bytes give equal texts on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace milliwatt::base {

/// XXH3 with 64 bits and seed 0.
std::uint64_t digest(const void* bytes, std::size_t size);
/// The same as 16 hexadecimal digits.
std::string digest_text(const void* bytes, std::size_t size);

/// CRC-32 as in zlib, PNG and Ethernet (reflected polynomial 0xEDB88320): "123456789" gives
/// 0xCBF43926. Bitwise, for tests and small firmware images.
std::uint32_t crc32(const void* bytes, std::size_t size);

}  // namespace milliwatt::base
