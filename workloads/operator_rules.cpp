// SPDX-License-Identifier: Apache-2.0
#include "workloads/operator_rules.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/quantization.h"

namespace milliwatt::workloads {

bool is_narrow_type(ElementType type) { return is_sub_byte(type) || type == ElementType::kInt8; }

bool is_activation_type(ElementType type) {
  return is_narrow_type(type) || type == ElementType::kInt16;
}

bool is_whole_activation_type(ElementType type) {
  return type == ElementType::kInt8 || type == ElementType::kInt16;
}

bool widths_mix(ElementType a, ElementType b) {
  return (is_narrow_type(a) && is_narrow_type(b)) ||
         (a == ElementType::kInt16 && b == ElementType::kInt16);
}

bool OperatorRules::require_operands(std::size_t least, std::size_t most) {
  bool present = op_.inputs.size() >= least && op_.inputs.size() <= most && op_.outputs.size() == 1;
  for (std::size_t i = 0; i < least; ++i) {
    present = present && has_input(i);
  }
  return require(present, "has {} inputs and {} outputs; {} takes {} to {} inputs and 1 output",
                 op_.inputs.size(), op_.outputs.size(), operator_name(op_.kind), least, most);
}

void OperatorRules::check_single_scale(const Tensor& tensor) {
  const Quantization& q = tensor.quantization;
  require(q.scales.size() == 1, "needs exactly one scale for '{}', which has {}", tensor.name,
          q.scales.size());
  const bool any_zero_point =
      op_.kind == OperatorKind::kSoftmax || op_.kind == OperatorKind::kQuantize;
  require(tensor.type != ElementType::kInt16 || any_zero_point || q.zero_point() == 0,
          "needs zero point 0 for the int16 tensor '{}'", tensor.name);
}

bool OperatorRules::check_shape(const Tensor& tensor, const std::vector<std::int32_t>& expected) {
  return require(tensor.shape == expected, "expects shape [{}] for '{}', which has [{}]",
                 fmt::join(expected, ", "), tensor.name, fmt::join(tensor.shape, ", "));
}

bool OperatorRules::check_rank4(const Tensor& tensor) {
  return require(tensor.shape.size() == 4, "expects 4 dimensions of '{}', which has {}",
                 tensor.name, tensor.shape.size());
}

bool OperatorRules::check_broadcast() {
  const std::vector<std::int32_t>& a = input(0).shape;
  const std::vector<std::int32_t>& b = input(1).shape;
  std::vector<std::int32_t> expected(std::max(a.size(), b.size()), 1);
  for (const auto* shape : {&a, &b}) {
    const std::size_t skip = expected.size() - shape->size();
    for (std::size_t i = 0; i < shape->size(); ++i) {
      const std::int32_t extent = (*shape)[i];
      if (!require(extent == 1 || expected[skip + i] == 1 || expected[skip + i] == extent,
                   "cannot broadcast [{}] with [{}]", fmt::join(a, ", "), fmt::join(b, ", "))) {
        return false;
      }
      expected[skip + i] = std::max(expected[skip + i], extent);
    }
  }
  check_shape(output(), expected);
  return true;
}

void OperatorRules::check_channels(std::int32_t channels, int dimension, std::size_t bias) {
  if (has_input(bias)) {
    require(input(bias).elements() == channels, "has {} bias values for {} channels",
            input(bias).elements(), channels);
  }
  const Quantization& q = input(1).quantization;
  if (!require(!q.per_channel() || q.dimension == dimension,
               "has weight scales along dimension {} instead of {}", q.dimension, dimension) ||
      !found_.empty()) {
    return;
  }
  const int largest = output().type == ElementType::kInt16 ? 7 : 30;
  for (const Multiplier& m : output_stage(graph_, op_).multipliers) {
    if (!require(m.exponent <= largest, "multiplies accumulators by 2^{} or more", largest)) {
      return;
    }
  }
}

}  // namespace milliwatt::workloads
