// SPDX-License-Identifier: Apache-2.0
#include "dataflows/vector_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataflows/addition_fields.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/vector_tile.h"
#include "workloads/quantization.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;

mw_vector_descriptor add_fields(const Graph& graph, const Operator& op) {
  const workloads::AddParameters p = workloads::add_parameters(graph, op);
  mw_vector_descriptor d{};
  d.operation = MW_VECTOR_ADD;
  d.elements = static_cast<std::int32_t>(graph.tensor(op.outputs[0]).elements());
  d.zero_point = p.output_zero_point;
  set_addition(d, p);
  return d;
}

mw_vector_descriptor pool_fields(const Graph& graph, const Operator& op) {
  mw_vector_descriptor d{};
  d.operation =
      op.kind == OperatorKind::kAveragePool2d ? MW_VECTOR_AVERAGE_POOL : MW_VECTOR_MAX_POOL;
  d.geometry = conv_geometry(graph, op);
  const workloads::Clamp clamp = workloads::activation_clamp(
      std::get<workloads::Pool2d>(op.attributes).activation, graph.tensor(op.outputs[0]));
  d.clamp_low = clamp.low;
  d.clamp_high = clamp.high;
  return d;
}

/// All fields but the tile.
mw_vector_descriptor fields_of(const Graph& graph, const Operator& op) {
  const bool add = op.kind == OperatorKind::kAdd;
  mw_vector_descriptor d = add ? add_fields(graph, op) : pool_fields(graph, op);
  const auto bits = [&](workloads::TensorId id) {
    return static_cast<std::uint8_t>(workloads::element_bits(graph.tensor(id).type));
  };
  d.a_bits = bits(op.inputs[0]);
  d.b_bits = add ? bits(op.inputs[1]) : std::uint8_t{8};
  d.output_bits = bits(op.outputs[0]);
  return d;
}

/// Why an operand or result is none of the unit's.
std::optional<std::string> type_refused(const Tensor& tensor) {
  if (tensor.type == ElementType::kInt8 || workloads::is_sub_byte(tensor.type)) {
    return std::nullopt;
  }
  return fmt::format("the vector unit works on 2 to 8 bits, {} is {}", tensor.name,
                     workloads::element_name(tensor.type));
}

class VectorTask : public EngineTask {
 public:
  explicit VectorTask(const mw_vector_descriptor& fields) : fields_{fields} {}

  const std::vector<PackedConstant>& constants() const override { return none_; }

  std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                       std::uint16_t layer) const override {
    mw_vector_descriptor d = fields_;
    d.head = {MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_VERSION, MW_MACHINE_VECTOR, sizeof d, layer, 1};
    d.a = places.inputs.at(0);
    d.b = places.inputs.size() > 1 ? places.inputs[1] : mw_ref{};
    d.output = places.outputs.at(0);
    std::vector<std::uint8_t> bytes(sizeof d);
    std::memcpy(bytes.data(), &d, sizeof d);
    return bytes;
  }

  std::string mapping() const override {
    return fields_.operation == MW_VECTOR_ADD ? fmt::format("tiles of {} elements", fields_.tile)
                                              : fmt::format("tiles of {} rows", fields_.tile);
  }
  base::YamlNode parameters() const override {
    return vector_parameter_schema().dump({fields_.tile});
  }

 private:
  mw_vector_descriptor fields_;
  std::vector<PackedConstant> none_;
};

}  // namespace

std::optional<std::string> vector_refuses(const Graph& graph, const Operator& op,
                                          const EngineShape& shape) {
  const bool pool = op.kind == OperatorKind::kAveragePool2d || op.kind == OperatorKind::kMaxPool2d;
  if (op.kind != OperatorKind::kAdd && !pool) {
    return "the vector unit adds and pools only";
  }
  const Tensor& output = graph.tensor(op.outputs[0]);
  if (const auto reason = type_refused(output)) {
    return reason;
  }
  for (const workloads::TensorId id : op.inputs) {
    const Tensor& input = graph.tensor(id);
    if (const auto reason = type_refused(input)) {
      return reason;
    }
    if (!pool && input.shape != output.shape) {
      return "the vector unit does not broadcast";
    }
  }
  mw_vector_descriptor fields = fields_of(graph, op);
  std::string fault = vector_range_fault(fields);
  if (fault.empty()) {
    fields.tile = std::max(1, vector_tile(fields, shape));
    fault = vector_fault(fields, shape);
  }
  return fault.empty() ? std::nullopt : std::make_optional("the vector unit cannot: " + fault);
}

base::Schema<VectorParameters> vector_parameter_schema() {
  base::Schema<VectorParameters> schema{"vector_mapping",
                                        "How an addition or pool is cut up for the vector unit."};
  schema.integer("tile", &VectorParameters::tile)
      .range(1, INT32_MAX)
      .doc("Elements of an addition, or output rows of a pool, at a time.");
  return schema;
}

std::unique_ptr<EngineTask> vector_task(const Graph& graph, const Operator& op,
                                        const EngineShape& shape, const base::YamlNode& forced) {
  mw_vector_descriptor fields = fields_of(graph, op);
  fields.tile = vector_tile(fields, shape);
  base::Diagnostics faults;
  VectorParameters parameters;
  if (!forced.is_null()) {
    vector_parameter_schema().read(forced, parameters, faults);
  }
  if (parameters.tile) {
    fields.tile = *parameters.tile;
  }
  if (const std::string fault = vector_fault(fields, shape); !fault.empty() && faults.empty()) {
    faults.add(forced.place, fmt::format("{}, or a tile of at most {}", fault,
                                         largest_vector_tile(fields, shape)));
  }
  faults.throw_if_any();
  return std::make_unique<VectorTask>(fields);
}

}  // namespace milliwatt::dataflows
