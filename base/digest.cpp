// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace milliwatt::base {

std::uint64_t digest(const void* bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

std::string digest_text(const void* bytes, std::size_t size) {
  return fmt::format("{:016x}", digest(bytes, size));
}

std::uint32_t crc32(const void* bytes, std::size_t size) {
  constexpr std::uint32_t kPolynomial = 0xEDB88320;
  const auto* byte = static_cast<const unsigned char*>(bytes);
  std::uint32_t remainder = ~std::uint32_t{0};
  for (std::size_t i = 0; i < size; ++i) {
    remainder ^= byte[i];
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    }
  }
  return ~remainder;
}

}  // namespace milliwatt::base
