// SPDX-License-Identifier: Apache-2.0
#include "workloads/packing.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {
namespace {

TEST(Packing, PutsTheFirstOfTwoInt4IntoTheLowNibble) {
  const std::uint8_t byte = 0x9f;  // -7 and -1
  EXPECT_EQ(load_element(&byte, 0, 4), -1);
  EXPECT_EQ(load_element(&byte, 1, 4), -7);
}

TEST(Packing, LetsElementsOfThreeBitsCrossBytes) {
  // Elements 0 .. 7 of 3 bits: 1, 2, 3, -4, -3, -2, -1, 0 -> 24 bits, first the lowest:
  // 001 | 010 << 3 | 011 << 6 | 100 << 9 | 101 << 12 | 110 << 15 | 111 << 18 | 0 << 21 = 0x1f58d1
  const std::vector<std::uint8_t> bytes = {0xd1, 0x58, 0x1f};
  const std::vector<int> expected = {1, 2, 3, -4, -3, -2, -1, 0};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(load_element(bytes.data(), static_cast<std::int64_t>(i), 3), expected[i]) << i;
  }
}

TEST(Packing, StoresEveryValueAndLeavesTheNeighbours) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8, 16}) {
    constexpr std::int64_t kElements = 17;
    for (std::int64_t at = 0; at < kElements; ++at) {
      for (const int fill : {0x00, 0xff}) {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(packed_bytes(kElements, bits)),
                                        static_cast<std::uint8_t>(fill));
        for (const std::int32_t value : {lowest_element(bits), -1, 0, highest_element(bits)}) {
          store_element(bytes.data(), at, bits, value);
          for (std::int64_t i = 0; i < kElements; ++i) {
            EXPECT_EQ(load_element(bytes.data(), i, bits), i == at     ? value
                                                           : fill == 0 ? 0
                                                                       : -1)
                << bits << " bits, element " << i;
          }
        }
      }
    }
  }
}

TEST(Packing, RoundsUpToBytes) {
  EXPECT_EQ(packed_bytes(3, 2), 1);
  EXPECT_EQ(packed_bytes(5, 2), 2);
  EXPECT_EQ(packed_bytes(8, 7), 7);
  EXPECT_EQ(packed_bytes(9, 7), 8);
  Tensor tensor;
  tensor.type = ElementType::kInt3;
  tensor.shape = {1, 3, 3};
  EXPECT_EQ(tensor.bytes(), 4);  // 27 bits
}

TEST(ElementTypes, AreFoundByTheirBits) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8, 16, 32, 64}) {
    EXPECT_EQ(element_bits(integer_type(bits)), bits);
    EXPECT_EQ(element_name(integer_type(bits)), "int" + std::to_string(bits));
    EXPECT_EQ(is_sub_byte(integer_type(bits)), bits < 8);
  }
  EXPECT_THROW(integer_type(9), base::InternalError);
}

}  // namespace
}  // namespace milliwatt::workloads
