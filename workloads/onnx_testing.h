// SPDX-License-Identifier: Apache-2.0
// Writes small ONNX files for tests, also such that break the rules, and evaluates them in real
// numbers by definition.
#pragma once

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace milliwatt::workloads::onnx::testing {

using Dims = std::vector<std::int64_t>;

/// Scale and zero point, as they stand in the file.
struct Step {
  float scale = 1.0F;
  int zero_point = 0;
  bool is_unsigned = false;
};

/// Builds one file, node by node. Names of values are those that the caller gives; a value `x` is
/// quantized as `x_q` and dequantized again as `x_r`.
class ModelWriter {
 public:
  explicit ModelWriter(int opset = 13) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }

  ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  void input(const std::string& name, const Dims& dims, int type = ::onnx::TensorProto::FLOAT) {
    interface(*graph().add_input(), name, dims, type);
  }
  void output(const std::string& name, int type = ::onnx::TensorProto::FLOAT) {
    interface(*graph().add_output(), name, {}, type);
  }

  void floats(const std::string& name, const Dims& dims, const std::vector<float>& values) {
    ::onnx::TensorProto& tensor = constant(name, dims, ::onnx::TensorProto::FLOAT);
    tensor.mutable_float_data()->Add(values.begin(), values.end());
  }
  void int64s(const std::string& name, const Dims& values) {
    ::onnx::TensorProto& tensor =
        constant(name, {static_cast<std::int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    tensor.mutable_int64_data()->Add(values.begin(), values.end());
  }
  /// Elements of int8, uint8 or int32, raw as converters write them.
  template <typename Value>
  void integers(const std::string& name, const Dims& dims, const std::vector<Value>& values) {
    ::onnx::TensorProto& tensor = constant(name, dims,
                                           sizeof(Value) == 4        ? ::onnx::TensorProto::INT32
                                           : std::is_signed_v<Value> ? ::onnx::TensorProto::INT8
                                                                     : ::onnx::TensorProto::UINT8);
    tensor.set_raw_data(values.data(), values.size() * sizeof(Value));
  }

  ::onnx::NodeProto& node(const std::string& kind, const std::vector<std::string>& inputs,
                          const std::string& output, const std::string& name = "") {
    ::onnx::NodeProto& added = *graph().add_node();
    added.set_op_type(kind);
    added.set_name(name);
    for (const std::string& each : inputs) {
      added.add_input(each);
    }
    added.add_output(output);
    return added;
  }

  static void set(::onnx::NodeProto& node, const std::string& name, std::int64_t value) {
    auto& attribute = add(node, name, ::onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  static void set(::onnx::NodeProto& node, const std::string& name, float value) {
    add(node, name, ::onnx::AttributeProto::FLOAT).set_f(value);
  }
  static void set(::onnx::NodeProto& node, const std::string& name, const char* value) {
    add(node, name, ::onnx::AttributeProto::STRING).set_s(value);
  }
  static void set(::onnx::NodeProto& node, const std::string& name, const Dims& values) {
    auto& attribute = add(node, name, ::onnx::AttributeProto::INTS);
    attribute.mutable_ints()->Add(values.begin(), values.end());
  }

  /// Constants NAME_scale and NAME_zero.
  void step(const std::string& name, const Step& step) {
    floats(name + "_scale", {}, {step.scale});
    if (step.is_unsigned) {
      integers<std::uint8_t>(name + "_zero", {}, {static_cast<std::uint8_t>(step.zero_point)});
    } else {
      integers<std::int8_t>(name + "_zero", {}, {static_cast<std::int8_t>(step.zero_point)});
    }
  }

  /// QuantizeLinear and DequantizeLinear behind a real value; the name of the result.
  std::string quantized(const std::string& value, const Step& given) {
    step(value, given);
    node("QuantizeLinear", {value, value + "_scale", value + "_zero"}, value + "_q");
    node("DequantizeLinear", {value + "_q", value + "_scale", value + "_zero"}, value + "_r");
    return value + "_r";
  }

  /// Dequantized weights of zero point 0, with one scale or one per index of `axis`.
  std::string weights(const std::string& name, const Dims& dims,
                      const std::vector<std::int8_t>& values, const std::vector<float>& scales,
                      std::int64_t axis = 0) {
    integers(name, dims, values);
    const bool single = scales.size() == 1;
    const Dims shape = single ? Dims{} : Dims{static_cast<std::int64_t>(scales.size())};
    floats(name + "_scale", shape, scales);
    integers(name + "_zero", shape, std::vector<std::int8_t>(scales.size(), 0));
    set(node("DequantizeLinear", {name, name + "_scale", name + "_zero"}, name + "_r"), "axis",
        axis);
    return name + "_r";
  }

  /// A dequantized int32 bias with the given scales.
  std::string bias(const std::string& name, const std::vector<std::int32_t>& values,
                   const std::vector<float>& scales) {
    integers(name, {static_cast<std::int64_t>(values.size())}, values);
    const Dims shape = scales.size() == 1 ? Dims{} : Dims{static_cast<std::int64_t>(scales.size())};
    floats(name + "_scale", shape, scales);
    set(node("DequantizeLinear", {name, name + "_scale"}, name + "_r"), "axis", std::int64_t{0});
    return name + "_r";
  }

  std::string bytes() const { return proto.SerializeAsString(); }

  ::onnx::ModelProto proto;

 private:
  static ::onnx::AttributeProto& add(::onnx::NodeProto& node, const std::string& name,
                                     ::onnx::AttributeProto::AttributeType type) {
    ::onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }

  static void interface(::onnx::ValueInfoProto& info, const std::string& name, const Dims& dims,
                        int type) {
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    for (const std::int64_t extent : dims) {
      auto& dimension = *tensor.mutable_shape()->add_dim();
      if (extent >= 0) {
        dimension.set_dim_value(extent);
      } else {
        dimension.set_dim_param("N");
      }
    }
  }

  ::onnx::TensorProto& constant(const std::string& name, const Dims& dims, int type) {
    ::onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.mutable_dims()->Add(dims.begin(), dims.end());
    return tensor;
  }
};

/// Real numbers in the order of the file.
struct Real {
  std::vector<std::int32_t> shape;
  std::vector<double> values;

  double& at(std::int32_t n, std::int32_t c, std::int32_t h, std::int32_t w) {
    return values.at(static_cast<std::size_t>(((n * shape[1] + c) * shape[2] + h) * shape[3] + w));
  }
  double at(std::int32_t n, std::int32_t c, std::int32_t h, std::int32_t w) const {
    return const_cast<Real*>(this)->at(n, c, h, w);
  }
};

}  // namespace milliwatt::workloads::onnx::testing
