// SPDX-License-Identifier: Apache-2.0
// Real networks on real platforms against TFLite Micro's own tensors: every integer tensor of every
// case, states and streams included, byte for byte, and float outputs to 1 ulp, at `values` and
// `exact`.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/files.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "workloads/load.h"
#include "workloads/mlperf_tiny.h"

namespace milliwatt::sim {
namespace {

namespace mlperf_tiny = workloads::mlperf_tiny;
using workloads::Bytes;

const std::string kPlatforms = MILLIWATT_SOURCE_DIR "/configs/platforms/";
const std::vector<std::string> kNetworks = {"mlperf_ic_resnet8", "mlperf_kws_dscnn",
                                            "mlperf_vww_mobilenetv1_025_96",
                                            "mlperf_ad_autoencoder"};

struct Case {
  std::string network;
  std::string platform;
  std::string variant;  ///< of the platform, for the name of the test
  std::vector<std::string> settings;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.network << " on " << c.platform << c.variant;
}

/// Compares every integer tensor that the case lists, states included, with its CRC-32; returns how
/// many.
int compare_tensors(const workloads::Graph& graph, const nlohmann::json& golden,
                    const std::vector<Simulated>& invocations) {
  int compared = 0;
  for (const auto& entry : golden.at("tensors")) {
    const auto id = entry.at("tensor").get<std::size_t>();
    if (graph.tensors[id].type == workloads::ElementType::kFloat32) {
      continue;
    }
    const Bytes& bytes = invocations.at(entry.value("invocation", std::size_t{0})).tensors.at(id);
    EXPECT_EQ(bytes.size(), entry.at("bytes").get<std::size_t>()) << graph.tensors[id].name;
    EXPECT_EQ(base::crc32(bytes.data(), bytes.size()),
              std::stoul(entry.at("crc32").get<std::string>(), nullptr, 16))
        << graph.tensors[id].name;
    ++compared;
  }
  return compared;
}

/// Compares the outputs of every invocation with the case's files: integers are equal, float32 at
/// most 1 ulp apart.
int compare_outputs(const workloads::Graph& graph, const std::filesystem::path& folder,
                    const nlohmann::json& golden, const std::vector<Simulated>& invocations) {
  const nlohmann::json& outputs = golden.at("outputs");
  EXPECT_EQ(outputs.size(), graph.outputs.size() * invocations.size());
  int compared = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto id = outputs[i].at("tensor").get<std::size_t>();
    const Bytes& bytes = invocations.at(i / graph.outputs.size()).tensors.at(id);
    const Bytes file = mlperf_tiny::read_bytes(folder / outputs[i].at("file").get<std::string>());
    EXPECT_TRUE(mlperf_tiny::agree(graph.tensors[id], bytes, file)) << graph.tensors[id].name;
    ++compared;
  }
  return compared;
}

class MlperfTiny : public ::testing::TestWithParam<Case> {};

TEST_P(MlperfTiny, EveryTensorIsThatOfTfliteMicro) {
  const std::filesystem::path folder = mlperf_tiny::folder() / "models" / GetParam().network;
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no reference data at " << folder;
  }
  const Platform platform =
      load_platform(kPlatforms + GetParam().platform + ".yaml", GetParam().settings);
  const workloads::Graph graph = workloads::load_network((folder / "model.tflite").string());
  const dataflows::Plan plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, plan);
  const nlohmann::json cases = mlperf_tiny::read_json(folder / "cases.json");
  int compared = 0;
  for (const auto& golden : cases.at("cases")) {
    const auto inputs = mlperf_tiny::inputs_of_case(folder, golden);
    EXPECT_EQ(inputs.size(), golden.at("invocations").get<std::size_t>());
    for (const shell::Detail detail : {shell::Detail::kValues, shell::Detail::kExact}) {
      SimulationOptions options;
      options.detail = detail;
      const auto run = simulate_sequence(platform, graph, plan, program, inputs, options);
      compared += compare_tensors(graph, golden, run);
      compared += compare_outputs(graph, folder, golden, run);
    }
  }
  EXPECT_GT(compared, 0);
  RecordProperty("tensors_compared", compared);
}

constexpr const char* kDataflows[] = {"ws", "os", "is"};

/// Every network with every dataflow on square, wide, tall and odd arrays.
std::vector<Case> arrays() {
  constexpr std::pair<const char*, const char*> kArrays[] = {
      {"8", "8"}, {"16", "16"}, {"16", "8"}, {"5", "7"}};
  std::vector<Case> cases;
  for (const std::string& network : kNetworks) {
    for (const std::string dataflow : kDataflows) {
      for (const auto& [rows, columns] : kArrays) {
        cases.push_back(
            {network,
             "systolic_16x16",
             "_" + dataflow + "_" + rows + "x" + columns,
             {"accelerator.dataflow=" + dataflow, std::string{"accelerator.rows="} + rows,
              std::string{"accelerator.columns="} + columns}});
      }
    }
  }
  return cases;
}

/// Every network with every dataflow on every platform that comes with milliwatt.
std::vector<Case> presets() {
  std::vector<Case> cases;
  for (const auto& file : std::filesystem::directory_iterator(kPlatforms)) {
    for (const std::string& network : kNetworks) {
      for (const std::string dataflow : kDataflows) {
        cases.push_back({network,
                         file.path().stem().string(),
                         "_" + dataflow,
                         {"accelerator.dataflow=" + dataflow}});
      }
    }
  }
  return cases;
}

/// The other networks of the data: with operators that only the host runs, states, float edges.
std::vector<Case> with_further_kinds() {
  std::vector<Case> cases;
  for (const char* network :
       {"mlperf_sww_dscnn1d", "tflm_hello_world", "tflm_micro_speech", "tflm_mnist_lstm",
        "tflm_keyword_scrambled_svdf8", "tinyengine_lenet300_mnist", "tinyengine_mcunet_vww",
        "tinyengine_mcunet_detection", "xtensa_micro_speech_lstm"}) {
    cases.push_back({network, "systolic_16x16", "", {}});
  }
  return cases;
}

std::string name_of(const testing::TestParamInfo<Case>& c) {
  return c.param.network + "_on_" + c.param.platform + c.param.variant;
}

INSTANTIATE_TEST_SUITE_P(Arrays, MlperfTiny, ::testing::ValuesIn(arrays()), name_of);
INSTANTIATE_TEST_SUITE_P(FurtherKinds, MlperfTiny, ::testing::ValuesIn(with_further_kinds()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Presets, MlperfTiny, ::testing::ValuesIn(presets()), name_of);

}  // namespace
}  // namespace milliwatt::sim
