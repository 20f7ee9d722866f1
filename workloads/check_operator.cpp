// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "workloads/check.h"
#include "workloads/geometry.h"
#include "workloads/operator_rules.h"
#include "workloads/quantization.h"

namespace milliwatt::workloads {

namespace {

using Shape = std::vector<std::int32_t>;

/// Checks one operator; stops at the first group of rules that fails, because later rules rely on
/// earlier ones.
class OperatorCheck : public OperatorRules {
 public:
  using OperatorRules::OperatorRules;

  std::vector<std::string> run() {
    if (op_.kind > OperatorKind::kSoftmax) {
      check_further_kinds(*this);
    } else if (check_operand_count() && check_types() && check_scales()) {
      check_kind();
    }
    return found_;
  }

 private:
  bool weighted() const {
    return op_.kind == OperatorKind::kConv2d || op_.kind == OperatorKind::kDepthwiseConv2d ||
           op_.kind == OperatorKind::kFullyConnected;
  }

  bool check_operand_count() {
    const bool two = weighted() || op_.kind == OperatorKind::kAdd;
    const std::size_t least = two ? 2 : 1;
    const std::size_t most = weighted() ? 3 : (op_.kind == OperatorKind::kReshape ? 2 : least);
    return require_operands(least, most);
  }

  bool check_types() {
    if (op_.kind == OperatorKind::kReshape) {
      return require(input(0).type == output().type, "changes the element type");
    }
    const ElementType in = input(0).type;
    const ElementType out = output().type;
    return require(maps(in, out), "maps {} to {}, which {} does not support{}", element_name(in),
                   element_name(out), operator_name(op_.kind), what_helps(in, out)) &&
           (!weighted() || check_weight_types());
  }

  /// Pools copy the scale of their input; softmax has a fixed one; all others rescale.
  bool maps(ElementType in, ElementType out) const {
    switch (op_.kind) {
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return is_activation_type(in) && in == out;
      case OperatorKind::kSoftmax:
        return in == ElementType::kInt8 && is_whole_activation_type(out);
      default:
        return widths_mix(in, out);
    }
  }

  static const char* what_helps(ElementType in, ElementType out) {
    if (in == ElementType::kFloat32 || out == ElementType::kFloat32) {
      return "; convert the network to full integer quantization";
    }
    return is_activation_type(in) && is_activation_type(out)
               ? "; an operator quantize in between changes the type"
               : "";
  }

  bool check_weight_types() {
    const bool wide = input(0).type == ElementType::kInt16;
    const ElementType weights = input(1).type;
    require(is_narrow_type(weights), "has {} weights with {} activations", element_name(weights),
            element_name(input(0).type));
    require(input(1).role == TensorRole::kConstant, "has weights that are not constant");
    if (has_input(2)) {
      const ElementType bias = input(2).type;
      require(bias == ElementType::kInt32 || (bias == ElementType::kInt64 && wide),
              "has an {} bias", element_name(bias));
    }
    return found_.empty();
  }

  bool check_scales() {
    if (op_.kind == OperatorKind::kReshape) {
      return true;
    }
    check_single_scale(input(0));
    check_single_scale(output());
    if (op_.kind == OperatorKind::kAdd) {
      check_single_scale(input(1));
    }
    if (weighted()) {
      const auto& zeros = input(1).quantization.zero_points;
      require(!zeros.empty(), "has weights without a scale");
      require(std::all_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z == 0; }),
              "has weights with a zero point other than 0");
    }
    return found_.empty();
  }

  void check_kind() {
    switch (op_.kind) {
      case OperatorKind::kConv2d:
        return check_conv();
      case OperatorKind::kDepthwiseConv2d:
        return check_depthwise();
      case OperatorKind::kFullyConnected:
        return check_fully_connected();
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return check_pool();
      case OperatorKind::kAdd:
        return check_add();
      case OperatorKind::kReshape:
        require(input(0).elements() == output().elements(), "changes {} elements into {}",
                input(0).elements(), output().elements());
        return;
      case OperatorKind::kSoftmax:
        return check_softmax();
      default:
        return;
    }
  }

  bool check_axis(const WindowAxis& axis) {
    const auto in_range = [](std::int64_t x) { return x >= 1 && x <= kMaximumWindow; };
    const std::int64_t reach = effective_kernel(axis.kernel, axis.dilation);
    return require(in_range(axis.kernel) && in_range(axis.stride) && in_range(axis.dilation),
                   "needs kernel, stride and dilation from 1 to {}", kMaximumWindow) &&
           require(axis.pad_before >= 0 && axis.pad_after >= 0 && axis.pad_before < reach &&
                       axis.pad_after < reach,
                   "needs pads from 0 to {}, one less than the dilated kernel", reach - 1);
  }

  /// Output shape of a window over input 0 with `channels` outputs per position.
  void check_window(const Window& window, std::int32_t channels) {
    if (!check_axis(vertical(window)) || !check_axis(horizontal(window))) {
      return;
    }
    const Shape& in = input(0).shape;
    check_shape(output(), {in[0], static_cast<std::int32_t>(vertical(window).outputs(in[1])),
                           static_cast<std::int32_t>(horizontal(window).outputs(in[2])), channels});
  }

  void check_conv() {
    if (!check_rank4(input(0)) || !check_rank4(input(1)) || !check_rank4(output())) {
      return;
    }
    const auto& conv = std::get<Conv2d>(op_.attributes);
    const std::int32_t channels = input(1).shape[0];
    const std::int32_t depth = input(0).shape[3];
    if (!require(conv.groups >= 1 && depth % conv.groups == 0 && channels % conv.groups == 0,
                 "cannot split {} input and {} output channels into {} groups", depth, channels,
                 conv.groups)) {
      return;
    }
    check_shape(input(1),
                {channels, conv.window.kernel_h, conv.window.kernel_w, depth / conv.groups});
    check_window(conv.window, channels);
    check_channels(channels, 0, 2);
  }

  void check_depthwise() {
    if (!check_rank4(input(0)) || !check_rank4(input(1)) || !check_rank4(output())) {
      return;
    }
    const auto& conv = std::get<DepthwiseConv2d>(op_.attributes);
    const std::int64_t channels = std::int64_t{input(0).shape[3]} * conv.multiplier;
    if (require(conv.multiplier >= 1 && channels == input(1).shape[3],
                "has {} filters for {} channels x multiplier {}", input(1).shape[3],
                input(0).shape[3], conv.multiplier)) {
      check_shape(input(1), {1, conv.window.kernel_h, conv.window.kernel_w, input(1).shape[3]});
      check_window(conv.window, input(1).shape[3]);
      check_channels(input(1).shape[3], 3, 2);
    }
  }

  void check_fully_connected() {
    if (!require(input(1).shape.size() == 2, "expects 2 dimensions of '{}'", input(1).name)) {
      return;
    }
    const std::int32_t units = input(1).shape[0];
    const std::int32_t depth = input(1).shape[1];
    const std::int64_t elements = input(0).elements();
    const Shape& out = output().shape;
    if (require(elements % depth == 0, "cannot cut {} input elements into rows of {}", elements,
                depth)) {
      require(
          !out.empty() && out.back() == units && output().elements() / units == elements / depth,
          "expects {} rows of {} outputs, but '{}' has shape [{}]", elements / depth, units,
          output().name, fmt::join(out, ", "));
      check_channels(units, 0, 2);
    }
  }

  void check_pool() {
    if (!check_rank4(input(0)) || !check_rank4(output())) {
      return;
    }
    const auto& pool = std::get<Pool2d>(op_.attributes);
    const Quantization& in = input(0).quantization;
    const Quantization& out = output().quantization;
    require(in.scales == out.scales && in.zero_points == out.zero_points,
            "has different scales or zero points on both sides");
    require(pool.window.dilation_h == 1 && pool.window.dilation_w == 1, "is dilated");
    check_window(pool.window, input(0).shape[3]);
  }

  void check_add() {
    if (require(widths_mix(input(0).type, input(1).type), "adds {} and {}",
                element_name(input(0).type), element_name(input(1).type)) &&
        check_broadcast()) {
      require(add_parameters(graph_, op_).multiplier_output.exponent <= 0,
              "has an output scale far below its input scales");
    }
  }

  void check_softmax() {
    const Shape& in = input(0).shape;
    check_shape(output(), in);
    require(!in.empty() && in.back() <= kMaximumSoftmaxDepth, "needs rows of 1 to {} elements",
            kMaximumSoftmaxDepth);
    const bool wide = output().type == ElementType::kInt16;
    const float scale = wide ? 1.0F / 65536.0F : 1.0F / 256.0F;
    // Converters write 1 / 65535 and the like for 16 bits, which the kernel takes as 1 / 65536.
    const float tolerance = wide ? scale / 1000.0F : 0.0F;
    const Quantization& q = output().quantization;
    require(std::abs(q.scales[0] - scale) <= tolerance && q.zero_point() == (wide ? -32768 : -128),
            "needs the output scale {} and the lowest output as zero point", scale);
    const auto beta = std::get<Softmax>(op_.attributes).beta;
    require(beta > 0.0F && softmax_parameters(graph_, op_).multiplier.exponent >= 0,
            "has beta x input scale that is not positive or below 2^-27");
  }
};

}  // namespace

std::vector<std::string> faults(const Graph& graph, const Operator& op) {
  return OperatorCheck(graph, op).run();
}

}  // namespace milliwatt::workloads
