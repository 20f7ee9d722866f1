// SPDX-License-Identifier: Apache-2.0
// Arguments of element-wise kernels and of MOVE that make no sense, and results by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "mcu/native_kernels.h"
#include "mcu/record_testing.h"

namespace milliwatt::mcu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Record;
using Bytes = std::vector<std::uint8_t>;

template <typename Section>
std::string error_of(const Record<Section>& record) {
  try {
    make_kernel(record.bytes());
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "no error";
}

Record<mw_rescale_section> rescale(int output_bits) {
  Record<mw_rescale_section> record;
  record.kernel = MW_KERNEL_RESCALE;
  // 2^30 * 2^(1 - 31) is a factor of 1.
  record.section = {3, 5, -7, {1 << 30, 1}, {}, -8, 7, 0};
  record.operands = {
      testing::input({}, 3),
      testing::output({}, static_cast<std::uint32_t>((3 * output_bits + 7) / 8), output_bits)};
  return record;
}

TEST(Rescale, StoresNarrowOutputsWithoutGaps) {
  const auto kernel = make_kernel(rescale(4).bytes());
  EXPECT_EQ(kernel->work().rescaled, 3);
  Bytes input = {5, 13, 100};  // less 5 less 7: -7, 1, 88
  Bytes output(2, 0xff);
  kernel->run({input.data(), output.data()});
  EXPECT_THAT(output, ElementsAre(0x19, 0x07));  // nibbles 9 (-7), 1, 7 (clamped), and nothing
}

TEST(Rescale, ChecksItsArguments) {
  auto record = rescale(8);
  EXPECT_EQ(error_of(record), "no error");
  record.section.positive.exponent = 14;
  EXPECT_EQ(error_of(record), "no error");
  record.section.positive.exponent = 15;
  EXPECT_THAT(error_of(record), HasSubstr("kernel rescale: the multiplier is 1073741824 * 2^15"));
  record = rescale(8);
  record.section.elements = 4;
  EXPECT_THAT(error_of(record), HasSubstr("the input has 3 bytes, expected 4"));
  record.section.elements = 0;
  EXPECT_THAT(error_of(record), HasSubstr("the input has an extent of 0"));
  record = rescale(32);
  EXPECT_EQ(error_of(record), "no error");
  record.operands[1].is_float = 1;
  EXPECT_THAT(error_of(record), HasSubstr("the output has floats of 32 bits"));
  record = rescale(32);
  record.kernel = MW_KERNEL_LEAKY_RELU;
  EXPECT_THAT(error_of(record), HasSubstr("the output has 32 bits"));
}

Record<mw_sigmoid_section> logistic() {
  Record<mw_sigmoid_section> record;
  record.kernel = MW_KERNEL_LOGISTIC;
  record.section = {4, 0, {1 << 30, 24}, 120, 0, 0, 0};  // 15 * 2^27 / 2^24 = 120
  record.operands = {testing::input({}, 4), testing::output({}, 4)};
  return record;
}

TEST(Logistic, SaturatesAtTheRadius) {
  const auto kernel = make_kernel(logistic().bytes());
  EXPECT_EQ(kernel->work().sigmoids, 4);
  // Inputs count 2^30 * 2^(24 - 31) / 2^27 = 1/16: sigmoid(0) = 1/2, which is 128 - 128.
  Bytes input = {0, 120, static_cast<std::uint8_t>(-120), 16};
  Bytes output(4);
  kernel->run({input.data(), output.data()});
  // sigmoid(1) = 0.731 = 187.15 / 256, stored as 187 - 128.
  EXPECT_THAT(output, ElementsAre(0, 127, 128, 59));
}

TEST(Logistic, ChecksItsArguments) {
  auto record = logistic();
  EXPECT_EQ(error_of(record), "no error");
  record.section.radius = 121;
  EXPECT_THAT(error_of(record), HasSubstr("the radius is 121, allowed are 0 to 120"));
  record = logistic();
  record.operands[1] = testing::output({}, 8, 16);
  EXPECT_THAT(error_of(record), HasSubstr("maps 8 bits to 16"));
  record.operands[0] = testing::input({}, 8, 16);
  EXPECT_EQ(error_of(record), "no error");
  record.section.table_shift = 32;
  EXPECT_THAT(error_of(record), HasSubstr("the table's shift is 32"));
}

Record<mw_product_section> product() {
  Record<mw_product_section> record;
  record.kernel = MW_KERNEL_MUL;
  record.section.dims = {{1, 1, 1, 1, 1, 2}, {1, 1, 1, 1, 3, 1}, {1, 1, 1, 1, 3, 2}};
  record.section.output = {1 << 30, 0};  // one half
  record.section.clamp_low = -128;
  record.section.clamp_high = 127;
  record.operands = {testing::input({}, 2), testing::input({}, 3), testing::output({}, 6)};
  return record;
}

TEST(Mul, Broadcasts) {
  Bytes a = {2, 3};
  Bytes b = {10, 20, static_cast<std::uint8_t>(-30)};
  Bytes output(6);
  make_kernel(product().bytes())->run({a.data(), b.data(), output.data()});
  EXPECT_THAT(output, ElementsAre(10, 15, 20, 30, 256 - 30, 256 - 45));
}

TEST(Mul, ChecksItsArguments) {
  auto record = product();
  EXPECT_EQ(error_of(record), "no error");
  record.section.output.exponent = 14;  // 2^16 * 2^14 is what 32 bits hold
  EXPECT_EQ(error_of(record), "no error");
  record.section.output.exponent = 15;
  EXPECT_THAT(error_of(record), HasSubstr("exponents of -31 to 14"));
  record = product();
  record.section.dims.output[4] = 2;
  EXPECT_THAT(error_of(record), HasSubstr("the output has 6 bytes, expected 4"));
  record.operands[2].bytes = 4;
  EXPECT_THAT(error_of(record), HasSubstr("dimension 4: 1 and 3 do not broadcast to 2"));
  record = product();
  record.operands[0] = testing::input({}, 4, 16);
  EXPECT_THAT(error_of(record), HasSubstr("a has 16 bits and b 8"));
}

struct OnePiece {
  mw_move_section head;
  mw_move_piece piece;
};

/// Rows 2 and 0 of 3 x 4 elements of 16 bits, to an output of 10 that begins with 9 sevens.
Record<OnePiece> move() {
  Record<OnePiece> record;
  record.kernel = MW_KERNEL_MOVE;
  record.section.head = {1, 7, 9, 0};
  record.section.piece = {0, 1, 8, 1, {1, 1, 1, 1, 2, 4}, {0, 0, 0, 0, -8, 1}, {0, 0, 0, 0, 4, 1}};
  record.operands = {testing::input({}, 24, 16), testing::output({}, 20, 16)};
  return record;
}

TEST(Move, FillsThenMoves) {
  const auto kernel = make_kernel(move().bytes());
  EXPECT_EQ(kernel->work().moved, 9);  // elements filled, 8 of them moved to
  std::vector<std::int16_t> input = {10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33};
  std::vector<std::int16_t> output(10, -1);
  kernel->run({reinterpret_cast<std::uint8_t*>(input.data()),
               reinterpret_cast<std::uint8_t*>(output.data())});
  EXPECT_THAT(output, ElementsAre(7, 30, 31, 32, 33, 10, 11, 12, 13, 0));
}

TEST(Move, ChecksItsPieces) {
  auto record = move();
  EXPECT_EQ(error_of(record), "no error");
  record.section.piece.output_offset = 2;
  EXPECT_EQ(error_of(record), "no error");
  record.section.piece.output_offset = 3;
  EXPECT_THAT(error_of(record), HasSubstr("takes elements 3 to 10 of the 10 of operand 1"));
  record = move();
  record.section.piece.input_offset = 7;
  EXPECT_THAT(error_of(record), HasSubstr("takes elements -1 to 10 of the 12 of operand 0"));
  record = move();
  record.section.piece.input = 1;
  EXPECT_THAT(error_of(record), HasSubstr("a piece reads operand 1"));
  record = move();
  record.section.piece.output_strides[5] = 0;  // each element is written at most once
  record.section.piece.extents[3] = 2;
  EXPECT_THAT(error_of(record), HasSubstr("pieces of 16 elements go to an output of 10"));
  record = move();
  record.section.head.fill_elements = 11;
  EXPECT_THAT(error_of(record), HasSubstr("an output of 10 elements begins with 11"));
  record = move();
  record.section.head.pieces = 2;
  EXPECT_THAT(error_of(record), HasSubstr("the section has 104 bytes, expected 192"));
  record = move();
  record.operands[1].bits = 8;
  EXPECT_THAT(error_of(record), HasSubstr("elements have 16 and 8 bits"));
}

}  // namespace
}  // namespace milliwatt::mcu
