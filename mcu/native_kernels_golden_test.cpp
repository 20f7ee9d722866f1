// SPDX-License-Identifier: Apache-2.0
// Software kernels against outputs of TFLite Micro: every int8 case of their operators.
#include <gtest/gtest.h>

#include <set>

#include "mcu/kernel_testing.h"
#include "workloads/mlperf_tiny.h"

namespace milliwatt::mcu {
namespace {

namespace mlperf_tiny = workloads::mlperf_tiny;
using workloads::Bytes;

const std::set<std::string> kOurs = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D",
    "ADD",     "SOFTMAX",           "RESHAPE"};

Bytes run_case(const workloads::Graph& graph, const nlohmann::json& one) {
  const workloads::Operator& op = graph.operators.at(0);
  std::vector<Bytes> values(graph.tensors.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    values[static_cast<std::size_t>(graph.inputs[i])] = mlperf_tiny::read_bytes(
        mlperf_tiny::folder() / "ops" / one["inputs"][i].get<std::string>());
  }
  std::vector<const Bytes*> operands;
  for (const workloads::TensorId id : op.inputs) {
    const Bytes& constant = id < 0 ? Bytes() : graph.tensor(id).data;
    operands.push_back(id < 0             ? nullptr
                       : constant.empty() ? &values[static_cast<std::size_t>(id)]
                                          : &graph.tensor(id).data);
  }
  return testing::run_on_host(graph, op, operands);
}

TEST(NativeKernels, EqualTheGoldenOperatorCases) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  const std::filesystem::path folder = mlperf_tiny::folder() / "ops";
  const nlohmann::json manifest = mlperf_tiny::read_json(folder / "manifest.json");
  int equal = 0;
  int wide = 0;
  for (const nlohmann::json& one : manifest["cases"]) {
    if (kOurs.count(one["op"].get<std::string>()) == 0) {
      continue;
    }
    const std::string name = one["name"];
    const workloads::Graph graph = workloads::read_tflite(
        mlperf_tiny::read_bytes(folder / one["model"].get<std::string>()), name);
    ASSERT_EQ(graph.operators.size(), 1U) << name;
    if (dataflows::host_refuses(graph, graph.operators[0])) {
      ++wide;
      continue;
    }
    EXPECT_EQ(run_case(graph, one),
              mlperf_tiny::read_bytes(folder / one["outputs"][0].get<std::string>()))
        << name;
    ++equal;
  }
  EXPECT_EQ(wide, 0);
  EXPECT_EQ(equal, 70);
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
