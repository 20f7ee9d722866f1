// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <gtest/gtest.h>

#include <string_view>

namespace milliwatt::base {
namespace {

std::string text_of(std::string_view bytes) { return digest_text(bytes.data(), bytes.size()); }
std::uint32_t crc_of(std::string_view bytes) { return crc32(bytes.data(), bytes.size()); }

// The digest of no bytes is the published value of XXH3 with seed 0. It pins the algorithm: a
// change would make results of two versions look different although their tensors are equal.
TEST(Digest, IsXxh3WithSeedZero) {
  EXPECT_EQ(text_of(""), "2d06800538d394c2");
  EXPECT_EQ(digest(nullptr, 0), 0x2d06800538d394c2U);
}

TEST(Digest, SeesEveryBit) {
  std::string bytes(1000, '\0');
  const std::string before = text_of(bytes);
  for (const std::size_t at : {0, 1, 500, 998, 999}) {
    bytes[at] = 1;
    EXPECT_NE(text_of(bytes), before);
    bytes[at] = 0;
  }
  EXPECT_EQ(text_of(bytes), before);
  EXPECT_NE(text_of(bytes.substr(1)), before);
}

TEST(Digest, TextHasSixteenDigits) {
  for (int i = 0; i < 200; ++i) {  // one digest in 16 starts with a zero digit
    EXPECT_EQ(text_of(std::to_string(i)).size(), 16);
  }
}

TEST(Crc32, CheckValueOfTheStandard) {
  EXPECT_EQ(crc_of("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc_of(""), 0U);
  EXPECT_EQ(crc_of("a"), 0xE8B7BE43U);
}

}  // namespace
}  // namespace milliwatt::base
