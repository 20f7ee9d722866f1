// SPDX-License-Identifier: Apache-2.0
#include "dataflows/conv_geometry.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "dataflows/graph_testing.h"

namespace milliwatt::dataflows {
namespace {

/// 4 x 4 outputs of a 3 x 3 kernel over 6 x 6 x 2, 5 filters.
constexpr ConvGeometry kGeometry{1, 6, 6, 2, 4, 4, 5, 3, 3, 1, 1, 1, 1, 0, 0};

TEST(GeometryFault, BothEndsOfEveryDimension) {
  using G = ConvGeometry;
  for (std::int32_t G::*const field :
       {&G::batch, &G::input_h, &G::input_w, &G::input_c, &G::output_h, &G::output_w, &G::output_c,
        &G::kernel_h, &G::kernel_w, &G::stride_h, &G::stride_w, &G::dilation_h, &G::dilation_w}) {
    ConvGeometry g{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    EXPECT_EQ(geometry_fault(g), "");
    g.*field = 0;
    EXPECT_NE(geometry_fault(g), "");
    g.*field = (1 << 20) + 1;
    EXPECT_NE(geometry_fault(g).find("possible are 1 .. 1048576"), std::string::npos);
  }
}

TEST(GeometryFault, PaddingIsShorterThanTheKernel) {
  ConvGeometry g = kGeometry;
  g.pad_top = g.pad_left = 2;
  EXPECT_EQ(geometry_fault(g), "");
  g.pad_left = 3;
  EXPECT_EQ(geometry_fault(g), "the padding of input columns is 3, the kernel covers 3");
  g.dilation_w = 2;  // covers 5
  EXPECT_EQ(geometry_fault(g), "");
  g.pad_top = -1;
  EXPECT_EQ(geometry_fault(g), "the padding of input rows is -1, the kernel covers 3");
}

TEST(GeometryFault, TheLastWindowStartsInTheImage) {
  ConvGeometry g = kGeometry;
  g.output_h = 6;  // starts at row 5 of 6
  EXPECT_EQ(geometry_fault(g), "");
  g.output_h = 7;
  EXPECT_EQ(geometry_fault(g), "the last window starts 1 input rows behind the image");
  g.pad_top = 1;
  EXPECT_EQ(geometry_fault(g), "");
}

TEST(GeometryFault, KernelsCoverAtMostTheLargestDimension) {
  ConvGeometry g = kGeometry;
  g.kernel_h = 2;
  g.dilation_h = (1 << 20) - 1;
  EXPECT_EQ(geometry_fault(g), "");
  g.dilation_h = 1 << 20;
  EXPECT_EQ(geometry_fault(g),
            "the kernel covers 1048577 input rows, at most 1048576 are possible");
}

TEST(GeometryFault, TensorsHaveLessThanTwoToThe31Elements) {
  ConvGeometry g = kGeometry;
  g.input_h = g.input_w = 1 << 10;
  g.input_c = 1 << 10;
  EXPECT_EQ(geometry_fault(g), "");
  g.input_c = 1 << 11;
  EXPECT_EQ(geometry_fault(g), "more than 2147483647 input elements");
  g = kGeometry;
  g.batch = 1 << 20;
  g.output_c = (1 << 7) - 1;
  EXPECT_EQ(geometry_fault(g), "");
  g.output_c = 1 << 7;
  EXPECT_EQ(geometry_fault(g), "more than 2147483647 output elements");
}

TEST(GeometryFault, IsNoneForEveryGraphThatPassesItsChecks) {
  testing::Dice dice{70};
  for (int i = 0; i < 500; ++i) {
    for (const workloads::Graph& graph :
         {random_convolution(dice), random_pool(dice), random_fully_connected(dice)}) {
      EXPECT_EQ(geometry_fault(conv_geometry(graph, graph.operators[0])), "");
    }
  }
}

TEST(ConvGeometry, OfAFullyConnectedLayerIsALineOfPixels) {
  using testing::constant;
  using testing::int8_tensor;
  const workloads::Graph graph = testing::single(
      workloads::OperatorKind::kFullyConnected, workloads::FullyConnected{},
      {int8_tensor({2, 2, 3}), constant(int8_tensor({5, 6}), std::vector<std::uint8_t>(30, 1)),
       int8_tensor({2, 5})});
  const ConvGeometry g = conv_geometry(graph, graph.operators[0]);
  EXPECT_EQ(g.input_w, 2);  // 12 elements in rows of 6
  EXPECT_EQ(g.output_w, 2);
  EXPECT_EQ(g.input_h, 1);
  EXPECT_EQ(g.input_c, 6);
  EXPECT_EQ(g.output_c, 5);
  EXPECT_EQ(dot_length(g), 6);
}

TEST(ConvGeometry, NeedsAWindow) {
  testing::Dice dice{71};
  const workloads::Graph graph = random_addition(dice);
  EXPECT_THROW(conv_geometry(graph, graph.operators[0]), base::InternalError);
}

}  // namespace
}  // namespace milliwatt::dataflows
