// SPDX-License-Identifier: Apache-2.0
#include "workloads/scalesim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/csv.h"
#include "base/error.h"
#include "base/reference_testing.h"
#include "workloads/load.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kConv =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\n";

Graph conv(const std::string& rows) { return parse_topology(kConv + rows, "t.csv"); }

std::vector<std::string> faults_of(const std::string& text) {
  try {
    parse_topology(text, "t.csv");
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}
std::vector<std::string> conv_faults(const std::string& rows) { return faults_of(kConv + rows); }

const Tensor& output_of(const Graph& graph, std::size_t op) {
  return graph.tensor(graph.operators.at(op).outputs.at(0));
}
std::int64_t total_macs(const Graph& graph) {
  std::int64_t total = 0;
  for (const Operator& op : graph.operators) {
    total += macs(graph, op);
  }
  return total;
}

TEST(Scalesim, EachLayerHasAnInputAndAnOutputOfItsOwn) {
  const Graph graph = conv("a, 8, 6, 3, 2, 4, 5, 1,\nb, 9, 9, 3, 3, 2, 7, 2,\n");
  EXPECT_EQ(graph.name, "t");
  ASSERT_EQ(graph.operators.size(), 2U);
  ASSERT_EQ(graph.inputs.size(), 2U);
  EXPECT_EQ(graph.outputs,
            (std::vector<TensorId>{graph.operators[0].outputs[0], graph.operators[1].outputs[0]}));
  EXPECT_EQ(graph.tensor(graph.inputs[0]).name, "a/ifmap");
  EXPECT_THAT(graph.tensor(graph.inputs[0]).shape, ElementsAre(1, 8, 6, 4));
  EXPECT_EQ(output_of(graph, 0).name, "a");
  EXPECT_THAT(output_of(graph, 0).shape, ElementsAre(1, 6, 5, 5));  // 8 - 3 + 1, 6 - 2 + 1
  EXPECT_THAT(output_of(graph, 1).shape, ElementsAre(1, 4, 4, 7));  // (9 - 3) / 2 + 1
  EXPECT_EQ(total_macs(graph), 6 * 5 * 5 * 3 * 2 * 4 + 4 * 4 * 7 * 3 * 3 * 2);
  EXPECT_EQ(parameters(graph, graph.operators[0]), 5 * 3 * 2 * 4);  // no bias
  EXPECT_EQ(graph.weights, WeightsOrigin::kSeeded);
  EXPECT_THAT(graph.notes, IsEmpty());
  EXPECT_EQ(run_reference(graph, seeded_input(graph, 1)).size(), graph.tensors.size());
}

TEST(Scalesim, ProductsHaveRowsDepthAndUnits) {
  const Graph graph = parse_topology("Layer,M,N,K,\ng,3,5,7,\nh,1,2,4,\n", "dir/gemm.csv");
  EXPECT_EQ(graph.name, "gemm");
  EXPECT_EQ(graph.batch, 1);
  EXPECT_EQ(graph.operators[0].kind, OperatorKind::kFullyConnected);
  EXPECT_THAT(graph.tensor(graph.inputs[0]).shape, ElementsAre(3, 7));
  EXPECT_THAT(output_of(graph, 0).shape, ElementsAre(3, 5));
  EXPECT_EQ(macs(graph, graph.operators[0]), 3 * 5 * 7);
  EXPECT_EQ(macs(graph, graph.operators[1]), 1 * 2 * 4);
}

TEST(Scalesim, NamesWithDpAreDepthwise) {
  const Graph graph = conv("DP1, 5, 5, 3, 3, 6, 1, 1,\nxDPx, 5, 5, 3, 3, 6, 2, 2,\n");
  EXPECT_EQ(graph.operators[0].kind, OperatorKind::kDepthwiseConv2d);
  EXPECT_THAT(output_of(graph, 0).shape, ElementsAre(1, 3, 3, 6));
  EXPECT_EQ(macs(graph, graph.operators[0]), 3 * 3 * 6 * 9);
  EXPECT_THAT(output_of(graph, 1).shape, ElementsAre(1, 2, 2, 12));  // 2 filters per channel
  EXPECT_THAT(graph.notes, IsEmpty());
}

TEST(Scalesim, LikelyDepthwiseLayersGetANote) {
  const Graph graph = conv(
      "conv_dw1, 5, 5, 3, 3, 6, 1, 1,\nDepthWise, 5, 5, 3, 3, 6, 1, 1,\n"
      "dw2, 5, 5, 3, 3, 1, 1, 1,\ndw3, 5, 5, 3, 3, 6, 2, 1,\nlast, 5, 5, 3, 3, 6, 1, 1,\n");
  EXPECT_THAT(graph.notes,
              ElementsAre("t.csv:2: conv_dw1: taken as one dense filter over 6 channels, as it is "
                          "written. If it is a depthwise layer, put DP into its name",
                          "t.csv:3: DepthWise: taken as one dense filter over 6 channels, as it is "
                          "written. If it is a depthwise layer, put DP into its name"));
  EXPECT_EQ(graph.operators[0].kind, OperatorKind::kConv2d);
  EXPECT_EQ(macs(graph, graph.operators[0]), 3 * 3 * 6 * 9);
}

// ceil((32 - 1 + 2) / 2) = 17, floor((32 - 1) / 2) + 1 = 16; 16 outputs need 15 x 2 + 1 = 31, 17
// need 33. At 31 and 33 both conventions agree.
TEST(Scalesim, SizesThatScalesimRoundsUpGetANote) {
  EXPECT_THAT(conv("even, 32, 32, 1, 1, 2, 4, 2,\nodd, 31, 33, 1, 1, 2, 4, 2,\n").notes,
              ElementsAre("t.csv:2: even: the output is 16 x 16; SCALE-Sim rounds up to 17 x 17, "
                          "reading beyond the ifmap. An ifmap of 31 x 31 is 16 x 16 for both, one "
                          "of 33 x 33 is 17 x 17 for both"));
  EXPECT_THAT(output_of(conv("even, 32, 32, 1, 1, 2, 4, 2,\n"), 0).shape,
              ElementsAre(1, 16, 16, 4));
  // Only one dimension: 7 x 9 under 3 x 3 with stride 4 is 2 x 2 by the floor, ceil(8 / 4) = 2 and
  // ceil(10 / 4) = 3 by the ceiling.
  EXPECT_THAT(conv("wide, 7, 9, 3, 3, 1, 1, 4,\n").notes,
              ElementsAre("t.csv:2: wide: the output is 2 x 2; SCALE-Sim rounds up to 2 x 3, "
                          "reading beyond the ifmap. An ifmap of 7 x 7 is 2 x 2 for both, one of "
                          "7 x 11 is 2 x 3 for both"));
}

TEST(Scalesim, FurtherColumnsGiveStridesAndPads) {
  const std::string head =
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, ";
  const Graph two = parse_topology(head + "Stride Height, Stride Width\na,9,9,3,3,1,1,2,3\n", "t");
  EXPECT_THAT(output_of(two, 0).shape, ElementsAre(1, 4, 3, 1));
  const Graph padded = parse_topology(head + "Strides, Padding\na,8,8,3,3,1,1,1,1\n", "t");
  EXPECT_THAT(output_of(padded, 0).shape, ElementsAre(1, 8, 8, 1));
  const Graph sides =
      parse_topology(head + "Strides, Padding Height, Padding Width\na,8,8,3,3,1,1,1,2,0\n", "t");
  EXPECT_THAT(output_of(sides, 0).shape, ElementsAre(1, 10, 6, 1));
  EXPECT_EQ(std::get<Conv2d>(sides.operators[0].attributes).window.pad_bottom, 2);
  EXPECT_THAT(parse_topology(head + "Strides, Padding\na,8,8,3,3,1,1,2,1\n", "t").notes,
              ElementsAre("t:2: a: the output is 4 x 4; SCALE-Sim rounds up to 5 x 5, reading "
                          "beyond the ifmap. An ifmap of 9 x 9, padding included, is 4 x 4 for "
                          "both, one of 11 x 11 is 5 x 5 for both"));
}

TEST(Scalesim, CommasBlanksCaseAndOrderMeanNothing) {
  const Graph plain = conv("a, 8, 6, 3, 2, 4, 5, 1,\n");
  const Graph other = parse_topology(
      "\r\nCHANNELS,strides,num_filter, filterwidth,Filter  Height,ifmap-width,IFMAP "
      "height,layer\r\n"
      "4,1,5,2,3,6,8,a\r\n ,,\r\n",
      "t.csv");
  EXPECT_EQ(other.operators[0].name, plain.operators[0].name);
  EXPECT_EQ(output_of(other, 0).shape, output_of(plain, 0).shape);
  EXPECT_EQ(macs(other, other.operators[0]), macs(plain, plain.operators[0]));
  // The last field counts with and without a comma behind it.
  EXPECT_THAT(output_of(conv("a,9,9,3,3,1,1,2"), 0).shape, ElementsAre(1, 4, 4, 1));
  EXPECT_THAT(output_of(conv("a,9,9,3,3,1,1,2,,,\n"), 0).shape, ElementsAre(1, 4, 4, 1));
}

TEST(Scalesim, BadHeadersAreRefused) {
  EXPECT_THAT(faults_of(""), ElementsAre("t.csv:1: the table is empty; expected a header line"));
  EXPECT_THAT(faults_of(kConv), ElementsAre("t.csv:1: there is no layer below the header"));
  EXPECT_THAT(faults_of("Layer,M,N,Depth\ng,1,1,1\n"),
              ElementsAre("t.csv:1: the column 'Depth' is not known. Allowed: Layer, M, N, K",
                          "t.csv:1: the column 'K' is missing"));
  EXPECT_THAT(faults_of("Layer,M,N,K,m\ng,1,1,1,1\n"),
              ElementsAre("t.csv:1: the columns 'M' and 'm' are the same"));
  EXPECT_THAT(faults_of("Layer,M,N,K,M\ng,1,1,1,1\n"),
              ElementsAre("t.csv:1: two columns are named 'M'"));
  EXPECT_THAT(faults_of("Layer,M,,N,K\ng,1,1,1,1\n"), ElementsAre("t.csv:1: column 3 has no name"));
  EXPECT_THAT(
      faults_of("Layer, IFMAP Height, Filter Height, Filter Width, Chanels, Num Filter, Stride "
                "Height, Padding, Padding Width\na,1,1,1,1,1,1,1,1\n"),
      ElementsAre("t.csv:1: the column 'Chanels' is not known; did you mean 'Channels'? Allowed: "
                  "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
                  "Num Filter, Strides, Stride Height, Stride Width, Padding, Padding Height, "
                  "Padding Width",
                  "t.csv:1: the column 'IFMAP Width' is missing",
                  "t.csv:1: the column 'Stride Width' is missing",
                  "t.csv:1: the column 'Padding' excludes 'Padding Height' and 'Padding Width'",
                  "t.csv:1: the column 'Padding Height' is missing"));
}

TEST(Scalesim, BadRowsAreRefusedAllAtOnce) {
  EXPECT_THAT(
      conv_faults("a, 8, 8, 3, 3, 0, -4, 1,\n"
                  "a, 8, 8, 3, 3, 1, 4, one,\n"
                  "b, 8, 8, 9, 3, 1, 4, 1,\n"
                  "c, 8, 8, 3, 3, 1, 4,\n"
                  " , 8, 8, 3, 3, 1, 4, 1.5,\n"
                  "d, 8, 8, 3, 70000, 1, 4, 1, 1,\n"
                  "e, 8, 8, 3, 70000, 1, , 1,\n"),
      ElementsAre(
          "t.csv:2: a: Channels: found '0'; expected a whole number from 1 to 16777216",
          "t.csv:2: a: Num Filter: found '-4'; expected a whole number from 1 to 16777216",
          "t.csv:3: a: the name is used twice; line 2 has it too",
          "t.csv:3: a: Strides: found 'one'; expected a whole number from 1 to 65536",
          "t.csv:4: b: the filter of 9 x 3 is larger than the ifmap of 8 x 8",
          "t.csv:5: found 7 fields, the header has 8", "t.csv:6: the layer has no name",
          "t.csv:6: Strides: found '1.5'; expected a whole number from 1 to 65536",
          "t.csv:7: found 9 fields, the header has 8",
          "t.csv:8: e: Filter Width: found '70000'; expected a whole number from 1 to 65536",
          "t.csv:8: e: Num Filter: found ''; expected a whole number from 1 to 16777216"));
  EXPECT_THAT(conv_faults("\xFF, 8, 8, 3, 3, 1, 4, 1,\n"),
              ElementsAre("t.csv:2: the name of the layer is not UTF-8"));
  EXPECT_THAT(conv_faults("a\", 8, 8, 3, 3, 1, 4, 1,\n"),
              ElementsAre("t.csv:2: a quote inside a field that is not quoted"));
}

TEST(Scalesim, LayersThatAreTooLargeAreRefusedByTheirRow) {
  EXPECT_THAT(conv_faults("a, 16777216, 16777216, 1, 1, 1, 1, 1,\nb, 4, 4, 1, 1, 1, 1, 1,\n"),
              ElementsAre("t.csv:2: a: tensor 'a/ifmap': shape [1, 16777216, 16777216, 1] has an "
                          "extent below 1 or takes more than 1073741824 bytes"));
  EXPECT_THAT(conv_faults("a, 4, 4, 1, 1, 1, 1, 1,\nDP, 4, 4, 1, 1, 16777216, 16777216, 1,\n"),
              ElementsAre("t.csv:3: DP: 281474976710656 output channels are too many"));
}

class ScalesimTopologies : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = base::reference_folder(MILLIWATT_SOURCE_DIR) / "systolic";
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no reference data in " << folder_;
    }
  }
  std::filesystem::path folder_;
};

/// Every layer is the product of M x K by K x N that SCALE-Sim reports for it.
TEST_P(ScalesimTopologies, LayersAreThoseThatScalesimReports) {
  const Graph graph = load_network((folder_ / "topologies" / GetParam()).string() + ".csv");
  std::map<std::string, int> rows;
  const auto reported = base::CsvTable::read_file((folder_ / "scalesim_v3_calc.csv").string());
  for (int row = 0; row < reported.rows(); ++row) {
    if (reported.text(row, "network") == GetParam()) {
      rows.emplace(reported.text(row, "layer"), row);
    }
  }
  ASSERT_EQ(graph.operators.size(), rows.size());
  EXPECT_THAT(graph.notes, IsEmpty());
  std::int64_t repeated = 0;
  for (const Operator& op : graph.operators) {
    const int row = rows.at(op.name);
    const Tensor& output = graph.tensor(op.outputs[0]);
    EXPECT_EQ(output.elements() / output.shape.back(), reported.integer(row, "M")) << op.name;
    EXPECT_EQ(output.shape.back(), reported.integer(row, "N")) << op.name;
    EXPECT_EQ(macs(graph, op), reported.integer(row, "macs")) << op.name;
    EXPECT_EQ(parameters(graph, op), reported.integer(row, "K") * reported.integer(row, "N"));
    repeated += macs(graph, op) * reported.integer(row, "repeat");
  }
  const std::map<std::string, std::int64_t> known = {
      {"mlperf_tiny_ic_resnet8", 12501632},
      {"mlperf_tiny_kws_dscnn", 2656768},
      {"mlperf_tiny_vww_mobilenetv1_025", 7489664},
      {"mlperf_tiny_ad_fcae", 264192},
      {"gemm_edge", 10122352},
  };
  EXPECT_EQ(repeated, known.at(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Reference, ScalesimTopologies,
                         testing::Values("mlperf_tiny_ic_resnet8", "mlperf_tiny_kws_dscnn",
                                         "mlperf_tiny_vww_mobilenetv1_025", "mlperf_tiny_ad_fcae",
                                         "gemm_edge"));

}  // namespace
}  // namespace milliwatt::workloads
