// SPDX-License-Identifier: Apache-2.0
// Networks with elements of 2 to 7 bits on whole platforms: the same outputs on every engine, and
// bytes that follow the bits.
#include "workloads/precision.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataflows/systolic_task.h"
#include "sim/estimate.h"
#include "sim/prepare.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "workloads/load.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::sim {
namespace {

using workloads::Graph;
using workloads::Operator;

/// Bits of weights and activations.
struct Precision {
  int weights;
  int activations;
};

const Precision kPrecisions[] = {{8, 8}, {4, 8}, {4, 4}, {2, 8}, {3, 5}, {6, 7}};

/// A bundled network in which all layers but those at its end give activations of these bits.
Graph network(const std::string& name, const Precision& precision) {
  const Graph graph =
      workloads::load_network(MILLIWATT_SOURCE_DIR "/workloads/networks/" + name + ".yaml");
  std::vector<workloads::LayerPrecision> layers(graph.operators.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].weights = precision.weights;
    const bool ends =
        i + 1 == layers.size() || graph.operators[i + 1].kind == workloads::OperatorKind::kSoftmax;
    if (!ends) {
      layers[i].activations = precision.activations;
    }
  }
  base::Diagnostics faults;
  Graph narrow = workloads::with_precision(graph, layers, faults);
  faults.throw_if_any();
  EXPECT_EQ(narrow.operators.size(), graph.operators.size()) << "none that changes types";
  return narrow;
}

Platform array(const char* dataflow, int rows, int columns) {
  return load_platform(
      MILLIWATT_SOURCE_DIR "/configs/platforms/systolic_16x16.yaml",
      {fmt::format("accelerator.dataflow={}", dataflow), fmt::format("accelerator.rows={}", rows),
       fmt::format("accelerator.columns={}", columns)});
}

/// What a network does on a platform, at both levels with values.
struct Outcome {
  dataflows::Plan plan;
  Measurement measurement;
  workloads::TensorValues tensors;
};

void expect_equal_counts(const Measurement& a, const Measurement& b) {
  EXPECT_EQ(a.end - a.begin, b.end - b.begin);
  EXPECT_EQ(a.traffic, b.traffic);
  EXPECT_EQ(a.counts.components, b.counts.components);
}

Outcome run_on(const Platform& platform, const Graph& graph,
               const std::vector<workloads::Bytes>& inputs, bool exact) {
  Outcome outcome;
  outcome.plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, outcome.plan);
  Simulated values = simulate(platform, graph, outcome.plan, program, inputs);
  if (exact) {
    SimulationOptions options;
    options.detail = shell::Detail::kExact;
    const Simulated stepped = simulate(platform, graph, outcome.plan, program, inputs, options);
    EXPECT_EQ(stepped.tensors, values.tensors);
    expect_equal_counts(stepped.measurement, values.measurement);
  }
  const Estimate guess = estimate(platform, outcome.plan, program);
  EXPECT_TRUE(guess.exact);
  expect_equal_counts(guess.low, values.measurement);
  outcome.measurement = std::move(values.measurement);
  outcome.tensors = std::move(values.tensors);
  return outcome;
}

/// Operators that an engine runs.
int on_engines(const dataflows::Plan& plan) {
  int count = 0;
  for (const dataflows::PlannedOperator& op : plan.operators) {
    count += op.runner == dataflows::Runner::kEngine ? 1 : 0;
  }
  return count;
}

class Precisions : public ::testing::TestWithParam<Precision> {};
INSTANTIATE_TEST_SUITE_P(Bits, Precisions, ::testing::ValuesIn(kPrecisions), [](const auto& param) {
  return fmt::format("w{}a{}", param.param.weights, param.param.activations);
});

/// Different values among the outputs of a network.
std::size_t different(const Graph& graph, const workloads::TensorValues& values) {
  const workloads::Bytes& bytes = values[static_cast<std::size_t>(graph.outputs[0])];
  return std::set<std::uint8_t>(bytes.begin(), bytes.end()).size();
}

TEST_P(Precisions, GiveTheReferencesTensorsOnEveryArray) {
  const Graph graph = network("glyphs", GetParam());
  const std::vector<workloads::Bytes> inputs = workloads::seeded_input(graph, 7);
  const workloads::TensorValues reference = workloads::run_reference(graph, inputs);
  EXPECT_GT(different(graph, reference), 5U) << "neither vanished nor saturated";
  for (const char* dataflow : {"ws", "os", "is"}) {
    for (const auto& [rows, columns] : {std::pair{16, 16}, std::pair{8, 8}, std::pair{5, 7}}) {
      SCOPED_TRACE(fmt::format("{} {}x{}", dataflow, rows, columns));
      const Outcome outcome = run_on(array(dataflow, rows, columns), graph, inputs, true);
      EXPECT_GT(check_tensors(graph, outcome.tensors, reference).bytes, 0);
      EXPECT_EQ(on_engines(outcome.plan), 9) << "all of it";
    }
  }
}

TEST_P(Precisions, GiveTheReferencesTensorsOfADeeperNetworkWithAdditions) {
  const Graph graph = network("resnet8", GetParam());
  const std::vector<workloads::Bytes> inputs = workloads::seeded_input(graph, 7);
  const workloads::TensorValues reference = workloads::run_reference(graph, inputs);
  const Outcome outcome = run_on(array("ws", 16, 16), graph, inputs, false);
  EXPECT_GT(check_tensors(graph, outcome.tensors, reference).bytes, 0);
  EXPECT_EQ(on_engines(outcome.plan), 14) << "all but reshape and softmax";
}

TEST_P(Precisions, GiveTheReferencesTensorsOnTheHostAlone) {
  const Platform host = parse_platform("host: {mac: 1 cycle}\n", "host_only");
  for (const char* name : {"glyphs", "resnet8"}) {
    const Graph graph = network(name, GetParam());
    const std::vector<workloads::Bytes> inputs = workloads::seeded_input(graph, 7);
    const Outcome outcome = run_on(host, graph, inputs, false);
    EXPECT_GT(check_tensors(graph, outcome.tensors, workloads::run_reference(graph, inputs)).bytes,
              0);
    EXPECT_EQ(on_engines(outcome.plan), 0);
  }
}

/// Bytes of all weights that engines read, as they lie in the program.
std::int64_t weight_bytes(const dataflows::Plan& plan) {
  std::int64_t bytes = 0;
  for (const dataflows::PlannedOperator& op : plan.operators) {
    if (op.runner == dataflows::Runner::kAlias) {
      continue;
    }
    for (const dataflows::PackedConstant& constant : op.task->constants()) {
      const bool weights = constant.tensor_class == base::TensorClass::kWeights;
      bytes += weights ? static_cast<std::int64_t>(constant.bytes.size()) : 0;
    }
  }
  return bytes;
}

std::int64_t weight_traffic(const Measurement& measurement) {
  std::int64_t bytes = 0;
  for (const auto& entry : measurement.traffic) {
    bytes += entry.tensor_class == base::TensorClass::kWeights
                 ? static_cast<std::int64_t>(entry.bytes)
                 : 0;
  }
  return bytes;
}

/// Of the layers that are not depthwise, whose block diagonals depend on the mapping: there weights
/// are elements, and in tiles of 16 or 8 filters whole bytes.
TEST_P(Precisions, HaveWeightsInTheProgramOfJustTheirBitsAndMoveEachOnce) {
  const Graph wide = network("glyphs", {8, 8});
  const Graph graph = network("glyphs", GetParam());
  const std::vector<workloads::Bytes> inputs = workloads::seeded_input(graph, 7);
  for (const int side : {16, 8}) {
    const Platform platform = array("ws", side, side);
    const Outcome outcome = run_on(platform, graph, inputs, false);
    EXPECT_EQ(weight_traffic(outcome.measurement), weight_bytes(outcome.plan));
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const Operator& op = graph.operators[i];
      if (op.kind != workloads::OperatorKind::kConv2d &&
          op.kind != workloads::OperatorKind::kFullyConnected) {
        continue;
      }
      const std::size_t bytes = outcome.plan.operators[i].task->constants()[0].bytes.size();
      EXPECT_EQ(static_cast<std::int64_t>(8 * bytes),
                graph.tensor(op.inputs[1]).elements() * GetParam().weights)
          << op.name;
      EXPECT_EQ(wide.tensor(op.inputs[1]).bytes() * GetParam().weights,
                static_cast<std::int64_t>(8 * bytes));
    }
  }
}

}  // namespace
}  // namespace milliwatt::sim
