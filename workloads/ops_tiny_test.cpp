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
      {"float32", tflite::TypeCode::kFloat32}, {"int4", tflite::TypeCode::kInt4},
      {"int8", tflite::TypeCode::kInt8},       {"int16", tflite::TypeCode::kInt16},
      {"int32", tflite::TypeCode::kInt32},     {"int64", tflite::TypeCode::kInt64}};
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

/// An option of a case: its key, its field number, its stored type and what absence means.
struct OptionKey {
  const char* key;
  int field;
  enum Form { kByte, kInteger, kReal } form;
  std::int32_t absent = 0;
};

struct OperatorForm {
  tflite::Builtin code;
  tflite::OptionsType options_type;
  std::vector<OptionKey> options;
};

template <typename Field>
int number(Field field) {
  return static_cast<int>(field);
}

/// Padding, strides and activation of the kinds with a window.
template <typename Field>
std::vector<OptionKey> window_options(std::vector<OptionKey> others) {
  std::vector<OptionKey> keys = {
      {"padding", number(Field::kPadding), OptionKey::kByte},
      {"strideW", number(Field::kStrideW), OptionKey::kInteger},
      {"strideH", number(Field::kStrideH), OptionKey::kInteger},
      {"fusedActivationFunction", number(Field::kActivation), OptionKey::kByte}};
  keys.insert(keys.end(), others.begin(), others.end());
  return keys;
}

template <typename Field>
std::vector<OptionKey> conv_options() {
  return window_options<Field>(
      {{"dilationWFactor", number(Field::kDilationW), OptionKey::kInteger, 1},
       {"dilationHFactor", number(Field::kDilationH), OptionKey::kInteger, 1}});
}

std::vector<OptionKey> pool_options() {
  using F = tflite::Pool2dField;
  return window_options<F>({{"filterWidth", number(F::kFilterW), OptionKey::kInteger},
                            {"filterHeight", number(F::kFilterH), OptionKey::kInteger}});
}

template <typename Field>
std::vector<OptionKey> activation_option(Field field) {
  return {{"fusedActivationFunction", number(field), OptionKey::kByte}};
}

std::map<std::string, OperatorForm> forms_with_a_window() {
  using B = tflite::Builtin;
  using O = tflite::OptionsType;
  return {{"CONV_2D", {B::kConv2d, O::kConv2d, conv_options<tflite::Conv2dField>()}},
          {"DEPTHWISE_CONV_2D",
           {B::kDepthwiseConv2d, O::kDepthwiseConv2d, conv_options<tflite::DepthwiseField>()}},
          {"TRANSPOSE_CONV",
           {B::kTransposeConv, O::kTransposeConv, window_options<tflite::TransposeConvField>({})}},
          {"AVERAGE_POOL_2D", {B::kAveragePool2d, O::kPool2d, pool_options()}},
          {"MAX_POOL_2D", {B::kMaxPool2d, O::kPool2d, pool_options()}}};
}

std::map<std::string, OperatorForm> forms_with_options() {
  using B = tflite::Builtin;
  using O = tflite::OptionsType;
  return {{"FULLY_CONNECTED",
           {B::kFullyConnected, O::kFullyConnected,
            activation_option(tflite::FullyConnectedField::kActivation)}},
          {"ADD", {B::kAdd, O::kAdd, activation_option(tflite::AddField::kActivation)}},
          {"SUB", {B::kSub, O::kSub, activation_option(tflite::SubField::kActivation)}},
          {"MUL", {B::kMul, O::kMul, activation_option(tflite::MulField::kActivation)}},
          {"SOFTMAX",
           {B::kSoftmax,
            O::kSoftmax,
            {{"beta", number(tflite::SoftmaxField::kBeta), OptionKey::kReal}}}},
          {"LEAKY_RELU",
           {B::kLeakyRelu,
            O::kLeakyRelu,
            {{"alpha", number(tflite::LeakyReluField::kAlpha), OptionKey::kReal}}}},
          {"CONCATENATION",
           {B::kConcatenation,
            O::kConcatenation,
            {{"axis", number(tflite::ConcatenationField::kAxis), OptionKey::kInteger}}}},
          {"BATCH_MATMUL",
           {B::kBatchMatmul,
            O::kBatchMatmul,
            {{"adjY", number(tflite::BatchMatmulField::kTransposeB), OptionKey::kByte}}}},
          {"UNIDIRECTIONAL_SEQUENCE_LSTM",
           {B::kLstm,
            O::kLstm,
            {{"fusedActivationFunction", number(tflite::LstmField::kActivation), OptionKey::kByte},
             {"cellClip", number(tflite::LstmField::kCellClip), OptionKey::kReal}}}},
          {"STRIDED_SLICE", {B::kStridedSlice, O::kStridedSlice, {}}},
          {"RESIZE_NEAREST_NEIGHBOR", {B::kResizeNearest, O::kResizeNearest, {}}},
          {"RESIZE_BILINEAR", {B::kResizeBilinear, O::kResizeBilinear, {}}}};
}

std::map<std::string, OperatorForm> plain_forms() {
  using B = tflite::Builtin;
  std::map<std::string, OperatorForm> forms;
  const std::map<std::string, B> codes = {{"MAXIMUM", B::kMaximum},
                                          {"RELU", B::kRelu},
                                          {"HARD_SWISH", B::kHardSwish},
                                          {"LOGISTIC", B::kLogistic},
                                          {"TANH", B::kTanh},
                                          {"MEAN", B::kMean},
                                          {"SUM", B::kSum},
                                          {"PAD", B::kPad},
                                          {"TRANSPOSE", B::kTranspose},
                                          {"QUANTIZE", B::kQuantize},
                                          {"DEQUANTIZE", B::kDequantize}};
  for (const auto& [name, code] : codes) {
    forms[name] = {code, tflite::OptionsType::kNone, {}};
  }
  return forms;
}

OperatorForm form_of(const std::string& name) {
  for (const auto& forms : {forms_with_a_window(), forms_with_options(), plain_forms()}) {
    if (forms.count(name) != 0) {
      return forms.at(name);
    }
  }
  ADD_FAILURE() << "unknown operator " << name;
  return {};
}

tflite::OptionSpec read_option(const YamlNode& one, const OptionKey& key) {
  if (key.form == OptionKey::kReal) {
    return {key.field, std::stof(text(one, key.key))};
  }
  const std::int32_t value = integer(one, key.key, key.absent);
  if (key.form == OptionKey::kByte) {
    return {key.field, static_cast<std::int8_t>(value)};
  }
  return {key.field, value};
}

tflite::OperatorSpec read_operator(const YamlNode& one) {
  const OperatorForm form = form_of(text(one, "operator"));
  tflite::OperatorSpec op;
  op.wide_code = static_cast<std::int32_t>(form.code);
  op.options_type = form.options_type;
  for (const OptionKey& key : form.options) {
    op.options.push_back(read_option(one, key));
  }
  for (const YamlNode& operand : one.find("operands")->items) {
    op.inputs.push_back(std::stoi(operand.text));
  }
  return op;
}

/// One case as a file, the inputs of its invocations and what they must give.
struct GoldenCase {
  Bytes file;
  std::vector<std::vector<Bytes>> invocations;
  std::vector<Bytes> expected;
};

/// Cuts the bytes of all invocations apart.
std::vector<Bytes> cut(const Bytes& all, std::size_t parts) {
  std::vector<Bytes> cuts;
  const auto size = static_cast<std::ptrdiff_t>(all.size() / parts);
  for (auto first = all.begin(); first != all.end(); first += size) {
    cuts.emplace_back(first, first + size);
  }
  return cuts;
}

GoldenCase read_case(const YamlNode& one) {
  GoldenCase golden;
  golden.invocations.resize(static_cast<std::size_t>(integer(one, "invocations", 1)));
  tflite::ModelSpec model;
  tflite::OperatorSpec op = read_operator(one);
  for (const YamlNode& node : one.find("tensors")->items) {
    const auto id = static_cast<std::int32_t>(model.tensors.size());
    tflite::TensorSpec tensor = read_tensor(node);
    Bytes data = from_hex(text(node, "data"));
    const std::string& role = text(node, "role");
    tensor.variable = role == "state";
    if (role == "constant") {
      tensor.data = std::move(data);
    } else if (role == "input") {
      model.inputs.push_back(id);
      const auto parts = cut(data, golden.invocations.size());
      for (std::size_t i = 0; i < parts.size(); ++i) {
        golden.invocations[i].push_back(parts[i]);
      }
    } else if (role == "output") {
      op.outputs.push_back(id);
      model.outputs.push_back(id);
      golden.expected = cut(data, golden.invocations.size());
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
    const Graph graph = read_tflite(golden.file, name);
    const auto values = run_reference_stream(graph, golden.invocations);
    ASSERT_FALSE(golden.expected.empty()) << name;
    ASSERT_EQ(values.size(), golden.expected.size()) << name;
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(values[i].at(static_cast<std::size_t>(graph.outputs.at(0))), golden.expected[i])
          << name << " invocation " << i;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 40);
}

}  // namespace
}  // namespace milliwatt::workloads
