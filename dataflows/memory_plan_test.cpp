// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "dataflows/graph_testing.h"
#include "dataflows/plan.h"

namespace milliwatt::dataflows {
namespace {

using testing::Dice;
using workloads::Graph;
using workloads::OperatorKind;
using workloads::TensorId;
using workloads::TensorRole;

PlatformView memories(std::uint64_t sram, std::uint64_t external) {
  PlatformView platform;
  platform.sram_bytes = sram;
  platform.external_bytes = external;
  return platform;
}

Plan planned(const Graph& graph, const PlatformView& platform) {
  Plan plan;
  plan_memory(graph, platform, plan);
  return plan;
}

TensorId add_tensor(Graph& graph, std::int32_t bytes, TensorRole role = TensorRole::kActivation) {
  graph.tensors.push_back(testing::int8_tensor({bytes}));
  graph.tensors.back().name = "t" + std::to_string(graph.tensors.size() - 1);
  graph.tensors.back().role = role;
  return static_cast<TensorId>(graph.tensors.size()) - 1;
}

void add_operator(Graph& graph, OperatorKind kind, std::vector<TensorId> inputs, TensorId output) {
  workloads::Operator op;
  op.kind = kind;
  op.inputs = std::move(inputs);
  op.outputs = {output};
  graph.operators.push_back(op);
}

/// A chain of additions, a tensor of each size; the first is the input, the last the output.
Graph chain(const std::vector<std::int32_t>& sizes) {
  Graph graph;
  graph.inputs = {add_tensor(graph, sizes[0], TensorRole::kInput)};
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const TensorId before = static_cast<TensorId>(i) - 1;
    add_operator(graph, OperatorKind::kAdd, {before, before}, add_tensor(graph, sizes[i]));
  }
  graph.outputs = {static_cast<TensorId>(sizes.size()) - 1};
  return graph;
}

/// Operators that read any earlier tensors, reshapes among them, states and constants.
Graph random_graph(Dice& dice) {
  Graph graph;
  const auto size = [&] { return dice.roll(1, 500); };
  graph.inputs = {add_tensor(graph, size(), TensorRole::kInput)};
  add_tensor(graph, size(), TensorRole::kConstant);
  const TensorId state = add_tensor(graph, size(), TensorRole::kState);
  for (int i = dice.roll(1, 20); i > 0; --i) {
    const auto any = [&] { return dice.roll(0, static_cast<TensorId>(graph.tensors.size()) - 1); };
    const TensorId a = any();
    if (dice.one_in(3)) {
      const TensorId copy = add_tensor(graph, static_cast<std::int32_t>(graph.tensor(a).bytes()));
      add_operator(graph, OperatorKind::kReshape, {a}, copy);
    } else {
      const TensorId b = any();
      add_operator(graph, OperatorKind::kAdd, {a, b}, add_tensor(graph, size()));
      graph.operators.back().states = {state};
    }
  }
  graph.outputs = {static_cast<TensorId>(graph.tensors.size()) - 1};
  return graph;
}

/// First tensor of the chain of reshapes that share bytes.
TensorId root_of(const Graph& graph, TensorId id) {
  for (const workloads::Operator& op : graph.operators) {
    if (op.outputs[0] == id && is_alias(graph, op)) {
      return root_of(graph, op.inputs[0]);
    }
  }
  return id;
}

/// Whether the bytes of a tensor must be kept while operator `when` runs, by definition.
bool alive(const Graph& graph, TensorId root, int when) {
  const int end = static_cast<int>(graph.operators.size());
  if (graph.tensor(root).role == TensorRole::kState) {
    return true;
  }
  int first = end;
  int last = -1;
  const auto use = [&](TensorId id, int at) {
    if (root_of(graph, id) == root) {
      first = std::min(first, at);
      last = std::max(last, at);
    }
  };
  for (int i = 0; i < end; ++i) {
    for (const TensorId id : graph.operators[static_cast<std::size_t>(i)].reads()) {
      use(id, i);
    }
    for (const TensorId id : graph.operators[static_cast<std::size_t>(i)].writes()) {
      use(id, i);
    }
  }
  for (const TensorId id : graph.inputs) {
    use(id, -1);
  }
  for (const TensorId id : graph.outputs) {
    use(id, end);
  }
  return first <= when && when <= last;
}

void expect_apart(const Graph& graph, const Plan& plan) {
  const int end = static_cast<int>(graph.operators.size());
  const auto count = static_cast<TensorId>(graph.tensors.size());
  for (int when = -1; when <= end; ++when) {
    for (TensorId a = 0; a < count; ++a) {
      for (TensorId b = 0; b < a; ++b) {
        const PlannedTensor& x = plan.tensors[static_cast<std::size_t>(a)];
        const PlannedTensor& y = plan.tensors[static_cast<std::size_t>(b)];
        const bool constant = graph.tensor(a).role == TensorRole::kConstant ||
                              graph.tensor(b).role == TensorRole::kConstant;
        const bool both = root_of(graph, a) != root_of(graph, b) &&
                          alive(graph, root_of(graph, a), when) &&
                          alive(graph, root_of(graph, b), when);
        if (!constant && both && x.place.region == y.place.region) {
          EXPECT_TRUE(x.place.offset + x.bytes <= y.place.offset ||
                      y.place.offset + y.bytes <= x.place.offset)
              << a << " and " << b << " at " << when;
        }
      }
    }
  }
}

TEST(MemoryPlan, KeepsWhatIsAliveTogetherApart) {
  Dice dice{60};
  int outside = 0;
  for (int i = 0; i < 300; ++i) {
    const Graph graph = random_graph(dice);
    const Plan plan =
        planned(graph, memories(static_cast<std::uint64_t>(dice.roll(0, 3000)), 1 << 20));
    expect_apart(graph, plan);
    outside += plan.region_bytes[MW_REGION_EXTERNAL] > 0 ? 1 : 0;
  }
  EXPECT_GT(outside, 50);
  EXPECT_LT(outside, 290);
}

TEST(MemoryPlan, StaysInTheMemoriesAndOnAlignedPlaces) {
  Dice dice{61};
  for (int i = 0; i < 300; ++i) {
    const Graph graph = random_graph(dice);
    const PlatformView platform = memories(static_cast<std::uint64_t>(dice.roll(0, 3000)), 1 << 20);
    const Plan plan = planned(graph, platform);
    EXPECT_LE(plan.region_bytes[MW_REGION_SRAM], platform.sram_bytes);
    for (std::size_t id = 0; id < plan.tensors.size(); ++id) {
      const PlannedTensor& t = plan.tensors[id];
      EXPECT_EQ(t.place.offset % kTensorAlignment, 0u);
      EXPECT_EQ(t.place.region == MW_REGION_PROGRAM,
                graph.tensors[id].role == TensorRole::kConstant);
      EXPECT_LE(t.place.offset + static_cast<std::uint64_t>(t.bytes),
                std::max<std::uint64_t>(plan.region_bytes[t.place.region], t.bytes));
    }
  }
}

TEST(MemoryPlan, ReshapesShareThePlaceAndTheLifetimeOfTheirInput) {
  // t0 -> reshape t1 -> reshape t2, read by the last operator: t0's bytes live until then.
  Graph graph;
  graph.inputs = {add_tensor(graph, 100, TensorRole::kInput)};
  add_operator(graph, OperatorKind::kReshape, {0}, add_tensor(graph, 100));
  add_operator(graph, OperatorKind::kReshape, {1}, add_tensor(graph, 100));
  add_operator(graph, OperatorKind::kAdd, {2, 2}, add_tensor(graph, 100));
  graph.outputs = {3};
  const Plan plan = planned(graph, memories(1024, 0));
  for (const std::size_t id : {0, 1, 2}) {
    EXPECT_EQ(plan.tensors[id].place.offset, plan.tensors[0].place.offset);
    EXPECT_EQ(plan.tensors[id].first_use, -1);
    EXPECT_EQ(plan.tensors[id].last_use, 2);
  }
  EXPECT_NE(plan.tensors[3].place.offset, plan.tensors[0].place.offset);
  EXPECT_EQ(plan.region_bytes[MW_REGION_SRAM], 256u);  // 100 bytes take 128
}

TEST(MemoryPlan, ReshapesOfStatesAndConstantsCopy) {
  Graph graph;
  add_tensor(graph, 100, TensorRole::kState);
  add_tensor(graph, 100, TensorRole::kConstant);
  add_operator(graph, OperatorKind::kReshape, {0}, add_tensor(graph, 100));
  add_operator(graph, OperatorKind::kReshape, {1}, add_tensor(graph, 100));
  add_operator(graph, OperatorKind::kReshape, {3}, add_tensor(graph, 100, TensorRole::kState));
  graph.outputs = {2, 3};
  for (const workloads::Operator& op : graph.operators) {
    EXPECT_FALSE(is_alias(graph, op));
  }
  // Both states and both copies are alive at the end.
  EXPECT_EQ(planned(graph, memories(1024, 0)).region_bytes[MW_REGION_SRAM], 4u * 128);
}

TEST(MemoryPlan, ReusesTheBytesOfTheDead) {
  // 64 -> 64 -> 64 -> 64: two are alive at a time.
  EXPECT_EQ(planned(chain({64, 64, 64, 64}), memories(128, 0)).region_bytes[MW_REGION_SRAM], 128u);
  EXPECT_THROW(planned(chain({64, 64, 64, 64}), memories(127, 0)), base::UserError);
}

TEST(MemoryPlan, TheLargestGoInFirst) {
  // 256 and 128 alternate; with 256 bytes of SRAM only the larger ones are inside.
  const Plan plan = planned(chain({128, 256, 128}), memories(256, 1024));
  EXPECT_EQ(plan.tensors[1].place.region, static_cast<std::uint32_t>(MW_REGION_SRAM));
  EXPECT_EQ(plan.tensors[0].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL));
  EXPECT_EQ(plan.tensors[2].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL));
  // One byte less: 256 fits nowhere inside, both small ones do, one after the other.
  const Plan less = planned(chain({128, 256, 128}), memories(255, 1024));
  EXPECT_EQ(less.tensors[1].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL));
  EXPECT_EQ(less.tensors[0].place.region, static_cast<std::uint32_t>(MW_REGION_SRAM));
  EXPECT_EQ(less.tensors[2].place.offset, less.tensors[0].place.offset);
}

TEST(MemoryPlan, SaysByHowMuchTheTensorsMissTheMemories) {
  // 256 and two of 128 at its sides: 256 outside needs 256 of 100, or all inside 384 of 200.
  // Outside with 200 of SRAM: 256 goes out, a 128 stays in: 156 more outside. Inside: 184 more.
  try {
    planned(chain({128, 256, 128}), memories(200, 100));
    FAIL();
  } catch (const base::UserError& error) {
    EXPECT_STREQ(error.what(),
                 "the tensors fit neither the 200 bytes of SRAM nor the 100 bytes of external "
                 "memory: enlarge memory.external.size by 156 bytes or memory.sram.size by 184 "
                 "bytes");
  }
  EXPECT_NO_THROW(planned(chain({128, 256, 128}), memories(200, 256)));
  EXPECT_THROW(planned(chain({128, 256, 128}), memories(200, 255)), base::UserError);
  EXPECT_NO_THROW(planned(chain({128, 256, 128}), memories(384, 0)));
  EXPECT_THROW(planned(chain({128, 256, 128}), memories(383, 0)), base::UserError);
}

TEST(MemoryPlan, EitherAdviceIsEnoughAndNotTooMuch) {
  Dice dice{62};
  int misses = 0;
  for (int i = 0; i < 300; ++i) {
    const Graph graph = random_graph(dice);
    const auto sram = static_cast<std::uint64_t>(dice.roll(0, 1000));
    const auto external = static_cast<std::uint64_t>(dice.roll(0, 500));
    std::string text;
    try {
      planned(graph, memories(sram, external));
      continue;
    } catch (const base::UserError& error) {
      text = error.what();
    }
    ++misses;
    const auto number = [&](const char* key) {
      return std::stoull(text.substr(text.find(key) + std::strlen(key)));
    };
    const auto more_outside = number("memory.external.size by ");
    const auto more_inside = number("memory.sram.size by ");
    EXPECT_NO_THROW(planned(graph, memories(sram, external + more_outside)));
    EXPECT_THROW(planned(graph, memories(sram, external + more_outside - 1)), base::UserError);
    EXPECT_NO_THROW(planned(graph, memories(sram + more_inside, external)));
  }
  EXPECT_GT(misses, 100);
}

}  // namespace
}  // namespace milliwatt::dataflows
