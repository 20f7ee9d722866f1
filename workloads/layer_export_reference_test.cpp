// SPDX-License-Identifier: Apache-2.0
// Every network and every case of the reference data, written as a layer trace and read again: the
// same network bit by bit, with the same values of all tensors on the reference's inputs.
#include <gtest/gtest.h>

#include "base/error.h"
#include "workloads/layer_export_testing.h"
#include "workloads/mlperf_tiny.h"

namespace milliwatt::workloads {
namespace {

using mlperf_tiny::folder;
using nlohmann::json;

class ExportedReference : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mlperf_tiny::available()) {
      GTEST_SKIP() << mlperf_tiny::kSkipMessage;
    }
  }

  static std::vector<std::vector<Bytes>> inputs_of(const std::filesystem::path& where,
                                                   const json& one) {
    const bool stream = one.value("invocations", 1) > 1;
    std::vector<std::vector<Bytes>> invocations(stream ? one["inputs"].size() : 1);
    for (std::size_t i = 0; i < one["inputs"].size(); ++i) {
      invocations[stream ? i : 0].push_back(
          mlperf_tiny::read_bytes(where / one["inputs"][i].get<std::string>()));
    }
    return invocations;
  }

  static void expect_same(const Graph& graph, const std::vector<std::vector<Bytes>>& inputs) {
    const Graph again = testing::exported_and_read(graph);
    ASSERT_EQ(testing::difference(graph, again), "") << graph.name;
    EXPECT_TRUE(run_reference_stream(graph, inputs) == run_reference_stream(again, inputs))
        << graph.name;
  }

  /// The number of cases.
  static int check_operators(const std::string& name) {
    int checked = 0;
    const json manifest = mlperf_tiny::read_json(folder() / name / "manifest.json");
    for (const json& one : manifest["cases"]) {
      const auto file = folder() / name / one["model"].get<std::string>();
      expect_same(read_tflite(mlperf_tiny::read_bytes(file), one["name"]),
                  inputs_of(folder() / name, one));
      ++checked;
    }
    return checked;
  }
};

TEST_F(ExportedReference, NetworksAreTheSame) {
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder() / "models")) {
    const Graph graph = mlperf_tiny::read_model(entry.path().filename().string());
    const json document = mlperf_tiny::read_json(entry.path() / "cases.json");
    expect_same(graph, inputs_of(entry.path(), document["cases"].at(0)));
    ++checked;
  }
  EXPECT_EQ(checked, 13);
}

TEST_F(ExportedReference, OperatorCasesAreTheSame) { EXPECT_EQ(check_operators("ops"), 115); }

TEST_F(ExportedReference, WideCasesAreTheSame) { EXPECT_EQ(check_operators("seanet_int16x8"), 81); }

}  // namespace
}  // namespace milliwatt::workloads
