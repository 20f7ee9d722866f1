// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_kinds.h"

#include <fmt/format.h>

#include <limits>

#include "workloads/layer_keys.h"

namespace milliwatt::workloads {

namespace {

using base::Parameter;
using base::Schema;
using K = OperatorKind;

constexpr auto kAny = std::numeric_limits<std::size_t>::max();

void declare_window(Schema<LayerSpec>& s, OperatorKind kind) {
  s.elsewhere("kernel", "Height and width of the window, or one number for both.");
  s.elsewhere("stride", "Vertical and horizontal step, or one number for both.");
  s.elsewhere("padding", "same, valid, or [top, bottom, left, right].");
  if (is_conv(kind)) {
    s.elsewhere("dilation", "Vertical and horizontal distance of taps, or one number for both.");
  }
}

void declare_activation(Schema<LayerSpec>& s, Activation otherwise) {
  s.choice("activation", &LayerSpec::activation,
           {{"none", Activation::kNone},
            {"relu", Activation::kRelu},
            {"relu6", Activation::kRelu6},
            {"relu_n1_to_1", Activation::kReluN1To1}})
      .def(otherwise)
      .doc("Bounds of the outputs.");
}

void declare_extent(Schema<LayerSpec>& s, const std::string& key, std::int32_t LayerSpec::*member,
                    const std::string& doc) {
  s.integer(key, member).range(1, kLargestExtent).doc(doc);
}

void declare_weights_type(Schema<LayerSpec>& s) {
  add_types(s.choice("weights_type", &LayerSpec::weights_type, {}), {})
      .def(ElementType::kInt8)
      .doc("Stored type of the weights.");
}

void declare_weights(Schema<LayerSpec>& s) {
  declare_weights_type(s);
  s.text("weights_file", &LayerSpec::weights_file).def("").doc("An .npy file of int8 weights.");
  s.elsewhere("weights_scale", "One scale, or a list with one per output channel.");
  s.boolean("bias", &LayerSpec::bias).def(true).doc("Whether the layer has a bias.");
  s.text("bias_file", &LayerSpec::bias_file).def("").doc("An .npy file of integers.");
}

/// Keys of what the operator does, in the order of the families of graph.h.
void declare_attributes_of_sums(Schema<LayerSpec>& s, OperatorKind kind) {
  switch (kind) {
    case K::kConv2d:
      s.integer("groups", &LayerSpec::groups)
          .range(1, kLargestExtent)
          .def(1)
          .doc("Groups of channels that do not see each other.");
      break;
    case K::kDepthwiseConv2d:
      s.integer("multiplier", &LayerSpec::multiplier)
          .range(1, kLargestExtent)
          .def(1)
          .doc("Output channels per input channel.");
      break;
    case K::kFullyConnected:
      s.boolean("keep_dimensions", &LayerSpec::keep_dimensions)
          .def(false)
          .doc("Whether the output has all but the last dimension of the input.");
      break;
    case K::kBatchMatmul:
      s.boolean("transpose_a", &LayerSpec::transpose_a).def(false).doc("Swaps rows and columns.");
      s.boolean("transpose_b", &LayerSpec::transpose_b).def(false).doc("Swaps rows and columns.");
      break;
    case K::kSvdf:
      s.integer("rank", &LayerSpec::rank).range(1, kLargestExtent).def(1).doc("Filters per unit.");
      break;
    case K::kLstm:
      s.real("cell_clip", &LayerSpec::cell_clip)
          .range(0.0, kLargestFloat)
          .def(0.0)
          .doc("Largest magnitude of the cell state; 0: none.");
      s.boolean("time_major", &LayerSpec::time_major)
          .def(false)
          .doc("Data is [steps, batch, depth] instead of [batch, steps, depth].");
      break;
    default:
      break;
  }
}

void declare_axis(Schema<LayerSpec>& s, const std::string& join, const std::string& doc) {
  s.integer("axis", &LayerSpec::axis)
      .range(-kMostDimensions, kMostDimensions - 1)
      .doc("The dimension; negative ones count from behind.");
  s.boolean(join, &LayerSpec::joins_new_axis).def(false).doc(doc);
}

void declare_attributes_of_movement(Schema<LayerSpec>& s, OperatorKind kind, LayerForm form) {
  switch (kind) {
    case K::kPad:
      s.integers("before", &LayerSpec::pad_before).doc("Elements before each dimension.");
      s.integers("after", &LayerSpec::pad_after).doc("Elements behind each dimension.");
      s.integer("value", &LayerSpec::pad_value).doc("Stored; by default the zero point.");
      break;
    case K::kConcatenate:
      declare_axis(s, "stack", "Each input is one index of a new dimension.");
      break;
    case K::kSplit:
      declare_axis(s, "unstack", "Each output is one index and lacks the dimension.");
      s.integer("data_operand", &LayerSpec::data_operand)
          .range(0, 2)
          .def(0)
          .doc("Place of the data among the inputs.");
      break;
    case K::kSlice:
      for (const char* key : {"begin", "count", "step"}) {
        s.elsewhere(key, "One number per dimension.");
      }
      if (!form.outputs) {
        s.elsewhere("end", "One number per dimension, instead of count.");
        s.elsewhere("squeeze", "Dimensions of extent 1 that the output lacks.");
      }
      break;
    case K::kTranspose:
      s.integers("permutation", &LayerSpec::permutation)
          .doc("The input's dimension of each dimension of the output.");
      break;
    case K::kResizeNearest:
    case K::kResizeBilinear:
      s.boolean("align_corners", &LayerSpec::align_corners)
          .def(false)
          .doc("Corners of both images meet.");
      s.boolean("half_pixel_centers", &LayerSpec::half_pixel_centers)
          .def(false)
          .doc("Pixels lie at half-integer places.");
      break;
    default:
      break;
  }
}

void declare_attributes(Schema<LayerSpec>& s, OperatorKind kind, LayerForm form) {
  switch (kind) {
    case K::kSoftmax:
      s.real("beta", &LayerSpec::beta)
          .range(kSmallestFloat, kLargestFloat)
          .def(1.0)
          .doc("Factor of the inputs.");
      return;
    case K::kLeakyRelu:
      s.real("alpha", &LayerSpec::alpha)
          .range(0.0, kLargestFloat)
          .doc("Factor of negative inputs, such as 0.1.");
      return;
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
      s.elsewhere("axes", "The dimensions to reduce; negative ones count from behind.");
      return;
    default:
      declare_attributes_of_sums(s, kind);
      declare_attributes_of_movement(s, kind, form);
  }
}

/// Keys that the shapes of operands and outputs follow from.
void declare_shapes(Schema<LayerSpec>& s, OperatorKind kind, LayerForm form) {
  const bool filtered = kind == K::kConv2d || kind == K::kTransposeConv2d;
  if (filtered && !form.operands) {
    declare_extent(s, "filters", &LayerSpec::filters, "Output channels.");
  }
  if ((kind == K::kFullyConnected || kind == K::kSvdf || kind == K::kLstm) && !form.operands) {
    declare_extent(s, "units", &LayerSpec::units, "Outputs per row.");
  }
  if (kind == K::kSvdf && !form.operands) {
    declare_extent(s, "memory", &LayerSpec::memory, "Steps that each filter remembers.");
  }
  if (kind == K::kReshape && !form.outputs) {
    s.elsewhere("shape", "Extents of the output.");
  }
  const bool resizes = kind == K::kResizeNearest || kind == K::kResizeBilinear;
  if ((resizes && !(form.outputs && form.operands)) ||
      (kind == K::kTransposeConv2d && !form.outputs)) {
    s.elsewhere("size", "Height and width of the output.");
  }
  if (kind == K::kSplit && !form.outputs) {
    s.integer("parts", &LayerSpec::parts).range(1, kLargestExtent).doc("Number of equal outputs.");
    s.elsewhere("sizes", "Extents of the outputs along the axis.");
  }
  if ((kind == K::kMean || kind == K::kSum || kind == K::kReduceMax) && !form.outputs) {
    s.boolean("keep_dimensions", &LayerSpec::keep_dimensions)
        .def(false)
        .doc("Whether reduced dimensions stay, with extent 1.");
  }
}

/// Kinds whose outputs may have a scale of their own.
bool scales_output(OperatorKind kind) {
  switch (kind) {
    case K::kAdd:
    case K::kSub:
    case K::kMul:
    case K::kBatchMatmul:
    case K::kRelu:
    case K::kLeakyRelu:
    case K::kHardSwish:
    case K::kQuantize:
    case K::kMean:
    case K::kSum:
    case K::kSvdf:
    case K::kLstm:
      return true;
    default:
      return is_weighted(kind);
  }
}

void declare_made(Schema<LayerSpec>& s, OperatorKind kind, LayerForm form) {
  declare_shapes(s, kind, form);
  if (is_weighted(kind) && !form.operands) {
    declare_weights(s);
  }
  if ((kind == K::kSvdf || kind == K::kLstm) && !form.operands) {
    declare_weights_type(s);
  }
  if (kind == K::kSvdf && !form.operands) {
    s.boolean("bias", &LayerSpec::bias).def(true).doc("Whether the layer has a bias.");
    add_types(s.choice("state_type", &LayerSpec::state_type, {}), {ElementType::kInt16})
        .def(ElementType::kInt8)
        .doc("Stored type of the state and of the weights of time.");
  }
}

void declare_output(Schema<LayerSpec>& s, OperatorKind kind) {
  if (kind == K::kSoftmax || kind == K::kQuantize || scales_output(kind)) {
    Parameter& type =
        add_types(s.choice("output_type", &LayerSpec::output_type, {}), {ElementType::kInt16});
    if (kind == K::kQuantize) {
      type.add_choice("int32", static_cast<std::int64_t>(ElementType::kInt32));
    }
    type.doc("Stored type of the outputs.");
  }
  if (scales_output(kind)) {
    s.real("output_scale", &LayerSpec::output_scale)
        .range(kSmallestScale, kLargestScale)
        .doc("Real value of one step of the stored outputs.");
    s.integer("output_zero_point", &LayerSpec::output_zero_point)
        .range(-32768, 32767)
        .doc("Stored output that means 0.");
  }
}

bool has_activation(OperatorKind kind) {
  return is_weighted(kind) || is_pool(kind) || kind == K::kAdd || kind == K::kSub ||
         kind == K::kMul || kind == K::kRelu || kind == K::kSvdf;
}

}  // namespace

bool is_pool(OperatorKind kind) { return kind == K::kAveragePool2d || kind == K::kMaxPool2d; }
bool is_conv(OperatorKind kind) {
  return kind == K::kConv2d || kind == K::kDepthwiseConv2d || kind == K::kTransposeConv2d;
}
bool is_weighted(OperatorKind kind) { return is_conv(kind) || kind == K::kFullyConnected; }
bool has_window(OperatorKind kind) { return is_conv(kind) || is_pool(kind); }

OperandCount operand_count(OperatorKind kind) {
  switch (kind) {
    case K::kConv2d:
    case K::kDepthwiseConv2d:
    case K::kFullyConnected:
    case K::kPad:
      return {1, 2, 3};
    case K::kTransposeConv2d:
    case K::kSlice:
      return {1, 3, 4};
    case K::kMean:
    case K::kSum:
    case K::kReduceMax:
    case K::kTranspose:
    case K::kResizeNearest:
    case K::kResizeBilinear:
      return {1, 2, 2};
    case K::kReshape:
      return {1, 1, 2};
    case K::kSplit:
      return {1, 1, 3};
    case K::kSvdf:
      return {1, 5, 5};
    case K::kLstm:
      return {1, 20, kAny};
    case K::kAdd:
    case K::kSub:
    case K::kMul:
    case K::kMaximum:
    case K::kMinimum:
    case K::kBatchMatmul:
      return {0, 2, 2};
    case K::kConcatenate:
      return {0, 1, kAny};
    default:
      return {0, 1, 1};
  }
}

std::string operand_count_fault(OperatorKind kind, std::size_t given) {
  const OperandCount count = operand_count(kind);
  if (given == count.made || (given >= count.least && given <= count.most)) {
    return "";
  }
  const std::string range = count.least == count.most ? fmt::format("{}", count.least)
                            : count.most == kAny      ? fmt::format("{} or more", count.least)
                                                 : fmt::format("{} to {}", count.least, count.most);
  return count.made == 0 || count.made == count.least
             ? fmt::format("{} takes {} inputs, {} given", operator_name(kind), range, given)
             : fmt::format("{} takes {} input, or {} that are all its operands, {} given",
                           operator_name(kind), count.made, range, given);
}

Parameter& add_types(Parameter& parameter, std::initializer_list<ElementType> more) {
  for (int bits = 2; bits <= 8; ++bits) {
    const ElementType type = integer_type(bits);
    parameter.add_choice(element_name(type), static_cast<std::int64_t>(type));
  }
  for (const ElementType type : more) {
    parameter.add_choice(element_name(type), static_cast<std::int64_t>(type));
  }
  return parameter;
}

Schema<LayerSpec> layer_schema(OperatorKind kind, LayerForm form) {
  Schema<LayerSpec> s{operator_name(kind), "One layer of a layer trace."};
  s.elsewhere("kind", "The operator.");
  s.text("name", &LayerSpec::name).doc("Name of the layer and of its output.");
  s.elsewhere("inputs", "Names of tensors, of inputs or of earlier layers.");
  s.elsewhere("outputs", "Names of the outputs.");
  s.elsewhere("states", "Names of the states that the operator keeps.");
  if (has_window(kind)) {
    declare_window(s, kind);
  }
  declare_attributes(s, kind, form);
  declare_made(s, kind, form);
  if (!form.outputs) {
    declare_output(s, kind);
  }
  if (has_activation(kind)) {
    declare_activation(s, kind == K::kRelu ? Activation::kRelu : Activation::kNone);
  }
  return s;
}

}  // namespace milliwatt::workloads
