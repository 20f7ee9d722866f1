// SPDX-License-Identifier: Apache-2.0
#include <array>

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

}  // namespace

std::string builtin_name(std::int32_t code) {
  const auto index = static_cast<std::size_t>(code);
  return code >= 0 && index < kNames.size() ? kNames[index] : "operator " + std::to_string(code);
}

std::optional<OperatorKind> kind_of(std::int32_t builtin) {
  switch (static_cast<Builtin>(builtin)) {
    case Builtin::kAdd:
      return OperatorKind::kAdd;
    case Builtin::kAveragePool2d:
      return OperatorKind::kAveragePool2d;
    case Builtin::kConv2d:
      return OperatorKind::kConv2d;
    case Builtin::kDepthwiseConv2d:
      return OperatorKind::kDepthwiseConv2d;
    case Builtin::kFullyConnected:
      return OperatorKind::kFullyConnected;
    case Builtin::kMaxPool2d:
      return OperatorKind::kMaxPool2d;
    case Builtin::kReshape:
      return OperatorKind::kReshape;
    case Builtin::kSoftmax:
      return OperatorKind::kSoftmax;
    default:
      return std::nullopt;
  }
}

OptionsType expected_options(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kConv2d:
      return OptionsType::kConv2d;
    case OperatorKind::kDepthwiseConv2d:
      return OptionsType::kDepthwiseConv2d;
    case OperatorKind::kFullyConnected:
      return OptionsType::kFullyConnected;
    case OperatorKind::kAveragePool2d:
    case OperatorKind::kMaxPool2d:
      return OptionsType::kPool2d;
    case OperatorKind::kAdd:
      return OptionsType::kAdd;
    case OperatorKind::kReshape:
      return OptionsType::kReshape;
    case OperatorKind::kSoftmax:
      return OptionsType::kSoftmax;
  }
  throw base::InternalError("operator kind without options");
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
