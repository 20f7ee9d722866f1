// SPDX-License-Identifier: Apache-2.0
#include "workloads/onnx_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/utf8.h"
#include "workloads/check.h"

namespace milliwatt::workloads::onnx {

namespace {

using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

/// All constants together.
constexpr std::int64_t kMostConstantBytes = std::int64_t{1} << 30;
constexpr std::int64_t kOldestOpset = 10;
constexpr std::int64_t kNewestOpset = 17;

template <typename Value>
Value element(const std::vector<std::uint8_t>& data, std::int64_t index) {
  Value value;
  std::memcpy(&value, data.data() + static_cast<std::size_t>(index) * sizeof value, sizeof value);
  return value;
}

template <typename Value, typename Source>
void append(const Source& values, std::vector<std::uint8_t>& data) {
  data.reserve(static_cast<std::size_t>(values.size()) * sizeof(Value));
  for (const auto& each : values) {
    const auto value = static_cast<Value>(each);
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    data.insert(data.end(), first, first + sizeof value);
  }
}

/// Elements outside the file format's raw form stand in a list that the type chooses.
void append_typed(const TensorProto& proto, Array& array) {
  switch (array.type) {
    case DataType::kFloat:
      return append<float>(proto.float_data(), array.data);
    case DataType::kInt32:
      return append<std::int32_t>(proto.int32_data(), array.data);
    case DataType::kInt64:
      return append<std::int64_t>(proto.int64_data(), array.data);
    default:
      return append<std::uint8_t>(proto.int32_data(), array.data);
  }
}

bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

Attribute read_attribute(const AttributeProto& proto) {
  Attribute attribute;
  attribute.integer = proto.i();
  attribute.real = static_cast<double>(proto.f());
  attribute.text = proto.s();
  attribute.integers.assign(proto.ints().begin(), proto.ints().end());
  switch (proto.type()) {
    case AttributeProto::INT:
      attribute.kind = Attribute::Kind::kInteger;
      break;
    case AttributeProto::FLOAT:
      attribute.kind = Attribute::Kind::kReal;
      break;
    case AttributeProto::STRING:
      attribute.kind = Attribute::Kind::kText;
      break;
    case AttributeProto::INTS:
      attribute.kind = Attribute::Kind::kIntegers;
      break;
    case AttributeProto::FLOATS:
      attribute.kind = Attribute::Kind::kReals;
      break;
    case AttributeProto::TENSOR:
      attribute.kind = Attribute::Kind::kArray;
      break;
    default:
      break;
  }
  return attribute;
}

/// Takes the model apart, part by part.
class ModelReader {
 public:
  ModelReader(const ModelProto& proto, std::string name) : proto_{proto}, name_{std::move(name)} {}

  Model read() {
    read_opset();
    require(proto_.functions_size() == 0, "defines functions of its own, which is not supported");
    const GraphProto& graph = proto_.graph();
    require(graph.sparse_initializer_size() == 0, "has sparse constants, which is not supported");
    for (const TensorProto& tensor : graph.initializer()) {
      add_constant(tensor.name(), tensor);
    }
    for (const NodeProto& node : graph.node()) {
      read_node(node);
    }
    for (const auto& input : graph.input()) {
      if (model_.constants.count(input.name()) == 0) {
        model_.inputs.push_back(read_interface(input, "input"));
        define(input.name());
      }
    }
    for (const auto& output : graph.output()) {
      model_.outputs.push_back(read_interface(output, "output"));
    }
    faults_.throw_if_any();
    return std::move(model_);
  }

 private:
  template <typename... Arguments>
  bool require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!good) {
      faults_.add(name_ + ": " + fmt::format(text, std::forward<Arguments>(arguments)...));
    }
    return good;
  }

  void read_opset() {
    for (const auto& set : proto_.opset_import()) {
      if (is_standard(set.domain())) {
        model_.opset = set.version();
      }
    }
    require(model_.opset >= kOldestOpset && model_.opset <= kNewestOpset,
            "has operator set {}; milliwatt reads {} to {}", model_.opset, kOldestOpset,
            kNewestOpset);
  }

  bool is_text(const std::string& text) {
    return require(base::first_non_text(text) == text.size(), "a name is not UTF-8");
  }

  void define(const std::string& value) {
    if (is_text(value)) {
      require(!value.empty() && defined_.insert(value).second, "the value '{}' is set twice",
              value);
    }
  }

  void add_constant(const std::string& value, const TensorProto& tensor) {
    define(value);
    if (auto array = read_array(value, tensor)) {
      model_.constants.emplace(value, std::move(*array));
    }
  }

  std::optional<Array> read_array(const std::string& value, const TensorProto& proto) {
    Array array;
    array.type = static_cast<DataType>(proto.data_type());
    array.shape.assign(proto.dims().begin(), proto.dims().end());
    if (!require(!proto.has_data_location() || proto.data_location() != TensorProto::EXTERNAL,
                 "the constant '{}' has its data in another file; save the model as one file",
                 value) ||
        !require(type_bytes(array.type) > 0, "the constant '{}' has the unsupported {}", value,
                 type_name(array.type))) {
      return std::nullopt;
    }
    const bool few = array.shape.size() <= kMostDimensions;
    const std::int64_t elements = few ? array.elements() : 0;
    if (!require(few, "the constant '{}' has {} dimensions; expected up to {}", value,
                 array.shape.size(), kMostDimensions) ||
        !require(elements >= 0, "the constant '{}' has the impossible shape [{}]", value,
                 fmt::join(array.shape, ", "))) {
      return std::nullopt;
    }
    if (proto.has_raw_data()) {
      array.data.assign(proto.raw_data().begin(), proto.raw_data().end());
    } else {
      append_typed(proto, array);
    }
    const auto bytes = static_cast<std::int64_t>(array.data.size());
    constant_bytes_ += bytes;
    if (!require(bytes == elements * type_bytes(array.type),
                 "the constant '{}', {} [{}], takes {} bytes, found {}", value,
                 type_name(array.type), fmt::join(array.shape, ", "),
                 elements * type_bytes(array.type), bytes) ||
        !require(constant_bytes_ <= kMostConstantBytes, "has more than {} bytes of constants",
                 kMostConstantBytes)) {
      return std::nullopt;
    }
    return array;
  }

  void read_node(const NodeProto& proto) {
    Node node;
    node.name = proto.name();
    node.kind =
        is_standard(proto.domain()) ? proto.op_type() : proto.domain() + "." + proto.op_type();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    if (!is_text(node.name) || !is_text(node.kind)) {
      return;
    }
    if (node.kind == "Constant" && node.outputs.size() == 1) {
      return read_constant(proto);
    }
    for (const std::string& output : node.outputs) {
      if (!output.empty()) {
        define(output);
      }
    }
    for (const AttributeProto& attribute : proto.attribute()) {
      require(!attribute.has_g() && attribute.graphs_size() == 0,
              "{} holds a graph of its own, which is not supported", node.label());
      node.attributes.emplace(attribute.name(), read_attribute(attribute));
    }
    model_.nodes.push_back(std::move(node));
  }

  void read_constant(const NodeProto& proto) {
    for (const AttributeProto& attribute : proto.attribute()) {
      if (attribute.name() == "value" && attribute.has_t()) {
        return add_constant(proto.output(0), attribute.t());
      }
      TensorProto made;
      if (attribute.name() == "value_float") {
        made.set_data_type(TensorProto::FLOAT);
        made.add_float_data(attribute.f());
        return add_constant(proto.output(0), made);
      }
      if (attribute.name() == "value_int" || attribute.name() == "value_ints") {
        made.set_data_type(TensorProto::INT64);
        *made.mutable_int64_data() = attribute.ints();
        if (attribute.name() == "value_int") {
          made.add_int64_data(attribute.i());
        } else {
          made.add_dims(attribute.ints_size());
        }
        return add_constant(proto.output(0), made);
      }
    }
    require(false, "the Constant '{}' holds no tensor", proto.output(0));
  }

  Interface read_interface(const ::onnx::ValueInfoProto& proto, const char* what) {
    Interface interface;
    interface.name = proto.name();
    is_text(interface.name);
    if (!require(proto.type().has_tensor_type(), "the {} '{}' is no tensor", what,
                 interface.name)) {
      return interface;
    }
    const auto& tensor = proto.type().tensor_type();
    interface.type = static_cast<DataType>(tensor.elem_type());
    for (const auto& extent : tensor.shape().dim()) {
      interface.shape.push_back(extent.has_dim_value() ? extent.dim_value() : Interface::kUnknown);
    }
    return interface;
  }

  const ModelProto& proto_;
  std::string name_;
  Model model_;
  std::set<std::string> defined_;
  std::int64_t constant_bytes_ = 0;
  base::Diagnostics faults_;
};

}  // namespace

std::string type_name(DataType type) {
  switch (type) {
    case DataType::kFloat:
      return "float32";
    case DataType::kUint8:
      return "uint8";
    case DataType::kInt8:
      return "int8";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kBool:
      return "bool";
    default:
      return fmt::format("element type {}", static_cast<std::int32_t>(type));
  }
}

std::int64_t type_bytes(DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kInt32:
      return 4;
    case DataType::kInt64:
      return 8;
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool:
      return 1;
    default:
      return 0;
  }
}

std::int64_t Array::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && product > kMaximumTensorBytes / extent)) {
      return -1;
    }
    product *= extent;
  }
  return product;
}

std::int64_t Array::integer(std::int64_t index) const {
  switch (type) {
    case DataType::kUint8:
    case DataType::kBool:
      return element<std::uint8_t>(data, index);
    case DataType::kInt8:
      return element<std::int8_t>(data, index);
    case DataType::kInt32:
      return element<std::int32_t>(data, index);
    case DataType::kInt64:
      return element<std::int64_t>(data, index);
    default:
      throw base::InternalError("a real number where an integer is expected");
  }
}

double Array::real(std::int64_t index) const {
  return type == DataType::kFloat ? static_cast<double>(element<float>(data, index))
                                  : static_cast<double>(integer(index));
}

std::string Node::label() const {
  if (!name.empty()) {
    return fmt::format("{} '{}'", kind, name);
  }
  return outputs.empty() ? "a " + kind : fmt::format("the {} of '{}'", kind, outputs.front());
}

Model parse_model(std::string_view bytes, const std::string& name) {
  if (static_cast<std::int64_t>(bytes.size()) > kMostModelBytes) {
    throw base::UserError(fmt::format("{}: has more than {} bytes", name, kMostModelBytes));
  }
  ModelProto proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto.has_graph()) {
    throw base::UserError(name + ": not an ONNX model, or a damaged one");
  }
  return ModelReader(proto, name).read();
}

}  // namespace milliwatt::workloads::onnx
