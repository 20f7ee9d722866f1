// SPDX-License-Identifier: Apache-2.0
#include "mcu/kernel_lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "workloads/quantization.h"

namespace milliwatt::mcu {

namespace {

using workloads::ElementType;
using workloads::OperatorKind;
using workloads::Tensor;

/// Lowers one operator; one function per kernel.
class Lowering {
 public:
  Lowering(const workloads::Graph& graph, const workloads::Operator& op) : graph_{graph}, op_{op} {
    mw_conv_geometry& g = args_.geometry;
    g.batch = g.input_h = g.input_w = g.input_c = g.output_h = g.output_w = g.output_c = 1;
    g.kernel_h = g.kernel_w = g.stride_h = g.stride_w = g.dilation_h = g.dilation_w = 1;
    args_.groups = args_.depth_multiplier = 1;
    args_.weight_bits = args_.output_bits = 8;
  }

  LoweredKernel run() {
    switch (op_.kind) {
      case OperatorKind::kConv2d:
        conv();
        break;
      case OperatorKind::kDepthwiseConv2d:
        depthwise();
        break;
      case OperatorKind::kFullyConnected:
        fully_connected();
        break;
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        pool();
        break;
      case OperatorKind::kAdd:
        add();
        break;
      case OperatorKind::kSoftmax:
        softmax();
        break;
      case OperatorKind::kReshape:
        args_.kernel = MW_KERNEL_COPY;
        args_.bytes_copied = static_cast<std::uint32_t>(output().bytes());
        break;
    }
    return {args_, std::move(parameters_)};
  }

 private:
  const Tensor& input(std::size_t i) const { return graph_.tensor(op_.inputs.at(i)); }
  const Tensor& output() const { return graph_.tensor(op_.outputs.at(0)); }

  void images(const workloads::Window& window) {
    mw_conv_geometry& g = args_.geometry;
    const auto& in = input(0).shape;
    const auto& out = output().shape;
    g = {in[0],
         in[1],
         in[2],
         in[3],
         out[1],
         out[2],
         out[3],
         window.kernel_h,
         window.kernel_w,
         window.stride_h,
         window.stride_w,
         window.dilation_h,
         window.dilation_w,
         window.pad_top,
         window.pad_left};
  }

  void conv() {
    const auto& attributes = std::get<workloads::Conv2d>(op_.attributes);
    args_.kernel = MW_KERNEL_CONV;
    args_.groups = attributes.groups;
    images(attributes.window);
    weighted();
  }

  void depthwise() {
    const auto& attributes = std::get<workloads::DepthwiseConv2d>(op_.attributes);
    args_.kernel = MW_KERNEL_DEPTHWISE;
    args_.depth_multiplier = attributes.multiplier;
    images(attributes.window);
    weighted();
  }

  void fully_connected() {
    const auto& filter = input(1).shape;
    args_.kernel = MW_KERNEL_FULLY_CONNECTED;
    args_.geometry.output_c = filter[0];
    args_.geometry.input_c = filter[1];
    args_.geometry.batch = static_cast<std::int32_t>(input(0).elements() / filter[1]);
    weighted();
  }

  void weighted() {
    const workloads::OutputStage stage = workloads::output_stage(graph_, op_);
    args_.weight_bits = workloads::element_bits(input(1).type);
    args_.input_zero_point = stage.input_zero_point;
    args_.output_zero_point = stage.output_zero_point;
    clamp(stage.clamp);
    for (const workloads::Multiplier& m : stage.multipliers) {
      parameters_.push_back({0, m.mantissa, m.exponent});
    }
    if (op_.inputs.size() > 2 && op_.inputs[2] != workloads::kNoTensor) {
      for (std::size_t channel = 0; channel < parameters_.size(); ++channel) {
        std::memcpy(&parameters_[channel].bias, &input(2).data.at(4 * channel), 4);
      }
    }
  }

  void clamp(const workloads::Clamp& bounds) {
    args_.clamp_low = bounds.low;
    args_.clamp_high = bounds.high;
  }

  void pool() {
    const auto& attributes = std::get<workloads::Pool2d>(op_.attributes);
    args_.kernel =
        op_.kind == OperatorKind::kAveragePool2d ? MW_KERNEL_AVERAGE_POOL : MW_KERNEL_MAX_POOL;
    images(attributes.window);
    clamp(workloads::activation_clamp(attributes.activation, output()));
  }

  /// Trailing dimensions align; the host broadcasts over four.
  static void dims(const Tensor& tensor, std::int32_t (&to)[4]) {
    std::fill_n(to, 4, 1);
    std::copy_backward(tensor.shape.begin(), tensor.shape.end(), to + 4);
  }

  void add() {
    const workloads::AddParameters p = workloads::add_parameters(graph_, op_);
    args_.kernel = MW_KERNEL_ADD;
    dims(input(0), args_.dims_a);
    dims(input(1), args_.dims_b);
    dims(output(), args_.dims_output);
    args_.add_left_shift = p.left_shift;
    args_.add_zero_point_a = p.zero_point_a;
    args_.add_zero_point_b = p.zero_point_b;
    args_.output_zero_point = p.output_zero_point;
    args_.add_multiplier_a = p.multiplier_a.mantissa;
    args_.add_exponent_a = p.multiplier_a.exponent;
    args_.add_multiplier_b = p.multiplier_b.mantissa;
    args_.add_exponent_b = p.multiplier_b.exponent;
    args_.add_multiplier = p.multiplier_output.mantissa;
    args_.add_exponent = p.multiplier_output.exponent;
    clamp(p.clamp);
  }

  void softmax() {
    const workloads::SoftmaxParameters p = workloads::softmax_parameters(graph_, op_);
    args_.kernel = MW_KERNEL_SOFTMAX;
    args_.geometry.input_c = input(0).shape.back();
    args_.geometry.batch = static_cast<std::int32_t>(input(0).elements() / args_.geometry.input_c);
    args_.softmax_multiplier = p.multiplier.mantissa;
    args_.softmax_exponent = p.multiplier.exponent;
    args_.softmax_difference_minimum = p.difference_minimum;
    args_.output_bits = workloads::element_bits(output().type);
  }

  const workloads::Graph& graph_;
  const workloads::Operator& op_;
  mw_kernel_args args_{};
  std::vector<mw_channel_parameters> parameters_;
};

}  // namespace

std::string unsupported_by_host(const workloads::Graph& graph, const workloads::Operator& op) {
  if (op.kind == OperatorKind::kReshape) {
    return {};
  }
  const Tensor& input = graph.tensor(op.inputs.at(0));
  if (input.type != ElementType::kInt8) {
    return fmt::format("{} on {} activations", workloads::operator_name(op.kind),
                       workloads::element_name(input.type));
  }
  if (op.kind == OperatorKind::kAdd && graph.tensor(op.outputs.at(0)).shape.size() > 4) {
    return "an addition over more than four dimensions";
  }
  return {};
}

LoweredKernel lower_kernel(const workloads::Graph& graph, const workloads::Operator& op) {
  const std::string fault = unsupported_by_host(graph, op);
  if (!fault.empty()) {
    throw base::InternalError(op.name + ": the host does not support " + fault);
  }
  return Lowering(graph, op).run();
}

}  // namespace milliwatt::mcu
