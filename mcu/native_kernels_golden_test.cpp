// SPDX-License-Identifier: Apache-2.0
// Software kernels against outputs of TFLite Micro: every case of every operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcu/kernel_testing.h"
#include "workloads/mlperf_tiny.h"

namespace milliwatt::mcu {
namespace {

namespace mlperf_tiny = workloads::mlperf_tiny;
using workloads::Bytes;

/// Outputs of a case, invocation after invocation, each in the order of graph.outputs.
std::vector<Bytes> run_case(const workloads::Graph& graph, const nlohmann::json& one) {
  const workloads::Operator& op = graph.operators.at(0);
  workloads::States states(graph);
  std::vector<Bytes> outputs;
  for (std::size_t first = 0; first < one["inputs"].size(); first += graph.inputs.size()) {
    std::vector<Bytes> values(graph.tensors.size());
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
      values[static_cast<std::size_t>(graph.inputs[i])] = mlperf_tiny::read_bytes(
          mlperf_tiny::folder() / "ops" / one["inputs"][first + i].get<std::string>());
    }
    std::vector<const Bytes*> operands;
    for (const workloads::TensorId id : op.inputs) {
      const bool constant = id >= 0 && !graph.tensor(id).data.empty();
      operands.push_back(id < 0     ? nullptr
                         : constant ? &graph.tensor(id).data
                                    : &values[static_cast<std::size_t>(id)]);
    }
    for (Bytes& output : testing::run_on_host(graph, op, operands, states)) {
      outputs.push_back(std::move(output));
    }
  }
  return outputs;
}

TEST(NativeKernels, EqualTheGoldenOperatorCases) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  const std::filesystem::path folder = mlperf_tiny::folder() / "ops";
  const nlohmann::json manifest = mlperf_tiny::read_json(folder / "manifest.json");
  int equal = 0;
  std::vector<std::string> refused;
  for (const nlohmann::json& one : manifest["cases"]) {
    const std::string name = one["name"];
    const workloads::Graph graph = workloads::read_tflite(
        mlperf_tiny::read_bytes(folder / one["model"].get<std::string>()), name);
    ASSERT_EQ(graph.operators.size(), 1U) << name;
    if (const auto reason = dataflows::host_refuses(graph, graph.operators[0])) {
      refused.push_back(name + ": " + *reason);
      continue;
    }
    const std::vector<Bytes> outputs = run_case(graph, one);
    ASSERT_EQ(outputs.size(), one["outputs"].size()) << name;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(outputs[i], mlperf_tiny::read_bytes(folder / one["outputs"][i].get<std::string>()))
          << name;
    }
    ++equal;
  }
  EXPECT_EQ(refused.size(), 24U) << ::testing::PrintToString(refused);
  EXPECT_EQ(equal, 91);
}

class HostNetwork : public ::testing::TestWithParam<const char*> {};

TEST_P(HostNetwork, EveryTensorEqualsTheReference) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  const workloads::Graph graph = mlperf_tiny::read_model(GetParam());
  const std::vector<Bytes> inputs = workloads::seeded_input(graph, 5);
  const workloads::TensorValues expected = workloads::run_reference(graph, inputs);
  for (const workloads::Operator& op : graph.operators) {
    std::vector<const Bytes*> operands;
    for (const workloads::TensorId id : op.inputs) {
      const bool constant = id >= 0 && !graph.tensor(id).data.empty();
      operands.push_back(id < 0     ? nullptr
                         : constant ? &graph.tensor(id).data
                                    : &expected[static_cast<std::size_t>(id)]);
    }
    EXPECT_EQ(testing::run_on_host(graph, op, operands),
              expected[static_cast<std::size_t>(op.outputs[0])])
        << op.name;
  }
}

INSTANTIATE_TEST_SUITE_P(MlperfTiny, HostNetwork,
                         ::testing::Values("mlperf_ic_resnet8", "mlperf_kws_dscnn",
                                           "mlperf_vww_mobilenetv1_025_96",
                                           "mlperf_ad_autoencoder"));

}  // namespace
}  // namespace milliwatt::mcu
