// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
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

/// What plan_memory throws; empty when it does not.
std::string refusal(const Graph& graph, const PlatformView& platform,
                    const ForcedPlan& forced = {}) {
  try {
    Plan plan;
    plan_memory(graph, platform, plan, forced);
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

/// The number of bytes that a message wants more of `key`; none when it does not speak of it.
std::optional<std::uint64_t> more_of(const std::string& message, const std::string& key) {
  const std::size_t at = message.find(key + ": ");
  if (at == std::string::npos) {
    return std::nullopt;
  }
  return std::stoull(message.substr(message.find('(', at) + 1));
}

TEST(MemoryPlan, SaysByHowMuchTheTensorsMissTheMemories) {
  // 256 and two of 128 at its sides. With 200 of SRAM, a 128 stays inside; 256 outside needs 156
  // more. With 100 outside, all must be inside: 384, 184 more.
  EXPECT_EQ(refusal(chain({128, 256, 128}), memories(200, 100)),
            "tensor 1 (t1) of 256 bytes finds no room in 200 B of SRAM and 100 B of external "
            "memory, beside what is alive from operator 0 to 1; memory.external.size: 100 B -> at "
            "least 256 B (156 bytes more), or memory.sram.size: 200 B -> at least 384 B (184 bytes "
            "more)");
  EXPECT_EQ(refusal(chain({128, 256, 128}), memories(200, 256)), "");
  EXPECT_NE(refusal(chain({128, 256, 128}), memories(200, 255)), "");
  EXPECT_EQ(refusal(chain({128, 256, 128}), memories(384, 0)), "");
  EXPECT_NE(refusal(chain({128, 256, 128}), memories(383, 0)), "");
}

TEST(MemoryPlan, EitherAdviceIsEnoughAndNotTooMuch) {
  Dice dice{62};
  int misses = 0;
  int smaller_than_everything = 0;
  for (int i = 0; i < 300; ++i) {
    const Graph graph = random_graph(dice);
    PlatformView platform = memories(static_cast<std::uint64_t>(dice.roll(0, 1000)),
                                     static_cast<std::uint64_t>(dice.roll(0, 500)));
    platform.program_bytes = static_cast<std::uint64_t>(dice.roll(0, 200));
    const std::string message = refusal(graph, platform);
    if (message.empty()) {
      continue;
    }
    ++misses;
    PlatformView larger = platform;
    larger.external_bytes += more_of(message, "memory.external.size").value();
    EXPECT_EQ(refusal(graph, larger), "");
    --larger.external_bytes;
    EXPECT_NE(refusal(graph, larger), "");
    larger = platform;
    larger.sram_bytes += more_of(message, "memory.sram.size").value();
    EXPECT_EQ(refusal(graph, larger), "");
    Plan inside;
    plan_memory(graph, memories(1 << 20, 0), inside);
    smaller_than_everything += larger.sram_bytes < inside.region_bytes[MW_REGION_SRAM] ? 1 : 0;
    --larger.sram_bytes;
    EXPECT_NE(refusal(graph, larger), "");
  }
  EXPECT_GT(misses, 100);
  EXPECT_GT(smaller_than_everything, 20) << "external memory takes a part";
}

TEST(MemoryPlan, AdvisesSizesThatTheSramCanHave) {
  PlatformView platform = memories(192, 0);
  platform.external_refuses = "memory.external is a rock";
  platform.sram_granule = 96;
  // 384 are needed, which is 4 x 96.
  EXPECT_EQ(more_of(refusal(chain({128, 256, 128}), platform), "memory.sram.size"), 192u);
  platform.sram_granule = 100;
  EXPECT_EQ(more_of(refusal(chain({128, 256, 128}), platform), "memory.sram.size"), 208u);
  EXPECT_EQ(more_of(refusal(chain({128, 256, 128}), platform), "memory.external.size"),
            std::nullopt);
}

ForcedPlan in_memory(std::size_t id, std::uint32_t region, std::optional<std::uint32_t> offset) {
  ForcedPlan forced;
  forced.tensors[id] = {region, offset, {"plan.yaml", 3, 5, "tensors." + std::to_string(id)}};
  return forced;
}

TEST(ForcedPlaces, AreTakenAndTheOthersGoAround) {
  const Graph graph = chain({128, 256, 128});
  Plan plan;
  plan_memory(graph, memories(1024, 1024), plan, in_memory(0, MW_REGION_SRAM, 64));
  EXPECT_EQ(plan.tensors[0].place.offset, 64u);
  EXPECT_EQ(plan.tensors[1].place.offset, 192u) << "behind the forced one, alive with it";
  EXPECT_EQ(plan.tensors[2].place.offset, 0u) << "the forced one is dead by then";
  plan_memory(graph, memories(1024, 1024), plan, in_memory(1, MW_REGION_EXTERNAL, std::nullopt));
  EXPECT_EQ(plan.tensors[1].place.region, static_cast<std::uint32_t>(MW_REGION_EXTERNAL));
  EXPECT_EQ(plan.tensors[1].place.offset, 0u);
  EXPECT_EQ(plan.tensors[0].place.region, static_cast<std::uint32_t>(MW_REGION_SRAM));
  EXPECT_EQ(plan.region_bytes[MW_REGION_SRAM], 128u);
}

TEST(ForcedPlaces, OfAWholePlanGiveThePlanAgain) {
  Dice dice{63};
  for (int i = 0; i < 200; ++i) {
    const Graph graph = random_graph(dice);
    const PlatformView platform = memories(static_cast<std::uint64_t>(dice.roll(0, 2000)), 1 << 20);
    const Plan plan = planned(graph, platform);
    ForcedPlan forced;
    for (const std::size_t id : tensors_with_homes(graph, plan)) {
      forced.tensors[id] = {plan.tensors[id].place.region, plan.tensors[id].place.offset, {}};
    }
    Plan again;
    plan_memory(graph, platform, again, forced);
    EXPECT_EQ(plan.region_bytes, again.region_bytes);
    for (std::size_t id = 0; id < plan.tensors.size(); ++id) {
      EXPECT_EQ(plan.tensors[id].place.region, again.tensors[id].place.region);
      EXPECT_EQ(plan.tensors[id].place.offset, again.tensors[id].place.offset);
    }
  }
}

TEST(ForcedPlaces, AnyThatAreAcceptedKeepWhatIsAliveTogetherApart) {
  Dice dice{64};
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const Graph graph = random_graph(dice);
    const PlatformView platform = memories(3000, 1 << 20);
    ForcedPlan forced;
    for (const std::size_t id : tensors_with_homes(graph, planned(graph, platform))) {
      if (dice.one_in(3)) {
        const auto region =
            static_cast<std::uint32_t>(dice.one_in(2) ? MW_REGION_SRAM : MW_REGION_EXTERNAL);
        forced.tensors[id] = {region, 64u * static_cast<std::uint32_t>(dice.roll(0, 40)), {}};
      }
    }
    Plan plan;
    try {
      plan_memory(graph, platform, plan, forced);
    } catch (const base::UserError&) {
      ++refused;
      continue;
    }
    ++accepted;
    expect_apart(graph, plan);
    for (const auto& [id, tensor] : forced.tensors) {
      EXPECT_EQ(plan.tensors[id].place.region, tensor.region);
      EXPECT_EQ(plan.tensors[id].place.offset, *tensor.offset);
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 50);
}

TEST(ForcedPlaces, AreRefusedBeyondTheMemory) {
  const Graph graph = chain({128, 256, 128});
  EXPECT_EQ(refusal(graph, memories(1024, 0), in_memory(1, MW_REGION_SRAM, 768)), "");
  EXPECT_EQ(refusal(graph, memories(1023, 0), in_memory(1, MW_REGION_SRAM, 768)),
            "plan.yaml:3:5: tensors.1: tensor 1 (t1) takes 256 bytes at offset 768 and ends 1 "
            "bytes behind the 1023 B of SRAM; possible is an offset of at most 704 B, or "
            "memory.sram.size: 1023 B -> at least 1 KiB (1 byte more)");
  // 1023 - 256 is 767; 704 is the multiple of 64 below it.
  EXPECT_EQ(refusal(graph, memories(1023, 0), in_memory(1, MW_REGION_SRAM, 704)), "");
}

TEST(ForcedPlaces, AreRefusedWhereTwoLieOnEachOther) {
  const Graph graph = chain({128, 256, 128});
  const auto both = [](std::uint32_t a, std::uint32_t b) {
    ForcedPlan forced = in_memory(0, MW_REGION_SRAM, a);
    forced.tensors[1] = {MW_REGION_SRAM, b, {"plan.yaml", 9, 5, ""}};
    return forced;
  };
  EXPECT_EQ(refusal(graph, memories(1024, 0), both(0, 64)),
            "plan.yaml:9:5: tensor 1 (t1) at offset 64 .. 319 overlaps tensor 0 (t0) at 0 .. 127; "
            "both are alive from operator 0 to 0");
  EXPECT_EQ(refusal(graph, memories(1024, 0), both(0, 128)), "");
  EXPECT_EQ(refusal(graph, memories(1024, 0), both(256, 0)), "");
  // t0 and t2 are never alive together.
  ForcedPlan apart_in_time = in_memory(0, MW_REGION_SRAM, 0);
  apart_in_time.tensors[2] = {MW_REGION_SRAM, 0, {}};
  EXPECT_EQ(refusal(graph, memories(1024, 0), apart_in_time), "");
}

TEST(ForcedPlaces, AreRefusedForWhatHasNoPlaceOfItsOwn) {
  Graph graph = chain({64, 64});
  const TensorId constant = add_tensor(graph, 64, TensorRole::kConstant);
  const TensorId unused = add_tensor(graph, 64);
  const TensorId alias = add_tensor(graph, 64);
  add_operator(graph, OperatorKind::kReshape, {1}, alias);
  const auto message = [&](TensorId id) {
    return refusal(graph, memories(1024, 1024),
                   in_memory(static_cast<std::size_t>(id), MW_REGION_SRAM, 0));
  };
  EXPECT_EQ(message(constant),
            "plan.yaml:3:5: tensors.2: tensor 2 (t2) is a constant, which lies in the program");
  EXPECT_EQ(message(unused),
            "plan.yaml:3:5: tensors.3: tensor 3 (t3) is used by no operator and has no place");
  EXPECT_EQ(message(alias),
            "plan.yaml:3:5: tensors.4: tensor 4 (t4) shares the bytes of tensor 1 (t1); give that "
            "one a place");
  PlatformView read_only = memories(1024, 1024);
  read_only.external_refuses = "memory.external is a rock";
  EXPECT_EQ(refusal(graph, read_only, in_memory(0, MW_REGION_EXTERNAL, std::nullopt)),
            "plan.yaml:3:5: tensors.0: memory.external is a rock");
}

}  // namespace
}  // namespace milliwatt::dataflows
