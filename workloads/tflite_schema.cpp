// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite_schema.h"

#include <array>
#include <cstddef>

#include "base/error.h"

namespace milliwatt::workloads::tflite {

namespace {

enum class Form { kScalar, kString, kScalars, kTable, kTables, kOptions };

struct TableType;

/// How a field is stored: `width` bytes per scalar, or the type of the table behind it.
struct FieldType {
  int number;
  Form form;
  int width;
  const TableType* type;
};

struct TableType {
  const FieldType* fields;
  std::size_t count;

  const FieldType* begin() const { return fields; }
  const FieldType* end() const { return fields + count; }
};

template <std::size_t N>
constexpr TableType table_type(const FieldType (&fields)[N]) {
  return {fields, N};
}

template <typename Field>
constexpr FieldType scalar(Field field, int width) {
  return {static_cast<int>(field), Form::kScalar, width, nullptr};
}
template <typename Field>
constexpr FieldType scalars(Field field, int width) {
  return {static_cast<int>(field), Form::kScalars, width, nullptr};
}
template <typename Field>
constexpr FieldType string(Field field) {
  return {static_cast<int>(field), Form::kString, 1, nullptr};
}
template <typename Field>
constexpr FieldType table(Field field, const TableType& type) {
  return {static_cast<int>(field), Form::kTable, 0, &type};
}
template <typename Field>
constexpr FieldType tables(Field field, const TableType& type) {
  return {static_cast<int>(field), Form::kTables, 0, &type};
}

constexpr FieldType kConv2dFields[] = {
    scalar(Conv2dField::kPadding, 1),   scalar(Conv2dField::kStrideW, 4),
    scalar(Conv2dField::kStrideH, 4),   scalar(Conv2dField::kActivation, 1),
    scalar(Conv2dField::kDilationW, 4), scalar(Conv2dField::kDilationH, 4)};
constexpr FieldType kDepthwiseFields[] = {
    scalar(DepthwiseField::kPadding, 1),    scalar(DepthwiseField::kStrideW, 4),
    scalar(DepthwiseField::kStrideH, 4),    scalar(DepthwiseField::kMultiplier, 4),
    scalar(DepthwiseField::kActivation, 1), scalar(DepthwiseField::kDilationW, 4),
    scalar(DepthwiseField::kDilationH, 4)};
constexpr FieldType kPool2dFields[] = {
    scalar(Pool2dField::kPadding, 1), scalar(Pool2dField::kStrideW, 4),
    scalar(Pool2dField::kStrideH, 4), scalar(Pool2dField::kFilterW, 4),
    scalar(Pool2dField::kFilterH, 4), scalar(Pool2dField::kActivation, 1)};
constexpr FieldType kFullyConnectedFields[] = {scalar(FullyConnectedField::kActivation, 1),
                                               scalar(FullyConnectedField::kWeightsFormat, 1),
                                               scalar(FullyConnectedField::kKeepDimensions, 1)};
constexpr FieldType kSoftmaxFields[] = {scalar(SoftmaxField::kBeta, 4)};
constexpr FieldType kAddFields[] = {scalar(AddField::kActivation, 1)};

constexpr FieldType kSubFields[] = {scalar(SubField::kActivation, 1)};
constexpr FieldType kMulFields[] = {scalar(MulField::kActivation, 1)};
constexpr FieldType kSvdfFields[] = {scalar(SvdfField::kRank, 4),
                                     scalar(SvdfField::kActivation, 1)};
constexpr FieldType kConcatenationFields[] = {scalar(ConcatenationField::kAxis, 4),
                                              scalar(ConcatenationField::kActivation, 1)};
constexpr FieldType kResizeBilinearFields[] = {scalar(ResizeBilinearField::kAlignCorners, 1),
                                               scalar(ResizeBilinearField::kHalfPixelCenters, 1)};
constexpr FieldType kResizeNearestFields[] = {scalar(ResizeNearestField::kAlignCorners, 1),
                                              scalar(ResizeNearestField::kHalfPixelCenters, 1)};
constexpr FieldType kStridedSliceFields[] = {
    scalar(StridedSliceField::kBeginMask, 4),    scalar(StridedSliceField::kEndMask, 4),
    scalar(StridedSliceField::kEllipsisMask, 4), scalar(StridedSliceField::kNewAxisMask, 4),
    scalar(StridedSliceField::kShrinkMask, 4),   scalar(StridedSliceField::kOffset, 1)};
constexpr FieldType kTransposeConvFields[] = {
    scalar(TransposeConvField::kPadding, 1), scalar(TransposeConvField::kStrideW, 4),
    scalar(TransposeConvField::kStrideH, 4), scalar(TransposeConvField::kActivation, 1)};
constexpr FieldType kPackFields[] = {scalar(PackField::kAxis, 4)};
constexpr FieldType kUnpackFields[] = {scalar(UnpackField::kAxis, 4)};
constexpr FieldType kLstmFields[] = {
    scalar(LstmField::kActivation, 1), scalar(LstmField::kCellClip, 4),
    scalar(LstmField::kProjectionClip, 4), scalar(LstmField::kTimeMajor, 1),
    scalar(LstmField::kDiagonal, 1)};
constexpr FieldType kLeakyReluFields[] = {scalar(LeakyReluField::kAlpha, 4)};
constexpr FieldType kBatchMatmulFields[] = {scalar(BatchMatmulField::kTransposeA, 1),
                                            scalar(BatchMatmulField::kTransposeB, 1)};

constexpr TableType kConv2d = table_type(kConv2dFields);
constexpr TableType kDepthwise = table_type(kDepthwiseFields);
constexpr TableType kPool2d = table_type(kPool2dFields);
constexpr TableType kFullyConnected = table_type(kFullyConnectedFields);
constexpr TableType kSoftmax = table_type(kSoftmaxFields);
constexpr TableType kAdd = table_type(kAddFields);
constexpr TableType kSub = table_type(kSubFields);
constexpr TableType kMul = table_type(kMulFields);
constexpr TableType kSvdf = table_type(kSvdfFields);
constexpr TableType kConcatenation = table_type(kConcatenationFields);
constexpr TableType kResizeBilinear = table_type(kResizeBilinearFields);
constexpr TableType kResizeNearest = table_type(kResizeNearestFields);
constexpr TableType kStridedSlice = table_type(kStridedSliceFields);
constexpr TableType kTransposeConv = table_type(kTransposeConvFields);
constexpr TableType kPack = table_type(kPackFields);
constexpr TableType kUnpack = table_type(kUnpackFields);
constexpr TableType kLstm = table_type(kLstmFields);
constexpr TableType kLeakyRelu = table_type(kLeakyReluFields);
constexpr TableType kBatchMatmul = table_type(kBatchMatmulFields);

constexpr FieldType kOperatorFields[] = {
    scalar(OperatorField::kOpcodeIndex, 4), scalars(OperatorField::kInputs, 4),
    scalars(OperatorField::kOutputs, 4), scalar(OperatorField::kOptionsType, 1),
    FieldType{static_cast<int>(OperatorField::kOptions), Form::kOptions, 0, nullptr}};
constexpr TableType kOperator = table_type(kOperatorFields);

constexpr FieldType kQuantizationFields[] = {scalars(QuantizationField::kScale, 4),
                                             scalars(QuantizationField::kZeroPoint, 8),
                                             scalar(QuantizationField::kDimension, 4)};
constexpr TableType kQuantization = table_type(kQuantizationFields);

constexpr TableType kSparsity = {nullptr, 0};
constexpr FieldType kTensorFields[] = {
    scalars(TensorField::kShape, 4),         scalar(TensorField::kType, 1),
    scalar(TensorField::kBuffer, 4),         string(TensorField::kName),
    scalar(TensorField::kIsVariable, 1),     table(TensorField::kQuantization, kQuantization),
    table(TensorField::kSparsity, kSparsity)};
constexpr TableType kTensor = table_type(kTensorFields);

constexpr FieldType kSubgraphFields[] = {
    tables(SubgraphField::kTensors, kTensor), scalars(SubgraphField::kInputs, 4),
    scalars(SubgraphField::kOutputs, 4), tables(SubgraphField::kOperators, kOperator)};
constexpr TableType kSubgraph = table_type(kSubgraphFields);

constexpr FieldType kOperatorCodeFields[] = {scalar(OperatorCodeField::kOldBuiltin, 1),
                                             string(OperatorCodeField::kCustomName),
                                             scalar(OperatorCodeField::kBuiltin, 4)};
constexpr TableType kOperatorCode = table_type(kOperatorCodeFields);

constexpr FieldType kBufferFields[] = {scalars(BufferField::kData, 1),
                                       scalar(BufferField::kOffset, 8)};
constexpr TableType kBuffer = table_type(kBufferFields);

constexpr FieldType kModelFields[] = {tables(ModelField::kOperatorCodes, kOperatorCode),
                                      tables(ModelField::kSubgraphs, kSubgraph),
                                      tables(ModelField::kBuffers, kBuffer)};
constexpr TableType kModel = table_type(kModelFields);

/// Null for options that milliwatt does not read.
const TableType* options_type(std::uint8_t code) {
  switch (static_cast<OptionsType>(code)) {
    case OptionsType::kConv2d:
      return &kConv2d;
    case OptionsType::kDepthwiseConv2d:
      return &kDepthwise;
    case OptionsType::kPool2d:
      return &kPool2d;
    case OptionsType::kFullyConnected:
      return &kFullyConnected;
    case OptionsType::kSoftmax:
      return &kSoftmax;
    case OptionsType::kAdd:
      return &kAdd;
    case OptionsType::kSub:
      return &kSub;
    case OptionsType::kMul:
      return &kMul;
    case OptionsType::kSvdf:
      return &kSvdf;
    case OptionsType::kConcatenation:
      return &kConcatenation;
    case OptionsType::kResizeBilinear:
      return &kResizeBilinear;
    case OptionsType::kResizeNearest:
      return &kResizeNearest;
    case OptionsType::kStridedSlice:
      return &kStridedSlice;
    case OptionsType::kTransposeConv:
      return &kTransposeConv;
    case OptionsType::kPack:
      return &kPack;
    case OptionsType::kUnpack:
      return &kUnpack;
    case OptionsType::kLstm:
      return &kLstm;
    case OptionsType::kLeakyRelu:
      return &kLeakyRelu;
    case OptionsType::kBatchMatmul:
      return &kBatchMatmul;
    default:
      return nullptr;
  }
}

/// Walks a file along the table types above. Nothing is dereferenced before it is verified.
class Walker {
 public:
  explicit Walker(const std::vector<std::uint8_t>& bytes)
      : start_{bytes.data()}, verifier_(bytes.data(), bytes.size()) {}

  const flatbuffers::Table* root() {
    const flatbuffers::uoffset_t offset = verifier_.VerifyOffset(0);
    return offset == 0 ? nullptr : reinterpret_cast<const flatbuffers::Table*>(start_ + offset);
  }

  bool verify(const flatbuffers::Table* table, const TableType& type) {
    if (!table->VerifyTableStart(verifier_)) {
      return false;
    }
    for (const FieldType& field : type) {
      if (!verify_field(*table, field)) {
        return false;
      }
    }
    return verifier_.EndTable();
  }

 private:
  using Offsets = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>;

  bool verify_field(const flatbuffers::Table& table, const FieldType& field) {
    const auto slot = static_cast<flatbuffers::voffset_t>(4 + 2 * field.number);
    if (field.form == Form::kScalar) {
      return verify_scalar(table, slot, field.width);
    }
    if (!table.VerifyOffset(verifier_, slot)) {
      return false;
    }
    const auto* target = table.GetPointer<const std::uint8_t*>(slot);
    return target == nullptr || verify_target(table, field, target);
  }

  bool verify_scalar(const flatbuffers::Table& table, flatbuffers::voffset_t slot, int width) {
    switch (width) {
      case 1:
        return table.VerifyField<std::uint8_t>(verifier_, slot, 1);
      case 4:
        return table.VerifyField<std::uint32_t>(verifier_, slot, 4);
      default:
        return table.VerifyField<std::uint64_t>(verifier_, slot, 8);
    }
  }

  bool verify_target(const flatbuffers::Table& table, const FieldType& field,
                     const std::uint8_t* target) {
    switch (field.form) {
      case Form::kString:
        return verifier_.VerifyString(reinterpret_cast<const flatbuffers::String*>(target));
      case Form::kScalars:
        return verify_scalars(target, field.width);
      case Form::kTable:
        return verify(reinterpret_cast<const flatbuffers::Table*>(target), *field.type);
      case Form::kTables:
        return verify_tables(target, *field.type);
      default:
        return verify_options(table, target);
    }
  }

  /// Writers do not align the elements of an empty vector.
  bool verify_scalars(const std::uint8_t* vector, int width) {
    const auto element_size = static_cast<std::size_t>(width);
    if (!verifier_.VerifyVectorOrString(vector, element_size)) {
      return false;
    }
    const auto elements = static_cast<std::size_t>(vector - start_) + sizeof(std::uint32_t);
    return flatbuffers::ReadScalar<std::uint32_t>(vector) == 0 ||
           verifier_.VerifyAlignment(elements, element_size);
  }

  bool verify_tables(const std::uint8_t* vector, const TableType& type) {
    if (!verifier_.VerifyVectorOrString(vector, sizeof(flatbuffers::uoffset_t))) {
      return false;
    }
    const auto* offsets = reinterpret_cast<const Offsets*>(vector);
    for (flatbuffers::uoffset_t i = 0; i < offsets->size(); ++i) {
      const auto element =
          static_cast<std::size_t>(vector - start_) + (i + 1) * sizeof(flatbuffers::uoffset_t);
      if (verifier_.VerifyOffset(element) == 0 || !verify(offsets->Get(i), type)) {
        return false;
      }
    }
    return true;
  }

  bool verify_options(const flatbuffers::Table& op, const std::uint8_t* target) {
    constexpr auto kSlot =
        static_cast<flatbuffers::voffset_t>(4 + 2 * static_cast<int>(OperatorField::kOptionsType));
    const TableType* type = options_type(op.GetField<std::uint8_t>(kSlot, 0));
    return type == nullptr || verify(reinterpret_cast<const flatbuffers::Table*>(target), *type);
  }

  const std::uint8_t* start_;
  flatbuffers::Verifier verifier_;
};

}  // namespace

Table open_model(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  constexpr std::size_t kSmallest = 16;
  if (bytes.size() < kSmallest || bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE ||
      !flatbuffers::BufferHasIdentifier(bytes.data(), "TFL3")) {
    throw base::UserError(name + ": not a TensorFlow Lite model (bytes 4 to 7 must read \"TFL3\")");
  }
  Walker walker(bytes);
  const flatbuffers::Table* root = walker.root();
  if (root == nullptr || !walker.verify(root, kModel)) {
    throw base::UserError(name +
                          ": damaged or truncated TensorFlow Lite model (an offset or a length "
                          "points outside the file)");
  }
  return Table(root);
}

}  // namespace milliwatt::workloads::tflite
