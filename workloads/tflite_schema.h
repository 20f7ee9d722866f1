// SPDX-License-Identifier: Apache-2.0
// The part of the TensorFlow Lite file format that milliwatt reads, as field numbers, and typed
// access to a verified file. Field numbers never change once assigned; fields that are not named
// here are neither verified nor read.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads::tflite {

enum class ModelField { kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4 };
enum class OperatorCodeField { kOldBuiltin = 0, kCustomName = 1, kBuiltin = 3 };
enum class SubgraphField { kTensors = 0, kInputs = 1, kOutputs = 2, kOperators = 3 };
enum class TensorField {
  kShape = 0,
  kType = 1,
  kBuffer = 2,
  kName = 3,
  kQuantization = 4,
  kIsVariable = 5,
  kSparsity = 6
};
enum class QuantizationField { kScale = 2, kZeroPoint = 3, kDimension = 6 };
enum class OperatorField {
  kOpcodeIndex = 0,
  kInputs = 1,
  kOutputs = 2,
  kOptionsType = 3,
  kOptions = 4
};
enum class BufferField { kData = 0, kOffset = 1 };
enum class Conv2dField {
  kPadding = 0,
  kStrideW = 1,
  kStrideH = 2,
  kActivation = 3,
  kDilationW = 4,
  kDilationH = 5
};
enum class DepthwiseField {
  kPadding = 0,
  kStrideW = 1,
  kStrideH = 2,
  kMultiplier = 3,
  kActivation = 4,
  kDilationW = 5,
  kDilationH = 6
};
enum class Pool2dField {
  kPadding = 0,
  kStrideW = 1,
  kStrideH = 2,
  kFilterW = 3,
  kFilterH = 4,
  kActivation = 5
};
enum class FullyConnectedField { kActivation = 0, kWeightsFormat = 1, kKeepDimensions = 2 };
enum class SoftmaxField { kBeta = 0 };
enum class AddField { kActivation = 0 };

/// Codes of the operators that milliwatt reads.
enum class Builtin : std::int32_t {
  kAdd = 0,
  kAveragePool2d = 1,
  kConv2d = 3,
  kDepthwiseConv2d = 4,
  kFullyConnected = 9,
  kMaxPool2d = 17,
  kReshape = 22,
  kSoftmax = 25,
  kCustom = 32,
};
/// The format's name of an operator ("MEAN"), or "operator 250" beyond the known ones.
std::string builtin_name(std::int32_t code);

/// Members of the union of operator options.
enum class OptionsType : std::uint8_t {
  kNone = 0,
  kConv2d = 1,
  kDepthwiseConv2d = 2,
  kPool2d = 5,
  kFullyConnected = 8,
  kSoftmax = 9,
  kAdd = 11,
  kReshape = 17,
};

/// Codes of Tensor.type.
enum class TypeCode : std::int8_t {
  kFloat32 = 0,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kInt4 = 17,
};

/// What the codes mean to milliwatt; nothing for operators and types that it does not read.
std::optional<OperatorKind> kind_of(std::int32_t builtin);
std::optional<ElementType> element_type(std::int8_t code);
/// The options that an operator of this kind must have; reshape may have none.
OptionsType expected_options(OperatorKind kind);

/// A table of a verified file. Absent fields read as their default; absent vectors are empty.
class Table {
 public:
  Table() = default;
  explicit Table(const flatbuffers::Table* table) : table_{table} {}

  bool present() const { return table_ != nullptr; }

  template <typename T, typename Field>
  T scalar(Field field, T fallback) const {
    return table_ == nullptr ? fallback : table_->GetField<T>(slot(field), fallback);
  }

  template <typename Field>
  std::string string(Field field) const {
    const auto* text = pointer<flatbuffers::String>(field);
    return text == nullptr ? std::string() : text->str();
  }

  template <typename T, typename Field>
  std::vector<T> vector(Field field) const {
    const auto* values = pointer<flatbuffers::Vector<T>>(field);
    return values == nullptr ? std::vector<T>() : std::vector<T>(values->begin(), values->end());
  }

  template <typename Field>
  Table table(Field field) const {
    return Table(pointer<flatbuffers::Table>(field));
  }

  template <typename Field>
  std::vector<Table> tables(Field field) const {
    std::vector<Table> all;
    if (const auto* offsets = pointer<Offsets>(field)) {
      for (flatbuffers::uoffset_t i = 0; i < offsets->size(); ++i) {
        all.emplace_back(offsets->Get(i));
      }
    }
    return all;
  }

 private:
  using Offsets = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>;

  template <typename Field>
  static flatbuffers::voffset_t slot(Field field) {
    return static_cast<flatbuffers::voffset_t>(4 + 2 * static_cast<int>(field));
  }

  template <typename Pointee, typename Field>
  const Pointee* pointer(Field field) const {
    return table_ == nullptr ? nullptr : table_->GetPointer<const Pointee*>(slot(field));
  }

  const flatbuffers::Table* table_ = nullptr;
};

/// Verifies every table, vector, string and offset that milliwatt may follow and returns the
/// model. `bytes` must outlive it and be aligned as operator new does. Throws UserError.
Table open_model(const std::vector<std::uint8_t>& bytes, const std::string& name);

}  // namespace milliwatt::workloads::tflite
