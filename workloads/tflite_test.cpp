// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"
#include "workloads/tflite_further_models.h"
#include "workloads/tflite_small_models.h"

namespace milliwatt::workloads {
namespace {

using testing::HasSubstr;
using tflite::Builtin;
using tflite::ModelSpec;
using tflite::OperatorSpec;
using tflite::small_model;

Graph import(const ModelSpec& model) { return read_tflite(tflite::build_model(model), "net"); }

std::string fault_of(const ModelSpec& model) {
  try {
    import(model);
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Tflite, ReadsEveryKindIntoANetworkThatRuns) {
  auto models = tflite::small_models();
  for (const auto& further : tflite::further_models()) {
    models.push_back(further);
  }
  std::set<OperatorKind> kinds;
  for (const auto& [name, model] : models) {
    const Graph graph = import(model);
    for (const Operator& op : graph.operators) {
      kinds.insert(op.kind);
    }
    const TensorValues values = run_reference(graph, seeded_input(graph, 1));
    for (const TensorId id : graph.outputs) {
      EXPECT_EQ(static_cast<std::int64_t>(values.at(static_cast<std::size_t>(id)).size()),
                graph.tensor(id).bytes())
          << name;
    }
  }
  // Log-softmax works on float32 and stands alone; all others are there.
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(kOperatorKinds) - 1);
}

TEST(Tflite, KeepsNamesRolesAndOperands) {
  const Graph graph = import(small_model());
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.batch, 1);
  EXPECT_EQ(graph.tensors.at(3).name, "mid");
  EXPECT_EQ(graph.tensors.at(0).role, TensorRole::kInput);
  EXPECT_EQ(graph.tensors.at(1).role, TensorRole::kConstant);
  EXPECT_EQ(graph.tensors.at(3).role, TensorRole::kActivation);
  EXPECT_EQ(graph.operators.at(0).name, "conv2d_0");
  EXPECT_EQ(graph.operators.at(1).name, "reshape_1");
  EXPECT_EQ(graph.operators.at(1).inputs, (std::vector<TensorId>{3, 4}));
}

TEST(Tflite, ResolvesSameIntoPadsWithTheOddOneBehind) {
  // 4 in, stride 2: 2 outputs cover (2 - 1) * 2 + 3 = 5, so one pad, behind.
  const Graph graph = import(small_model());
  const auto& conv = std::get<Conv2d>(graph.operators.at(0).attributes);
  EXPECT_EQ(conv.window.pad_top, 0);
  EXPECT_EQ(conv.window.pad_bottom, 1);
  EXPECT_EQ(conv.window.pad_left, 0);
  EXPECT_EQ(conv.window.pad_right, 1);
  EXPECT_EQ(conv.activation, Activation::kRelu);
}

TEST(Tflite, ValidHasNoPads) {
  ModelSpec model = small_model();
  model.operators[0].options[0] = tflite::option(tflite::Conv2dField::kPadding, tflite::kValid);
  // (4 - 3) / 2 + 1 = 1 output per axis.
  model.tensors[3].shape = {1, 1, 1, 3};
  model.tensors[5].shape = {1, 3};
  const Graph graph = import(model);
  EXPECT_EQ(std::get<Conv2d>(graph.operators[0].attributes).window.pad_bottom, 0);
}

TEST(Tflite, TheLargerOfBothOperatorCodesCounts) {
  ModelSpec model = small_model();
  std::swap(model.operators[0].narrow_code, model.operators[0].wide_code);  // an old file
  EXPECT_EQ(import(model).operators[0].kind, OperatorKind::kConv2d);
  model.operators[0].wide_code = 36;  // the narrow field still says CONV_2D
  EXPECT_EQ(fault_of(model), "net: unsupported operators: 1 x GATHER");
}

TEST(Tflite, ListsAllUnsupportedOperatorsInOneMessage) {
  ModelSpec model = small_model();
  OperatorSpec other = model.operators[1];
  for (const int code : {36, 26, 36, 32, 300}) {
    other.wide_code = code;
    other.custom_name = code == 32 ? "ethos-u" : "";
    model.operators.push_back(other);
  }
  EXPECT_EQ(fault_of(model),
            "net: unsupported operators: 1 x CUSTOM ethos-u, 2 x GATHER, 1 x SPACE_TO_DEPTH, 1 x "
            "operator 300");
}

TEST(Tflite, FilterDepthDividesIntoGroups) {
  ModelSpec model = small_model();
  model.tensors[0].shape = {1, 4, 4, 6};  // filter depth 2: three groups of one filter each
  EXPECT_EQ(std::get<Conv2d>(import(model).operators[0].attributes).groups, 3);
}

TEST(Tflite, VariableTensorsAreStates) {
  ModelSpec model = small_model();
  model.tensors.push_back(tflite::activation("memory", {1, 5}));
  model.tensors.back().variable = true;
  const Graph graph = import(model);
  EXPECT_EQ(graph.tensors.at(6).role, TensorRole::kState);
  // A state starts at its zero point, -3.
  EXPECT_EQ(States(graph).bytes(6), Bytes(5, 0xFD));
}

TEST(Tflite, AbsentBiasIsNoTensor) {
  ModelSpec model = small_model();
  model.operators[0].inputs = {0, 1, -1};
  EXPECT_EQ(import(model).operators[0].inputs[2], kNoTensor);
}

TEST(Tflite, OtherFilesAreNotModels) {
  EXPECT_THROW(read_tflite({}, "net"), base::UserError);
  EXPECT_THROW(read_tflite(Bytes(100, 0), "net"), base::UserError);
}

/// Either a graph that can be evaluated or a UserError; anything else fails the test.
bool survives(const Bytes& bytes) {
  try {
    const Graph graph = read_tflite(bytes, "net");
    run_reference(graph, seeded_input(graph, 1));
    return true;
  } catch (const base::UserError&) {
    return false;
  } catch (const base::SimulationError&) {
    return true;
  }
}

TEST(Tflite, EveryTruncationIsRefused) {
  const Bytes whole = tflite::build_model(small_model());
  ASSERT_TRUE(survives(whole));
  // The root table stands at the front and what it needs behind it, but for at most three bytes of
  // padding at the end.
  for (std::size_t size = 0; size + 3 < whole.size(); ++size) {
    EXPECT_FALSE(survives(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))))
        << size;
  }
}

TEST(Tflite, FlippedBytesNeverDoHarm) {
  const Bytes whole = tflite::build_model(small_model());
  Xorshift32 random(1);
  int good = 0;
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes damaged = whole;
    const std::uint32_t flips = 1 + random.next() % 4;
    for (std::uint32_t i = 0; i < flips; ++i) {
      damaged[random.next() % damaged.size()] ^= static_cast<std::uint8_t>(1 + random.next() % 255);
    }
    ++(survives(damaged) ? good : refused);
  }
  // Flips in names and weights are harmless, flips in offsets are not.
  EXPECT_GT(good, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace milliwatt::workloads
