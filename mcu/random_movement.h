// SPDX-License-Identifier: Apache-2.0
// For tests: random operators that move elements about.
#pragma once

#include <numeric>

#include "mcu/random_operator.h"

namespace milliwatt::mcu::testing {

/// Elements of every width, among them those of 32 and 64 bits and floats.
class RandomMovement : public RandomOperator {
 public:
  using RandomOperator::RandomOperator;
  using Shape = std::vector<std::int32_t>;

  workloads::Graph pad() {
    workloads::Pad pad;
    const Shape in = any_shape(6);
    Shape out = in;
    for (std::size_t d = 0; d < in.size(); ++d) {
      pad.before.push_back(between(0, 2));
      pad.after.push_back(between(0, 2));
      out[d] += pad.before[d] + pad.after[d];
    }
    choose_element();
    const bool has_value = type_ <= ElementType::kInt16;
    const int bits = has_value ? workloads::element_bits(type_) : 2;
    pad.value =
        has_value ? between(workloads::lowest_element(bits), workloads::highest_element(bits)) : 0;
    start(workloads::OperatorKind::kPad, pad, in);
    constant();
    return finish({out});
  }

  workloads::Graph slice() {
    workloads::Slice slice;
    const Shape in = any_shape(6);
    for (const std::int32_t extent : in) {
      const std::int32_t begin = between(0, extent - 1);
      const std::int32_t step = between(0, 1) == 0 ? between(1, 3) : -between(1, 3);
      const std::int32_t most = (step > 0 ? extent - 1 - begin : begin) / std::abs(step) + 1;
      slice.begin.push_back(begin);
      slice.step.push_back(step);
      slice.count.push_back(between(1, most));
    }
    choose_element();
    start(workloads::OperatorKind::kSlice, slice, in);
    constant();
    constant();
    return finish({slice.count});
  }

  workloads::Graph transpose() {
    workloads::Transpose transpose;
    const Shape in = any_shape(6);
    transpose.permutation.resize(in.size());
    std::iota(transpose.permutation.begin(), transpose.permutation.end(), 0);
    for (std::size_t i = in.size(); i > 1; --i) {
      std::swap(
          transpose.permutation[i - 1],
          transpose.permutation[static_cast<std::size_t>(between(0, static_cast<int>(i) - 1))]);
    }
    Shape out;
    for (const std::int32_t d : transpose.permutation) {
      out.push_back(in[static_cast<std::size_t>(d)]);
    }
    choose_element();
    start(workloads::OperatorKind::kTranspose, transpose, in);
    constant();
    return finish({out});
  }

  workloads::Graph concatenate() {
    workloads::Concatenate join;
    const Cut cut = any_cut();
    join.axis = cut.axis;
    join.stacks = cut.lacks_axis;
    choose_element();
    start(workloads::OperatorKind::kConcatenate, join, cut.parts[0]);
    for (std::size_t i = 1; i < cut.parts.size(); ++i) {
      operand("part", cut.parts[i], 0.5F);
      graph_.tensors.back().quantization = graph_.tensors[0].quantization;
    }
    return finish({cut.whole});
  }

  workloads::Graph split() {
    workloads::Split split;
    const Cut cut = any_cut();
    split.axis = cut.axis;
    split.unstacks = cut.lacks_axis;
    choose_element();
    start(workloads::OperatorKind::kSplit, split, cut.whole);
    return finish(cut.parts);
  }

  workloads::Graph reshape() {
    const Shape in = any_shape(4);
    choose_element();
    start(workloads::OperatorKind::kReshape, workloads::Reshape{}, in);
    return finish({Shape{std::accumulate(in.begin(), in.end(), 1, std::multiplies<>())}});
  }

 private:
  /// A shape and the parts that it is cut into along an axis.
  struct Cut {
    std::int32_t axis = 0;
    bool lacks_axis = false;
    Shape whole;
    std::vector<Shape> parts;
  };

  Shape any_shape(int most_dimensions) {
    Shape shape(static_cast<std::size_t>(between(1, most_dimensions)));
    for (std::int32_t& extent : shape) {
      extent = between(1, 5);
    }
    return shape;
  }

  Cut any_cut() {
    Cut cut;
    cut.whole = any_shape(5);
    cut.axis = between(0, static_cast<int>(cut.whole.size()) - 1);
    cut.lacks_axis = between(0, 3) == 0;
    const auto at = static_cast<std::size_t>(cut.axis);
    cut.whole[at] = 0;
    for (int parts = between(1, 4); parts > 0; --parts) {
      Shape part = cut.whole;
      part[at] = cut.lacks_axis ? 1 : between(1, 4);
      cut.whole[at] += part[at];
      if (cut.lacks_axis) {
        part.erase(part.begin() + cut.axis);
      }
      cut.parts.push_back(part);
    }
    for (std::size_t i = 0; i < cut.parts.size(); ++i) {  // all but the axis are as in the whole
      Shape& part = cut.parts[i];
      for (std::size_t d = 0; d < part.size() && !cut.lacks_axis; ++d) {
        part[d] = d == at ? part[d] : cut.whole[d];
      }
    }
    return cut;
  }

  void choose_element() {
    constexpr ElementType kLarge[] = {ElementType::kInt32, ElementType::kInt64,
                                      ElementType::kFloat32, ElementType::kBool};
    choose_widths();
    if (between(0, 3) == 0) {
      type_ = kLarge[between(0, 3)];
    }
    output_type_ = type_;
  }

  template <typename Attributes>
  void start(workloads::OperatorKind kind, const Attributes& attributes, const Shape& shape) {
    begin(kind, attributes, shape);
    if (type_ > ElementType::kInt16) {
      graph_.tensors[0].quantization = {};
    }
  }

  /// An operand of which the attributes have the values already.
  void constant() {
    workloads::Tensor tensor;
    tensor.name = "constant";
    tensor.role = workloads::TensorRole::kConstant;
    tensor.type = ElementType::kInt32;
    tensor.shape = {1};
    tensor.data = Bytes(4);
    add_operand(tensor);
  }

  workloads::Graph finish(const std::vector<Shape>& outputs) {
    for (const Shape& shape : outputs) {
      workloads::Tensor output;
      output.name = "output";
      output.shape = shape;
      output.type = type_;
      output.quantization = graph_.tensors[0].quantization;
      graph_.operators[0].outputs.push_back(static_cast<int>(graph_.tensors.size()));
      graph_.tensors.push_back(output);
    }
    graph_.outputs = graph_.operators[0].outputs;
    return graph_;
  }
};

}  // namespace milliwatt::mcu::testing
