// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>

#include "base/error.h"
#include "workloads/tflite_schema.h"

namespace milliwatt::workloads::tflite {

namespace {

/// Names by code, for messages about operators that milliwatt does not read.
constexpr std::array<const char*, 133> kNames = {"ADD",
                                                 "AVERAGE_POOL_2D",
                                                 "CONCATENATION",
                                                 "CONV_2D",
                                                 "DEPTHWISE_CONV_2D",
                                                 "DEPTH_TO_SPACE",
                                                 "DEQUANTIZE",
                                                 "EMBEDDING_LOOKUP",
                                                 "FLOOR",
                                                 "FULLY_CONNECTED",
                                                 "HASHTABLE_LOOKUP",
                                                 "L2_NORMALIZATION",
                                                 "L2_POOL_2D",
                                                 "LOCAL_RESPONSE_NORMALIZATION",
                                                 "LOGISTIC",
                                                 "LSH_PROJECTION",
                                                 "LSTM",
                                                 "MAX_POOL_2D",
                                                 "MUL",
                                                 "RELU",
                                                 "RELU_N1_TO_1",
                                                 "RELU6",
                                                 "RESHAPE",
                                                 "RESIZE_BILINEAR",
                                                 "RNN",
                                                 "SOFTMAX",
                                                 "SPACE_TO_DEPTH",
                                                 "SVDF",
                                                 "TANH",
                                                 "CONCAT_EMBEDDINGS",
                                                 "SKIP_GRAM",
                                                 "CALL",
                                                 "CUSTOM",
                                                 "EMBEDDING_LOOKUP_SPARSE",
                                                 "PAD",
                                                 "UNIDIRECTIONAL_SEQUENCE_RNN",
                                                 "GATHER",
                                                 "BATCH_TO_SPACE_ND",
                                                 "SPACE_TO_BATCH_ND",
                                                 "TRANSPOSE",
                                                 "MEAN",
                                                 "SUB",
                                                 "DIV",
                                                 "SQUEEZE",
                                                 "UNIDIRECTIONAL_SEQUENCE_LSTM",
                                                 "STRIDED_SLICE",
                                                 "BIDIRECTIONAL_SEQUENCE_RNN",
                                                 "EXP",
                                                 "TOPK_V2",
                                                 "SPLIT",
                                                 "LOG_SOFTMAX",
                                                 "DELEGATE",
                                                 "BIDIRECTIONAL_SEQUENCE_LSTM",
                                                 "CAST",
                                                 "PRELU",
                                                 "MAXIMUM",
                                                 "ARG_MAX",
                                                 "MINIMUM",
                                                 "LESS",
                                                 "NEG",
                                                 "PADV2",
                                                 "GREATER",
                                                 "GREATER_EQUAL",
                                                 "LESS_EQUAL",
                                                 "SELECT",
                                                 "SLICE",
                                                 "SIN",
                                                 "TRANSPOSE_CONV",
                                                 "SPARSE_TO_DENSE",
                                                 "TILE",
                                                 "EXPAND_DIMS",
                                                 "EQUAL",
                                                 "NOT_EQUAL",
                                                 "LOG",
                                                 "SUM",
                                                 "SQRT",
                                                 "RSQRT",
                                                 "SHAPE",
                                                 "POW",
                                                 "ARG_MIN",
                                                 "FAKE_QUANT",
                                                 "REDUCE_PROD",
                                                 "REDUCE_MAX",
                                                 "PACK",
                                                 "LOGICAL_OR",
                                                 "ONE_HOT",
                                                 "LOGICAL_AND",
                                                 "LOGICAL_NOT",
                                                 "UNPACK",
                                                 "REDUCE_MIN",
                                                 "FLOOR_DIV",
                                                 "REDUCE_ANY",
                                                 "SQUARE",
                                                 "ZEROS_LIKE",
                                                 "FILL",
                                                 "FLOOR_MOD",
                                                 "RANGE",
                                                 "RESIZE_NEAREST_NEIGHBOR",
                                                 "LEAKY_RELU",
                                                 "SQUARED_DIFFERENCE",
                                                 "MIRROR_PAD",
                                                 "ABS",
                                                 "SPLIT_V",
                                                 "UNIQUE",
                                                 "CEIL",
                                                 "REVERSE_V2",
                                                 "ADD_N",
                                                 "GATHER_ND",
                                                 "COS",
                                                 "WHERE",
                                                 "RANK",
                                                 "ELU",
                                                 "REVERSE_SEQUENCE",
                                                 "MATRIX_DIAG",
                                                 "QUANTIZE",
                                                 "MATRIX_SET_DIAG",
                                                 "ROUND",
                                                 "HARD_SWISH",
                                                 "IF",
                                                 "WHILE",
                                                 "NON_MAX_SUPPRESSION_V4",
                                                 "NON_MAX_SUPPRESSION_V5",
                                                 "SCATTER_ND",
                                                 "SELECT_V2",
                                                 "DENSIFY",
                                                 "SEGMENT_SUM",
                                                 "BATCH_MATMUL",
                                                 "PLACEHOLDER_FOR_GREATER_OP_CODES",
                                                 "CUMSUM",
                                                 "CALL_ONCE",
                                                 "BROADCAST_TO",
                                                 "RFFT2D",
                                                 "CONV_3D"};

/// What an operator code means, and the options it must come with.
struct Code {
  Builtin builtin;
  OperatorKind kind;
  OptionsType options;
};
constexpr Code kCodes[] = {
    {Builtin::kAdd, OperatorKind::kAdd, OptionsType::kAdd},
    {Builtin::kAveragePool2d, OperatorKind::kAveragePool2d, OptionsType::kPool2d},
    {Builtin::kConcatenation, OperatorKind::kConcatenate, OptionsType::kConcatenation},
    {Builtin::kConv2d, OperatorKind::kConv2d, OptionsType::kConv2d},
    {Builtin::kDepthwiseConv2d, OperatorKind::kDepthwiseConv2d, OptionsType::kDepthwiseConv2d},
    {Builtin::kDequantize, OperatorKind::kDequantize, OptionsType::kNone},
    {Builtin::kFullyConnected, OperatorKind::kFullyConnected, OptionsType::kFullyConnected},
    {Builtin::kLogistic, OperatorKind::kLogistic, OptionsType::kNone},
    {Builtin::kMaxPool2d, OperatorKind::kMaxPool2d, OptionsType::kPool2d},
    {Builtin::kMul, OperatorKind::kMul, OptionsType::kMul},
    {Builtin::kRelu, OperatorKind::kRelu, OptionsType::kNone},
    {Builtin::kReluN1To1, OperatorKind::kRelu, OptionsType::kNone},
    {Builtin::kRelu6, OperatorKind::kRelu, OptionsType::kNone},
    {Builtin::kReshape, OperatorKind::kReshape, OptionsType::kNone},
    {Builtin::kResizeBilinear, OperatorKind::kResizeBilinear, OptionsType::kResizeBilinear},
    {Builtin::kSoftmax, OperatorKind::kSoftmax, OptionsType::kSoftmax},
    {Builtin::kSvdf, OperatorKind::kSvdf, OptionsType::kSvdf},
    {Builtin::kTanh, OperatorKind::kTanh, OptionsType::kNone},
    {Builtin::kPad, OperatorKind::kPad, OptionsType::kNone},
    {Builtin::kTranspose, OperatorKind::kTranspose, OptionsType::kNone},
    {Builtin::kMean, OperatorKind::kMean, OptionsType::kNone},
    {Builtin::kSub, OperatorKind::kSub, OptionsType::kSub},
    {Builtin::kSqueeze, OperatorKind::kReshape, OptionsType::kNone},
    {Builtin::kLstm, OperatorKind::kLstm, OptionsType::kLstm},
    {Builtin::kStridedSlice, OperatorKind::kSlice, OptionsType::kStridedSlice},
    {Builtin::kSplit, OperatorKind::kSplit, OptionsType::kNone},
    {Builtin::kLogSoftmax, OperatorKind::kLogSoftmax, OptionsType::kNone},
    {Builtin::kMaximum, OperatorKind::kMaximum, OptionsType::kNone},
    {Builtin::kMinimum, OperatorKind::kMinimum, OptionsType::kNone},
    {Builtin::kPadV2, OperatorKind::kPad, OptionsType::kNone},
    {Builtin::kSlice, OperatorKind::kSlice, OptionsType::kNone},
    {Builtin::kTransposeConv, OperatorKind::kTransposeConv2d, OptionsType::kTransposeConv},
    {Builtin::kExpandDims, OperatorKind::kReshape, OptionsType::kNone},
    {Builtin::kSum, OperatorKind::kSum, OptionsType::kNone},
    {Builtin::kReduceMax, OperatorKind::kReduceMax, OptionsType::kNone},
    {Builtin::kPack, OperatorKind::kConcatenate, OptionsType::kPack},
    {Builtin::kUnpack, OperatorKind::kSplit, OptionsType::kUnpack},
    {Builtin::kResizeNearest, OperatorKind::kResizeNearest, OptionsType::kResizeNearest},
    {Builtin::kLeakyRelu, OperatorKind::kLeakyRelu, OptionsType::kLeakyRelu},
    {Builtin::kSplitV, OperatorKind::kSplit, OptionsType::kNone},
    {Builtin::kQuantize, OperatorKind::kQuantize, OptionsType::kNone},
    {Builtin::kHardSwish, OperatorKind::kHardSwish, OptionsType::kNone},
    {Builtin::kBatchMatmul, OperatorKind::kBatchMatmul, OptionsType::kBatchMatmul},
};

}  // namespace

std::string builtin_name(std::int32_t code) {
  const auto index = static_cast<std::size_t>(code);
  return code >= 0 && index < kNames.size() ? kNames[index] : "operator " + std::to_string(code);
}

std::optional<OperatorKind> kind_of(std::int32_t builtin) {
  const auto* found = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& code) {
    return static_cast<int>(code.builtin) == builtin;
  });
  return found == std::end(kCodes) ? std::nullopt : std::optional(found->kind);
}

OptionsType expected_options(Builtin builtin) {
  const auto* found = std::find_if(std::begin(kCodes), std::end(kCodes),
                                   [&](const Code& code) { return code.builtin == builtin; });
  if (found == std::end(kCodes)) {
    throw base::InternalError("operator code without a kind");
  }
  return found->options;
}

std::optional<ElementType> element_type(std::int8_t code) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::kFloat32:
      return ElementType::kFloat32;
    case TypeCode::kInt32:
      return ElementType::kInt32;
    case TypeCode::kUint8:
      return ElementType::kUint8;
    case TypeCode::kInt64:
      return ElementType::kInt64;
    case TypeCode::kBool:
      return ElementType::kBool;
    case TypeCode::kInt16:
      return ElementType::kInt16;
    case TypeCode::kInt8:
      return ElementType::kInt8;
    case TypeCode::kInt4:
      return ElementType::kInt4;
    default:
      return std::nullopt;
  }
}

}  // namespace milliwatt::workloads::tflite
