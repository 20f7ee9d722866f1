// SPDX-License-Identifier: Apache-2.0
#include "workloads/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace milliwatt::workloads {
namespace {

using testing::HasSubstr;

/// A file of version 1.0 with the given header text and data.
std::string file_of(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() & 0xFF) +
         static_cast<char>(header.size() >> 8) + header + data;
}

std::string fault_of(const std::string& bytes) {
  try {
    parse_npy(bytes, "x.npy");
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Npy, WritesWhatNumpyWrites) {
  // numpy.save of numpy.array([[1, -2, 3]], dtype=int16), header padded to a multiple of 64.
  const std::string expected = file_of(
      "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 3), }" + std::string(58, ' ') + "\n",
      std::string("\x01\x00\xFE\xFF\x03\x00", 6));
  EXPECT_EQ(format_npy({ElementType::kInt16, {1, 3}, {1, 0, 0xFE, 0xFF, 3, 0}}), expected);
  EXPECT_EQ((expected.size() - 6) % 64, 0U);
}

TEST(Npy, ReadsBackEveryTypeAndRank) {
  for (const ElementType type :
       {ElementType::kInt8, ElementType::kUint8, ElementType::kInt16, ElementType::kInt32,
        ElementType::kInt64, ElementType::kFloat32, ElementType::kBool}) {
    for (const auto& shape : std::vector<std::vector<std::int32_t>>{{}, {5}, {1, 2, 3, 4}}) {
      NpyArray array{type, shape, {}};
      std::size_t elements = 1;
      for (const std::int32_t extent : shape) {
        elements *= static_cast<std::size_t>(extent);
      }
      array.data.assign(elements * static_cast<std::size_t>(element_bits(type)) / 8, 7);
      const NpyArray again = parse_npy(format_npy(array), "x.npy");
      EXPECT_EQ(again.type, type);
      EXPECT_EQ(again.shape, shape);
      EXPECT_EQ(again.data, array.data);
    }
  }
}

TEST(Npy, ReadsVersion2AndAnyOrderOfKeys) {
  const std::string header = "{'shape': (2,), 'fortran_order': False, 'descr': '|i1'}\n";
  std::string bytes = std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(header.size());
  bytes += std::string(3, '\0') + header + "\x05\x06";
  EXPECT_EQ(parse_npy(bytes, "x.npy").data, (std::vector<std::uint8_t>{5, 6}));
}

TEST(Npy, ExplainsWhatItDoesNotRead) {
  const auto header = [](const std::string& descr, const std::string& order) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (1,), }\n";
  };
  EXPECT_THAT(fault_of(file_of(header(">i2", "False"), "ab")),
              HasSubstr("big-endian data ('>i2'); save it with array.astype('<i2')"));
  EXPECT_THAT(fault_of(file_of(header("|i1", "True"), "a")), HasSubstr("ascontiguousarray"));
  EXPECT_THAT(fault_of(file_of(header("<f8", "False"), "abcdefgh")), HasSubstr("'<f8'"));
  EXPECT_THAT(fault_of("\x93NUMPY\x03\x00 and more"), HasSubstr("not an .npy file, or truncated"));
  EXPECT_THAT(fault_of(std::string("\x93NUMPY\x03\x00....", 12)), HasSubstr("version 3"));
  EXPECT_THAT(fault_of("P5 4 4"), HasSubstr("not an .npy file"));
}

TEST(Npy, DataMustFitTheShapeExactly) {
  const std::string header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }\n";
  EXPECT_EQ(fault_of(file_of(header, "abcd")), "");
  EXPECT_THAT(fault_of(file_of(header, "abc")), HasSubstr("does not take the 3 bytes"));
  EXPECT_THAT(fault_of(file_of(header, "abcde")), HasSubstr("does not take the 5 bytes"));
}

TEST(Npy, DamagedHeadersAreUserErrors) {
  const std::string good = format_npy({ElementType::kInt8, {2, 3}, {1, 2, 3, 4, 5, 6}});
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(fault_of(good.substr(0, size)), "") << size;
  }
  int refused = 0;
  for (std::size_t at = 0; at < good.size() - 6; ++at) {
    for (const char value : {'\0', '\'', '(', '9', '}', '\xFF'}) {
      std::string damaged = good;
      damaged[at] = value;
      refused += fault_of(damaged).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace milliwatt::workloads
