// SPDX-License-Identifier: Apache-2.0
#include "workloads/precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "workloads/activation_groups.h"
#include "workloads/constant_users.h"
#include "workloads/operator_rules.h"
#include "workloads/packing.h"
#include "workloads/quantization.h"

namespace milliwatt::workloads {

namespace {

bool takes_narrow_weights(OperatorKind kind) {
  return kind == OperatorKind::kConv2d || kind == OperatorKind::kDepthwiseConv2d ||
         kind == OperatorKind::kFullyConnected;
}

/// Whether inputs and outputs are both narrow or both int16, so that the output asks for the width
/// of the inputs.
bool asks_for_width(const Operator& op) {
  return !follows_inputs(op) && !keeps_whole_bytes(op) && op.kind != OperatorKind::kQuantize &&
         op.kind != OperatorKind::kDequantize;
}

/// Bits of each group of activations; 0 where they stay.
class GroupWidths {
 public:
  GroupWidths(const Graph& graph, const ActivationGroups& groups,
              const std::vector<LayerPrecision>& layers, base::Diagnostics& faults)
      : graph_{graph}, groups_{groups}, layers_{layers}, faults_{faults} {}

  std::vector<int> run() {
    std::vector<int> bits(groups_.all().size(), 0);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (layers_[i].names_activations) {
        check_follower(graph_.operators[i], layers_[i]);
      }
    }
    for (std::size_t g = 0; g < bits.size(); ++g) {
      bits[g] = width(groups_.all()[g]);
    }
    return bits;
  }

 private:
  void check_follower(const Operator& op, const LayerPrecision& layer) {
    if (follows_inputs(op)) {
      faults_.add(layer.activations_place,
                  fmt::format("the outputs of {} '{}' have the precision of its inputs, which {} "
                              "decides",
                              operator_name(op.kind), op.name, groups_.deciders(op)));
    }
  }

  int stored_bits(std::size_t layer) const {
    return element_bits(graph_.tensor(graph_.operators[layer].outputs.front()).type);
  }

  /// What the entries of the deciders say, which must agree; else their default.
  int width(const ActivationGroup& group) {
    int named = 0;
    int otherwise = 0;
    for (const std::size_t layer : group.deciders) {
      const LayerPrecision& precision = layers_[layer];
      const int asked = precision.activations.value_or(0);
      if (!precision.names_activations) {
        otherwise = asked;
      } else if (named == 0 || named == asked) {
        named = asked;
        refuse_fixed(group, layer);
      } else {
        faults_.add(precision.activations_place,
                    fmt::format("the outputs of '{}' share their precision with those of other "
                                "layers, which are given {} bits",
                                graph_.operators[layer].name, named));
      }
    }
    if (!group.fixed.empty() || group.deciders.empty()) {
      return 0;
    }
    const bool passed_over = group.at_edge && otherwise < 16;
    return named != 0 ? named : (passed_over ? 0 : otherwise);
  }

  void refuse_fixed(const ActivationGroup& group, std::size_t layer) {
    if (!group.fixed.empty() && layers_[layer].activations != stored_bits(layer)) {
      faults_.add(layers_[layer].activations_place,
                  fmt::format("the precision of the outputs of '{}' cannot be changed: {}",
                              graph_.operators[layer].name, group.fixed));
    }
  }

  const Graph& graph_;
  const ActivationGroups& groups_;
  const std::vector<LayerPrecision>& layers_;
  base::Diagnostics& faults_;
};

void check_weights(const Operator& op, const LayerPrecision& layer, base::Diagnostics& faults) {
  if (!layer.names_weights || takes_narrow_weights(op.kind)) {
    return;
  }
  faults.add(layer.weights_place,
             weight_operands(op.kind).empty()
                 ? fmt::format("{} '{}' has no weights", operator_name(op.kind), op.name)
                 : fmt::format("{0} '{1}' keeps its weights: {0} is defined for int8 weights only",
                               operator_name(op.kind), op.name));
}

/// Changes one network, operator after operator.
class PrecisionChange {
 public:
  PrecisionChange(const Graph& graph, const ActivationGroups& groups, std::vector<int> widths)
      : before_{graph},
        after_{graph},
        groups_{groups},
        widths_{std::move(widths)},
        constants_(graph) {
    after_.operators.clear();
  }

  Graph run(const std::vector<LayerPrecision>& layers) {
    change_activations();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      Operator op = before_.operators[i];
      change_padding(op);
      change_inputs(op);
      if (takes_narrow_weights(op.kind)) {
        change_weights(op, before_.operators[i], layers[i].weights);
      }
      after_.operators.push_back(std::move(op));
    }
    for (TensorId& output : after_.outputs) {
      if (!has_form(output, original_form(output))) {
        output = copy_of(output, original_form(output));
      }
    }
    return std::move(after_);
  }

 private:
  Tensor& tensor(TensorId id) { return after_.tensors[static_cast<std::size_t>(id)]; }
  int width(TensorId id) const { return widths_[groups_.of(id)]; }
  Form original_form(TensorId id) const {
    const Tensor& original = before_.tensor(id);
    return {original.type, original.quantization};
  }

  void change_activations() {
    for (std::size_t i = 0; i < before_.tensors.size(); ++i) {
      const auto id = static_cast<TensorId>(i);
      if (width(id) != 0) {
        const Form form = activation_form(before_.tensor(id), width(id));
        if (tensor(id).role == TensorRole::kConstant) {
          tensor(id) = in_form(tensor(id), form);
        }
        tensor(id).type = form.type;
        tensor(id).quantization = form.quantization;
      }
    }
  }

  /// The stored value of padding means the same real number as before.
  void change_padding(Operator& op) {
    auto* pad = std::get_if<Pad>(&op.attributes);
    if (pad == nullptr || width(op.inputs[0]) == 0) {
      return;
    }
    const Tensor& original = before_.tensor(op.inputs[0]);
    Tensor value;
    value.type = original.type;
    value.quantization = original.quantization;
    value.data.resize(2);
    store_element(value.data.data(), 0, element_bits(value.type), pad->value);
    value = in_form(std::move(value), activation_form(original, width(op.inputs[0])));
    pad->value = load_element(value.data.data(), 0, element_bits(value.type));
  }

  void change_inputs(Operator& op) {
    for (const std::size_t place : activation_operands(op)) {
      const TensorId id = op.inputs[place];
      if (keeps_whole_bytes(op)) {
        change_input(op, place, original_form(id));
      } else if (asks_for_width(op) &&
                 !widths_mix(tensor(id).type, tensor(op.outputs.front()).type)) {
        change_input(op, place, form_beside(op, id));
      }
    }
  }

  void change_input(Operator& op, std::size_t place, const Form& form) {
    const TensorId id = op.inputs[place];
    if (has_form(id, form)) {
      return;
    }
    if (tensor(id).role == TensorRole::kConstant) {
      constants_.replace(after_, op, place, in_form(before_.tensor(id), form));
    } else {
      op.inputs[place] = copy_of(id, form);
    }
  }

  /// The form in which an operand goes with an output that is int16, or is not.
  Form form_beside(const Operator& op, TensorId operand) {
    const Tensor& original = before_.tensor(operand);
    if (tensor(op.outputs.front()).type == ElementType::kInt16) {
      return activation_form(original, 16);
    }
    return activation_form(original, std::min(element_bits(original.type), 8));
  }

  bool has_form(TensorId id, const Form& form) {
    const Tensor& now = tensor(id);
    return now.type == form.type && now.quantization.scales == form.quantization.scales &&
           now.quantization.zero_points == form.quantization.zero_points;
  }

  /// The activation in another form, behind an operator quantize that may be there already.
  TensorId copy_of(TensorId id, const Form& form) {
    const auto [entry, added] = copies_.emplace(std::pair{id, form.type}, kNoTensor);
    if (added) {
      entry->second = insert_quantize(id, form);
    }
    return entry->second;
  }

  TensorId insert_quantize(TensorId id, const Form& form) {
    Tensor copy = tensor(id);
    copy.name = unused_name(fmt::format("{}_{}", copy.name, element_name(form.type)));
    copy.role = TensorRole::kActivation;
    copy.type = form.type;
    copy.quantization = form.quantization;
    Operator op;
    op.kind = OperatorKind::kQuantize;
    op.name = copy.name;
    op.attributes = Plain{};
    op.inputs = {id};
    op.outputs = {static_cast<TensorId>(after_.tensors.size())};
    after_.tensors.push_back(std::move(copy));
    after_.operators.push_back(std::move(op));
    return after_.operators.back().outputs.front();
  }

  /// A name that no operator has.
  std::string unused_name(const std::string& wanted) const {
    const auto taken = [](const Graph& graph, const std::string& name) {
      return std::any_of(graph.operators.begin(), graph.operators.end(),
                         [&](const Operator& op) { return op.name == name; });
    };
    std::string name = wanted;
    for (int i = 2; taken(before_, name) || taken(after_, name); ++i) {
      name = fmt::format("{}_{}", wanted, i);
    }
    return name;
  }

  void change_weights(Operator& op, const Operator& original, std::optional<int> bits) {
    const Tensor& old_filter = before_.tensor(original.inputs[1]);
    if (bits && *bits != element_bits(old_filter.type)) {
      constants_.replace(after_, op, 1, weights_in(old_filter, *bits));
    }
    if (op.inputs.size() < 3 || op.inputs[2] == kNoTensor) {
      return;
    }
    const std::vector<double> scales_before = bias_scales(before_, original);
    const std::vector<double> scales_after = bias_scales(after_, op);
    const bool wide = tensor(op.outputs.front()).type == ElementType::kInt16;
    const bool was_wide = before_.tensor(op.outputs.front()).type == ElementType::kInt16;
    if (wide != was_wide || scales_before != scales_after) {
      Tensor bias = changed_bias(original.inputs[2], scales_before, scales_after, wide);
      constants_.replace(after_, op, 2, std::move(bias));
    }
  }

  /// Scales of the accumulators: of the input times those of the weights.
  static std::vector<double> bias_scales(const Graph& graph, const Operator& op) {
    const auto input = static_cast<double>(single_scale(graph.tensor(op.inputs[0])));
    std::vector<double> scales;
    for (const float weights : graph.tensor(op.inputs[1]).quantization.scales) {
      scales.push_back(input * static_cast<double>(weights));
    }
    return scales;
  }

  Tensor changed_bias(TensorId id, const std::vector<double>& scales_before,
                      const std::vector<double>& scales_after, bool wide) const {
    std::vector<double> ratios;
    Quantization quantization;
    for (std::size_t c = 0; c < scales_after.size(); ++c) {
      ratios.push_back(scales_before[c] / scales_after[c]);
      quantization.scales.push_back(static_cast<float>(scales_after[c]));
      quantization.zero_points.push_back(0);
    }
    Tensor bias = rescaled_bias(before_.tensor(id), ratios, wide);
    bias.quantization = std::move(quantization);
    return bias;
  }

  const Graph& before_;
  Graph after_;
  const ActivationGroups& groups_;
  std::vector<int> widths_;
  ConstantUsers constants_;
  std::map<std::pair<TensorId, ElementType>, TensorId> copies_;  ///< of tensors in other forms
};

}  // namespace

Graph with_precision(const Graph& graph, const std::vector<LayerPrecision>& layers,
                     base::Diagnostics& faults) {
  const std::size_t before = faults.messages().size();
  const ActivationGroups groups(graph);
  std::vector<int> widths = GroupWidths(graph, groups, layers, faults).run();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    check_weights(graph.operators[i], layers[i], faults);
  }
  if (faults.messages().size() != before) {
    return graph;
  }
  return PrecisionChange(graph, groups, std::move(widths)).run(layers);
}

}  // namespace milliwatt::workloads
