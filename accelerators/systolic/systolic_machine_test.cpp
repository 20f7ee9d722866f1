// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/systolic_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "accelerators/systolic/machine_testing.h"
#include "base/error.h"

namespace milliwatt::systolic {
namespace {

using shell::Detail;

bool equal(const shell::EngineCounters& a, const shell::EngineCounters& b) {
  return a.buffers == b.buffers && a.machine == b.machine;
}

bool equal(const shell::OutputEvent& a, const shell::OutputEvent& b) {
  return a.job == b.job && a.index == b.index && a.lane == b.lane && a.value == b.value &&
         a.cycle == b.cycle;
}

/// A convolution on a machine, both small and odd.
struct Case {
  SystolicConfig config;
  mw_systolic_descriptor descriptor{};
  ConvData data;
};

/// Geometry and groups.
std::pair<mw_conv_geometry, std::int32_t> random_geometry(std::mt19937& random) {
  const auto up_to = [&](unsigned n) { return static_cast<std::int32_t>(1 + random() % n); };
  mw_conv_geometry g{};
  g.batch = 1;
  g.input_h = up_to(9);
  g.input_w = up_to(9);
  const std::int32_t groups = random() % 2 == 0 ? 1 : up_to(6);
  g.input_c = groups * up_to(groups > 1 ? 3 : 11);
  g.output_c = groups * up_to(groups > 1 ? 4 : 24);
  g.kernel_h = up_to(3);
  g.kernel_w = up_to(3);
  g.stride_h = up_to(2);
  g.stride_w = up_to(3);
  g.dilation_h = up_to(2);
  g.dilation_w = up_to(2);
  const std::int32_t span_h = (g.kernel_h - 1) * g.dilation_h + 1;
  const std::int32_t span_w = (g.kernel_w - 1) * g.dilation_w + 1;
  g.pad_top = up_to(static_cast<unsigned>(span_h)) - 1;
  g.pad_left = up_to(static_cast<unsigned>(span_w)) - 1;
  g.output_h = (g.input_h - 1 + g.pad_top) / g.stride_h + 1;
  g.output_w = (g.input_w - 1 + g.pad_left) / g.stride_w + 1;
  return {g, groups};
}

/// Of the ifmap, the weights and the ofmap: all of 8 bits now and then.
std::array<std::uint8_t, 3> random_bits(std::mt19937& random) {
  std::array<std::uint8_t, 3> bits{8, 8, 8};
  for (std::uint8_t& each : bits) {
    each = static_cast<std::uint8_t>(random() % 3 == 0 ? 8 : 2 + random() % 7);
  }
  return bits;
}

/// Changes the channels so that pixels of elements of less than 8 bits begin at bytes.
void fill_bytes(mw_conv_geometry& g, std::int32_t groups, const std::array<std::uint8_t, 3>& bits,
                std::mt19937& random) {
  const auto round = [&](std::int32_t& channels, int each) {
    if (channels * each % 8 != 0) {
      channels =
          std::lcm(groups, 8 / std::gcd(each, 8)) * static_cast<std::int32_t>(1 + random() % 2);
    }
  };
  round(g.input_c, bits[0]);
  round(g.output_c, bits[2]);
}

Case random_case(std::mt19937& random) {
  const auto up_to = [&](unsigned n) { return static_cast<std::int32_t>(1 + random() % n); };
  Case c;
  auto [g, groups] = random_geometry(random);
  const std::array<std::uint8_t, 3> bits = random_bits(random);
  fill_bytes(g, groups, bits, random);
  c.config = default_config();
  c.config.dataflow = static_cast<Dataflow>(random() % 3);
  c.config.rows = up_to(20);
  c.config.columns = up_to(20);
  c.config.input_buffer = 64 + static_cast<std::uint32_t>(random() % 2048);
  c.config.weight_buffer = 256 + static_cast<std::uint32_t>(random() % 4096);
  c.config.accumulator_buffer = 64 + static_cast<std::uint32_t>(random() % 4096);
  c.config.output_buffer = 64 + static_cast<std::uint32_t>(random() % 2048);
  c.descriptor = descriptor_of(g, up_to(static_cast<unsigned>(g.output_h)),
                               up_to(static_cast<unsigned>(g.output_w)));
  c.descriptor.input_bits = bits[0];
  c.descriptor.weight_bits = bits[1];
  c.descriptor.output_bits = bits[2];
  c.descriptor.clamp_low = -(1 << (bits[2] - 1));
  c.descriptor.clamp_high = -c.descriptor.clamp_low - 1;
  c.descriptor.input_zero_point = static_cast<std::int8_t>(random()) >> (8 - bits[0]);
  c.descriptor.pixel_tiles_outer = static_cast<std::uint8_t>(random() % 2);
  c.descriptor.weights_per_fold = static_cast<std::uint8_t>(random() % 2);
  c.descriptor.groups = groups;
  const bool stream_filters = c.config.dataflow == Dataflow::kInputStationary;
  const bool stream_taps = c.config.dataflow == Dataflow::kOutputStationary;
  const std::int32_t most = stream_filters ? g.output_c : c.config.columns;
  const std::int32_t of_group = g.output_c / groups;
  c.descriptor.filter_tile = most >= 2 * of_group && random() % 2 == 0
                                 ? of_group * up_to(static_cast<unsigned>(most / of_group))
                                 : up_to(static_cast<unsigned>(std::min(most, of_group)));
  c.descriptor.fold_taps = stream_taps ? up_to(200) : up_to(static_cast<unsigned>(c.config.rows));
  Bench::place(c.descriptor);
  c.data = ConvData::random(c.descriptor, random);
  return c;
}

bool fits(const Case& c) {
  const mw_systolic_descriptor& d = c.descriptor;
  return dataflows::misfit({d.geometry, d.groups, dataflows::bits_of(d)}, dataflows::mapping_of(d),
                           mapping_shape(c.config))
      .empty();
}

/// The sums in the order of the output jobs, by definition.
std::vector<std::int32_t> expected_sums(const Case& c) {
  const mw_conv_geometry& g = c.descriptor.geometry;
  std::vector<std::int32_t> sums;
  const auto tile = [&](const auto& ys, const auto& xs, const auto& ns) {
    for (std::int32_t y = ys.first; y < ys.second; ++y) {
      for (std::int32_t x = xs.first; x < xs.second; ++x) {
        for (std::int32_t n = ns.first; n < ns.second; ++n) {
          sums.push_back(
              static_cast<std::int32_t>(c.data.sum(y, x, n, c.descriptor.input_zero_point)));
        }
      }
    }
  };
  const Parts rows = parts_of(g.output_h, c.descriptor.tile_h);
  const Parts columns = parts_of(g.output_w, c.descriptor.tile_w);
  const Parts filters = c.data.filter_tiles(c.descriptor.filter_tile);
  const auto over_pixels = [&](const auto& body) {
    for (const auto& ys : rows) {
      for (const auto& xs : columns) {
        body(ys, xs);
      }
    }
  };
  if (c.descriptor.pixel_tiles_outer != 0) {
    over_pixels([&](const auto& ys, const auto& xs) {
      for (const auto& ns : filters) {
        tile(ys, xs, ns);
      }
    });
  } else {
    for (const auto& ns : filters) {
      over_pixels([&](const auto& ys, const auto& xs) { tile(ys, xs, ns); });
    }
  }
  return sums;
}

/// Runs a case and checks what must hold at any detail.
void run_and_check(const Case& c, Bench& bench, Recorder& recorder) {
  bench.machine.attach(&recorder);
  bench.run(c.descriptor, c.data);
  ASSERT_EQ(bench.sums, expected_sums(c));
  ASSERT_EQ(bench.cycles, bench.planned_cycles);
  ASSERT_TRUE(equal(bench.counted, bench.predicted_low));
  ASSERT_TRUE(equal(bench.counted, bench.predicted_high));
}

TEST(SystolicMachine, BothDetailsAgreeOnRandomConvolutions) {
  std::mt19937 random(99);
  int cases = 0;
  int grouped = 0;
  int narrow = 0;
  for (int i = 0; i < 9000 && cases < 1500; ++i) {
    const Case c = random_case(random);
    if (!fits(c)) {
      continue;
    }
    ++cases;
    Bench values(c.config, Detail::kValues);
    Bench exact(c.config, Detail::kExact);
    exact.stride = i % 3 == 0 ? 1 + static_cast<base::Cycles>(random() % 50) : exact.stride;
    Recorder values_events, exact_events;
    ASSERT_NO_FATAL_FAILURE(run_and_check(c, values, values_events)) << "case " << i;
    ASSERT_NO_FATAL_FAILURE(run_and_check(c, exact, exact_events)) << "case " << i;
    grouped += c.data.groups > 1 ? 1 : 0;
    narrow += c.descriptor.input_bits < 8 && c.descriptor.weight_bits < 8 ? 1 : 0;
    ASSERT_TRUE(equal(values.counted, exact.counted)) << "case " << i;
    ASSERT_EQ(values.cycles, exact.cycles);
    ASSERT_TRUE(std::equal(values_events.events.begin(), values_events.events.end(),
                           exact_events.events.begin(), exact_events.events.end(),
                           [](const auto& a, const auto& b) { return equal(a, b); }))
        << "case " << i;
  }
  EXPECT_EQ(cases, 1500);
  EXPECT_GT(grouped, 400);
  EXPECT_GT(narrow, 400);
}

/// 5 pixels, 7 taps, 3 filters on a 4x4 array: two folds of 4 and 3 taps.
struct TwoFolds {
  explicit TwoFolds(Detail detail, std::int32_t bits = 32) {
    config = default_config();
    config.rows = config.columns = 4;
    config.accumulator_bits = bits;
    data.geometry = matrix_geometry(5, 7, 3);
    data.ifmap.assign(5 * 7, 1);
    data.weights.assign(7 * 3, 1);
    descriptor = descriptor_of(data.geometry, 1, 5);
    descriptor.filter_tile = 3;
    descriptor.fold_taps = 4;
    Bench::place(descriptor);
    bench = std::make_unique<Bench>(config, detail);
    bench->layer = 2;
  }
  void run() { bench->run(descriptor, data); }

  SystolicConfig config;
  ConvData data;
  mw_systolic_descriptor descriptor{};
  std::unique_ptr<Bench> bench;
};

class EachDetail : public ::testing::TestWithParam<Detail> {};
INSTANTIATE_TEST_SUITE_P(Details, EachDetail, ::testing::Values(Detail::kValues, Detail::kExact),
                         [](const auto& param) {
                           return param.param == Detail::kValues ? "values" : "exact";
                         });

TEST_P(EachDetail, CountsWhatAFoldTouches) {
  TwoFolds f{GetParam()};
  f.run();
  const shell::EngineCounters& c = f.bench->counted;
  const auto buffer = [&](dataflows::BufferId id, int action) {
    return c.buffers[id].value(action, 2);
  };
  // 2 folds of 2 * 4 + 5 + 3 - 2 = 14 cycles on 16 PEs.
  EXPECT_EQ(f.bench->cycles, 28);
  EXPECT_EQ(c.machine[0].value(kPeMac, 2), 5 * 7 * 3);
  EXPECT_EQ(c.machine[0].value(kPeProductBit, 2), 105 * 8 * 8);
  EXPECT_EQ(c.machine[0].value(kPeMovingBit, 2), 105 * 8);
  EXPECT_EQ(c.machine[0].value(kPeStationaryBit, 2), 2 * 4 * 16 * 8);
  EXPECT_EQ(c.machine[0].value(kPeIdleBit, 2), (28 * 16 - 105 - 128) * 48);
  EXPECT_EQ(buffer(dataflows::kInputBuffer, shell::kBufferRead), 5 * 7);
  EXPECT_EQ(buffer(dataflows::kWeightBuffer, shell::kBufferRead), 7 * 3);
  EXPECT_EQ(buffer(dataflows::kAccumulatorBuffer, shell::kBufferWrite), 2 * 5 * 3);
  EXPECT_EQ(buffer(dataflows::kAccumulatorBuffer, shell::kBufferRead), 5 * 3);  // second fold only
  EXPECT_EQ(c.machine[0].total(kPeMac), 105) << "all of it in layer 2";
}

TEST_P(EachDetail, CountsTheBitsOfItsOperands) {
  // The same folds with activations of 4 bits and weights of 3. A pixel has 7 channels, 28 bits:
  // one more makes it whole bytes, in two folds of 4 taps.
  TwoFolds f{GetParam()};
  f.data.geometry = matrix_geometry(5, 8, 3);
  f.data.ifmap.assign(5 * 8, -8);
  f.data.weights.assign(8 * 3, 3);
  f.descriptor.geometry = f.data.geometry;
  f.descriptor.input_bits = 4;
  f.descriptor.weight_bits = 3;
  f.run();
  const shell::EngineCounters& c = f.bench->counted;
  EXPECT_THAT(f.bench->sums, ::testing::Each(8 * -8 * 3));
  EXPECT_EQ(f.bench->cycles, 28);
  EXPECT_EQ(c.machine[0].value(kPeMac, 2), 5 * 8 * 3);
  EXPECT_EQ(c.machine[0].value(kPeProductBit, 2), 120 * 4 * 3);
  EXPECT_EQ(c.machine[0].value(kPeMovingBit, 2), 120 * 4);
  EXPECT_EQ(c.machine[0].value(kPeStationaryBit, 2), 2 * 4 * 16 * 3);
  EXPECT_EQ(c.machine[0].value(kPeIdleBit, 2), (28 * 16 - 120 - 128) * (32 + 4 + 3));
  // 20 activations of 4 bits and 12 weights of 3 for each fold, from banks of 8 bits.
  EXPECT_EQ(c.buffers[dataflows::kInputBuffer].value(shell::kBufferRead, 2), 2 * 10);
  EXPECT_EQ(c.buffers[dataflows::kWeightBuffer].value(shell::kBufferRead, 2), 2 * 5);
}

TEST(PeActions, FollowTheDataflow) {
  FoldCounts counts;
  counts.macs = 7;
  counts.stationary_shifts = 11;
  counts.sum_shifts = 13;
  counts.idle_cycles = 17;
  using ::testing::ElementsAre;
  const auto of = [&](Dataflow dataflow, const dataflows::OperandBits& bits) {
    return pe_actions(dataflow, counts, bits);
  };
  const dataflows::OperandBits bits{5, 3, 2};  // the output's do not matter
  EXPECT_THAT(of(Dataflow::kWeightStationary, bits),
              ElementsAre(7, 7 * 15, 7 * 5, 11 * 3, 13, 17 * 40));
  EXPECT_THAT(of(Dataflow::kInputStationary, bits),
              ElementsAre(7, 7 * 15, 7 * 3, 11 * 5, 13, 17 * 40));
  EXPECT_THAT(of(Dataflow::kOutputStationary, bits),
              ElementsAre(7, 7 * 15, 7 * 8, 11 * 3, 13, 17 * 40));
}

TEST_P(EachDetail, TheSecondFoldAddsToTheFirst) {
  TwoFolds f{GetParam()};
  f.run();
  EXPECT_THAT(f.bench->sums, ::testing::Each(7));  // 4 + 3 ones
}

TEST_P(EachDetail, AnArraySumOfThisWidthFitsAndOneMoreDoesNot) {
  // 8 bits hold -128 .. 127. The first fold of pixel 3, filter 1 sums 4 products.
  TwoFolds fits{GetParam(), 8};
  fits.data.ifmap[3 * 7] = 124;  // 124 + 3 * 1 = 127 ...
  fits.data.weights[4 * 3 + 1] = fits.data.weights[5 * 3 + 1] = fits.data.weights[6 * 3 + 1] = 0;
  fits.data.weights[4 * 3 + 0] = fits.data.weights[4 * 3 + 2] = -100;
  EXPECT_NO_THROW(fits.run());
  EXPECT_EQ(fits.bench->sums[3 * 3 + 1], 127);

  TwoFolds breaks{GetParam(), 8};
  breaks.data.ifmap[3 * 7] = 125;  // ... and 128
  try {
    breaks.run();
    FAIL() << "no overflow";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(),
                 "npu: layer 2, output channel 0 at row 0, column 3: the sum 128 after tap 3 does "
                 "not fit accumulator_bits = 8");
  }
}

TEST_P(EachDetail, AnAccumulatedSumMayReachTheLowestValueAndNotPassIt) {
  // First fold -124 - 1 - 1 - 1 = -127, second -1 in all: -128 fits.
  TwoFolds fits{GetParam(), 8};
  fits.data.weights.assign(7 * 3, -1);
  fits.data.ifmap[4 * 7] = 124;
  fits.data.ifmap[4 * 7 + 5] = fits.data.ifmap[4 * 7 + 6] = 0;
  EXPECT_NO_THROW(fits.run());
  EXPECT_EQ(fits.bench->sums[4 * 3], -128);

  TwoFolds breaks{GetParam(), 8};
  breaks.data.weights.assign(7 * 3, -1);
  breaks.data.ifmap[4 * 7] = 124;
  breaks.data.ifmap[4 * 7 + 6] = 0;  // second fold -2 in all
  try {
    breaks.run();
    FAIL() << "no overflow";
  } catch (const base::SimulationError& error) {
    EXPECT_STREQ(error.what(),
                 "npu: layer 2, output channel 0 at row 0, column 4: the sum -129 after tap 6 does "
                 "not fit accumulator_bits = 8");
  }
}

TEST_P(EachDetail, TheFirstOverflowInTimeIsNamed) {
  // Pixel 1 of filter 2 is written in cycle 2R + 1 + 2 - 1, pixel 2 of filter 0 one cycle earlier.
  TwoFolds f{GetParam(), 8};
  f.data.ifmap[1 * 7] = 50;
  f.data.ifmap[2 * 7 + 1] = 100;
  f.data.weights[0 * 3 + 2] = 3;   // 3 * 50 + 3 = 153
  f.data.weights[1 * 3 + 0] = -2;  // 3 - 200 = -197
  f.data.weights[1 * 3 + 1] = 0;
  EXPECT_THAT([&] { f.run(); },
              ::testing::ThrowsMessage<base::SimulationError>(
                  ::testing::HasSubstr("channel 0 at row 0, column 2: the sum -197")));
}

TEST_P(EachDetail, ADoneFoldIsNotAdvancedAgain) {
  TwoFolds f{GetParam()};
  f.run();
  EXPECT_THROW(f.bench->machine.advance(dataflows::kArrayUnit, 1), base::InternalError);
}

TEST_P(EachDetail, AnAttachedProbeChangesNothing) {
  TwoFolds plain{GetParam()}, watched{GetParam()};
  Recorder recorder;
  watched.bench->machine.attach(&recorder);
  plain.run();
  watched.run();
  EXPECT_EQ(recorder.events.size(), 2u * 5 * 3);
  EXPECT_TRUE(equal(plain.bench->counted, watched.bench->counted));
  EXPECT_EQ(plain.bench->sums, watched.bench->sums);
  EXPECT_EQ(plain.bench->cycles, watched.bench->cycles);
}

TEST_P(EachDetail, DecodingAbandonsTheFoldOfACommandThatFailed) {
  TwoFolds f{GetParam()};
  const dataflows::Command command = f.bench->machine.decode(bytes_of(f.descriptor), {0});
  f.bench->local.bind(command.schedule.slots);
  const auto fold =
      std::find_if(command.schedule.steps.begin(), command.schedule.steps.end(),
                   [](const dataflows::Step& step) { return step.unit == dataflows::kArrayUnit; });
  ASSERT_NE(fold, command.schedule.steps.end());
  shell::EngineCounters forgotten = f.bench->counted;
  f.bench->machine.begin(*fold, 2, f.bench->local, forgotten);
  EXPECT_FALSE(f.bench->machine.advance(dataflows::kArrayUnit, 13).done);  // of 14 cycles
  EXPECT_THROW(f.bench->machine.begin(*fold, 2, f.bench->local, forgotten), base::InternalError);

  f.run();  // decodes again
  EXPECT_EQ(f.bench->cycles, 28);
  EXPECT_THAT(f.bench->sums, ::testing::Each(7));
  EXPECT_TRUE(equal(f.bench->counted, f.bench->predicted_low));
}

TEST_P(EachDetail, AFoldIsNotDoneOneCycleEarly) {
  TwoFolds f{GetParam()};
  f.bench->stride = 13;  // a fold takes 14: two calls each
  f.run();
  EXPECT_EQ(f.bench->cycles, 28);
}

}  // namespace
}  // namespace milliwatt::systolic
