// SPDX-License-Identifier: Apache-2.0
// Plan files: what is written reads back, what is forced holds, what cannot be is refused.
#include "sim/plan_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "sim/estimate.h"
#include "sim/plan_text.h"
#include "sim/prepare.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using workloads::Graph;

dataflows::ForcedPlan read(const std::string& text, const Graph& graph) {
  return PlanFile::parse(text, "plan.yaml").forced(graph);
}

/// Every fault of a plan file for `graph`.
std::vector<std::string> faults_of(const std::string& text, const Graph& graph) {
  try {
    read(text, graph);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

/// An input, a convolution "conv" and a reshape "flat", tensors image, weights, map and line.
Graph small_graph() {
  Graph graph;
  graph.name = "small";
  const auto add = [&](const char* name, std::vector<std::int32_t> shape,
                       workloads::TensorRole role) {
    workloads::Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.quantization = {{0.5F}, {0}, 0};
    tensor.role = role;
    graph.tensors.push_back(tensor);
  };
  add("image", {1, 4, 4, 3}, workloads::TensorRole::kInput);
  add("weights", {5, 3, 3, 3}, workloads::TensorRole::kConstant);
  graph.tensors[1].data.assign(135, 1);
  add("map", {1, 2, 2, 5}, workloads::TensorRole::kActivation);
  add("line", {1, 20}, workloads::TensorRole::kActivation);
  workloads::Conv2d conv;
  conv.window.kernel_h = conv.window.kernel_w = 3;
  using workloads::OperatorKind;
  graph.operators = {{OperatorKind::kConv2d, "conv", conv, {0, 1, workloads::kNoTensor}, {2}, {}},
                     {OperatorKind::kReshape, "flat", workloads::Reshape{}, {2}, {3}, {}}};
  graph.inputs = {0};
  graph.outputs = {3};
  return graph;
}

constexpr const char* kArray = "accelerator: {kind: systolic}\n";

TEST(PlanFile, OfAPlanReproducesIt) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const testing::RandomSystem s = testing::random_system(seed);
    const dataflows::Plan plan = plan_for(s.platform, s.graph);
    const std::string text = plan_yaml(s.graph, plan);
    const dataflows::ForcedPlan forced = read(text, s.graph);
    EXPECT_EQ(forced.operators.size(), s.graph.operators.size());
    const dataflows::Plan again = plan_for(s.platform, s.graph, forced);
    EXPECT_EQ(plan_yaml(s.graph, again), text);
    const Program program = program_for(s.platform, s.graph, plan);
    const Program same = program_for(s.platform, s.graph, again, forced);
    EXPECT_EQ(program.image, same.image);
    EXPECT_EQ(plan_text(s.graph, plan, program), plan_text(s.graph, again, same));
  }
}

TEST(PlanFile, MayBeAPartByNameOrNumber) {
  const Graph graph = small_graph();
  const Platform platform = parse_platform(kArray, "p");
  const auto plan_of = [&](const std::string& text) {
    return plan_for(platform, graph, read(text, graph));
  };
  const std::string free = plan_yaml(graph, plan_of("{}"));
  EXPECT_THAT(free, HasSubstr("tile_h: 2"));
  const std::string tiled = plan_yaml(graph, plan_of("operators: {conv: {mapping: {tile_h: 1}}}"));
  EXPECT_THAT(tiled, HasSubstr("tile_h: 1"));
  EXPECT_THAT(tiled, HasSubstr("tile_w: 2")) << "chosen";
  EXPECT_EQ(tiled, plan_yaml(graph, plan_of("operators: {0: {mapping: {tile_h: 1}}}")));
  const dataflows::Plan moved =
      plan_of("tensors: {map: {memory: external}, 0: {memory: sram, offset: 1 KiB}}");
  EXPECT_EQ(moved.tensors[2].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL));
  EXPECT_EQ(moved.tensors[3].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL))
      << "the alias goes along";
  EXPECT_EQ(moved.tensors[0].place.offset, 1024U);
}

TEST(PlanFile, SaysWhatTheNetworkDoesNotHave) {
  const Graph graph = small_graph();
  EXPECT_THAT(faults_of("network: smal\n", graph),
              ElementsAre("plan.yaml:1:10: network: this is a plan of the network 'smal', not of "
                          "'small'"));
  EXPECT_THAT(
      faults_of("operators:\n  cnov: {runner: host}\n  2: {}\n  1: {kind: softmax}\n"
                "  0: {name: covn}\ntensors:\n  imge: {memory: sram}\n  99999999: {memory: sram}\n",
                graph),
      ElementsAre(
          "plan.yaml:2:3: operators.cnov: the network has no operator 'cnov' (names and "
          "numbers are possible); did you mean 'conv'?",
          "plan.yaml:3:3: operators.2: the network has no operator 2; its operators are 0 "
          ".. 1",
          "plan.yaml:4:3: operators.1: the operator is a 'reshape' in the network, not "
          "'softmax'",
          "plan.yaml:5:3: operators.0: the operator is called 'conv' in the network, not "
          "'covn'",
          "plan.yaml:7:3: tensors.imge: the network has no tensor 'imge' (names and numbers "
          "are possible); did you mean 'image'?",
          "plan.yaml:8:3: tensors.99999999: the network has no tensor 99999999; its tensors "
          "are 0 .. 3"));
  EXPECT_THAT(faults_of("operators: {0: {}, conv: {}}", graph),
              ElementsAre("plan.yaml:1:20: operators.conv: operator 0 is given twice, first as "
                          "'0'"));
  Graph twins = small_graph();
  twins.operators[1].name = "conv";
  EXPECT_THAT(faults_of("operators: {conv: {}}", twins),
              ElementsAre("plan.yaml:1:13: operators.conv: operators 0 and 1 are both called "
                          "'conv'; give a number"));
}

TEST(PlanFile, ReportsEveryFaultThatShowsWithoutANetwork) {
  EXPECT_THAT(
      faults_of("operatros: {}\noperators:\n  0: {runner: hots}\n  1: {maping: {}}\n"
                "  2: {mapping: 3}\n  3: 4\n"
                "tensors:\n  0: {memory: flash}\n  1: {offset: 0 B}\n"
                "  2: {memory: sram, offset: 63 B}\n  3: {memory: sram, offset: 64}\n",
                small_graph()),
      ElementsAre(
          HasSubstr("plan.yaml:1:1: operatros: unknown key; did you mean 'operators'?"),
          HasSubstr("plan.yaml:3:15: operators.0.runner: found 'hots'; did you mean 'host'?"),
          HasSubstr("plan.yaml:4:7: operators.1.maping: unknown key; did you mean 'mapping'?"),
          HasSubstr("plan.yaml:5:16: operators.2.mapping: found '3'; expected a map"),
          HasSubstr("plan.yaml:6:6: operators.3: found '4'; expected a map"),
          HasSubstr("plan.yaml:8:15: tensors.0.memory: found 'flash'. Allowed: sram, external"),
          HasSubstr("plan.yaml:9:6: tensors.1: the required key 'memory' is missing"),
          HasSubstr("plan.yaml:10:29: tensors.2.offset: found '63 B'; expected a multiple of 64"),
          HasSubstr("plan.yaml:11:29: tensors.3.offset: ")));
}

TEST(PlanFile, IsRefusedWhereTheMappingDoesNotFit) {
  Graph graph = small_graph();
  graph.tensors[0].shape = {1, 10, 10, 3};
  graph.tensors[2].shape = {1, 8, 8, 5};
  graph.tensors[3].shape = {1, 320};
  const auto message = [&](std::int64_t input_buffer, const std::string& mapping) {
    const Platform platform = parse_platform(
        "accelerator: {kind: systolic, input_buffer: " + std::to_string(input_buffer) + " B}\n",
        "p");
    try {
      plan_for(platform, graph, read("operators:\n  conv:\n    mapping: " + mapping, graph));
    } catch (const base::UserError& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  // A tile of 2 x 4 looks at 4 x 6 pixels of 3 channels, 72 bytes; one of 8 x 8 at all 300.
  EXPECT_EQ(message(72, "{tile_h: 2, tile_w: 4}"), "");
  EXPECT_EQ(message(300, "{tile_h: 8, tile_w: 8}"), "");
  const std::string small = message(71, "{tile_h: 2, tile_w: 4}");
  EXPECT_THAT(small, HasSubstr("plan.yaml:3:14: operators.conv.mapping: no room for "));
  EXPECT_THAT(small, HasSubstr("accelerator.input_buffer: 71 B -> at least 72 B (1 byte more)"));
  EXPECT_THAT(message(299, "{tile_h: 8, tile_w: 8}"),
              HasSubstr("accelerator.input_buffer: 299 B -> at least 300 B (1 byte more)"));
  EXPECT_THAT(message(96, "{tile_w: two}"), HasSubstr("plan.yaml:3:23: operators.conv.mapping"));
}

/// What a platform with this external memory says of a plan; empty when all fits.
std::string refusal_with(const std::string& memory, const std::string& plan) {
  const Graph graph = small_graph();
  const Platform platform =
      parse_platform("memory: {external: {kind: octal_psram, size: 8 MiB}" + memory + "}\n", "p");
  const dataflows::ForcedPlan forced = read(plan, graph);
  try {
    program_for(platform, graph, plan_for(platform, graph, forced), forced);
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(PlanFile, PlacesOffChipAreJudgedByTheRealSize) {
  const auto at = [](std::uint64_t offset) {
    return "tensors: {image: {memory: external, offset: " + std::to_string(offset) + " B}}";
  };
  // The image takes one unit of 64 bytes at the end of 8 MiB, which a flash leaves whole.
  const std::string flash = ", flash: {kind: qspi_nor}";
  EXPECT_EQ(refusal_with(flash, at((8 << 20) - 64)), "");
  EXPECT_THAT(
      refusal_with(flash, at(8 << 20)),
      HasSubstr("tensor 0 (image) takes 64 bytes at offset 8388608 and ends 64 bytes behind "
                "the 8 MiB of external memory; possible is an offset of at most 8388544 B, "
                "or memory.external.size: 8 MiB -> at least "));
  // Without one, the program lies before the tensors and the bus has addresses for 1536 MiB.
  EXPECT_THAT(refusal_with("", at((8 << 20) - 64)),
              HasSubstr("; possible is an offset of at most "));
  for (const std::uint64_t offset : {4294967232U, 4000000000U, 1610612736U}) {
    for (const std::string& memory : {std::string{}, flash}) {
      const std::string far = refusal_with(memory, at(offset));
      EXPECT_THAT(far, HasSubstr("possible is an offset of at most 8"));
      EXPECT_THAT(far, ::testing::Not(HasSubstr("memory.external.size"))) << "no bus has so much";
    }
  }
  EXPECT_THAT(refusal_with(flash, at(1610612736U - 64)),
              HasSubstr("memory.external.size: 8 MiB -> at least 1536 MiB"));
  EXPECT_THAT(refusal_with("", "tensors: {image: {memory: sram, offset: 512 MiB}}"),
              ::testing::Not(HasSubstr("memory.sram.size")));
}

}  // namespace
}  // namespace milliwatt::sim
