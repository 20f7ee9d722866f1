// SPDX-License-Identifier: Apache-2.0
#include "workloads/activation_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "workloads/operator_rules.h"

namespace milliwatt::workloads {

namespace {

/// Why a tensor by itself keeps its precision; empty where it need not.
std::string fixed_by_itself(const Tensor& tensor) {
  if (tensor.role == TensorRole::kInput) {
    return fmt::format("it is that of the network's input '{}', which stays as it is", tensor.name);
  }
  if (tensor.role == TensorRole::kState) {
    return fmt::format("'{}' is a state, which stays as it is", tensor.name);
  }
  if (!is_activation_type(tensor.type)) {
    return fmt::format("'{}' is {}", tensor.name, element_name(tensor.type));
  }
  if (tensor.quantization.scales.size() != 1) {
    return fmt::format("'{}' has {} scales, where one is needed", tensor.name,
                       tensor.quantization.scales.size());
  }
  return "";
}

void fix(ActivationGroup& group, const std::string& reason) {
  if (group.fixed.empty()) {
    group.fixed = reason;
  }
}

}  // namespace

std::vector<std::size_t> activation_operands(const Operator& op) {
  switch (op.kind) {
    case OperatorKind::kAdd:
    case OperatorKind::kSub:
    case OperatorKind::kMul:
    case OperatorKind::kMaximum:
    case OperatorKind::kMinimum:
    case OperatorKind::kBatchMatmul:
      return {0, 1};
    case OperatorKind::kConcatenate: {
      std::vector<std::size_t> all(op.inputs.size());
      std::iota(all.begin(), all.end(), 0);
      return all;
    }
    default:
      return {data_operand(op)};
  }
}

bool follows_inputs(const Operator& op) {
  switch (op.kind) {
    case OperatorKind::kAveragePool2d:
    case OperatorKind::kMaxPool2d:
    case OperatorKind::kReshape:
    case OperatorKind::kMaximum:
    case OperatorKind::kMinimum:
    case OperatorKind::kReduceMax:
    case OperatorKind::kPad:
    case OperatorKind::kConcatenate:
    case OperatorKind::kSlice:
    case OperatorKind::kSplit:
    case OperatorKind::kTranspose:
    case OperatorKind::kResizeNearest:
      return true;
    case OperatorKind::kRelu:
      return std::get<Relu>(op.attributes).activation != Activation::kRelu;
    default:
      return false;
  }
}

bool keeps_whole_bytes(const Operator& op) {
  switch (op.kind) {
    case OperatorKind::kSoftmax:
    case OperatorKind::kTransposeConv2d:
    case OperatorKind::kBatchMatmul:
    case OperatorKind::kHardSwish:
    case OperatorKind::kLogistic:
    case OperatorKind::kTanh:
    case OperatorKind::kLogSoftmax:
    case OperatorKind::kResizeBilinear:
    case OperatorKind::kSvdf:
    case OperatorKind::kLstm:
      return true;
    default:
      return false;
  }
}

ActivationGroups::ActivationGroups(const Graph& graph)
    : graph_{graph}, group_of_(graph.tensors.size()), groups_(graph.tensors.size()) {
  std::iota(group_of_.begin(), group_of_.end(), 0);
  tie_operators();
  for (std::size_t i = 0; i < group_of_.size(); ++i) {
    group_of_[i] = root(static_cast<TensorId>(i));
  }
  fix_tensors();
  describe_operators();
}

std::size_t ActivationGroups::root(TensorId id) {
  auto at = static_cast<std::size_t>(id);
  while (group_of_[at] != at) {
    at = group_of_[at] = group_of_[group_of_[at]];
  }
  return at;
}

void ActivationGroups::tie(TensorId a, TensorId b) { group_of_[root(a)] = root(b); }

void ActivationGroups::tie_operators() {
  for (const Operator& op : graph_.operators) {
    if (!follows_inputs(op)) {
      continue;
    }
    for (const std::size_t place : activation_operands(op)) {
      tie(op.inputs[place], op.outputs.front());
    }
    for (const TensorId output : op.outputs) {
      tie(output, op.outputs.front());
    }
  }
}

void ActivationGroups::fix_tensors() {
  for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
    const std::string reason = fixed_by_itself(graph_.tensors[i]);
    if (!reason.empty()) {
      fix(groups_[group_of_[i]], reason);
    }
  }
  for (const TensorId id : graph_.outputs) {
    group(id).at_edge = true;
  }
}

void ActivationGroups::describe_operators() {
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    const Operator& op = graph_.operators[i];
    if (!follows_inputs(op)) {
      group(op.outputs.front()).deciders.push_back(i);
    }
    if (keeps_whole_bytes(op)) {
      fix(group(op.outputs.front()),
          fmt::format("{} '{}' is defined for int8 and int16 only and stays as it is",
                      operator_name(op.kind), op.name));
      for (const std::size_t place : activation_operands(op)) {
        group(op.inputs[place]).at_edge = true;
      }
    }
  }
}

std::string ActivationGroups::deciders(const Operator& op) const {
  const std::vector<std::size_t>& layers = groups_[of_output(op)].deciders;
  if (layers.empty()) {
    return "the network's input";
  }
  std::string names;
  for (const std::size_t layer : layers) {
    names += (names.empty() ? "layer '" : ", '") + graph_.operators[layer].name + "'";
  }
  return names;
}

}  // namespace milliwatt::workloads
