// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_trace.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/layer_attributes.h"
#include "workloads/layer_kinds.h"
#include "workloads/layer_operands.h"
#include "workloads/layer_outputs.h"
#include "workloads/layer_shapes.h"
#include "workloads/layer_spec.h"
#include "workloads/layer_tensors.h"
#include "workloads/layer_weights.h"

namespace milliwatt::workloads {

namespace {

/// Works out shapes, scales and values layer by layer. A layer with a fault whose shape its keys
/// tell all the same gets a tensor that stands in for its output, so that the layers behind it are
/// judged too; those that read one of unknown shape are passed over, so that one slip gives one
/// message.
class TraceBuilder {
 public:
  TraceBuilder(const TraceSpec& trace, const std::string& folder, std::int64_t most_bytes,
               base::Diagnostics& faults)
      : trace_{trace},
        faults_{faults},
        tensors_{graph_, most_bytes, faults},
        maker_{static_cast<std::uint32_t>(trace.seed), folder} {}

  Graph build() {
    graph_.name = trace_.name;
    for (const TensorSpec& declared : trace_.tensors) {
      add_declared(declared);
    }
    for (const InputSpec& input : trace_.inputs) {
      add_input(input);
    }
    for (std::size_t i = 0; i < trace_.layers.size(); ++i) {
      add_layer(trace_.layers[i], i);
    }
    add_outputs();
    graph_.batch = trace_.batch.value_or(first_extent());
    graph_.weights =
        maker_.seeded() || trace_.seeded_weights ? WeightsOrigin::kSeeded : WeightsOrigin::kFile;
    return std::move(graph_);
  }

 private:
  bool report(const std::vector<std::string>& messages, const base::Place& place) {
    for (const std::string& message : messages) {
      faults_.add(place, message);
    }
    return messages.empty();
  }

  std::int32_t first_extent() const {
    const bool known = !graph_.inputs.empty() && graph_.inputs[0] >= 0 &&
                       !tensors_.tensor(graph_.inputs[0]).shape.empty();
    return known ? tensors_.tensor(graph_.inputs[0]).shape.front() : 1;
  }

  /// Adds a tensor of the user's and its name; kBroken after a message.
  TensorId add_declared(const TensorSpec& declared) {
    TensorId id = kBroken;
    if (declared.sound) {
      try {
        id = make_declared(declared);
      } catch (const base::UserError& error) {
        report(error.messages(), declared.place);
      }
    }
    tensors_.declare(declared.name, id, declared.place);
    return id;
  }

  TensorId make_declared(const TensorSpec& declared) {
    Tensor made;
    made.name = declared.label.value_or(declared.name);
    made.type = declared.type;
    made.role = declared.role;
    made.shape = declared.shape;
    made.quantization = declared.quantization;
    if (made.shape != std::vector<std::int32_t>{0}) {  // what converters leave behind, unused
      tensors_.reserve(made);
    }
    if (made.role == TensorRole::kConstant) {
      made.data = maker_.values(declared, made);
    }
    const Spread spread = spread_of_uniform(made);
    return tensors_.add(std::move(made), spread);
  }

  void add_input(const InputSpec& input) {
    TensorId id = kBroken;
    if (!input.reference) {
      id = add_declared(input.declared);
    } else {
      id = tensors_.find(*input.reference);
      if (id >= 0 && tensors_.tensor(id).role != TensorRole::kInput) {
        faults_.add(input.reference->place,
                    fmt::format("'{}' needs the role input", input.reference->text));
        id = kBroken;
      }
    }
    previous_ = previous_ == kNoTensor ? id : previous_;
    if (id >= 0) {
      graph_.inputs.push_back(id);
    }
  }

  /// The layer's inputs, or nothing when one of them is broken.
  std::optional<std::vector<TensorId>> named_operands(const LayerSpec& layer) {
    std::vector<TensorId> ids;
    bool good = true;
    for (const NameSpec& name : layer.inputs) {
      ids.push_back(name.absent ? kNoTensor : tensors_.find(name));
      good = good && (name.absent || ids.back() >= 0);
    }
    if (layer.inputs.empty()) {
      ids.push_back(previous_);
      good = previous_ >= 0;
      if (previous_ == kNoTensor) {
        faults_.add(layer.place, "there is no input and no layer before this one; give 'inputs'");
      }
    }
    const std::string miscounted = operand_count_fault(layer.kind, ids.size());
    if (layer.sound && !miscounted.empty()) {
      faults_.add(layer.place, miscounted);
      good = false;
    }
    return good ? std::optional(std::move(ids)) : std::nullopt;
  }

  void add_layer(const LayerSpec& layer, std::size_t index) {
    const std::string name = layer.name && (layer.form.outputs || !layer.name->empty())
                                 ? *layer.name
                                 : fmt::format("{}_{}", operator_name(layer.kind), index);
    std::vector<TensorId> outputs;
    const auto inputs = named_operands(layer);
    const bool paired = scales_are_paired(layer);
    const std::vector<TensorId> declared = declared_outputs(layer);
    if (layer.sound && paired && inputs) {
      try {
        outputs = add_operator(layer, name, *inputs, declared);
      } catch (const base::UserError& error) {
        report(error.messages(), layer.place);
      }
    }
    if (outputs.empty()) {
      outputs = stand_ins(layer, name, inputs, declared);
    }
    name_outputs(layer, name, outputs);
    previous_ = outputs.front();
  }

  bool scales_are_paired(const LayerSpec& layer) {
    const bool paired = layer.output_scale.has_value() == layer.output_zero_point.has_value();
    if (!paired) {
      faults_.add(layer.place, "'output_scale' and 'output_zero_point' go together");
    }
    return paired;
  }

  /// For each name under `outputs` the tensor that the user declared, kNoTensor where there is
  /// none.
  std::vector<TensorId> declared_outputs(const LayerSpec& layer) {
    std::vector<TensorId> ids;
    for (const NameSpec& name : layer.outputs) {
      ids.push_back(tensors_.knows(name.text) ? tensors_.find_output(name) : kNoTensor);
      if (ids.back() >= 0) {
        tensors_.set_written(ids.back());
      }
    }
    return ids;
  }

  /// Declares the outputs that the user did not.
  void name_outputs(const LayerSpec& layer, const std::string& name,
                    const std::vector<TensorId>& outputs) {
    if (layer.outputs.empty() && outputs.size() == 1) {
      return tensors_.declare(name, outputs[0], layer.place);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string text = i < layer.outputs.size() ? layer.outputs[i].text : numbered(name, i);
      if (!tensors_.knows(text)) {
        tensors_.declare(text, outputs[i], layer.place);
      }
    }
  }

  static std::string numbered(const std::string& name, std::size_t i) {
    return fmt::format("{}_{}", name, i);
  }

  /// Outputs of a layer that cannot be built: those declared, one of the shape that the layer's
  /// keys tell though it has a fault or reads a tensor of unknown shape, or kBroken.
  std::vector<TensorId> stand_ins(const LayerSpec& layer, const std::string& name,
                                  const std::optional<std::vector<TensorId>>& inputs,
                                  std::vector<TensorId> declared) {
    for (TensorId& id : declared) {
      id = id == kNoTensor ? kBroken : id;
    }
    return declared.empty() ? std::vector<TensorId>{stand_in(layer, name, inputs)} : declared;
  }

  TensorId stand_in(const LayerSpec& layer, const std::string& name,
                    const std::optional<std::vector<TensorId>>& inputs) {
    const bool known = inputs && inputs->front() >= 0;
    const bool told = layer.kind == OperatorKind::kReshape ||
                      layer.kind == OperatorKind::kFullyConnected ||
                      (known && is_weighted(layer.kind));
    if (!layer.sound || !told || tensors_.full() || layer.form.operands) {
      return kBroken;
    }
    Tensor output;
    output.name = name;
    output.type =
        graph_.inputs.empty() ? ElementType::kInt8 : tensors_.tensor(graph_.inputs[0]).type;
    output.quantization = {{1.0F / 128}, {0}, 0};
    try {
      output.shape =
          told_shape(layer, known ? tensors_.tensor(inputs->front()).shape : Shape{first_extent()});
    } catch (const base::UserError&) {
      return kBroken;
    }
    if (!workloads::faults(output).empty()) {
      return kBroken;
    }
    const Spread spread = spread_of_uniform(output);
    const TensorId id = tensors_.add(std::move(output), spread);
    tensors_.set_written(id);
    return id;
  }

  Operands pointers(const std::vector<TensorId>& ids) const {
    Operands found;
    for (const TensorId id : ids) {
      found.push_back(id == kNoTensor ? nullptr : &tensors_.tensor(id));
    }
    return found;
  }

  /// The outputs' ids, or none after a message.
  std::vector<TensorId> add_operator(const LayerSpec& layer, const std::string& name,
                                     const std::vector<TensorId>& inputs,
                                     const std::vector<TensorId>& declared) {
    for (const TensorId id : declared) {
      if (id == kBroken) {
        return {};
      }
    }
    Operator op;
    op.kind = layer.kind;
    op.name = name;
    op.inputs = inputs;
    LayerSpec resolved = layer;
    resolve_layer(resolved, pointers(inputs), layer.form.outputs ? pointers(declared) : Operands());
    op.attributes = attributes_of(
        resolved, tensors_.tensor(inputs[data_place(resolved)]).quantization.zero_point());
    std::vector<Shape> shapes;
    if (!layer.form.outputs || (makes_weights(layer.kind) && !layer.form.operands)) {
      shapes = output_shapes(resolved, pointers(inputs));
    }
    if (layer.form.outputs) {
      shapes = shapes_of(declared);
    }
    make_operands(resolved, shapes.front(), op, tensors_, maker_);
    if (!add_states(layer, op) || !add_results(resolved, shapes, declared, op)) {
      return {};
    }
    const bool good = report(workloads::faults(graph_, op), layer.place);
    const std::vector<TensorId> outputs = op.outputs;
    graph_.operators.push_back(std::move(op));
    return good ? outputs : std::vector<TensorId>();
  }

  /// Kinds of which operands are made that must suit the shape of the data.
  static bool makes_weights(OperatorKind kind) {
    return is_weighted(kind) || kind == OperatorKind::kSvdf || kind == OperatorKind::kLstm;
  }

  std::vector<Shape> shapes_of(const std::vector<TensorId>& ids) const {
    std::vector<Shape> shapes;
    for (const TensorId id : ids) {
      shapes.push_back(tensors_.tensor(id).shape);
    }
    return shapes;
  }

  bool add_states(const LayerSpec& layer, Operator& op) {
    if (!layer.states) {
      for (const TensorId id : op.inputs) {
        if (id != kNoTensor && tensors_.tensor(id).role == TensorRole::kState) {
          op.states.push_back(id);
        }
      }
      return true;
    }
    bool good = true;
    for (const NameSpec& name : *layer.states) {
      op.states.push_back(name.absent ? kNoTensor : tensors_.find(name));
      good = good && (name.absent || op.states.back() >= 0);
    }
    return good;
  }

  /// Takes the outputs that are declared and makes the others.
  bool add_results(const LayerSpec& layer, const std::vector<Shape>& shapes,
                   const std::vector<TensorId>& declared, Operator& op) {
    if (layer.form.outputs) {
      op.outputs = declared;
      return true;
    }
    if (!layer.outputs.empty() && layer.outputs.size() != shapes.size()) {
      faults_.add(layer.place, fmt::format("{} has {} outputs, {} named", operator_name(layer.kind),
                                           shapes.size(), layer.outputs.size()));
      return false;
    }
    Tensor measure;
    measure.shape = shapes.front();
    const OutputForm form =
        output_form({layer, graph_, op, tensors_.spreads()}, measure.elements());
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (i < declared.size() && declared[i] >= 0) {
        op.outputs.push_back(declared[i]);
        continue;
      }
      Tensor output;
      output.name = i < layer.outputs.size() ? layer.outputs[i].text
                    : shapes.size() == 1     ? op.name
                                             : numbered(op.name, i);
      output.shape = shapes[i];
      output.type = form.type;
      output.quantization = form.quantization;
      tensors_.reserve(output);
      op.outputs.push_back(tensors_.add(std::move(output), form.spread));
      tensors_.set_written(op.outputs.back());
    }
    return true;
  }

  void add_outputs() {
    if (trace_.outputs.empty()) {
      graph_.outputs = {previous_};
    }
    for (const NameSpec& name : trace_.outputs) {
      graph_.outputs.push_back(tensors_.find(name));
    }
  }

  const TraceSpec& trace_;
  base::Diagnostics& faults_;
  Graph graph_;
  TraceTensors tensors_;
  ConstantMaker maker_;
  TensorId previous_ = kNoTensor;
};

Graph build(const std::optional<base::YamlNode>& root, const std::string& folder,
            std::int64_t most_bytes, base::Diagnostics& faults) {
  const TraceSpec trace = root ? read_trace_spec(*root, faults) : TraceSpec{};
  if ((trace.inputs.empty() && trace.tensors.empty()) || trace.layers.empty()) {
    faults.throw_if_any();
  }
  Graph graph = TraceBuilder(trace, folder, most_bytes, faults).build();
  faults.throw_if_any();
  check_graph(graph);
  return graph;
}

}  // namespace

Graph read_layer_trace(const std::string& path) {
  base::Diagnostics faults;
  return build(base::parse_yaml_file(path, faults),
               std::filesystem::path(path).parent_path().string(), kMaximumNetworkBytes, faults);
}

Graph parse_layer_trace(const std::string& text, const std::string& name, const std::string& folder,
                        std::int64_t most_bytes) {
  base::Diagnostics faults;
  return build(base::parse_yaml_text(text, name, faults), folder, most_bytes, faults);
}

Graph build_layer_trace(const base::YamlNode& document, const std::string& folder,
                        std::int64_t most_bytes) {
  base::Diagnostics faults;
  return build(document, folder, most_bytes, faults);
}

}  // namespace milliwatt::workloads
