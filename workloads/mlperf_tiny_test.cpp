// SPDX-License-Identifier: Apache-2.0
// Imported networks and reference kernels against the golden data of TFLite Micro: every tensor of
// every case of the MLPerf Tiny networks, and every single-operator case of our operators.
#include "workloads/mlperf_tiny.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/csv.h"
#include "base/digest.h"
#include "base/error.h"
#include "workloads/geometry.h"
#include "workloads/quantization.h"
#include "workloads/seeded.h"
#include "workloads/summary.h"
#include "workloads/tflite_schema.h"

namespace milliwatt::workloads {
namespace {

using mlperf_tiny::agree;
using mlperf_tiny::folder;
using mlperf_tiny::read_bytes;
using mlperf_tiny::read_files;
using mlperf_tiny::read_json;
using nlohmann::json;

std::string crc_text(const Bytes& bytes) {
  return fmt::format("{:08x}", base::crc32(bytes.data(), bytes.size()));
}

std::vector<TensorValues> run_case(const Graph& graph, const std::filesystem::path& where,
                                   const json& one) {
  return run_reference_stream(graph, mlperf_tiny::inputs_of_case(where, one));
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

  /// A float32 result, which may be 1 ulp off; the inputs' values are given.
  bool ends_in_float(std::size_t id) const {
    return graph_.tensors.at(id).type == ElementType::kFloat32 &&
           graph_.tensors[id].role == TensorRole::kActivation;
  }

  void expect_outputs(const json& one, const std::vector<TensorValues>& invocations) const {
    const std::size_t per_invocation = one["outputs"].size() / invocations.size();
    ASSERT_EQ(per_invocation, graph_.outputs.size());
    for (std::size_t i = 0; i < one["outputs"].size(); ++i) {
      const json& output = one["outputs"][i];
      const std::size_t id = output["tensor"];
      const Bytes expected = read_bytes(where_ / output["file"].get<std::string>());
      EXPECT_TRUE(agree(graph_.tensors.at(id), invocations.at(i / per_invocation).at(id), expected))
          << output["file"];
    }
  }

  std::filesystem::path where_;
  Graph graph_;
};

TEST_P(MlperfTinyNetwork, EveryTensorOfEveryCaseIsByteEqual) {
  int compared = 0;
  const json document = read_json(where_ / "cases.json");
  for (const json& one : document["cases"]) {
    const std::string name = one["case"];
    const auto invocations = run_case(graph_, where_, one);
    for (const json& tensor : one["tensors"]) {
      const std::size_t id = tensor["tensor"];
      const Bytes& bytes = invocations.at(tensor.value("invocation", std::size_t{0})).at(id);
      EXPECT_EQ(bytes.size(), tensor["bytes"].get<std::size_t>());
      if (!ends_in_float(id)) {
        EXPECT_EQ(crc_text(bytes), tensor["crc32"]) << name << " tensor " << id;
      }
      ++compared;
    }
    expect_outputs(one, invocations);
  }
  // At least three seeds, and at least the input and one tensor per operator in each.
  EXPECT_GE(compared, 3 * (1 + static_cast<int>(graph_.operators.size())));
}

TEST_P(MlperfTinyNetwork, DumpedTensorsAreEqual) {
  int dumps = 0;
  const json document = read_json(where_ / "cases.json");
  for (const json& one : document["cases"]) {
    if (!one.contains("tensors_file")) {
      continue;
    }
    const Bytes dump = read_bytes(where_ / one["tensors_file"].get<std::string>());
    const auto invocations = run_case(graph_, where_, one);
    std::size_t end = 0;
    for (const json& entry : one["tensors"]) {
      const std::size_t id = entry["tensor"];
      const std::size_t offset = entry["offset"];
      ASSERT_EQ(offset, end);
      const Bytes& bytes = invocations.at(entry.value("invocation", std::size_t{0})).at(id);
      end += bytes.size();
      const auto first = dump.begin() + static_cast<std::ptrdiff_t>(offset);
      EXPECT_TRUE(agree(graph_.tensors.at(id), bytes,
                        {first, first + static_cast<std::ptrdiff_t>(bytes.size())}))
          << one["case"] << " tensor " << id;
    }
    EXPECT_EQ(end, dump.size());
    ++dumps;
  }
  EXPECT_GE(dumps, 1);
}

TEST_P(MlperfTinyNetwork, TensorsAgreeWithTheModelDescription) {
  const json model = read_json(where_ / "model.json");
  ASSERT_EQ(graph_.tensors.size(), model["tensors"].size());
  for (const json& expected : model["tensors"]) {
    const Tensor& tensor = graph_.tensors.at(expected["index"].get<std::size_t>());
    const std::string name = expected["name"];
    EXPECT_EQ(tensor.name,
              name.empty() ? fmt::format("tensor_{}", expected["index"].get<int>()) : name);
    EXPECT_EQ(tensor.role == TensorRole::kState, expected.value("is_variable", false));
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

/// The kind behind the format's name of an operator.
std::optional<OperatorKind> published_kind(const std::string& name) {
  constexpr std::int32_t kMostCodes = 256;
  std::int32_t code = 0;
  while (code < kMostCodes && tflite::builtin_name(code) != name) {
    ++code;
  }
  return tflite::kind_of(code);
}

TEST_P(MlperfTinyNetwork, OperatorsAgreeWithTheModelDescription) {
  const json model = read_json(where_ / "model.json");
  ASSERT_EQ(graph_.operators.size(), model["ops"].size());
  std::int64_t total_macs = 0;
  std::int64_t total_parameters = 0;
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    const Operator& op = graph_.operators[i];
    const json& expected = model["ops"][i];
    EXPECT_EQ(published_kind(expected["op"]), op.kind) << op.name;
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

INSTANTIATE_TEST_SUITE_P(Models, MlperfTinyNetwork, testing::ValuesIn(mlperf_tiny::kNetworks),
                         [](const auto& test) { return std::string(test.param); });

class OperatorCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
  }

  static void check_case(const std::filesystem::path& where, const json& one) {
    const std::string name = one["name"];
    const Graph graph = read_tflite(read_bytes(where / one["model"].get<std::string>()), name);
    const auto invocations = run_case(graph, where, one);
    const auto expected = read_files(where, one["outputs"]);
    ASSERT_FALSE(expected.empty());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t invocation = i * invocations.size() / expected.size();
      const TensorId id = graph.outputs.at(i % graph.outputs.size());
      EXPECT_TRUE(agree(graph.tensor(id),
                        invocations.at(invocation).at(static_cast<std::size_t>(id)), expected[i]))
          << name;
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

TEST_F(OperatorCases, AllCasesAreByteEqual) {
  int passed = 0;
  const json manifest = read_json(folder() / "ops" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    check_case(folder() / "ops", one);
    ++passed;
  }
  EXPECT_EQ(passed, 115);
}

TEST_F(OperatorCases, AllWideCasesAreByteEqual) {
  std::map<std::string, int> passed;
  const json manifest = read_json(folder() / "seanet_int16x8" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    check_case(folder() / "seanet_int16x8", one);
    ++passed[one["op"]];
  }
  const std::map<std::string, int> expected = {
      {"ADD", 11},           {"CONV_2D", 15}, {"LEAKY_RELU", 15},   {"PAD", 13},
      {"STRIDED_SLICE", 23}, {"SUB", 1},      {"TRANSPOSE_CONV", 3}};
  EXPECT_EQ(passed, expected);
}

/// Whether a damaged file is refused; one that is not must run, or tell of an overflow.
bool refused(const Bytes& damaged) {
  try {
    const Graph graph = read_tflite(damaged, "net");
    run_reference(graph, seeded_input(graph, 1));
  } catch (const base::UserError&) {
    return true;
  } catch (const base::SimulationError&) {
    return false;
  }
  return false;
}

TEST_F(OperatorCases, DamagedFilesNeverDoHarm) {
  constexpr int kRounds = 20;
  Xorshift32 random(7);
  int refusals = 0;
  int files = 0;
  const json manifest = read_json(folder() / "ops" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    const Bytes whole = read_bytes(folder() / "ops" / one["model"].get<std::string>());
    for (int round = 0; round < kRounds; ++round) {
      Bytes damaged = whole;
      for (std::uint32_t i = random.next() % 3; i < 3; ++i) {
        damaged[random.next() % damaged.size()] ^=
            static_cast<std::uint8_t>(1 + random.next() % 255);
      }
      refusals += refused(damaged) ? 1 : 0;
    }
    ++files;
  }
  EXPECT_EQ(files, 115);
  // Flips in weights and names are harmless, those in offsets, shapes and options are not.
  EXPECT_GT(refusals, files * kRounds / 10);
  EXPECT_LT(refusals, files * kRounds);
}

/// Elements of the case's output that single rounding changes, and the largest change.
std::pair<int, int> changed_by_single_rounding(const json& one) {
  const auto where = folder() / "ops";
  const Graph graph = read_tflite(read_bytes(where / one["model"].get<std::string>()), "net");
  const auto inputs = read_files(where, one["inputs"]);
  States states(graph);
  const auto id = static_cast<std::size_t>(graph.outputs.at(0));
  const Bytes twice = run_reference(graph, inputs).at(id);
  const Bytes once = run_reference(graph, inputs, states, Rounding::kSingle).at(id);
  std::pair<int, int> changed;
  for (std::size_t i = 0; i < twice.size(); ++i) {
    const int step =
        std::abs(static_cast<std::int8_t>(once[i]) - static_cast<std::int8_t>(twice[i]));
    changed.first += step != 0 ? 1 : 0;
    changed.second = std::max(changed.second, step);
  }
  return changed;
}

TEST_F(OperatorCases, SingleRoundingDiffersByOneWhereThereAreTies) {
  std::map<std::string, int> changed;
  const json manifest = read_json(folder() / "ops" / "manifest.json");
  for (const json& one : manifest["cases"]) {
    const bool narrow = one["tensors"].back()["type"] == "INT8" && one["invocations"] == 1;
    if (!narrow) {
      continue;
    }
    const auto [elements, step] = changed_by_single_rounding(one);
    EXPECT_LE(step, 1) << one["name"];
    if (elements > 0) {
      changed[one["name"]] = elements;
    }
  }
  const std::map<std::string, int> expected = {{"add_pow2_ties", 72},
                                               {"bmm_i8_adjy", 1},
                                               {"conv_1x1_basic", 2},
                                               {"conv_batch3", 1},
                                               {"conv_groups2", 1},
                                               {"conv_i4w_1x1", 5},
                                               {"conv_izp_m128", 1},
                                               {"conv_mult_2m8_ties", 1},
                                               {"conv_mult_mixed_pow2", 1},
                                               {"conv_mult_near_ties", 4},
                                               {"dw_batch2", 1},
                                               {"dw_dil2", 1},
                                               {"dw_i4w", 6},
                                               {"dw_mult2", 2},
                                               {"leaky_relu", 7},
                                               {"lstm_i8_batch2", 4},
                                               {"mean_hw", 1},
                                               {"mul_bcast_se", 1},
                                               {"mul_const", 1},
                                               {"mul_same", 1},
                                               {"relu_req", 10},
                                               {"tconv_2x2_s2", 1},
                                               {"tconv_3x3_s2_same", 1}};
  EXPECT_EQ(changed, expected);
}

}  // namespace
}  // namespace milliwatt::workloads
