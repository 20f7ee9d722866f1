// SPDX-License-Identifier: Apache-2.0
// Software kernels against outputs of TFLite Micro: single operators and whole networks.
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "mcu/kernel_testing.h"
#include "workloads/mlperf_tiny.h"
#include "workloads/seeded.h"

namespace milliwatt::mcu {
namespace {

namespace mlperf_tiny = workloads::mlperf_tiny;
using workloads::Bytes;
using workloads::ElementType;
using workloads::TensorId;

/// Equal bytes, or finite floats of one sign that are at most 1 unit in the last place apart.
bool agree(ElementType type, const Bytes& found, const Bytes& expected) {
  if (type != ElementType::kFloat32 || found.size() != expected.size()) {
    return found == expected;
  }
  for (std::size_t i = 0; i < found.size(); i += sizeof(float)) {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::memcpy(&a, &found[i], sizeof a);
    std::memcpy(&b, &expected[i], sizeof b);
    if (std::abs(std::int64_t{a} - b) > 1) {
      return false;
    }
  }
  return true;
}

std::vector<Bytes> read_files(const std::filesystem::path& folder, const nlohmann::json& names) {
  std::vector<Bytes> all;
  for (const nlohmann::json& name : names) {
    all.push_back(mlperf_tiny::read_bytes(folder / name.get<std::string>()));
  }
  return all;
}

/// Runs a case, of one or several invocations in a row. Returns the kinds that the host refused.
std::set<std::string> check_case(const std::filesystem::path& folder, const nlohmann::json& one) {
  const std::string name = one["name"];
  const workloads::Graph graph = workloads::read_tflite(
      mlperf_tiny::read_bytes(folder / one["model"].get<std::string>()), name);
  const std::vector<Bytes> inputs = read_files(folder, one["inputs"]);
  const std::vector<Bytes> expected = read_files(folder, one["outputs"]);
  const std::size_t invocations = std::max<std::size_t>(inputs.size() / graph.inputs.size(), 1);
  std::set<std::string> refused;
  workloads::States states(graph);
  for (std::size_t n = 0; n < invocations; ++n) {
    const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(n * graph.inputs.size());
    const auto values = testing::invoke_on_host(
        graph, {first, first + static_cast<std::ptrdiff_t>(graph.inputs.size())}, states, refused);
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      const TensorId id = graph.outputs[i];
      EXPECT_TRUE(agree(graph.tensor(id).type, values[static_cast<std::size_t>(id)],
                        expected.at(n * graph.outputs.size() + i)))
          << name << " invocation " << n;
    }
  }
  return refused;
}

/// Checks every case of a folder; returns how many kernels' cases the host ran.
int check_folder(const std::string& name) {
  const std::filesystem::path folder = mlperf_tiny::folder() / name;
  const nlohmann::json manifest = mlperf_tiny::read_json(folder / "manifest.json");
  int ran = 0;
  std::map<std::string, int> refused;
  for (const nlohmann::json& one : manifest["cases"]) {
    const std::set<std::string> kinds = check_case(folder, one);
    ran += kinds.empty() ? 1 : 0;
    for (const std::string& kind : kinds) {
      ++refused[kind];
    }
  }
  for (const auto& [kind, cases] : refused) {
    std::cout << name << ": the host refuses " << cases << " cases of " << kind << "\n";
  }
  return ran;
}

TEST(NativeKernels, EqualTheGoldenOperatorCases) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  EXPECT_EQ(check_folder("ops"), 115);
}

TEST(NativeKernels, EqualTheGoldenCasesOfInt16) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  EXPECT_EQ(check_folder("seanet_int16x8"), 81);
}

class HostNetwork : public ::testing::TestWithParam<const char*> {};

/// Two invocations, so that states are read as the first one left them.
TEST_P(HostNetwork, EveryTensorEqualsTheReference) {
  if (!mlperf_tiny::available()) {
    GTEST_SKIP() << mlperf_tiny::kSkipMessage;
  }
  const workloads::Graph graph = mlperf_tiny::read_model(GetParam());
  workloads::States states(graph);
  workloads::States expected_states(graph);
  std::set<std::string> refused;
  for (const std::uint32_t seed : {5U, 6U}) {
    const std::vector<Bytes> inputs = workloads::seeded_input(graph, seed);
    const auto expected = workloads::run_reference(graph, inputs, expected_states);
    const auto found = testing::invoke_on_host(graph, inputs, states, refused);
    for (std::size_t id = 0; id < expected.size(); ++id) {
      EXPECT_TRUE(agree(graph.tensors[id].type, found[id], expected[id])) << graph.tensors[id].name;
    }
  }
  EXPECT_EQ(refused, std::set<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(
    MlperfTiny, HostNetwork,
    ::testing::Values("mlperf_ic_resnet8", "mlperf_kws_dscnn", "mlperf_vww_mobilenetv1_025_96",
                      "mlperf_ad_autoencoder", "mlperf_sww_dscnn1d", "tflm_hello_world",
                      "tflm_micro_speech", "tflm_mnist_lstm", "tflm_keyword_scrambled_svdf8",
                      "tinyengine_lenet300_mnist", "tinyengine_mcunet_vww",
                      "tinyengine_mcunet_detection", "xtensa_micro_speech_lstm"),
    [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace milliwatt::mcu
