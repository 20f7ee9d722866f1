// SPDX-License-Identifier: Apache-2.0
// The layer traces of workloads/networks against the reference table of MLPerf Tiny's layers, which
// was extracted from the published files: every column of every row. Also their wiring.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/csv.h"
#include "workloads/geometry.h"
#include "workloads/load.h"
#include "workloads/mlperf_tiny.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

using mlperf_tiny::folder;

/// Cells by column name; a column that does not apply holds an empty text.
using Row = std::map<std::string, std::string>;

struct Pair {
  const char* trace;
  const char* model;
};

void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.trace; }

const char* published_name(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
      return "CONV_2D";
    case OperatorKind::kDepthwiseConv2d:
      return "DEPTHWISE_CONV_2D";
    case OperatorKind::kFullyConnected:
      return "FULLY_CONNECTED";
    case OperatorKind::kAveragePool2d:
      return "AVERAGE_POOL_2D";
    case OperatorKind::kMaxPool2d:
      return "MAX_POOL_2D";
    case OperatorKind::kAdd:
      return "ADD";
    case OperatorKind::kReshape:
      return "RESHAPE";
    case OperatorKind::kSoftmax:
      return "SOFTMAX";
    default:
      return "";
  }
}

/// Fills columns from the attributes of an operator.
struct AttributeCells {
  Row& row;

  void activation(Activation fused) const {
    const bool known = fused == Activation::kNone || fused == Activation::kRelu;
    row["fused_activation"] = !known ? "other" : fused == Activation::kRelu ? "RELU" : "NONE";
  }
  void window(const Window& w) const {
    row["k_h"] = std::to_string(w.kernel_h);
    row["k_w"] = std::to_string(w.kernel_w);
    row["stride_h"] = std::to_string(w.stride_h);
    row["stride_w"] = std::to_string(w.stride_w);
  }
  void dilation(const Window& w) const {
    row["dil_h"] = std::to_string(w.dilation_h);
    row["dil_w"] = std::to_string(w.dilation_w);
  }

  void operator()(const Conv2d& conv) const {
    window(conv.window);
    dilation(conv.window);
    activation(conv.activation);
    EXPECT_EQ(conv.groups, 1);
  }
  void operator()(const DepthwiseConv2d& conv) const {
    window(conv.window);
    dilation(conv.window);
    activation(conv.activation);
    row["depth_multiplier"] = std::to_string(conv.multiplier);
  }
  void operator()(const Pool2d& pool) const {
    window(pool.window);
    activation(pool.activation);
  }
  void operator()(const FullyConnected& fully) const { activation(fully.activation); }
  void operator()(const Add& add) const { activation(add.activation); }
  void operator()(const Reshape& /*none*/) const {}
  template <typename Other>
  void operator()(const Other& /*attributes*/) const {
    ADD_FAILURE() << "a kind that no bundled network has";
  }
  void operator()(const Softmax& softmax) const { EXPECT_EQ(softmax.beta, 1.0F); }
};

/// The table writes vectors as images of one pixel.
std::vector<std::int32_t> as_image(std::vector<std::int32_t> shape) {
  return shape.size() == 2 ? std::vector<std::int32_t>{shape[0], 1, 1, shape[1]} : shape;
}

/// The cells of an operator, but for its padding.
Row row_of(const Graph& graph, const Operator& op) {
  Row row;
  const auto input = as_image(graph.tensor(op.inputs[0]).shape);
  const auto output = as_image(graph.tensor(op.outputs[0]).shape);
  row["op"] = published_name(op.kind);
  row["in_n"] = std::to_string(input.at(0));
  row["in_h"] = std::to_string(input.at(1));
  row["in_w"] = std::to_string(input.at(2));
  row["in_c"] = std::to_string(input.at(3));
  row["out_h"] = std::to_string(output.at(1));
  row["out_w"] = std::to_string(output.at(2));
  row["out_c"] = std::to_string(output.at(3));
  row["macs"] = std::to_string(macs(graph, op));
  row["params"] = std::to_string(parameters(graph, op));
  for (const char* column :
       {"k_h", "k_w", "stride_h", "stride_w", "dil_h", "dil_w", "fused_activation",
        "depth_multiplier", "weight_type", "per_channel"}) {
    row[column] = "";
  }
  if (parameters(graph, op) != 0) {
    const Tensor& weights = graph.tensor(op.inputs[1]);
    row["weight_type"] = weights.type == ElementType::kInt8 ? "INT8" : "other";
    row["per_channel"] = weights.quantization.per_channel() ? "1" : "0";
  }
  std::visit(AttributeCells{row}, op.attributes);
  return row;
}

std::string pads_text(const Window& w) {
  return fmt::format("{} {} {} {}", w.pad_top, w.pad_bottom, w.pad_left, w.pad_right);
}

/// The pads that the rule of the table stands for.
std::string pads_of_rule(const std::string& rule, Window window, const Tensor& input) {
  window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = 0;
  if (rule == "SAME") {
    pad_same(window, input.shape.at(1), input.shape.at(2));
  } else {
    EXPECT_EQ(rule, "VALID");
  }
  return pads_text(window);
}

std::int64_t constant_bytes(const Graph& graph, const Operator& op) {
  std::int64_t bytes = 0;
  for (const TensorId id : op.reads()) {
    bytes += graph.tensor(id).role == TensorRole::kConstant ? graph.tensor(id).bytes() : 0;
  }
  return bytes;
}

void expect_row(const Graph& graph, const Operator& op, const base::CsvTable& table, int row) {
  SCOPED_TRACE(op.name);
  // Published files keep the shape of a reshape as two int32; a trace has no such tensor.
  const int shape_bytes = op.kind == OperatorKind::kReshape ? 8 : 0;
  EXPECT_EQ(constant_bytes(graph, op) + shape_bytes, table.integer(row, "const_bytes"));
  for (const auto& [column, cell] : row_of(graph, op)) {
    EXPECT_EQ(cell, table.text(row, column)) << column;
  }
  const std::string& rule = table.text(row, "padding");
  const Window* window = window_of(op);
  ASSERT_EQ(window == nullptr, rule.empty());
  if (window != nullptr) {
    EXPECT_EQ(pads_text(*window), pads_of_rule(rule, *window, graph.tensor(op.inputs[0])));
  }
}

class BundledNetwork : public testing::TestWithParam<Pair> {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
    graph_ = load_network(
        fmt::format("{}/workloads/networks/{}.yaml", MILLIWATT_SOURCE_DIR, GetParam().trace));
  }

  static std::vector<int> rows_of_model(const base::CsvTable& table) {
    std::vector<int> rows;
    for (int row = 0; row < table.rows(); ++row) {
      if (table.text(row, "model") == GetParam().model) {
        rows.push_back(row);
      }
    }
    return rows;
  }

  Graph graph_;
};

TEST_P(BundledNetwork, EqualsTheLayerTableRowByRow) {
  const auto table = base::CsvTable::read_file((folder() / "layers.csv").string());
  const std::vector<int> rows = rows_of_model(table);
  ASSERT_EQ(graph_.operators.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    expect_row(graph_, graph_.operators[i], table, rows[i]);
  }
}

TEST_P(BundledNetwork, EqualsTheModelTable) {
  const auto table = base::CsvTable::read_file((folder() / "models.csv").string());
  const std::vector<int> rows = rows_of_model(table);
  ASSERT_EQ(rows.size(), 1U);
  const NetworkSummary summary = summarize(graph_);
  EXPECT_EQ(summary.macs, table.integer(rows[0], "macs"));
  EXPECT_EQ(summary.parameters, table.integer(rows[0], "params"));
  EXPECT_EQ(summary.peak_live_bytes,
            table.integer(rows[0], "peak_live_activation_bytes_file_order"));
}

// Rows do not say which earlier tensor an operator reads; the published files do.
TEST_P(BundledNetwork, IsWiredLikeThePublishedFile) {
  const auto producers = [](const Graph& graph) {
    std::map<TensorId, int> writer;
    std::vector<std::vector<int>> all;
    for (const Operator& op : graph.operators) {
      std::vector<int>& reads = all.emplace_back();
      for (const TensorId id : op.reads()) {
        if (graph.tensor(id).role != TensorRole::kConstant) {
          reads.push_back(writer.count(id) == 0 ? -1 : writer.at(id));
        }
      }
      writer[op.outputs[0]] = static_cast<int>(all.size()) - 1;
    }
    return all;
  };
  EXPECT_EQ(producers(graph_), producers(mlperf_tiny::read_model(GetParam().model)));
}

INSTANTIATE_TEST_SUITE_P(
    MlperfTiny, BundledNetwork,
    testing::Values(Pair{"resnet8", "mlperf_ic_resnet8"}, Pair{"dscnn", "mlperf_kws_dscnn"},
                    Pair{"mobilenetv1_025_96", "mlperf_vww_mobilenetv1_025_96"},
                    Pair{"autoencoder", "mlperf_ad_autoencoder"},
                    Pair{"dscnn1d", "mlperf_sww_dscnn1d"}),
    [](const auto& test) { return std::string(test.param.trace); });

}  // namespace
}  // namespace milliwatt::workloads
