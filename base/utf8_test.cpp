// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace milliwatt::base {
namespace {

bool is_text(std::string_view bytes) { return first_non_text(bytes) == bytes.size(); }

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  EXPECT_TRUE(is_text(""));
  EXPECT_TRUE(is_text("\x01\x7F"));
  EXPECT_TRUE(is_text("\xC2\x80\xDF\xBF"));                  // U+0080, U+07FF
  EXPECT_TRUE(is_text("\xE0\xA0\x80\xED\x9F\xBF"));          // U+0800, U+D7FF
  EXPECT_TRUE(is_text("\xEE\x80\x80\xEF\xBF\xBF"));          // U+E000, U+FFFF
  EXPECT_TRUE(is_text("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));  // U+10000, U+10FFFF
}

TEST(Utf8, RejectsOneStepBeyond) {
  EXPECT_FALSE(is_text(std::string_view("\0", 1)));
  EXPECT_FALSE(is_text("\xC1\xBF"));          // overlong U+007F
  EXPECT_FALSE(is_text("\xE0\x9F\xBF"));      // overlong U+07FF
  EXPECT_FALSE(is_text("\xF0\x8F\xBF\xBF"));  // overlong U+FFFF
  EXPECT_FALSE(is_text("\xED\xA0\x80"));      // first surrogate
  EXPECT_FALSE(is_text("\xED\xBF\xBF"));      // last surrogate
  EXPECT_FALSE(is_text("\xF4\x90\x80\x80"));  // U+110000
  EXPECT_FALSE(is_text("\xF5\x80\x80\x80"));
  EXPECT_FALSE(is_text("\x80"));
  EXPECT_FALSE(is_text("\xFF"));
}

TEST(Utf8, SaysWhere) {
  EXPECT_EQ(first_non_text("ab\xC3"), 2);   // cut off
  EXPECT_EQ(first_non_text("ab\xC3("), 2);  // no continuation
  EXPECT_EQ(first_non_text("\xC3\xA4\xFF"), 2);
}

}  // namespace
}  // namespace milliwatt::base
