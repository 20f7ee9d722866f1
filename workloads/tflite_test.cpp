// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"
#include "workloads/tflite_builder.h"

namespace milliwatt::workloads {
namespace {

using testing::HasSubstr;
using tflite::Builtin;
using tflite::ModelSpec;
using tflite::OperatorSpec;
using tflite::OptionsType;
using tflite::TensorSpec;
using tflite::TypeCode;

constexpr std::int8_t kSame = 0;
constexpr std::int8_t kValid = 1;

TensorSpec activation(const std::string& name, std::vector<std::int32_t> shape) {
  return {name, TypeCode::kInt8, std::move(shape), {0.5F}, {-3}, {}, 0, false};
}

/// 1x4x4x2 -> conv 3x3 with stride 2 and 3 filters -> reshape to 1x12.
ModelSpec small_model() {
  using F = tflite::Conv2dField;
  ModelSpec model;
  model.tensors = {
      activation("in", {1, 4, 4, 2}),
      activation("filter", {3, 3, 3, 2}),
      TensorSpec{
          "bias", TypeCode::kInt32, {3}, {0.1F, 0.2F, 0.3F}, {0, 0, 0}, Bytes(12, 1), 0, false},
      activation("mid", {1, 2, 2, 3}),
      TensorSpec{"shape", TypeCode::kInt32, {2}, {}, {}, Bytes(8, 1), 0, false},
      activation("out", {1, 12})};
  model.tensors[1].scales = {0.125F, 0.25F, 0.5F};
  model.tensors[1].zero_points = {0, 0, 0};
  model.tensors[1].data = Bytes(54, 7);
  OperatorSpec conv;
  conv.wide_code = static_cast<int>(Builtin::kConv2d);
  conv.inputs = {0, 1, 2};
  conv.outputs = {3};
  conv.options_type = OptionsType::kConv2d;
  conv.options = {tflite::option(F::kPadding, kSame), tflite::option(F::kStrideW, 2),
                  tflite::option(F::kStrideH, 2), tflite::option(F::kActivation, std::int8_t{1})};
  OperatorSpec reshape;
  reshape.wide_code = static_cast<int>(Builtin::kReshape);
  reshape.inputs = {3, 4};
  reshape.outputs = {5};
  model.operators = {conv, reshape};
  model.inputs = {0};
  model.outputs = {5};
  return model;
}

Graph import(const ModelSpec& model) { return read_tflite(tflite::build_model(model), "net"); }

std::string fault_of(const ModelSpec& model) {
  try {
    import(model);
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
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
  model.operators[0].options[0] = tflite::option(tflite::Conv2dField::kPadding, kValid);
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
  model.operators[0].wide_code = 40;  // the narrow field still says CONV_2D
  EXPECT_EQ(fault_of(model), "net: unsupported operators: 1 x MEAN");
}

TEST(Tflite, ListsAllUnsupportedOperatorsInOneMessage) {
  ModelSpec model = small_model();
  OperatorSpec other = model.operators[1];
  for (const int code : {40, 34, 40, 32, 300}) {
    other.wide_code = code;
    other.custom_name = code == 32 ? "ethos-u" : "";
    model.operators.push_back(other);
  }
  EXPECT_EQ(fault_of(model),
            "net: unsupported operators: 1 x CUSTOM ethos-u, 2 x MEAN, 1 x PAD, 1 x operator 300");
}

TEST(Tflite, FilterDepthDividesIntoGroups) {
  ModelSpec model = small_model();
  model.tensors[0].shape = {1, 4, 4, 6};  // filter depth 2: three groups of one filter each
  EXPECT_EQ(std::get<Conv2d>(import(model).operators[0].attributes).groups, 3);
}

TEST(Tflite, VariableTensorsAreStates) {
  ModelSpec model = small_model();
  model.tensors.push_back(activation("memory", {1, 5}));
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

struct Broken {
  const char* label;
  void (*damage)(ModelSpec&);
  const char* message;
};

class TfliteFault : public testing::TestWithParam<Broken> {};

TEST_P(TfliteFault, IsAUserErrorThatNamesIt) {
  ModelSpec model = small_model();
  GetParam().damage(model);
  EXPECT_THAT(fault_of(model), HasSubstr(GetParam().message));
}

const Broken kFaults[] = {
    {"TwoSubgraphs", [](ModelSpec& m) { m.subgraphs = 2; }, "has 2 subgraphs"},
    {"NoSubgraph", [](ModelSpec& m) { m.subgraphs = 0; }, "has 0 subgraphs"},
    {"BufferIndex", [](ModelSpec& m) { m.missing_buffers = 1; }, "'out' has buffer 6 of 6"},
    {"ShortBuffer", [](ModelSpec& m) { m.tensors[1].data.pop_back(); },
     "int8 [3, 3, 3, 2] takes 54 bytes, its buffer has 53"},
    {"LongBuffer", [](ModelSpec& m) { m.tensors[1].data.push_back(0); }, "its buffer has 55"},
    {"ScaleCount", [](ModelSpec& m) { m.tensors[1].scales.pop_back(); },
     "2 scales but 3 zero points"},
    {"ScalesPerChannel",
     [](ModelSpec& m) {
       m.tensors[1].scales.pop_back();
       m.tensors[1].zero_points.pop_back();
     },
     "2 scales along dimension 0 of shape [3, 3, 3, 2]"},
    {"ScaleDimension", [](ModelSpec& m) { m.tensors[1].dimension = 4; }, "along dimension 4"},
    {"NegativeDimension", [](ModelSpec& m) { m.tensors[1].dimension = -1; }, "along dimension -1"},
    {"ZeroScale", [](ModelSpec& m) { m.tensors[0].scales = {0.0F}; }, "not a positive number"},
    {"ZeroPoint", [](ModelSpec& m) { m.tensors[0].zero_points = {128}; }, "does not fit int8"},
    {"WideZeroPoint", [](ModelSpec& m) { m.tensors[0].zero_points = {1LL << 40}; },
     "has zero point 1099511627776"},
    {"NegativeExtent", [](ModelSpec& m) { m.tensors[0].shape[1] = -1; }, "extent below 1"},
    {"HugeShape",
     [](ModelSpec& m) {
       m.tensors[0].shape = {1 << 30, 1 << 30, 1 << 30, 2};
     },
     "takes more than"},
    {"InputIndex", [](ModelSpec& m) { m.inputs = {6}; }, "input 6 does not exist"},
    {"OutputIndex", [](ModelSpec& m) { m.outputs = {-1}; }, "reads tensor -1"},
    {"ConstantInput", [](ModelSpec& m) { m.inputs = {1}; }, "'filter' has data"},
    {"OperandIndex", [](ModelSpec& m) { m.operators[0].inputs[0] = 99; },
     "conv2d_0 reads a tensor that does not exist"},
    {"ResultIndex", [](ModelSpec& m) { m.operators[0].outputs[0] = 99; }, "writes tensor 99"},
    {"ReadBeforeWritten", [](ModelSpec& m) { std::swap(m.operators[0], m.operators[1]); },
     "reads tensor 'mid' before"},
    {"WritesConstant", [](ModelSpec& m) { m.operators[0].outputs = {2}; },
     "writes tensor 'bias', which already holds a value"},
    {"WritesTwice", [](ModelSpec& m) { m.operators[1].outputs = {3}; },
     "writes tensor 'mid', which already holds a value"},
    {"OutputShape",
     [](ModelSpec& m) {
       m.tensors[3].shape = {1, 2, 2, 4};
     },
     "expects shape [1, 2, 2, 3] for 'mid', which has [1, 2, 2, 4]"},
    {"ReshapeElements",
     [](ModelSpec& m) {
       m.tensors[5].shape = {1, 11};
     },
     "changes 12 elements into 11"},
    {"WeightZeroPoint", [](ModelSpec& m) { m.tensors[1].zero_points[1] = 1; },
     "weights with a zero point other than 0"},
    {"Unquantized",
     [](ModelSpec& m) {
       m.tensors[0].scales.clear();
       m.tensors[0].zero_points.clear();
     },
     "needs exactly one scale for 'in'"},
    {"FloatInput", [](ModelSpec& m) { m.tensors[0].type = TypeCode::kFloat32; },
     "conv2d_0: maps float32 to int8"},
    {"UnknownType", [](ModelSpec& m) { m.tensors[0].type = static_cast<TypeCode>(1); },
     "unsupported element type 1"},
    {"BiasLength",
     [](ModelSpec& m) {
       m.tensors[2] = {"bias", TypeCode::kInt32, {2}, {0.1F}, {0}, Bytes(8, 0), 0, false};
     },
     "has 2 bias values for 3 channels"},
    {"Stride", [](ModelSpec& m) { m.operators[0].options[1].value = 0; },
     "kernel, stride or dilation outside"},
    {"Padding", [](ModelSpec& m) { m.operators[0].options[0].value = std::int8_t{2}; },
     "unsupported padding 2"},
    {"Activation", [](ModelSpec& m) { m.operators[0].options[3].value = std::int8_t{4}; },
     "unsupported activation 4"},
    {"OptionsOfAnother", [](ModelSpec& m) { m.operators[0].options_type = OptionsType::kAdd; },
     "options of another operator"},
    {"NoOptions", [](ModelSpec& m) { m.operators[0].options_type = OptionsType::kNone; },
     "options of another operator, or none"},
    {"TooManyInputs", [](ModelSpec& m) { m.operators[0].inputs.push_back(2); },
     "has 4 inputs and 1 outputs; conv2d takes 2 to 3"},
    {"NoOperators", [](ModelSpec& m) { m.operators.clear(); }, "'out' before any operator"},
    {"MultiplierRange",
     [](ModelSpec& m) {
       m.tensors[1].scales = {1e30F, 1.0F, 1.0F};
     },
     "multiplies accumulators by 2^30 or more"},
};

INSTANTIATE_TEST_SUITE_P(Faults, TfliteFault, testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.label); });

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
