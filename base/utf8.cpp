// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstdint>

namespace milliwatt::base {
namespace {

/// Number of bytes that the first byte of a character announces; 0 when it cannot be first.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first < 0xE0) {
    return 2;
  }
  if (first >= 0xE0 && first < 0xF0) {
    return 3;
  }
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

bool is_character(std::string_view bytes) {
  std::uint32_t code = static_cast<unsigned char>(bytes[0]);
  code &= bytes.size() == 1 ? 0x7FU : 0xFFU >> (bytes.size() + 1);
  for (const char letter : bytes.substr(1)) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte & 0xC0) != 0x80) {
      return false;
    }
    code = code << 6 | (byte & 0x3FU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 1, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code >= kSmallest[bytes.size()] && !surrogate && code <= 0x10FFFF;
}

}  // namespace

std::size_t first_non_text(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = length_of(static_cast<unsigned char>(bytes[at]));
    if (length == 0 || length > bytes.size() - at || !is_character(bytes.substr(at, length))) {
      return at;
    }
    at += length;
  }
  return at;
}

}  // namespace milliwatt::base
