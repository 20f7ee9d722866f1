// SPDX-License-Identifier: Apache-2.0
// Builds small .tflite files for tests, also such that break the rules.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "workloads/tflite_schema.h"

namespace milliwatt::workloads::tflite {

struct TensorSpec {
  std::string name;
  TypeCode type = TypeCode::kInt8;
  std::vector<std::int32_t> shape;
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;
  std::vector<std::uint8_t> data;  ///< empty: not a constant
  std::int32_t dimension = 0;
  bool variable = false;
};

struct OptionSpec {
  int field;
  std::variant<std::int8_t, std::int32_t, float> value;
};

template <typename Field, typename T>
OptionSpec option(Field field, T value) {
  return {static_cast<int>(field), value};
}

struct OperatorSpec {
  std::int32_t narrow_code = 0;
  std::int32_t wide_code = 0;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  OptionsType options_type = OptionsType::kNone;
  std::vector<OptionSpec> options;
  std::string custom_name;
};

struct ModelSpec {
  std::vector<TensorSpec> tensors;
  std::vector<OperatorSpec> operators;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  int subgraphs = 1;
  int missing_buffers = 0;  ///< buffers left out at the end of the list
};

/// Writes the tables of one model, leaves first.
class ModelBuilder {
 public:
  std::vector<std::uint8_t> build(const ModelSpec& model) {
    const auto codes = operator_codes(model);
    const auto subgraph = write_subgraph(model);
    const auto buffers = write_buffers(model);
    const auto subgraphs = builder_.CreateVector(
        std::vector<Offset>(static_cast<std::size_t>(model.subgraphs), subgraph));
    const auto start = builder_.StartTable();
    builder_.AddOffset(slot(ModelField::kOperatorCodes), codes);
    builder_.AddOffset(slot(ModelField::kSubgraphs), subgraphs);
    builder_.AddOffset(slot(ModelField::kBuffers), buffers);
    builder_.Finish(Offset(builder_.EndTable(start)), "TFL3");
    return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
  }

 private:
  using Offset = flatbuffers::Offset<flatbuffers::Table>;
  using Offsets = flatbuffers::Offset<flatbuffers::Vector<Offset>>;

  template <typename Field>
  static flatbuffers::voffset_t slot(Field field) {
    return static_cast<flatbuffers::voffset_t>(4 + 2 * static_cast<int>(field));
  }

  Offsets operator_codes(const ModelSpec& model) {
    std::vector<Offset> codes;
    for (const OperatorSpec& op : model.operators) {
      const auto name = builder_.CreateString(op.custom_name);
      const auto start = builder_.StartTable();
      builder_.AddElement<std::int8_t>(slot(OperatorCodeField::kOldBuiltin),
                                       static_cast<std::int8_t>(op.narrow_code), 0);
      builder_.AddElement<std::int32_t>(slot(OperatorCodeField::kBuiltin), op.wide_code, 0);
      builder_.AddOffset(slot(OperatorCodeField::kCustomName), name);
      codes.emplace_back(builder_.EndTable(start));
    }
    return builder_.CreateVector(codes);
  }

  Offset write_quantization(const TensorSpec& tensor) {
    const auto scales = builder_.CreateVector(tensor.scales);
    const auto zero_points = builder_.CreateVector(tensor.zero_points);
    const auto start = builder_.StartTable();
    builder_.AddOffset(slot(QuantizationField::kScale), scales);
    builder_.AddOffset(slot(QuantizationField::kZeroPoint), zero_points);
    builder_.AddElement<std::int32_t>(slot(QuantizationField::kDimension), tensor.dimension, 0);
    return Offset(builder_.EndTable(start));
  }

  Offset write_tensor(const TensorSpec& tensor, std::size_t buffer) {
    const auto quantization = write_quantization(tensor);
    const auto shape = builder_.CreateVector(tensor.shape);
    const auto name = builder_.CreateString(tensor.name);
    const auto start = builder_.StartTable();
    builder_.AddOffset(slot(TensorField::kShape), shape);
    builder_.AddElement<std::int8_t>(slot(TensorField::kType),
                                     static_cast<std::int8_t>(tensor.type), 0);
    builder_.AddElement<std::uint32_t>(slot(TensorField::kBuffer),
                                       static_cast<std::uint32_t>(buffer), 0);
    builder_.AddOffset(slot(TensorField::kName), name);
    builder_.AddOffset(slot(TensorField::kQuantization), quantization);
    builder_.AddElement<std::uint8_t>(slot(TensorField::kIsVariable), tensor.variable ? 1 : 0, 0);
    return Offset(builder_.EndTable(start));
  }

  Offset write_options(const std::vector<OptionSpec>& options) {
    const auto start = builder_.StartTable();
    for (const OptionSpec& one : options) {
      std::visit(
          [&](auto value) { builder_.AddElement(slot(one.field), value, decltype(value){0}); },
          one.value);
    }
    return Offset(builder_.EndTable(start));
  }

  Offset write_operator(const OperatorSpec& op, std::size_t index) {
    const auto options = write_options(op.options);
    const auto inputs = builder_.CreateVector(op.inputs);
    const auto outputs = builder_.CreateVector(op.outputs);
    const auto start = builder_.StartTable();
    builder_.AddElement<std::uint32_t>(slot(OperatorField::kOpcodeIndex),
                                       static_cast<std::uint32_t>(index), 0);
    builder_.AddOffset(slot(OperatorField::kInputs), inputs);
    builder_.AddOffset(slot(OperatorField::kOutputs), outputs);
    if (op.options_type != OptionsType::kNone) {
      builder_.AddElement<std::uint8_t>(slot(OperatorField::kOptionsType),
                                        static_cast<std::uint8_t>(op.options_type), 0);
      builder_.AddOffset(slot(OperatorField::kOptions), options);
    }
    return Offset(builder_.EndTable(start));
  }

  Offset write_subgraph(const ModelSpec& model) {
    std::vector<Offset> tensors;
    for (std::size_t i = 0; i < model.tensors.size(); ++i) {
      tensors.push_back(write_tensor(model.tensors[i], i + 1));
    }
    std::vector<Offset> operators;
    for (std::size_t i = 0; i < model.operators.size(); ++i) {
      operators.push_back(write_operator(model.operators[i], i));
    }
    const auto tensor_list = builder_.CreateVector(tensors);
    const auto operator_list = builder_.CreateVector(operators);
    const auto inputs = builder_.CreateVector(model.inputs);
    const auto outputs = builder_.CreateVector(model.outputs);
    const auto start = builder_.StartTable();
    builder_.AddOffset(slot(SubgraphField::kTensors), tensor_list);
    builder_.AddOffset(slot(SubgraphField::kInputs), inputs);
    builder_.AddOffset(slot(SubgraphField::kOutputs), outputs);
    builder_.AddOffset(slot(SubgraphField::kOperators), operator_list);
    return Offset(builder_.EndTable(start));
  }

  /// Buffer 0 is empty by convention; tensor i has buffer i + 1.
  Offsets write_buffers(const ModelSpec& model) {
    std::vector<Offset> buffers = {write_buffer({})};
    for (const TensorSpec& tensor : model.tensors) {
      buffers.push_back(write_buffer(tensor.data));
    }
    buffers.resize(buffers.size() - static_cast<std::size_t>(model.missing_buffers));
    return builder_.CreateVector(buffers);
  }

  Offset write_buffer(const std::vector<std::uint8_t>& data) {
    const auto bytes = builder_.CreateVector(data);
    const auto start = builder_.StartTable();
    builder_.AddOffset(slot(BufferField::kData), bytes);
    return Offset(builder_.EndTable(start));
  }

  flatbuffers::FlatBufferBuilder builder_;
};

inline std::vector<std::uint8_t> build_model(const ModelSpec& model) {
  return ModelBuilder().build(model);
}

}  // namespace milliwatt::workloads::tflite
