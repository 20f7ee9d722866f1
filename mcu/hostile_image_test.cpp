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

mw_kernel_args window_kernel(mw_kernel kernel, mw_ref filter, mw_ref table) {
  mw_kernel_args args{};
  args.kernel = kernel;
  args.geometry = {1, 6, 5, 4, 3, 3, 4, 3, 3, 2, 2, 1, 1, 1, 1};
  args.groups = args.depth_multiplier = 1;
  args.weight_bits = 4;
  args.clamp_low = -128;
  args.clamp_high = 127;
  args.a = {MW_REGION_SRAM, 0};
  args.b = filter;
  args.parameters = table;
  args.output = {MW_REGION_SRAM, 0x400};
  return args;
}

mw_kernel_args add_kernel() {
  mw_kernel_args args = window_kernel(MW_KERNEL_ADD, {MW_REGION_SRAM, 64}, {});
  for (int i = 0; i < 4; ++i) {
    args.dims_a[i] = args.dims_output[i] = i + 1;
    args.dims_b[i] = i % 2 == 0 ? 1 : i + 1;
  }
  args.add_left_shift = 20;
  args.add_multiplier_a = args.add_multiplier_b = args.add_multiplier = 1 << 30;
  args.add_exponent = -18;
  return args;
}

mw_kernel_args softmax_kernel() {
  mw_kernel_args args = window_kernel(MW_KERNEL_SOFTMAX, {}, {});
  args.geometry.batch = 3;
  args.geometry.input_c = 10;
  args.softmax_multiplier = 1 << 30;
  args.softmax_exponent = 23;
  args.softmax_difference_minimum = -248;
  args.output_bits = 16;
  return args;
}

/// A good program with every command and kernel.
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
  for (const mw_kernel kernel : {MW_KERNEL_CONV, MW_KERNEL_DEPTHWISE, MW_KERNEL_FULLY_CONNECTED,
                                 MW_KERNEL_AVERAGE_POOL, MW_KERNEL_MAX_POOL}) {
    const mw_kernel_args args = window_kernel(kernel, filter_place, table);
    commands.push_back(command(MW_CALL, 0, image.add(args)));
  }
  commands.push_back(command(MW_CALL, 0, image.add(add_kernel())));
  commands.push_back(command(MW_CALL, 0, image.add(softmax_kernel())));
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
  for (int round = 0; round < 5000; ++round) {
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
