// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "accelerators/systolic/machine_testing.h"
#include "base/error.h"

namespace milliwatt::systolic {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const shell::RegionBases kBases = {0x80000000, 0x20000000};

/// 8x9 image of 5 channels, 3x3 kernel, stride 2, padding 1: 4x5 outputs of 20 channels.
mw_systolic_descriptor good() {
  mw_systolic_descriptor d = descriptor_of({1, 8, 9, 5, 4, 5, 20, 3, 3, 2, 2, 1, 1, 1, 1}, 2, 5);
  d.weight_bits = 3;
  d.output_bits = 4;
  d.input_zero_point = -3;
  d.output_zero_point = 4;
  d.clamp_low = -6;
  d.clamp_high = 7;
  d.pixel_tiles_outer = 1;
  d.groups = 5;
  d.filter_tile = 8;
  d.fold_taps = 7;
  d.ifmap = {1, 0x100};
  d.weights = {0, 0x200};
  d.parameters = {0, 0x300};
  d.ofmap = {1, 0x400};
  return d;
}

dataflows::SystolicCommand decode(const mw_systolic_descriptor& d) {
  return decode_descriptor(bytes_of(d), kBases);
}

std::string fault(const std::function<void(mw_systolic_descriptor&)>& change) {
  mw_systolic_descriptor d = good();
  change(d);
  try {
    decode(d);
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "";
}

TEST(Descriptor, EveryFieldArrives) {
  const dataflows::SystolicCommand command = decode(good());
  EXPECT_EQ(command.geometry.input_w, 9);
  EXPECT_EQ(command.geometry.output_c, 20);
  EXPECT_EQ(command.geometry.pad_left, 1);
  EXPECT_EQ(command.mapping.tile_h, 2);
  EXPECT_EQ(command.mapping.tile_w, 5);
  EXPECT_TRUE(command.mapping.pixel_tiles_outer);
  EXPECT_FALSE(command.mapping.weights_per_fold);
  EXPECT_EQ(command.groups, 5);
  EXPECT_EQ(command.bits.input, 8);
  EXPECT_EQ(command.bits.weights, 3);
  EXPECT_EQ(command.bits.output, 4);
  EXPECT_EQ(command.mapping.filter_tile, 8);
  EXPECT_EQ(command.mapping.fold_taps, 7);
  EXPECT_EQ(command.input_zero_point, -3);
  EXPECT_EQ(command.output_zero_point, 4);
  EXPECT_EQ(command.clamp_low, -6);
  EXPECT_EQ(command.clamp_high, 7);
  EXPECT_EQ(command.ifmap, 0x20000100u);
  EXPECT_EQ(command.weights, 0x80000200u);
  EXPECT_EQ(command.parameters, 0x80000300u);
  EXPECT_EQ(command.ofmap, 0x20000400u);
}

TEST(Descriptor, SaysWhichFieldIsWrong) {
  using D = mw_systolic_descriptor;
  EXPECT_EQ(fault([](D& d) { d.head.version = 1; }),
            "systolic descriptor: version is 1, allowed are 3 .. 3");
  EXPECT_THAT(fault([](D& d) { d.head.magic = 0; }), HasSubstr("magic"));
  EXPECT_THAT(fault([](D& d) { d.head.machine = MW_MACHINE_VECTOR; }), HasSubstr("machine"));
  EXPECT_THAT(fault([](D& d) { d.head.bytes = 16; }), HasSubstr("bytes"));
  EXPECT_THAT(fault([](D& d) { d.head.operators = 2; }), HasSubstr("operators"));
  EXPECT_THAT(fault([](D& d) { d.input_zero_point = 128; }), HasSubstr("input_zero_point"));
  EXPECT_THAT(fault([](D& d) { d.output_zero_point = -129; }), HasSubstr("output_zero_point"));
  EXPECT_THAT(fault([](D& d) { d.clamp_low = 5, d.clamp_high = 4; }), HasSubstr("clamp_high"));
  EXPECT_THAT(fault([](D& d) { d.tile_h = 0; }), HasSubstr("tile_h"));
  EXPECT_THAT(fault([](D& d) { d.tile_w = -1; }), HasSubstr("tile_w"));
  EXPECT_THAT(fault([](D& d) { d.pixel_tiles_outer = 2; }), HasSubstr("pixel_tiles_outer"));
  EXPECT_THAT(fault([](D& d) { d.weights_per_fold = 255; }), HasSubstr("weights_per_fold"));
  EXPECT_THAT(fault([](D& d) { d.groups = 0; }), HasSubstr("groups"));
  EXPECT_THAT(fault([](D& d) { d.filter_tile = 0; }), HasSubstr("filter_tile"));
  EXPECT_THAT(fault([](D& d) { d.fold_taps = (1 << 16) + 1; }), HasSubstr("fold_taps"));
  EXPECT_THAT(fault([](D& d) { d.ofmap.region = 2; }), HasSubstr("ofmap lies in region 2 of 2"));
}

TEST(Descriptor, BitsAreTwoToEightAndBoundValues) {
  using D = mw_systolic_descriptor;
  const std::pair<const char*, std::uint8_t D::*> fields[] = {{"input_bits", &D::input_bits},
                                                              {"weight_bits", &D::weight_bits},
                                                              {"output_bits", &D::output_bits}};
  for (const auto& [name, field] : fields) {
    for (const int bits : {0, 1, 9, 16, 255}) {
      EXPECT_EQ(fault([field = field, bits](D& d) { d.*field = static_cast<std::uint8_t>(bits); }),
                "systolic descriptor: " + std::string(name) + " is " + std::to_string(bits) +
                    ", allowed are 2 .. 8");
    }
  }
  EXPECT_THAT(fault([](D& d) { d.reserved[2] = 1; }), HasSubstr("reserved"));
  // 4 bits of output hold -8 .. 7, 5 bits of input -16 .. 15.
  EXPECT_EQ(fault([](D& d) { d.output_zero_point = -8, d.clamp_low = -8; }), "");
  EXPECT_THAT(fault([](D& d) { d.output_zero_point = -9; }), HasSubstr("allowed are -8 .. 7"));
  EXPECT_THAT(fault([](D& d) { d.clamp_low = -9; }), HasSubstr("allowed are -8 .. 7"));
  EXPECT_THAT(fault([](D& d) { d.clamp_high = 8; }), HasSubstr("allowed are -6 .. 7"));
  EXPECT_EQ(fault([](D& d) { d.input_bits = 5, d.input_zero_point = 15; }), "");
  EXPECT_THAT(fault([](D& d) { d.input_bits = 5, d.input_zero_point = 16; }),
              HasSubstr("allowed are -16 .. 15"));
}

TEST(Descriptor, EveryDimensionIsAtLeastOneAndBounded) {
  using Field = std::int32_t mw_conv_geometry::*;
  using G = mw_conv_geometry;
  const std::pair<const char*, Field> fields[] = {
      {"batch", &G::batch},           {"input_h", &G::input_h},   {"input_w", &G::input_w},
      {"input_c", &G::input_c},       {"output_h", &G::output_h}, {"output_w", &G::output_w},
      {"output_c", &G::output_c},     {"kernel_h", &G::kernel_h}, {"kernel_w", &G::kernel_w},
      {"stride_h", &G::stride_h},     {"stride_w", &G::stride_w}, {"dilation_h", &G::dilation_h},
      {"dilation_w", &G::dilation_w},
  };
  for (const auto& [name, field] : fields) {
    for (const std::int32_t value : {0, -1, INT32_MIN, (1 << 20) + 1, INT32_MAX}) {
      EXPECT_THAT(
          fault([field = field, value](mw_systolic_descriptor& d) { d.geometry.*field = value; }),
          HasSubstr(std::string(name) + " is"));
    }
  }
}

TEST(Descriptor, WindowsStartInTheImageAndReachIt) {
  using D = mw_systolic_descriptor;
  // 3 rows in all: padding 2 is the most. The last of 4 windows then starts at row 3 * 2 - 2.
  EXPECT_EQ(fault([](D& d) { d.geometry.pad_top = 2; }), "");
  EXPECT_THAT(fault([](D& d) { d.geometry.pad_top = 3; }), HasSubstr("padding of input rows is 3"));
  EXPECT_THAT(fault([](D& d) { d.geometry.pad_left = -1; }), HasSubstr("columns is -1"));
  // Window 4 starts at row 4 * 2 - 1 = 7, the last one of the image; window 5 at row 9.
  EXPECT_EQ(fault([](D& d) { d.geometry.output_h = 5; }), "");
  EXPECT_THAT(fault([](D& d) { d.geometry.output_h = 6; }),
              HasSubstr("starts 2 input rows behind the image"));
  EXPECT_THAT(fault([](D& d) { d.geometry.dilation_h = 1 << 20; }), HasSubstr("kernel covers"));
}

TEST(Descriptor, ProductsAreBoundedBeforeTheyAreUsed) {
  using D = mw_systolic_descriptor;
  EXPECT_THAT(
      fault([](D& d) { d.geometry.input_h = d.geometry.input_w = d.geometry.input_c = 1 << 20; }),
      HasSubstr("more than 2147483647 input elements"));
  EXPECT_THAT(fault([](D& d) { d.geometry.batch = d.geometry.output_c = 1 << 20; }),
              HasSubstr("output elements"));
}

TEST(Descriptor, AMachineRefusesACommandOfTooManyFolds) {
  // 2^18 x 5 pixels one by one, 5 taps in one fold, 20 filters in two column tiles of 16.
  mw_systolic_descriptor d = good();
  d.geometry.input_h = d.geometry.output_h = 1 << 18;
  d.geometry.stride_h = d.geometry.kernel_h = d.geometry.kernel_w = 1;
  d.geometry.pad_top = d.geometry.pad_left = 0;
  d.tile_h = d.tile_w = 1;
  SystolicMachine machine("npu", default_config(), shell::Detail::kValues);
  EXPECT_THAT([&] { machine.decode(bytes_of(d), kBases); },
              ThrowsMessage<base::SimulationError>(HasSubstr("has more than 2097152 folds")));
}

TEST(Descriptor, AnyOtherNumberOfBytesIsRefused) {
  for (const std::size_t size :
       {std::size_t{0}, sizeof(mw_descriptor_head), std::size_t{151}, std::size_t{153}}) {
    std::vector<std::uint8_t> bytes = bytes_of(good());
    bytes.resize(size);
    EXPECT_THROW(decode_descriptor(bytes, kBases), base::SimulationError);
  }
}

TEST(Descriptor, HostileBytesGiveAnErrorOrACommandThatFits) {
  SystolicMachine machine("npu", default_config(), shell::Detail::kValues);
  std::mt19937 random(17);
  int decoded = 0, refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::uint8_t> bytes = bytes_of(good());
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      // Behind the head, else most would fail at once.
      bytes[sizeof(mw_descriptor_head) + random() % 128] ^= static_cast<std::uint8_t>(random());
    }
    try {
      const dataflows::Command command = machine.decode(bytes, kBases);
      shell::LocalMemory{machine.shape()}.bind(command.schedule.slots);
      ++decoded;
    } catch (const base::SimulationError&) {
      ++refused;
    }
  }
  EXPECT_GT(decoded, 200);
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace milliwatt::systolic
