// SPDX-License-Identifier: Apache-2.0
// Import and evaluation of single operators against validation/ops_tiny/cases.yaml: outputs of
// TFLite Micro that need no other file.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <optional>

#include "base/units.h"
#include "base/yaml.h"
#include "workloads/reference.h"
#include "workloads/tflite.h"
#include "workloads/tflite_builder.h"

namespace milliwatt::workloads {
namespace {

using base::YamlNode;
using tflite::option;

const std::string& text(const YamlNode& map, const std::string& key) { return map.find(key)->text; }

std::int32_t integer(const YamlNode& map, const std::string& key, std::int32_t absent = 0) {
  const YamlNode* node = map.find(key);
  return node == nullptr ? absent : std::stoi(node->text);
}

Bytes from_hex(const std::string& digits) {
  Bytes bytes;
  std::string pair;
  for (const char digit : digits) {
    if (std::isxdigit(static_cast<unsigned char>(digit)) != 0) {
      pair.push_back(digit);
    }
    if (pair.size() == 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(pair, nullptr, 16)));
      pair.clear();
    }
  }
  return bytes;
}

tflite::TypeCode type_code(const std::string& name) {
  static const std::map<std::string, tflite::TypeCode> kCodes = {
      {"int4", tflite::TypeCode::kInt4},
      {"int8", tflite::TypeCode::kInt8},
      {"int16", tflite::TypeCode::kInt16},
      {"int32", tflite::TypeCode::kInt32},
      {"int64", tflite::TypeCode::kInt64}};
  return kCodes.at(name);
}

tflite::TensorSpec read_tensor(const YamlNode& node) {
  tflite::TensorSpec tensor;
  tensor.name = text(node, "name");
  tensor.type = type_code(text(node, "type"));
  tensor.dimension = integer(node, "dimension");
  for (const YamlNode& extent : node.find("shape")->items) {
    tensor.shape.push_back(std::stoi(extent.text));
  }
  for (const YamlNode& scale : node.find("scale_bits")->items) {
    const auto bits = static_cast<std::uint32_t>(std::stoul(scale.text, nullptr, 16));
    float value = 0.0F;
    std::memcpy(&value, &bits, sizeof value);
    tensor.scales.push_back(value);
    tensor.zero_points.push_back(integer(node, "zero_point"));
  }
  return tensor;
}

/// Fills in code, union member and options of the case's operator.
tflite::OperatorSpec read_operator(const YamlNode& one) {
  const std::string& kind = text(one, "operator");
  const auto padding = static_cast<std::int8_t>(integer(one, "padding"));
  const auto activation = static_cast<std::int8_t>(integer(one, "fusedActivationFunction"));
  const std::int32_t stride_h = integer(one, "strideH");
  const std::int32_t stride_w = integer(one, "strideW");
  const std::int32_t dilation_h = integer(one, "dilationHFactor", 1);
  const std::int32_t dilation_w = integer(one, "dilationWFactor", 1);
  tflite::OperatorSpec op;
  const auto set = [&](tflite::Builtin code, tflite::OptionsType type,
                       std::vector<tflite::OptionSpec> options) {
    op.wide_code = static_cast<std::int32_t>(code);
    op.options_type = type;
    op.options = std::move(options);
  };
  if (kind == "CONV_2D") {
    using F = tflite::Conv2dField;
    set(tflite::Builtin::kConv2d, tflite::OptionsType::kConv2d,
        {option(F::kPadding, padding), option(F::kStrideW, stride_w), option(F::kStrideH, stride_h),
         option(F::kActivation, activation), option(F::kDilationW, dilation_w),
         option(F::kDilationH, dilation_h)});
  } else if (kind == "DEPTHWISE_CONV_2D") {
    using F = tflite::DepthwiseField;
    set(tflite::Builtin::kDepthwiseConv2d, tflite::OptionsType::kDepthwiseConv2d,
        {option(F::kPadding, padding), option(F::kStrideW, stride_w), option(F::kStrideH, stride_h),
         option(F::kActivation, activation), option(F::kDilationW, dilation_w),
         option(F::kDilationH, dilation_h)});
  } else if (kind == "FULLY_CONNECTED") {
    set(tflite::Builtin::kFullyConnected, tflite::OptionsType::kFullyConnected,
        {option(tflite::FullyConnectedField::kActivation, activation)});
  } else if (kind == "AVERAGE_POOL_2D" || kind == "MAX_POOL_2D") {
    using F = tflite::Pool2dField;
    set(kind == "MAX_POOL_2D" ? tflite::Builtin::kMaxPool2d : tflite::Builtin::kAveragePool2d,
        tflite::OptionsType::kPool2d,
        {option(F::kPadding, padding), option(F::kStrideW, stride_w), option(F::kStrideH, stride_h),
         option(F::kFilterW, integer(one, "filterWidth")),
         option(F::kFilterH, integer(one, "filterHeight")), option(F::kActivation, activation)});
  } else if (kind == "ADD") {
    set(tflite::Builtin::kAdd, tflite::OptionsType::kAdd,
        {option(tflite::AddField::kActivation, activation)});
  } else if (kind == "SOFTMAX") {
    set(tflite::Builtin::kSoftmax, tflite::OptionsType::kSoftmax,
        {option(tflite::SoftmaxField::kBeta, std::stof(text(one, "beta")))});
  } else {
    ADD_FAILURE() << "unknown operator " << kind;
  }
  return op;
}

/// One case as a file, its inputs and its expected output.
struct GoldenCase {
  Bytes file;
  std::vector<Bytes> inputs;
  Bytes expected;
};

GoldenCase read_case(const YamlNode& one) {
  GoldenCase golden;
  tflite::ModelSpec model;
  tflite::OperatorSpec op = read_operator(one);
  for (const YamlNode& node : one.find("tensors")->items) {
    const auto id = static_cast<std::int32_t>(model.tensors.size());
    tflite::TensorSpec tensor = read_tensor(node);
    Bytes data = from_hex(text(node, "data"));
    const std::string& role = text(node, "role");
    (role == "output" ? op.outputs : op.inputs).push_back(id);
    if (role == "constant") {
      tensor.data = std::move(data);
    } else if (role == "input") {
      model.inputs.push_back(id);
      golden.inputs.push_back(std::move(data));
    } else {
      model.outputs.push_back(id);
      golden.expected = std::move(data);
    }
    model.tensors.push_back(std::move(tensor));
  }
  model.operators.push_back(std::move(op));
  golden.file = tflite::build_model(model);
  return golden;
}

TEST(OpsTiny, EveryGoldenCaseIsByteEqual) {
  const YamlNode root =
      base::parse_yaml_file(MILLIWATT_SOURCE_DIR "/validation/ops_tiny/cases.yaml");
  int compared = 0;
  for (const YamlNode& one : root.find("cases")->items) {
    const std::string& name = text(one, "name");
    const GoldenCase golden = read_case(one);
    ASSERT_FALSE(golden.expected.empty()) << name;
    const Graph graph = read_tflite(golden.file, name);
    const TensorValues values = run_reference(graph, golden.inputs);
    const Bytes& output = values.at(static_cast<std::size_t>(graph.outputs.at(0)));
    EXPECT_EQ(output, golden.expected) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 18);
}

}  // namespace
}  // namespace milliwatt::workloads
