// SPDX-License-Identifier: Apache-2.0
// An ONNX file as plain data: nothing of protobuf passes beyond this header, and nothing of the
// file is interpreted but its structure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milliwatt::workloads::onnx {

/// Codes of element types in the format; others are kept as numbers.
enum class DataType : std::int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
};
/// "int8", or "type 11".
std::string type_name(DataType type);
/// Bytes of an element; 0 for types that milliwatt does not read.
std::int64_t type_bytes(DataType type);

/// A constant. `data` holds its elements, little-endian; their number fits `shape`.
struct Array {
  DataType type = DataType::kUndefined;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> data;

  std::int64_t elements() const;
  /// Element of an integer type.
  std::int64_t integer(std::int64_t index) const;
  double real(std::int64_t index) const;
};

/// The value of an attribute, in the one field that its type names.
struct Attribute {
  enum class Kind { kInteger, kReal, kText, kIntegers, kReals, kArray, kOther };
  Kind kind = Kind::kOther;
  std::int64_t integer = 0;
  double real = 0.0;
  std::string text;
  std::vector<std::int64_t> integers;
};

struct Node {
  std::string name;  ///< may be empty, and need not be unique
  std::string kind;  ///< "Conv"; with its domain in front where that is not the standard one
  std::vector<std::string> inputs;  ///< empty names: operands that are absent
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;

  /// "Conv 'conv1'", or "the Conv of 'conv1_out'" without a name.
  std::string label() const;
};

/// An input or output of the network. Extents that are symbols or absent are kUnknown.
struct Interface {
  static constexpr std::int64_t kUnknown = -1;
  std::string name;
  DataType type = DataType::kUndefined;
  std::vector<std::int64_t> shape;
};

/// Nodes in the order of the file; those of the kind Constant are among the constants instead.
struct Model {
  std::int64_t opset = 0;
  std::vector<Node> nodes;
  std::map<std::string, Array> constants;
  std::vector<Interface> inputs;  ///< without those that are constants
  std::vector<Interface> outputs;
};

/// Most dimensions of a value.
constexpr std::size_t kMostDimensions = 8;
/// Largest file.
constexpr std::int64_t kMostModelBytes = std::int64_t{1} << 26;

/// Reads a file's bytes. Throws UserError with every fault: bytes that are no ONNX model, sizes
/// that do not fit, data outside the file, sparse constants, names that are no text or set twice,
/// functions, subgraphs. `name` starts each message.
Model parse_model(std::string_view bytes, const std::string& name);

}  // namespace milliwatt::workloads::onnx
