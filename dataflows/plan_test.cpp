// SPDX-License-Identifier: Apache-2.0
#include "dataflows/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "dataflows/graph_testing.h"
#include "dataflows/systolic_engine.h"
#include "dataflows/systolic_testing.h"

namespace milliwatt::dataflows {
namespace {

using testing::array_of;
using testing::constant;
using testing::int8_tensor;
using workloads::ElementType;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::TensorId;
using workloads::TensorRole;

/// Runs the operators whose names are given; remembers what it was told of the last one.
class NamedEngine : public EngineModel {
 public:
  explicit NamedEngine(std::vector<std::string> names) : names_{std::move(names)} {}

  std::optional<std::string> refuses(const Graph& /*graph*/, const Operator& op) const override {
    const bool runs = std::find(names_.begin(), names_.end(), op.name) != names_.end();
    return runs ? std::nullopt : std::make_optional("not " + op.name);
  }
  std::unique_ptr<EngineTask> map(const Graph& /*graph*/, const Operator& /*op*/,
                                  const TransferCosts& costs,
                                  const base::YamlNode& forced) const override {
    costs_ = costs;
    forced_ = forced;
    return nullptr;
  }
  std::int64_t peak_macs_per_cycle() const override { return 1; }
  const TransferCosts& costs() const { return costs_; }
  const base::YamlNode& forced() const { return forced_; }

 private:
  std::vector<std::string> names_;
  mutable TransferCosts costs_;
  mutable base::YamlNode forced_;
};

/// a: t0 -> t1, b: t1 -> t2, c: t2 -> t3, pools of 64 bytes.
Graph three_pools() {
  Graph graph;
  for (TensorId id = 0; id < 4; ++id) {
    graph.tensors.push_back(int8_tensor({1, 4, 4, 4}));
  }
  graph.tensors[0].role = TensorRole::kInput;
  graph.inputs = {0};
  graph.outputs = {3};
  for (TensorId id = 0; id < 3; ++id) {
    Operator op;
    op.kind = OperatorKind::kMaxPool2d;
    op.name = std::string(1, static_cast<char>('a' + id));
    op.attributes = workloads::Pool2d{};
    op.inputs = {id};
    op.outputs = {id + 1};
    graph.operators.push_back(op);
  }
  return graph;
}

PlatformView platform_of(std::vector<const EngineModel*> engines) {
  PlatformView platform;
  platform.engines = std::move(engines);
  platform.sram_bytes = 1 << 20;
  platform.external_bytes = 1 << 20;
  return platform;
}

TEST(Plan, TheFirstWillingEngineRunsAnOperatorElseTheHost) {
  const NamedEngine first{{"a"}};
  const NamedEngine second{{"a", "b"}};
  const Plan plan = make_plan(three_pools(), platform_of({&first, &second}));
  EXPECT_EQ(plan.operators[0].runner, Runner::kEngine);
  EXPECT_EQ(plan.operators[0].engine, 0);
  EXPECT_EQ(plan.operators[1].runner, Runner::kEngine);
  EXPECT_EQ(plan.operators[1].engine, 1);
  EXPECT_EQ(plan.operators[1].reason, "");
  EXPECT_EQ(plan.operators[2].runner, Runner::kHost);
  EXPECT_EQ(plan.operators[2].engine, -1);
  EXPECT_EQ(plan.operators[2].reason, "not c; not c");
  ASSERT_NE(plan.operators[2].task, nullptr);
  EXPECT_EQ(plan.operators[2].task->mapping(), "software kernel");
}

TEST(Plan, TransfersCostWhatTheMemoryOfTheirTensorCosts) {
  const NamedEngine engine{{"b"}};
  PlatformView platform = platform_of({&engine});
  platform.sram = {1, 2};
  platform.external = {30, 40};
  platform.program = {500, 600};
  platform.burst_bytes = 32;
  const auto ifmap_and_ofmap = [&](std::uint64_t sram) {
    platform.sram_bytes = sram;
    make_plan(three_pools(), platform);
    return std::pair{engine.costs().link(base::TensorClass::kIfmap).cycles_per_burst,
                     engine.costs().link(base::TensorClass::kOfmap).cycles_per_burst};
  };
  EXPECT_EQ(ifmap_and_ofmap(128), (std::pair{1.0, 1.0}));
  // t0 takes the SRAM, t1 does not fit beside it, t2 does once t0 is dead.
  EXPECT_EQ(ifmap_and_ofmap(127), (std::pair{30.0, 1.0}));
  EXPECT_EQ(ifmap_and_ofmap(0), (std::pair{30.0, 30.0}));
  EXPECT_EQ(engine.costs().link(base::TensorClass::kWeights).cycles_per_byte, 600.0);
  EXPECT_EQ(engine.costs().link(base::TensorClass::kParameters).cycles_per_burst, 500.0);
  EXPECT_EQ(engine.costs().burst_bytes, 32u);
}

TEST(Plan, NobodyRunsAnAlias) {
  const Graph graph = testing::single(OperatorKind::kReshape, workloads::Reshape{},
                                      {int8_tensor({2, 6}), int8_tensor({3, 4})});
  const Plan plan = make_plan(graph, platform_of({}));
  EXPECT_EQ(plan.operators[0].runner, Runner::kAlias);
  EXPECT_EQ(plan.operators[0].task, nullptr);
}

TEST(Plan, ListsEveryOperatorThatNobodyRuns) {
  Graph graph = three_pools();
  for (const TensorId id : {0, 1, 3}) {
    graph.tensors[static_cast<std::size_t>(id)].type = ElementType::kInt32;
  }
  const NamedEngine engine{{"b"}};
  try {
    make_plan(graph, platform_of({&engine}));
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_THAT(error.messages(),
                ::testing::ElementsAre(
                    graph.name + ": no engine and no host kernel runs 1 x max_pool2d: its input "
                                 "is int32 (operator 0 a)",
                    graph.name + ": no engine and no host kernel runs 1 x max_pool2d: its output "
                                 "is int32 (operator 2 c)"));
  }
}

TEST(Plan, CountsTheOperatorsThatNobodyRunsForOneReason) {
  Graph graph = three_pools();
  for (workloads::Tensor& tensor : graph.tensors) {
    tensor.type = ElementType::kInt32;
  }
  try {
    make_plan(graph, platform_of({}));
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_EQ(error.what(), graph.name +
                                ": no engine and no host kernel runs 3 x max_pool2d: its input is "
                                "int32 (operator 0 a, 1 b, 2 c)");
  }
}

ForcedPlan forced_to(std::size_t op, std::optional<Runner> runner, base::YamlNode mapping = {}) {
  ForcedPlan forced;
  mapping.place = {"plan.yaml", 4, 7, "operators.m"};
  forced.operators[op] = {runner, std::move(mapping), {"plan.yaml", 3, 5, "operators.o"}};
  return forced;
}

std::vector<std::string> refusals(const Graph& graph, const PlatformView& platform,
                                  const ForcedPlan& forced) {
  try {
    make_plan(graph, platform, forced);
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

TEST(ForcedRunner, IsTakenWhereItIsWilling) {
  const NamedEngine engine{{"a", "b"}};
  const Plan plan = make_plan(three_pools(), platform_of({&engine}), forced_to(1, Runner::kHost));
  EXPECT_EQ(plan.operators[0].runner, Runner::kEngine);
  EXPECT_EQ(plan.operators[1].runner, Runner::kHost);
  EXPECT_EQ(plan.operators[1].reason, "the plan file says so");
  EXPECT_EQ(plan.operators[2].reason, "not c");
  // Where the host runs it anyway, the reason stays: the plan is the same.
  EXPECT_EQ(make_plan(three_pools(), platform_of({&engine}), forced_to(2, Runner::kHost))
                .operators[2]
                .reason,
            "not c");
  EXPECT_TRUE(
      refusals(three_pools(), platform_of({&engine}), forced_to(0, Runner::kEngine)).empty());
}

TEST(ForcedRunner, IsRefusedWithTheRunnersReason) {
  const NamedEngine engine{{"b"}};
  const PlatformView platform = platform_of({&engine});
  const Graph pools = three_pools();
  EXPECT_THAT(
      refusals(pools, platform, forced_to(0, Runner::kEngine)),
      ::testing::ElementsAre("plan.yaml:3:5: operators.o: the accelerator does not run it: not a"));
  EXPECT_THAT(
      refusals(pools, platform_of({}), forced_to(0, Runner::kEngine)),
      ::testing::ElementsAre("plan.yaml:3:5: operators.o: the platform has no accelerator"));
  EXPECT_THAT(refusals(pools, platform, forced_to(0, Runner::kAlias)),
              ::testing::ElementsAre(::testing::HasSubstr("only a reshape can be an alias")));
  Graph wide = three_pools();
  wide.tensors[2].type = ElementType::kInt32;
  const NamedEngine all{{"a", "b", "c"}};
  EXPECT_THAT(refusals(wide, platform_of({&all}), forced_to(1, Runner::kHost)),
              ::testing::ElementsAre(
                  "plan.yaml:3:5: operators.o: the host does not run it: its output is int32"));
}

TEST(ForcedRunner, OfAnAliasIsNobody) {
  const Graph graph = testing::single(OperatorKind::kReshape, workloads::Reshape{},
                                      {int8_tensor({2, 6}), int8_tensor({3, 4})});
  EXPECT_TRUE(refusals(graph, platform_of({}), forced_to(0, Runner::kAlias)).empty());
  EXPECT_THAT(refusals(graph, platform_of({}), forced_to(0, Runner::kHost)),
              ::testing::ElementsAre(::testing::HasSubstr("nobody runs it")));
}

TEST(ForcedMapping, GoesToTheEngineAndNotToTheHost) {
  const NamedEngine engine{{"b"}};
  base::YamlNode mapping = base::YamlNode::map();
  mapping.set("tile", base::YamlNode::scalar("3"));
  make_plan(three_pools(), platform_of({&engine}), forced_to(1, std::nullopt, mapping));
  EXPECT_EQ(base::write_yaml(engine.forced()), "tile: 3\n");
  EXPECT_THAT(refusals(three_pools(), platform_of({&engine}), forced_to(0, std::nullopt, mapping)),
              ::testing::ElementsAre("plan.yaml:4:7: operators.m: the host runs it, whose software "
                                     "kernels have no parameters; no engine does: not a"));
}

TEST(ForcedMapping, AndTheHostExcludeEachOther) {
  const NamedEngine engine{{"b"}};
  for (const std::size_t op : {0U, 1U}) {
    EXPECT_THAT(refusals(three_pools(), platform_of({&engine}),
                         forced_to(op, Runner::kHost, base::YamlNode::map())),
                ::testing::ElementsAre("plan.yaml:3:5: operators.o: runner: host takes no mapping; "
                                       "leave one of them out"));
  }
}

TEST(ForcedPlan, ListsEverythingThatCannotBe) {
  ForcedPlan forced = forced_to(0, Runner::kEngine);
  forced.operators[2] = forced.operators[0];
  forced.tensors[1] = {MW_REGION_SRAM, 1 << 20, {}};
  EXPECT_EQ(refusals(three_pools(), platform_of({}), forced).size(), 3u);
}

TEST(Plan, TheArrayLeavesToTheHostWhatItRefuses) {
  // 131072 taps of 128 * 128 may reach 2^31.
  constexpr std::int32_t kDepth = 131072;
  const Graph graph =
      testing::single(OperatorKind::kFullyConnected, workloads::FullyConnected{},
                      {int8_tensor({1, kDepth}),
                       constant(int8_tensor({1, kDepth}), std::vector<std::uint8_t>(kDepth, 0x80)),
                       int8_tensor({1, 1})});
  const SystolicEngine engine{array_of(16, 16)};
  const Plan plan = make_plan(graph, platform_of({&engine}));
  EXPECT_EQ(plan.operators[0].runner, Runner::kHost);
  EXPECT_EQ(plan.operators[0].reason, "the sums of filter 0 may reach 2147483648, beyond 32 bits");
}

}  // namespace
}  // namespace milliwatt::dataflows
