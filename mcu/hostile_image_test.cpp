// SPDX-License-Identifier: Apache-2.0
// Damaged images: the host either runs them or says what is wrong, and never does anything else.
#include <gtest/gtest.h>

#include "mcu/host_testing.h"
#include "mcu/native_host.h"
#include "workloads/seeded.h"

namespace milliwatt::mcu {
namespace {

using testing::command;
using testing::FlatSystem;
using testing::Image;

using testing::Record;
using Bytes = std::vector<std::uint8_t>;

constexpr mw_ref kFrom = {MW_REGION_SRAM, 0};
constexpr mw_ref kTo = {MW_REGION_SRAM, 0x400};
constexpr mw_conv_geometry kWindow = {1, 6, 5, 4, 3, 3, 4, 3, 3, 2, 2, 1, 1, 1, 1};

/// Filters have 4 bits; one that is fully connected maps 1 row of 4 to 4.
Bytes weighted_record(mw_kernel kernel, mw_ref filter, mw_ref table) {
  Record<mw_weighted_section> record;
  record.kernel = kernel;
  record.section.geometry = kWindow;
  record.section.groups = record.section.depth_multiplier = 1;
  record.section.clamp_low = -128;
  record.section.clamp_high = 127;
  const bool connected = kernel == MW_KERNEL_FULLY_CONNECTED;
  const std::uint32_t weights = kernel == MW_KERNEL_CONV ? 4 * 9 * 4 : connected ? 4 * 4 : 9 * 4;
  record.operands = {testing::input(kFrom, connected ? 4 : 6 * 5 * 4),
                     testing::input(filter, weights / 2, 4), testing::input(table, 4 * 12, 32),
                     testing::output(kTo, connected ? 4 : 3 * 3 * 4)};
  return record.bytes();
}

Bytes pool_record(mw_kernel kernel) {
  Record<mw_pool_section> record;
  record.kernel = kernel;
  record.section = {kWindow, -128, 127, 0};
  record.operands = {testing::input(kFrom, 6 * 5 * 4), testing::output(kTo, 3 * 3 * 4)};
  return record.bytes();
}

Bytes add_record() {
  Record<mw_addition_section> record;
  record.kernel = MW_KERNEL_ADD;
  mw_addition_section& s = record.section;
  s.dims = {{1, 1, 1, 2, 3, 4}, {1, 1, 1, 2, 1, 4}, {1, 1, 1, 2, 3, 4}};
  s.left_shift = 20;
  s.a = s.b = {1 << 30, 0};
  s.output = {1 << 30, -18};
  s.clamp_low = -128;
  s.clamp_high = 127;
  record.operands = {testing::input(kFrom, 24), testing::input({MW_REGION_SRAM, 64}, 8),
                     testing::output(kTo, 24)};
  return record.bytes();
}

Bytes softmax_record() {
  Record<mw_softmax_section> record;
  record.kernel = MW_KERNEL_SOFTMAX;
  record.section = {3, 10, {1 << 30, 23}, -248, 0};
  record.operands = {testing::input(kFrom, 30), testing::output(kTo, 60, 16)};
  return record.bytes();
}

Bytes mul_record() {
  Record<mw_product_section> record;
  record.kernel = MW_KERNEL_MUL;
  record.section = {{{1, 1, 1, 2, 3, 4}, {1, 1, 1, 1, 3, 1}, {1, 1, 1, 2, 3, 4}},
                    3,
                    -4,
                    5,
                    {1 << 30, -6},
                    -100,
                    100,
                    0};
  record.operands = {testing::input(kFrom, 24), testing::input({MW_REGION_SRAM, 64}, 3),
                     testing::output(kTo, 24)};
  return record.bytes();
}

Bytes rescale_record() {
  Record<mw_rescale_section> record;
  record.kernel = MW_KERNEL_LEAKY_RELU;
  record.section = {19, 3, -4, {1 << 30, 1}, {1 << 30, -2}, -128, 127, 0};
  record.operands = {testing::input(kFrom, 19), testing::output(kTo, 38, 16)};
  return record.bytes();
}

Bytes hard_swish_record() {
  Record<mw_hard_swish_section> record;
  record.kernel = MW_KERNEL_HARD_SWISH;
  record.section = {19, 3, -4, {1 << 14, -2}, {1 << 14, 3}, 0};
  record.operands = {testing::input(kFrom, 19), testing::output(kTo, 19)};
  return record.bytes();
}

Bytes sigmoid_record(mw_kernel kernel, int bits) {
  Record<mw_sigmoid_section> record;
  record.kernel = kernel;
  record.section = {20, bits == 8 ? 3 : 0, {1 << 30, 24}, 120, 3, 1, 0};
  const auto bytes = static_cast<std::uint32_t>(20 * bits / 8);
  record.operands = {testing::input(kFrom, bytes, bits), testing::output(kTo, bytes, bits)};
  return record.bytes();
}

/// Two pieces of nibbles go to one output that begins with nines.
struct TwoPieces {
  mw_move_section head;
  mw_move_piece pieces[2];
};

Bytes move_record() {
  Record<TwoPieces> record;
  record.kernel = MW_KERNEL_MOVE;
  record.section.head = {2, 9, 24, 0};
  record.section.pieces[0] = {
      0, 2, 3, 1, {1, 1, 1, 2, 2, 3}, {0, 0, 0, 6, -3, 1}, {0, 0, 0, 6, 3, 1}};
  record.section.pieces[1] = {
      1, 2, 0, 14, {1, 1, 1, 1, 1, 8}, {0, 0, 0, 0, 0, 2}, {0, 0, 0, 0, 0, 1}};
  record.operands = {testing::input(kFrom, 6, 4), testing::input({MW_REGION_SRAM, 64}, 8, 4),
                     testing::output(kTo, 12, 4)};
  return record.bytes();
}

/// A good program with every command and every family of kernels.
std::vector<std::uint8_t> good_image() {
  Image image;
  const std::vector<std::uint8_t> filter(4 * 3 * 3 * 4, 0x5a);
  const std::vector<mw_channel_parameters> rows(4, {100, 1 << 30, -5});
  const mw_ref filter_place = image.add(filter.data(), filter.size());
  const mw_ref table = image.add(rows.data(), rows.size() * sizeof rows[0]);
  const mw_copy_args copy = {{MW_REGION_SRAM, 3}, {MW_REGION_SRAM, 0x600}, 70, 1};
  std::vector<mw_command> commands = {
      command(MW_MARK, 0, {0, 0}, 1), command(MW_COPY, 0, image.add(copy)), command(MW_FENCE),
      command(MW_START, 0, {MW_REGION_SRAM, 0}, 160), command(MW_WAIT)};
  for (const Bytes& record :
       {weighted_record(MW_KERNEL_CONV, filter_place, table),
        weighted_record(MW_KERNEL_DEPTHWISE, filter_place, table),
        weighted_record(MW_KERNEL_FULLY_CONNECTED, filter_place, table),
        pool_record(MW_KERNEL_AVERAGE_POOL), pool_record(MW_KERNEL_MAX_POOL), add_record(),
        softmax_record(), mul_record(), rescale_record(), hard_swish_record(),
        sigmoid_record(MW_KERNEL_LOGISTIC, 8), sigmoid_record(MW_KERNEL_TANH, 16), move_record()}) {
    commands.push_back(command(MW_CALL, 0, image.add(record.data(), record.size()),
                               static_cast<std::uint32_t>(record.size())));
  }
  commands.push_back(command(MW_END));
  image.set_invoke(commands);
  return image.bytes();
}

bool runs(const std::vector<std::uint8_t>& image) {
  FlatSystem system(image, default_native_host());
  try {
    system.run(NativeHost::Section::kSetup);
    system.run(NativeHost::Section::kInvoke, 1 << 14);
  } catch (const base::SimulationError&) {
    return false;
  }
  return true;
}

TEST(HostileImage, TheGoodImageRuns) { EXPECT_TRUE(runs(good_image())); }

TEST(HostileImage, FlippedBytesRunOrFailButNothingElse) {
  const std::vector<std::uint8_t> good = good_image();
  workloads::Xorshift32 random(1);
  int good_runs = 0;
  int failures = 0;
  for (int round = 0; round < 8000; ++round) {
    std::vector<std::uint8_t> image = good;
    for (std::uint32_t flips = 1 + random.next() % 3; flips > 0; --flips) {
      image[random.next() % image.size()] = static_cast<std::uint8_t>(random.next() >> 24);
    }
    (runs(image) ? good_runs : failures) += 1;
  }
  EXPECT_GT(good_runs, 500);
  EXPECT_GT(failures, 500);
}

TEST(HostileImage, EveryTruncationFails) {
  const std::vector<std::uint8_t> good = good_image();
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(runs({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(bytes)})) << bytes;
  }
}

}  // namespace
}  // namespace milliwatt::mcu
