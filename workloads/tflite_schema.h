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
enum class SubField { kActivation = 0 };
enum class MulField { kActivation = 0 };
enum class SvdfField { kRank = 0, kActivation = 1 };
enum class ConcatenationField { kAxis = 0, kActivation = 1 };
enum class ResizeBilinearField { kAlignCorners = 2, kHalfPixelCenters = 3 };
enum class ResizeNearestField { kAlignCorners = 0, kHalfPixelCenters = 1 };
enum class StridedSliceField {
  kBeginMask = 0,
  kEndMask = 1,
  kEllipsisMask = 2,
  kNewAxisMask = 3,
  kShrinkMask = 4,
  kOffset = 5
};
enum class TransposeConvField { kPadding = 0, kStrideW = 1, kStrideH = 2, kActivation = 3 };
enum class PackField { kAxis = 1 };
enum class UnpackField { kAxis = 1 };
enum class LstmField {
  kActivation = 0,
  kCellClip = 1,
  kProjectionClip = 2,
  kTimeMajor = 3,
  kDiagonal = 5
};
enum class LeakyReluField { kAlpha = 0 };
enum class BatchMatmulField { kTransposeA = 0, kTransposeB = 1 };

/// Codes of the operators that milliwatt reads.
enum class Builtin : std::int32_t {
  kAdd = 0,
  kAveragePool2d = 1,
  kConcatenation = 2,
  kConv2d = 3,
  kDepthwiseConv2d = 4,
  kDequantize = 6,
  kFullyConnected = 9,
  kLogistic = 14,
  kMaxPool2d = 17,
  kMul = 18,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kReshape = 22,
  kResizeBilinear = 23,
  kSoftmax = 25,
  kSvdf = 27,
  kTanh = 28,
  kCustom = 32,
  kPad = 34,
  kTranspose = 39,
  kMean = 40,
  kSub = 41,
  kSqueeze = 43,
  kLstm = 44,
  kStridedSlice = 45,
  kSplit = 49,
  kLogSoftmax = 50,
  kMaximum = 55,
  kMinimum = 57,
  kPadV2 = 60,
  kSlice = 65,
  kTransposeConv = 67,
  kExpandDims = 70,
  kSum = 74,
  kReduceMax = 82,
  kPack = 83,
  kUnpack = 88,
  kResizeNearest = 97,
  kLeakyRelu = 98,
  kSplitV = 102,
  kQuantize = 114,
  kHardSwish = 117,
  kBatchMatmul = 126,
};
/// The format's name of an operator ("MEAN"), or "operator 250" beyond the known ones.
std::string builtin_name(std::int32_t code);

/// Members of the union of operator options.
enum class OptionsType : std::uint8_t {
  kNone = 0,
  kConv2d = 1,
  kDepthwiseConv2d = 2,
  kPool2d = 5,
  kSvdf = 6,
  kFullyConnected = 8,
  kSoftmax = 9,
  kConcatenation = 10,
  kAdd = 11,
  kResizeBilinear = 15,
  kReshape = 17,
  kMul = 21,
  kSub = 28,
  kStridedSlice = 32,
  kTransposeConv = 49,
  kPack = 59,
  kUnpack = 64,
  kLstm = 71,
  kResizeNearest = 74,
  kLeakyRelu = 75,
  kBatchMatmul = 101,
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
/// The options that an operator of this code must have; kNone where milliwatt needs none.
OptionsType expected_options(Builtin builtin);

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
