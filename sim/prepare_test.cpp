// SPDX-License-Identifier: Apache-2.0
// What the planner is told of a platform, and what a plan looks like to people.
#include "sim/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "sim/plan_text.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMemories =
    "bus: {width: 4 B, latency: 2 cycles}\n"
    "memory:\n"
    "  sram: {size: 16 KiB, width: 8 B, latency: 3 cycles}\n"
    "  external: {kind: psram, size: 1 MiB, bytes_per_cycle: 2 B, latency: 9 cycles, burst: 64 "
    "B}\n";

TEST(View, LinkCostsAreThoseOfBusAndMemoryInCyclesOfTheAccelerator) {
  const Platform one = parse_platform(std::string{"clocks: {system: 100 MHz}\n"} + kMemories, "p");
  const dataflows::PlatformView view = view_of(one);
  EXPECT_EQ(view.sram_bytes, 16U << 10);
  EXPECT_EQ(view.external_bytes, 1U << 20);
  // A cycle of arbitration, 2 of the bus, 3 of the SRAM; 4 bytes per cycle of the bus are less
  // than the SRAM's 8.
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_burst, 1 + 2 + 3);
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_byte, 1.0 / 4);
  // External memory is the slower one with 2 bytes per cycle.
  EXPECT_DOUBLE_EQ(view.external.cycles_per_burst, 1 + 2 + 9);
  EXPECT_DOUBLE_EQ(view.external.cycles_per_byte, 1.0 / 2);
}

constexpr const char* kSplitMemories =
    "bus: {width: 8 B, latency: 2 cycles, burst_limit: 4}\n"
    "memory:\n"
    "  sram: {size: 16 KiB, latency: 3 cycles}\n"
    "  external: {size: 1 MiB, bytes_per_cycle: 16 B, latency: 9 cycles, port_width: 2 B}\n"
    "accelerator: {kind: systolic, shell: {burst: 64 B, port_width: 4 B}}\n";

TEST(View, LinkCostsKnowOfPiecesAndOfTheNarrowestPort) {
  const dataflows::PlatformView view = view_of(parse_platform(kSplitMemories, "p"));
  // To the SRAM 4 bytes per cycle, the DMA's width; 64 bytes are four pieces of 4 beats.
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_burst, 4 * (1 + 2 + 3));
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_byte, 1.0 / 4);
  // To external memory 2 bytes per cycle, and eight pieces.
  EXPECT_DOUBLE_EQ(view.external.cycles_per_burst, 8 * (1 + 2 + 9));
  EXPECT_DOUBLE_EQ(view.external.cycles_per_byte, 1.0 / 2);
}

TEST(View, LinkCostsKnowOfTheBoundary) {
  const std::string text = "bus: {boundary: 128 B}\naccelerator: {kind: systolic, shell: {burst: ";
  const auto cost = [&](const char* burst) {
    return view_of(parse_platform(text + burst + "}}\n", "p")).sram.cycles_per_burst;
  };
  EXPECT_DOUBLE_EQ(cost("128 B"), 1 + 1 + 1);
  EXPECT_DOUBLE_EQ(cost("256 B"), 2 * (1 + 1 + 1));
}

TEST(View, LinkCostsFollowTheClocks) {
  const Platform p = parse_platform(
      std::string{"clocks: {system: 10 MHz, accelerator: 100 MHz, bus: 50 MHz, sram: 200 MHz, "
                  "external: 25 MHz}\n"} +
          kMemories + "accelerator: {kind: systolic}\n",
      "p");
  const dataflows::PlatformView view = view_of(p);
  // One cycle of the bus, the SRAM, external memory is 2, 1/2, 4 of the accelerator.
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_burst, 3 * 2 + 3 * 0.5);
  EXPECT_DOUBLE_EQ(view.sram.cycles_per_byte, 2.0 / 4);
  EXPECT_DOUBLE_EQ(view.external.cycles_per_burst, 3 * 2 + 9 * 4);
  EXPECT_DOUBLE_EQ(view.external.cycles_per_byte, 4.0 / 2);
}

TEST(View, ConstantsCostWhatTheMemoryWithTheProgramDoes) {
  const auto view = [](const std::string& memory) {
    return view_of(parse_platform("clocks: {system: 100 MHz, external: 50 MHz" + memory, "p"));
  };
  const std::string external =
      "memory: {external: {kind: psram, bytes_per_cycle: 2 B, latency: 9 cycles}";
  const dataflows::PlatformView alone = view("}\n" + external + "}\n");
  EXPECT_EQ(alone.program.cycles_per_burst, alone.external.cycles_per_burst);
  EXPECT_EQ(alone.program.cycles_per_byte, alone.external.cycles_per_byte);
  const dataflows::PlatformView beside =
      view(", flash: 25 MHz}\n" + external +
           ", flash: {kind: psram, bytes_per_cycle: 1 B, latency: 20 cycles}}\n");
  EXPECT_EQ(beside.external.cycles_per_burst, alone.external.cycles_per_burst);
  // A cycle of the external memory is 2, one of the flash 4 of the accelerator.
  EXPECT_DOUBLE_EQ(beside.external.cycles_per_byte, 2.0 / 2);
  EXPECT_DOUBLE_EQ(beside.program.cycles_per_byte, 4.0 / 1);
  EXPECT_DOUBLE_EQ(beside.program.cycles_per_burst - beside.external.cycles_per_burst,
                   20 * 4 - 9 * 2);
}

/// A pool, a reshape and a softmax of 2x2x4 elements: engine, nobody, host.
workloads::Graph small_network() {
  workloads::Graph graph;
  const auto add = [&](const char* name, std::vector<std::int32_t> shape, float scale,
                       std::int32_t zero_point, workloads::TensorRole role) {
    workloads::Tensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.quantization = {{scale}, {zero_point}, 0};
    tensor.role = role;
    graph.tensors.push_back(tensor);
  };
  using workloads::TensorRole;
  add("image", {1, 4, 4, 4}, 0.5F, 3, TensorRole::kInput);
  add("pooled", {1, 2, 2, 4}, 0.5F, 3, TensorRole::kActivation);
  add("flat", {1, 16}, 0.5F, 3, TensorRole::kActivation);
  add("classes", {1, 16}, 1.0F / 256, -128, TensorRole::kActivation);
  workloads::Pool2d pool;
  pool.window.kernel_h = pool.window.kernel_w = pool.window.stride_h = pool.window.stride_w = 2;
  using workloads::OperatorKind;
  graph.operators = {{OperatorKind::kMaxPool2d, "pool", pool, {0}, {1}, {}},
                     {OperatorKind::kReshape, "flatten", workloads::Reshape{}, {1}, {2}, {}},
                     {OperatorKind::kSoftmax, "softmax", workloads::Softmax{}, {2}, {3}, {}}};
  graph.inputs = {0};
  graph.outputs = {3};
  return graph;
}

TEST(PlanText, SaysWhoRunsWhatAndWhereTensorsLive) {
  const workloads::Graph graph = small_network();
  const Platform platform = parse_platform("accelerator: {kind: systolic}\n", "p");
  const dataflows::Plan plan = plan_for(platform, graph);
  const Program program = program_for(platform, graph, plan);
  const std::string text = plan_text(graph, plan, program);
  EXPECT_THAT(text, HasSubstr("   0 max_pool2d        pool             accelerator: "));
  EXPECT_THAT(
      text,
      HasSubstr(
          "   1 reshape           flatten          none: the output shares the input's bytes"));
  EXPECT_THAT(text,
              HasSubstr("   2 softmax           softmax          host: software kernel, because "));
  EXPECT_THAT(text, HasSubstr("memory: sram 128 bytes, external 0 bytes of tensors, "));
  // 64 bytes of image, free after the pool; "flat" is "pooled", read up to operator 2.
  EXPECT_THAT(text,
              HasSubstr("   0 sram     offset       0 bytes      64 operators -1 to 0  image"));
  EXPECT_THAT(text,
              HasSubstr("   1 sram     offset      64 bytes      16 operators 0 to 2  pooled"));
  EXPECT_THAT(text, HasSubstr("   2 sram     offset      64 bytes      16 operators 0 to 2  flat"));
}

TEST(PlanFor, RefusesHomesInAMemoryThatCannotBeWritten) {
  const std::string text =
      "memory: {sram: {size: 64 B}, external: {kind: emram, size: 1 MiB}}\n"
      "accelerator: {kind: systolic}\n";
  const workloads::Graph graph = small_network();
  try {
    plan_for(parse_platform(text, "p"), graph);
    FAIL() << "accepted";
  } catch (const base::UserError& error) {
    EXPECT_STREQ(
        error.what(),
        "tensor 1 (pooled) of 16 bytes finds no room in 64 B of SRAM, beside what is alive "
        "from operator 0 to 2; memory.external is of kind emram, which cannot be written; "
        "memory.sram.size: 64 B -> at least 128 B (64 bytes more)");
  }
}

}  // namespace
}  // namespace milliwatt::sim
