// SPDX-License-Identifier: Apache-2.0
// Damaged, hostile and unsupported ONNX files, each with all that is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "base/error.h"
#include "workloads/onnx.h"
#include "workloads/onnx_small_model.h"

namespace milliwatt::workloads::onnx::testing {
namespace {

using ::testing::ElementsAreArray;
using Messages = std::vector<std::string>;

Messages faults_of(const std::string& bytes) {
  try {
    read_onnx(bytes, "net.onnx");
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

::onnx::NodeProto& node_of(ModelWriter& model, const std::string& output) {
  for (::onnx::NodeProto& node : *model.graph().mutable_node()) {
    if (node.output(0) == output) {
      return node;
    }
  }
  throw base::InternalError("no node gives " + output);
}

::onnx::TensorProto& constant_of(ModelWriter& model, const std::string& name) {
  for (::onnx::TensorProto& tensor : *model.graph().mutable_initializer()) {
    if (tensor.name() == name) {
      return tensor;
    }
  }
  throw base::InternalError("no constant " + name);
}

void set_float(ModelWriter& model, const std::string& name, float value) {
  constant_of(model, name).set_float_data(0, value);
}

/// One thing wrong with small_model().
struct Damage {
  const char* label;
  std::function<void(ModelWriter&)> damage;
  Messages messages;
};

void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.label; }

class DamagedOnnx : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedOnnx, GetsItsMessages) {
  ModelWriter model = small_model();
  ASSERT_TRUE(faults_of(model.bytes()).empty());
  GetParam().damage(model);
  EXPECT_THAT(faults_of(model.bytes()), ElementsAreArray(GetParam().messages));
}

std::string label_of(const ::testing::TestParamInfo<Damage>& info) { return info.param.label; }

INSTANTIATE_TEST_SUITE_P(
    File, DamagedOnnx,
    ::testing::Values(
        Damage{"OldSet",
               [](ModelWriter& m) { m.proto.mutable_opset_import(0)->set_version(9); },
               {"net.onnx: has operator set 9; milliwatt reads 10 to 17"}},
        Damage{"NewSet",
               [](ModelWriter& m) { m.proto.mutable_opset_import(0)->set_version(18); },
               {"net.onnx: has operator set 18; milliwatt reads 10 to 17"}},
        Damage{"NoSet",
               [](ModelWriter& m) { m.proto.clear_opset_import(); },
               {"net.onnx: has operator set 0; milliwatt reads 10 to 17"}},
        Damage{"Function",
               [](ModelWriter& m) { m.proto.add_functions(); },
               {"net.onnx: defines functions of its own, which is not supported"}},
        Damage{"Sparse",
               [](ModelWriter& m) { m.graph().add_sparse_initializer(); },
               {"net.onnx: has sparse constants, which is not supported"}},
        Damage{"DataElsewhere",
               [](ModelWriter& m) {
                 constant_of(m, "stem_w").set_data_location(::onnx::TensorProto::EXTERNAL);
               },
               {"net.onnx: the constant 'stem_w' has its data in another file; save the model as "
                "one file"}},
        Damage{"TypeOfConstant",
               [](ModelWriter& m) { constant_of(m, "stem_w").set_data_type(11); },
               {"net.onnx: the constant 'stem_w' has the unsupported element type 11"}},
        Damage{"ShortConstant",
               [](ModelWriter& m) { constant_of(m, "stem_w").mutable_raw_data()->pop_back(); },
               {"net.onnx: the constant 'stem_w', int8 [4, 3, 3, 3], takes 108 bytes, found 107"}},
        Damage{"NegativeExtent",
               [](ModelWriter& m) { constant_of(m, "stem_w").set_dims(0, -4); },
               {"net.onnx: the constant 'stem_w' has the impossible shape [-4, 3, 3, 3]"}},
        Damage{"HugeExtent",
               [](ModelWriter& m) {
                 constant_of(m, "stem_w").set_dims(0, std::numeric_limits<std::int64_t>::max());
               },
               {"net.onnx: the constant 'stem_w' has the impossible shape [9223372036854775807, 3, "
                "3, 3]"}},
        Damage{"ManyDimensions",
               [](ModelWriter& m) {
                 for (int i = 0; i < 5; ++i) {
                   constant_of(m, "stem_w").add_dims(1);
                 }
               },
               {"net.onnx: the constant 'stem_w' has 9 dimensions; expected up to 8"}},
        Damage{"SetTwice",
               [](ModelWriter& m) { node_of(m, "deep").set_output(0, "stem"); },
               {"net.onnx: the value 'stem' is set twice"}},
        Damage{"NotText",
               [](ModelWriter& m) { node_of(m, "stem").set_name("\xFF"); },
               {"net.onnx: a name is not UTF-8"}},
        Damage{"GraphInside",
               [](ModelWriter& m) {
                 node_of(m, "stem").add_attribute()->mutable_g()->set_name("inner");
               },
               {"net.onnx: Conv 'stem' holds a graph of its own, which is not supported"}},
        Damage{"EmptyConstant",
               [](ModelWriter& m) { m.node("Constant", {}, "nothing"); },
               {"net.onnx: the Constant 'nothing' holds no tensor"}},
        Damage{"NoTensor",
               [](ModelWriter& m) { m.graph().mutable_input(0)->clear_type(); },
               {"net.onnx: the input 'x' is no tensor"}}),
    label_of);

INSTANTIATE_TEST_SUITE_P(
    Values, DamagedOnnx,
    ::testing::Values(
        Damage{"Unsupported",
               [](ModelWriter& m) {
                 node_of(m, "pool").set_op_type("LSTM");
                 node_of(m, "sum").set_op_type("Einsum");
                 node_of(m, "flat").set_op_type("LSTM");
                 node_of(m, "y").set_domain("com.example");
               },
               {"net.onnx: unsupported operators: 1 x Einsum, 2 x LSTM, 1 x com.example.Softmax"}},
        Damage{"Cycle",
               [](ModelWriter& m) { node_of(m, "stem").set_input(0, "sum_r"); },
               {"net.onnx: Conv 'stem': its operand 'sum_r' is not the result of an earlier node"}},
        Damage{
            "CycleOfBounds",
            [](ModelWriter& m) {
              node_of(m, "stem_relu").set_op_type("Clip");
              node_of(m, "stem_relu").set_output(0, "first");
              m.node("Clip", {"first"}, "second");
              node_of(m, "stem_relu_q").set_input(0, "second");
              node_of(m, "first").add_input("second");
            },
            {"net.onnx: Conv 'stem': the bounds of Clip 'relu' are not constant",
             "net.onnx: the QuantizeLinear of 'stem_relu_q': it does not read a real value of an "
             "earlier node"}},
        Damage{"MissingWeights",
               [](ModelWriter& m) { node_of(m, "stem").set_input(1, "nowhere"); },
               {"net.onnx: Conv 'stem': its weights, operand 1, are not constant and quantized"}},
        Damage{"MissingScale",
               [](ModelWriter& m) { node_of(m, "stem_w_r").set_input(1, "nowhere"); },
               {"net.onnx: the DequantizeLinear of 'stem_w_r': the DequantizeLinear of 'stem_w_r' "
                "has no constant scale"}},
        Damage{"ScaleOfZero",
               [](ModelWriter& m) { set_float(m, "head_w_scale", 0.0F); },
               {"net.onnx: the DequantizeLinear of 'head_w_r': the DequantizeLinear of 'head_w_r' "
                "has the scale 0"}},
        Damage{"ScaleIsNoNumber",
               [](ModelWriter& m) {
                 set_float(m, "head_w_scale", std::numeric_limits<float>::quiet_NaN());
               },
               {"net.onnx: the DequantizeLinear of 'head_w_r': the DequantizeLinear of 'head_w_r' "
                "has the scale nan"}},
        Damage{"OtherScale",
               [](ModelWriter& m) {
                 m.floats("other", {}, {0.3F});
                 node_of(m, "sum_r").set_input(1, "other");
               },
               {"net.onnx: the DequantizeLinear of 'sum_r': its scale or zero point is not that "
                "with which 'sum' was quantized"}},
        Damage{"ScalesOfAnActivation",
               [](ModelWriter& m) {
                 m.floats("many", {4}, {0.3F, 0.3F, 0.3F, 0.3F});
                 m.integers<std::int8_t>("zeros", {4}, {0, 0, 0, 0});
                 node_of(m, "stem_relu_q").set_input(1, "many");
                 node_of(m, "stem_relu_q").set_input(2, "zeros");
               },
               {"net.onnx: Conv 'stem': its output 'stem_relu' is quantized per channel"}},
        Damage{"ScalesDoNotFitTheAxis",
               [](ModelWriter& m) { node_of(m, "stem_w_r").mutable_attribute(0)->set_i(1); },
               {"net.onnx: the DequantizeLinear of 'stem_w_r': it has 4 scales along axis 1 of "
                "another extent"}},
        Damage{"ScalesAlongAnotherAxis",
               [](ModelWriter& m) {
                 m.floats("many", {36}, std::vector<float>(36, 0.02F));
                 m.integers<std::int8_t>("zeros", {36}, std::vector<std::int8_t>(36, 0));
                 node_of(m, "head_w_r").set_input(1, "many");
                 node_of(m, "head_w_r").set_input(2, "zeros");
                 node_of(m, "head_w_r").mutable_attribute(0)->set_i(1);
               },
               {"net.onnx: Gemm 'head': its weights have scales along axis 1; expected 0"}},
        Damage{"NotQuantized",
               [](ModelWriter& m) { node_of(m, "sum_q").set_op_type("Sigmoid"); },
               {"net.onnx: Add 'sum': its output 'sum' is not quantized; a QuantizeLinear must "
                "follow instead of the Sigmoid of 'sum_q'"}},
        Damage{"LeavesAsFloat",
               [](ModelWriter& m) { m.output("logits"); },
               {"net.onnx: Gemm 'head': its output 'logits' leaves the network as float32; "
                "quantize it"}},
        Damage{"NotDequantized",
               [](ModelWriter& m) { node_of(m, "pool").set_input(0, "stem_relu_q"); },
               {"net.onnx: MaxPool 'pool': its operand 'stem_relu_q' is not dequantized; a "
                "DequantizeLinear must stand before"}},
        Damage{"InputOfDoubles",
               [](ModelWriter& m) {
                 m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
                     11);
               },
               {"net.onnx: the input 'x': it is element type 11; expected float32, int8 or uint8",
                "net.onnx: the QuantizeLinear of 'x_q': it does not read a real value of an "
                "earlier node"}},
        Damage{"InputIsHuge",
               [](ModelWriter& m) {
                 auto& dim = *m.graph()
                                  .mutable_input(0)
                                  ->mutable_type()
                                  ->mutable_tensor_type()
                                  ->mutable_shape();
                 dim.mutable_dim(2)->set_dim_value(2000000000);
               },
               {"net.onnx: the input 'x': tensor 'x': shape [1, 2000000000, 6, 3] has an extent "
                "below 1 or takes more than 1073741824 bytes",
                "net.onnx: the QuantizeLinear of 'x_q': it does not read a real value of an "
                "earlier node"}},
        Damage{"UnusedInput",
               [](ModelWriter& m) {
                 m.input("unused", {1, 3});
               },
               {"net.onnx: the network: the input 'unused' is not quantized; a QuantizeLinear must "
                "follow"}},
        Damage{"UnknownOutput",
               [](ModelWriter& m) { m.output("nowhere"); },
               {"net.onnx: the network: the output 'nowhere' is not the quantized result of a "
                "node"}}),
    label_of);

INSTANTIATE_TEST_SUITE_P(
    Operators, DamagedOnnx,
    ::testing::Values(
        Damage{"WeightsWithAZeroPoint",
               [](ModelWriter& m) { constant_of(m, "head_w_zero").set_raw_data("\x05"); },
               {"net.onnx: Gemm 'head': its weights have a zero point other than 0 (128 for "
                "uint8)"}},
        Damage{"BiasOfAnotherLength",
               [](ModelWriter& m) {
                 constant_of(m, "stem_b").set_dims(0, 2);
                 constant_of(m, "stem_b").mutable_raw_data()->resize(8);
                 constant_of(m, "stem_b_scale").set_dims(0, 2);
                 constant_of(m, "stem_b_scale").mutable_float_data()->Truncate(2);
               },
               {"net.onnx: Conv 'stem': its bias has not one value for each of 4 outputs"}},
        Damage{"GroupsThatDoNotFit",
               [](ModelWriter& m) { node_of(m, "deep").mutable_attribute(0)->set_i(2); },
               {"net.onnx: Conv 'deep': it cannot apply weights [4, 1, 2, 2] to 4 channels in 2 "
                "groups"}},
        Damage{"StrideOfZero",
               [](ModelWriter& m) { node_of(m, "deep").mutable_attribute(1)->set_ints(0, 0); },
               {"net.onnx: Conv 'deep': it has strides 0; expected 1 to 65536"}},
        Damage{"OneStride",
               [](ModelWriter& m) {
                 node_of(m, "deep").mutable_attribute(1)->mutable_ints()->RemoveLast();
               },
               {"net.onnx: Conv 'deep': its attribute 'strides' has 1 numbers; expected 2"}},
        Damage{"NegativePad",
               [](ModelWriter& m) { node_of(m, "stem").mutable_attribute(0)->set_ints(0, -1); },
               {"net.onnx: Conv 'stem': it has pads -1; expected 0 to 65536"}},
        Damage{"AttributeOfAnotherType",
               [](ModelWriter& m) {
                 node_of(m, "deep").mutable_attribute(0)->set_type(::onnx::AttributeProto::FLOAT);
               },
               {"net.onnx: Conv 'deep': its attribute 'group' has another type than expected"}},
        Damage{"OtherKernel",
               [](ModelWriter& m) {
                 m.set(node_of(m, "deep"), "kernel_shape", Dims{2, 3});
               },
               {"net.onnx: Conv 'deep': its attribute 'kernel_shape' is not that of its weights"}},
        Damage{"PoolBeyondTheImage",
               [](ModelWriter& m) { node_of(m, "pool").mutable_attribute(0)->set_ints(0, 7); },
               {"net.onnx: MaxPool 'pool': its window of 7 x 2 does not fit the 6 x 6 of its "
                "operand"}},
        Damage{"PoolRoundsUp",
               [](ModelWriter& m) {
                 node_of(m, "pool").mutable_attribute(0)->set_ints(0, 3);
                 m.set(node_of(m, "pool"), "ceil_mode", std::int64_t{1});
               },
               {"net.onnx: MaxPool 'pool': its attribute 'ceil_mode' makes the output larger, "
                "which is not supported"}},
        Damage{"PoolWithIndices",
               [](ModelWriter& m) { node_of(m, "pool").add_output("indices"); },
               {"net.onnx: MaxPool 'pool': it has 2 outputs; expected one"}},
        Damage{"SumOfOtherShapes",
               [](ModelWriter& m) { node_of(m, "pool").mutable_attribute(1)->set_ints(0, 1); },
               {"net.onnx: Add 'sum': it cannot broadcast 3 with 5"}},
        Damage{"FirstOperandTransposed",
               [](ModelWriter& m) { m.set(node_of(m, "logits"), "transA", std::int64_t{1}); },
               {"net.onnx: Gemm 'head': it transposes its first operand"}},
        Damage{"Alpha",
               [](ModelWriter& m) { m.set(node_of(m, "logits"), "alpha", 0.5F); },
               {"net.onnx: Gemm 'head': it has an alpha or beta other than 1"}},
        Damage{"ProductOfOtherDepths",
               [](ModelWriter& m) { node_of(m, "logits").mutable_attribute(0)->set_i(0); },
               {"net.onnx: Gemm 'head': it multiplies rows of 36 by columns of 5"}},
        Damage{"FlattenFromNowhere",
               [](ModelWriter& m) { m.set(node_of(m, "flat"), "axis", std::int64_t{5}); },
               {"net.onnx: the Flatten of 'flat': it names axis 5 of 4 dimensions"}},
        Damage{"BoundsOfNoActivation",
               [](ModelWriter& m) {
                 m.floats("low", {}, {0.25F});
                 auto& clip = node_of(m, "stem_relu");
                 clip.set_op_type("Clip");
                 clip.add_input("low");
               },
               {"net.onnx: Conv 'stem': its bounds 0.25 and inf are neither those of an activation "
                "(0, 0 to 6, -1 to 1) nor beyond what the quantization behind it holds"}},
        Damage{"SeveralAtOnce",
               [](ModelWriter& m) {
                 m.set(node_of(m, "logits"), "alpha", 0.5F);
                 node_of(m, "pool").mutable_attribute(0)->set_ints(0, 7);
               },
               {"net.onnx: MaxPool 'pool': its window of 7 x 2 does not fit the 6 x 6 of its "
                "operand"}}),
    label_of);

TEST(DamagedOnnx, BytesThatAreNoModel) {
  const Messages refusal = {"net.onnx: not an ONNX model, or a damaged one"};
  EXPECT_EQ(faults_of(""), refusal);
  EXPECT_EQ(faults_of("TFL3 and other text"), refusal);
  EXPECT_EQ(faults_of(std::string(1000, '\xFF')), refusal);
  // Graphs within graphs, deeper than the parser goes: attribute, graph, node, attribute, ...
  ::onnx::GraphProto graph;
  for (int depth = 0; depth < 100; ++depth) {
    ::onnx::GraphProto outer;
    *outer.add_node()->add_attribute()->mutable_g() = graph;
    graph = outer;
  }
  ModelWriter model;
  model.graph() = graph;
  EXPECT_EQ(faults_of(model.bytes()), refusal);
}

/// Whatever is cut off or overwritten, the reader refuses the file or reads it.
TEST(DamagedOnnx, EveryTruncationAndOverwrittenByteIsSurvived) {
  const std::string good = small_model().bytes();
  int refused = 0;
  for (std::size_t length = 0; length < good.size(); ++length) {
    refused += faults_of(good.substr(0, length)).empty() ? 0 : 1;
  }
  EXPECT_EQ(refused, static_cast<int>(good.size()));
  for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ mask);
      refused += faults_of(bad).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, static_cast<int>(good.size()) * 2);
}

}  // namespace
}  // namespace milliwatt::workloads::onnx::testing
