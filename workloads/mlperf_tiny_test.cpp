// SPDX-License-Identifier: Apache-2.0
// Imported networks and reference kernels against the golden data of TFLite Micro: every tensor of
// every case of the MLPerf Tiny networks, and every single-operator case of our operators.
#include "workloads/mlperf_tiny.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/csv.h"
#include "base/digest.h"
#include "base/error.h"
#include "workloads/geometry.h"
#include "workloads/quantization.h"
#include "workloads/seeded.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

using mlperf_tiny::folder;
using mlperf_tiny::read_bytes;
using mlperf_tiny::read_json;
using nlohmann::json;

std::string crc_text(const Bytes& bytes) {
  return fmt::format("{:08x}", base::crc32(bytes.data(), bytes.size()));
}

std::vector<Bytes> read_files(const std::filesystem::path& where, const json& names) {
  std::vector<Bytes> all;
  for (const json& name : names) {
    all.push_back(read_bytes(where / name.get<std::string>()));
  }
  return all;
}

class MlperfTinyNetwork : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
    where_ = folder() / "models" / GetParam();
    graph_ = mlperf_tiny::read_model(GetParam());
  }

  std::filesystem::path where_;
  Graph graph_;
};

TEST_P(MlperfTinyNetwork, EveryTensorOfEveryCaseIsByteEqual) {
  int compared = 0;
  const json document = read_json(where_ / "cases.json");
  for (const json& one : document["cases"]) {
    const std::string name = one["case"];
    const TensorValues values = run_reference(graph_, read_files(where_, one["inputs"]));
    for (const json& tensor : one["tensors"]) {
      const Bytes& bytes = values.at(tensor["tensor"].get<std::size_t>());
      EXPECT_EQ(bytes.size(), tensor["bytes"].get<std::size_t>());
      EXPECT_EQ(crc_text(bytes), tensor["crc32"]) << name << " tensor " << tensor["tensor"];
      ++compared;
    }
  }
  // At least three seeds, and at least the input and one tensor per operator in each.
  EXPECT_GE(compared, 3 * (1 + static_cast<int>(graph_.operators.size())));
}

TEST_P(MlperfTinyNetwork, Seed1TensorsEqualTheDump) {
  const json document = read_json(where_ / "cases.json");
  const json& one = document["cases"][0];
  ASSERT_EQ(one["case"], "seed1");
  const TensorValues values = run_reference(graph_, read_files(where_, one["inputs"]));
  Bytes all;
  for (const json& tensor : one["tensors"]) {
    ASSERT_EQ(tensor["offset"].get<std::size_t>(), all.size());
    const Bytes& bytes = values.at(tensor["tensor"].get<std::size_t>());
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  EXPECT_TRUE(all == read_bytes(where_ / "seed1.tensors.bin"));
}

TEST_P(MlperfTinyNetwork, TensorsAgreeWithTheModelDescription) {
  const json model = read_json(where_ / "model.json");
  ASSERT_EQ(graph_.tensors.size(), model["tensors"].size());
  for (const json& expected : model["tensors"]) {
    const Tensor& tensor = graph_.tensors.at(expected["index"].get<std::size_t>());
    EXPECT_EQ(tensor.name, expected["name"]);
    EXPECT_EQ(json(tensor.shape), expected["shape"]) << tensor.name;
    EXPECT_EQ(tensor.role == TensorRole::kConstant, expected["constant"].get<bool>());
    ASSERT_EQ(tensor.quantization.scales.size(),
              expected.value("scale_f32_hex", json::array()).size());
    for (std::size_t i = 0; i < tensor.quantization.scales.size(); ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &tensor.quantization.scales[i], sizeof bits);
      EXPECT_EQ(fmt::format("{:08x}", bits), expected["scale_f32_hex"][i]);
      EXPECT_EQ(tensor.quantization.zero_points[i], expected["zero_point"][i]);
    }
  }
}

TEST_P(MlperfTinyNetwork, OperatorsAgreeWithTheModelDescription) {
  const json model = read_json(where_ / "model.json");
  ASSERT_EQ(graph_.operators.size(), model["ops"].size());
  std::int64_t total_macs = 0;
  std::int64_t total_parameters = 0;
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    const Operator& op = graph_.operators[i];
    const json& expected = model["ops"][i];
    EXPECT_EQ(json(op.inputs), expected["inputs"]) << op.name;
    EXPECT_EQ(json(op.outputs), expected["outputs"]) << op.name;
    EXPECT_EQ(macs(graph_, op), expected["macs"]) << op.name;
    EXPECT_EQ(parameters(graph_, op), expected["params"]) << op.name;
    total_macs += macs(graph_, op);
    total_parameters += parameters(graph_, op);
  }
  EXPECT_EQ(total_macs, model["total_macs"]);
  EXPECT_EQ(total_parameters, model["total_params"]);
  EXPECT_EQ(json(graph_.inputs), model["inputs"]);
  EXPECT_EQ(json(graph_.outputs), model["outputs"]);
}

TEST_P(MlperfTinyNetwork, WindowsAgreeWithTheLayerTable) {
  const auto table = base::CsvTable::read_file((folder() / "layers.csv").string());
  std::size_t seen = 0;
  for (int row = 0; row < table.rows(); ++row) {
    if (table.text(row, "model") != GetParam()) {
      continue;
    }
    const Operator& op = graph_.operators.at(seen++);
    EXPECT_EQ(macs(graph_, op), table.integer(row, "macs"));
    EXPECT_EQ(parameters(graph_, op), table.integer(row, "params"));
    EXPECT_EQ(graph_.tensor(op.outputs[0]).shape.back(), table.integer(row, "out_c"));
    if (const Window* window = window_of(op)) {
      EXPECT_EQ(window->kernel_h, table.integer(row, "k_h")) << op.name;
      EXPECT_EQ(window->kernel_w, table.integer(row, "k_w")) << op.name;
      EXPECT_EQ(window->stride_h, table.integer(row, "stride_h")) << op.name;
      EXPECT_EQ(window->stride_w, table.integer(row, "stride_w")) << op.name;
      EXPECT_EQ(graph_.tensor(op.outputs[0]).shape[1], table.integer(row, "out_h")) << op.name;
      EXPECT_EQ(graph_.tensor(op.outputs[0]).shape[2], table.integer(row, "out_w")) << op.name;
    }
  }
  EXPECT_EQ(seen, graph_.operators.size());
}

TEST_P(MlperfTinyNetwork, SummaryAgreesWithTheModelTable) {
  const NetworkSummary summary = summarize(graph_);
  const auto table = base::CsvTable::read_file((folder() / "models.csv").string());
  int seen = 0;
  for (int row = 0; row < table.rows(); ++row) {
    if (table.text(row, "model") == GetParam()) {
      EXPECT_EQ(summary.macs, table.integer(row, "macs"));
      EXPECT_EQ(summary.parameters, table.integer(row, "params"));
      EXPECT_EQ(summary.peak_live_bytes,
                table.integer(row, "peak_live_activation_bytes_file_order"));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 1);
}

TEST_P(MlperfTinyNetwork, Seed1IsTheSeededInput) {
  EXPECT_EQ(seeded_input(graph_, 1).at(0), read_bytes(where_ / "seed1.in0.bin"));
}

TEST_P(MlperfTinyNetwork, DamagedFilesNeverDoHarm) {
  const Bytes whole = read_bytes(where_ / "model.tflite");
  Xorshift32 random(1);
  int good = 0;
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    Bytes damaged = whole;
    if (round % 2 == 0) {
      damaged.resize(random.next() % whole.size());
    }
    for (int i = 0; round % 2 == 1 && i < 8; ++i) {
      damaged[random.next() % damaged.size()] ^= static_cast<std::uint8_t>(1 + random.next() % 255);
    }
    try {
      read_tflite(damaged, "net");
      ++good;
    } catch (const base::UserError&) {
      ++refused;
    }
  }
  EXPECT_GE(refused, 150);  // every truncation
  EXPECT_EQ(good + refused, 300);
}

INSTANTIATE_TEST_SUITE_P(Models, MlperfTinyNetwork,
                         testing::Values("mlperf_ic_resnet8", "mlperf_kws_dscnn",
                                         "mlperf_vww_mobilenetv1_025_96", "mlperf_ad_autoencoder",
                                         "mlperf_sww_dscnn1d"),
                         [](const auto& test) { return std::string(test.param); });

class OperatorCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
  }

  static void run_case(const std::filesystem::path& where, const json& one) {
    const std::string name = one["name"];
    const Graph graph = read_tflite(read_bytes(where / one["model"].get<std::string>()), name);
    const TensorValues values = run_reference(graph, read_files(where, one["inputs"]));
    const auto expected = read_files(where, one["outputs"]);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(values.at(static_cast<std::size_t>(graph.outputs.at(i))) == expected[i]) << name;
    }
    EXPECT_EQ(macs(graph, graph.operators.at(0)), one["macs"]) << name;
    check_multipliers(graph, one);
  }

  static void check_multipliers(const Graph& graph, const json& one) {
    const json derived = one.value("derived", json::object());
    if (!derived.contains("output_multiplier") || !derived["output_multiplier"].is_array()) {
      return;
    }
    const Operator& op = graph.operators.at(0);
    if (op.kind == OperatorKind::kAdd) {
      return;
    }
    const auto multipliers = output_stage(graph, op).multipliers;
    const std::size_t distinct = derived["output_multiplier"].size();
    ASSERT_TRUE(distinct == 1 || distinct == multipliers.size()) << one["name"];
    for (std::size_t c = 0; c < multipliers.size(); ++c) {
      const std::size_t i = distinct == 1 ? 0 : c;
      EXPECT_EQ(multipliers[c].mantissa, derived["output_multiplier"][i]) << one["name"];
      EXPECT_EQ(multipliers[c].exponent, derived["output_shift"][i]) << one["name"];
    }
  }
};

TEST_F(OperatorCases, AllCasesOfOurOperatorsAreByteEqual) {
  std::map<std::string, int> passed;
  const json manifest = read_json(folder() / "ops" / "manifest.json");
  const std::set<std::string> ours = {
      "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D",
      "ADD",     "RESHAPE",           "SOFTMAX"};
  for (const json& one : manifest["cases"]) {
    if (ours.count(one["op"]) != 0) {
      run_case(folder() / "ops", one);
      ++passed[one["op"]];
    }
  }
  // The 70 cases of the manifest, int16 and int4 among them; none is left out.
  const std::map<std::string, int> expected = {{"ADD", 6},
                                               {"AVERAGE_POOL_2D", 4},
                                               {"CONV_2D", 26},
                                               {"DEPTHWISE_CONV_2D", 13},
                                               {"FULLY_CONNECTED", 10},
                                               {"MAX_POOL_2D", 4},
                                               {"RESHAPE", 1},
                                               {"SOFTMAX", 6}};
  EXPECT_EQ(passed, expected);
}

TEST_F(OperatorCases, WideConvolutionsAndAdditionsAreByteEqual) {
  std::map<std::string, int> passed;
  const json manifest = read_json(folder() / "seanet_int16x8" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    if (one["op"] == "CONV_2D" || one["op"] == "ADD") {
      run_case(folder() / "seanet_int16x8", one);
      ++passed[one["op"]];
    }
  }
  EXPECT_EQ(passed, (std::map<std::string, int>{{"ADD", 11}, {"CONV_2D", 15}}));
}

TEST_F(OperatorCases, OtherOperatorsAreRefusedByName) {
  int refused = 0;
  const json manifest = read_json(folder() / "ops" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    const std::string op = one["op"];
    if (op == "MEAN" || op == "TRANSPOSE_CONV" || op == "BATCH_MATMUL" || op == "LEAKY_RELU") {
      try {
        read_tflite(read_bytes(folder() / "ops" / one["model"].get<std::string>()), "net");
        FAIL() << one["name"];
      } catch (const base::UserError& error) {
        EXPECT_EQ(std::string(error.what()), "net: unsupported operators: 1 x " + op);
        ++refused;
      }
    }
  }
  EXPECT_EQ(refused, 4 + 4 + 2 + 2);
}

TEST_F(OperatorCases, ANetworkListsAllItsUnsupportedOperators) {
  try {
    mlperf_tiny::read_model("tinyengine_mcunet_vww");
    FAIL();
  } catch (const base::UserError& error) {
    ASSERT_EQ(error.messages().size(), 1U);
    EXPECT_EQ(error.messages()[0],
              "tinyengine_mcunet_vww: unsupported operators: 1 x DEQUANTIZE, 2 x MEAN, "
              "4 x PAD, 1 x QUANTIZE, 1 x TRANSPOSE");
  }
}

}  // namespace
}  // namespace milliwatt::workloads
