// SPDX-License-Identifier: Apache-2.0
#include "workloads/summary.h"

#include <gtest/gtest.h>

#include "workloads/layer_trace.h"

namespace milliwatt::workloads {
namespace {

constexpr const char* kTrace = R"(layer_trace: 1
name: little
inputs:
  - {name: in, shape: [1, 4, 4, 2]}
layers:
  - {kind: conv2d, name: a, filters: 3, kernel: 3}
  - {kind: conv2d, name: b, filters: 3, kernel: 1, bias: false}
  - {kind: add, name: c, inputs: [a, b]}
)";

TEST(Summary, CountsBytesOnceAndLifetimesInFileOrder) {
  const NetworkSummary summary = summarize(parse_layer_trace(kTrace, "t", ""));
  ASSERT_EQ(summary.operators.size(), 3U);
  const OperatorSummary& a = summary.operators[0];
  EXPECT_EQ(a.macs, 4 * 4 * 3 * (3 * 3 * 2));
  EXPECT_EQ(a.parameters, 3 * 18 + 3);
  EXPECT_EQ(a.constant_bytes, 3 * 18 + 3 * 4);
  EXPECT_EQ(a.activation_bytes, 32 + 48);
  EXPECT_EQ(a.live_bytes, 32 + 48);                     // in, a
  EXPECT_EQ(summary.operators[1].live_bytes, 48 + 48);  // a lives on for c
  EXPECT_EQ(summary.operators[2].live_bytes, 48 + 48 + 48);
  EXPECT_EQ(summary.peak_live_bytes, 144);
  EXPECT_EQ(summary.peak_operator, 2U);
  EXPECT_EQ(summary.constant_bytes, 54 + 12 + 9);
  EXPECT_EQ(summary.input_bytes, 32);
  EXPECT_EQ(summary.output_bytes, 48);
  EXPECT_DOUBLE_EQ(a.intensity(), 864.0 / (66 + 80));
  EXPECT_DOUBLE_EQ(summary.intensity(), (864.0 + 144.0) / (75 + 32 + 48));
}

TEST(Summary, AnOperandReadTwiceCountsOnce) {
  Graph graph = parse_layer_trace(kTrace, "t", "");
  graph.operators[2].inputs = {0, 0};
  EXPECT_EQ(summarize(graph).operators[2].activation_bytes, 32 + 48);
}

TEST(Summary, CountsZeroWeightsInInt8AndInt4) {
  Graph graph = parse_layer_trace(kTrace, "t", "");
  Tensor& weights = graph.tensors[static_cast<std::size_t>(graph.operators[1].inputs[1])];
  ASSERT_EQ(weights.shape, (std::vector<std::int32_t>{3, 1, 1, 3}));
  weights.data = {0, 1, 0, 2, 3, 4, 5, 6, 0};
  EXPECT_EQ(summarize(graph).operators[1].zero_weights, 3);
  EXPECT_DOUBLE_EQ(summarize(graph).operators[1].zero_fraction(), 3.0 / 9.0);
  weights.type = ElementType::kInt4;
  weights.data = {0x10, 0x00, 0x22, 0x33, 0x04};  // the last high nibble is not a weight
  EXPECT_EQ(summarize(graph).operators[1].zero_weights, 3);
}

TEST(Summary, ShowsBitsWhereNotAllAreBytes) {
  Graph graph = parse_layer_trace(kTrace, "t", "");
  EXPECT_EQ(format_summary(summarize(graph)).find("bits"), std::string::npos);
  Tensor& weights = graph.tensors[static_cast<std::size_t>(graph.operators[1].inputs[1])];
  weights.type = ElementType::kInt4;
  weights.data.resize(static_cast<std::size_t>(weights.bytes()));
  const std::string text = format_summary(summarize(graph));
  EXPECT_NE(text.find("  w bits  out bits\n"), std::string::npos) << text;
  EXPECT_NE(text.find("       4         8\n"), std::string::npos) << text;
}

TEST(Summary, PrintsOneLinePerOperator) {
  const std::string text = format_summary(summarize(parse_layer_trace(kTrace, "t", "")));
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "network little: 3 operators, batch 1, weights: seeded");
  EXPECT_NE(text.find("\na         conv2d  1x4x4x2  1x4x4x3  3x3       864      57"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\npeak of live tensors: 144 B at c\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace milliwatt::workloads
