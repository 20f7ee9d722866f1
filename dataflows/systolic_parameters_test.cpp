// SPDX-License-Identifier: Apache-2.0
// Mapping parameters that a user gives.
#include "dataflows/systolic_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "dataflows/graph_testing.h"
#include "dataflows/systolic_engine.h"
#include "dataflows/systolic_testing.h"

namespace milliwatt::dataflows {
namespace {

using testing::array_of;
using testing::Dice;

base::YamlNode yaml(const std::string& text) { return base::parse_yaml_text(text, "plan"); }

/// 8 x 8 x 2 in, 3 x 3 windows, 6 x 6 x 5 out.
const Convolution kConvolution{{1, 8, 8, 2, 6, 6, 5, 3, 3, 1, 1, 1, 1, 0, 0}};

TEST(SystolicParameters, AreReadBackAsTheyAreWritten) {
  const SystolicMapping mapping{3, 2, true, false, 4, 7};
  const base::YamlNode dumped = systolic_parameter_schema().dump(SystolicParameters{mapping});
  EXPECT_EQ(base::write_yaml(dumped),
            "tile_h: 3\ntile_w: 2\nfilter_tile: 4\nfold_taps: 7\npixel_tiles_outer: true\n"
            "weights_per_fold: false\n");
  EXPECT_EQ(systolic_parameter_schema().read(dumped).applied_to({}), mapping);
  EXPECT_EQ(SystolicParameters{}.applied_to(mapping), mapping) << "what is absent stays";
}

TEST(ForcedMapping, IsThatOfEveryCandidate) {
  const SystolicEngine engine{array_of(4, 4, 1 << 16)};
  const std::size_t all = engine.candidates(kConvolution).size();
  SystolicParameters forced;
  forced.tile_h = 5;
  const std::vector<SystolicMapping> tall = engine.candidates(kConvolution, forced);
  EXPECT_LT(tall.size(), all);
  EXPECT_GT(tall.size(), 1u);
  for (const SystolicMapping& mapping : tall) {
    EXPECT_EQ(mapping.tile_h, 5);
  }
  EXPECT_EQ(engine.candidates(kConvolution, SystolicParameters{{5, 2, true, true, 3, 2}}).size(),
            1u);
  EXPECT_EQ(engine.choose(kConvolution, {}, SystolicParameters{{5, 2, true, true, 3, 2}}),
            (SystolicMapping{5, 2, true, true, 3, 2}));
}

workloads::Graph network() {
  workloads::Conv2d conv;
  conv.window.kernel_h = conv.window.kernel_w = 3;
  return testing::single(
      workloads::OperatorKind::kConv2d, conv,
      {testing::int8_tensor({1, 8, 8, 2}),
       testing::constant(testing::int8_tensor({5, 3, 3, 2}), std::vector<std::uint8_t>(90, 1)),
       testing::int8_tensor({1, 6, 6, 5})});
}

std::string refusal(const SystolicShape& shape, const std::string& mapping) {
  const workloads::Graph graph = network();
  try {
    SystolicEngine{shape}.map(graph, graph.operators[0], {}, yaml(mapping));
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ForcedMapping, ThatDoesNotFitSaysByHowMuchAndWhatHelps) {
  SystolicShape shape = array_of(4, 4, 1 << 16);
  // Tiles of 2 x 6 look at 4 rows of 8 pixels of 2 channels.
  shape.input_buffer_bytes = 64;
  EXPECT_EQ(refusal(shape, "{tile_h: 2, tile_w: 6}"), "");
  shape.input_buffer_bytes = 63;
  EXPECT_EQ(refusal(shape, "{tile_h: 2, tile_w: 6}"),
            "plan:1:1: no room for the ifmap of a tile of 64 bytes; accelerator.input_buffer: 63 B "
            "-> at least 64 B (1 byte more); or leave tile_h or tile_w to the planner");
  EXPECT_EQ(refusal(shape, "{tile_h: 2}"), "") << "a narrower tile";
  EXPECT_EQ(refusal(shape, "{tile_h: 2, filter_tile: 5}"),
            "plan:1:1: filter_tile is 5, possible are 1 .. 4; or leave filter_tile to the "
            "planner");
  EXPECT_EQ(refusal(shape, "{tile_h: 2, filter_tile: 5, fold_taps: 5}"),
            "plan:1:1: filter_tile is 5, possible are 1 .. 4; fold_taps is 5, possible are 1 .. 4; "
            "or leave filter_tile and fold_taps to the planner");
  EXPECT_EQ(refusal(shape, "{fold_taps: 4}"), "");
  EXPECT_EQ(refusal(shape, "{fold_taps: 5}"),
            "plan:1:1: fold_taps is 5, possible are 1 .. 4; or leave fold_taps to the planner");
}

TEST(ForcedMapping, IsReadStrictly) {
  const SystolicShape shape = array_of(4, 4, 1 << 16);
  EXPECT_EQ(refusal(shape, "{tile_h: 0}"), "plan:1:10: tile_h: found '0'; allowed: 1 .. 1048576");
  EXPECT_EQ(refusal(shape, "{weights_per_fold: 1}"),
            "plan:1:20: weights_per_fold: found '1'; allowed: true or false");
  EXPECT_THAT(refusal(shape, "{tile_y: 1}"),
              ::testing::HasSubstr("plan:1:2: tile_y: unknown key; did you mean 'tile_h'?"));
}

/// Every mapping that the engine makes, it makes again from the parameters that it tells.
TEST(ForcedMapping, OfATasksParametersIsTheSameTask) {
  Dice dice{71};
  for (int i = 0; i < 200; ++i) {
    const workloads::Graph graph =
        dice.one_in(3) ? testing::random_fully_connected(dice) : testing::random_convolution(dice);
    SystolicShape shape = array_of(dice.roll(1, 9), dice.roll(1, 9), 1 << 14);
    shape.dataflow = static_cast<Dataflow>(dice.roll(0, 2));
    const SystolicEngine engine{shape};
    if (engine.refuses(graph, graph.operators[0])) {
      continue;
    }
    const auto task = engine.map(graph, graph.operators[0], {}, {});
    const auto again = engine.map(graph, graph.operators[0], {}, task->parameters());
    const TaskPlaces places{{{}}, {{}, {}}, {{}}, {}};
    EXPECT_EQ(task->descriptor(places, 0), again->descriptor(places, 0));
    EXPECT_EQ(task->constants()[0].bytes, again->constants()[0].bytes);
  }
}

}  // namespace
}  // namespace milliwatt::dataflows
