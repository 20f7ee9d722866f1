// SPDX-License-Identifier: Apache-2.0
#include "dataflows/host_task.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dataflows/host_kernels.h"
#include "workloads/geometry.h"

namespace milliwatt::dataflows {
namespace {

using workloads::ElementType;
using workloads::kNoTensor;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;

/// How the host runs a kind: which elements its kernel takes, why it refuses what (none: never),
/// and the call.
struct HostKernel {
  enum class Elements : std::uint8_t { kIntegers, kAny };
  OperatorKind kind;
  Elements elements;
  std::optional<std::string> (*refused)(const Graph&, const Operator&);
  HostCall (*call)(const Graph&, const Operator&);
};

constexpr auto kIntegers = HostKernel::Elements::kIntegers;
constexpr auto kAny = HostKernel::Elements::kAny;

constexpr HostKernel kKernels[] = {
    {OperatorKind::kConv2d, kIntegers, weighted_refused, weighted_call},
    {OperatorKind::kDepthwiseConv2d, kIntegers, weighted_refused, weighted_call},
    {OperatorKind::kFullyConnected, kIntegers, weighted_refused, weighted_call},
    {OperatorKind::kAveragePool2d, kIntegers, nullptr, pool_call},
    {OperatorKind::kMaxPool2d, kIntegers, nullptr, pool_call},
    {OperatorKind::kAdd, kIntegers, broadcast_refused, addition_call},
    {OperatorKind::kSub, kIntegers, broadcast_refused, addition_call},
    {OperatorKind::kSoftmax, kIntegers, nullptr, softmax_call},
    {OperatorKind::kMul, kIntegers, broadcast_refused, product_call},
    {OperatorKind::kMaximum, kIntegers, broadcast_refused, extremum_call},
    {OperatorKind::kMinimum, kIntegers, broadcast_refused, extremum_call},
    {OperatorKind::kRelu, kIntegers, nullptr, rescale_call},
    {OperatorKind::kQuantize, kAny, nullptr, quantize_call},
    {OperatorKind::kLeakyRelu, kIntegers, nullptr, leaky_relu_call},
    {OperatorKind::kHardSwish, kIntegers, nullptr, hard_swish_call},
    {OperatorKind::kLogistic, kIntegers, nullptr, sigmoid_call},
    {OperatorKind::kTanh, kIntegers, nullptr, sigmoid_call},
    {OperatorKind::kReshape, kAny, nullptr, copy_call},
    {OperatorKind::kPad, kAny, movement_refused, movement_call},
    {OperatorKind::kConcatenate, kAny, movement_refused, movement_call},
    {OperatorKind::kSlice, kAny, movement_refused, movement_call},
    {OperatorKind::kSplit, kAny, movement_refused, movement_call},
    {OperatorKind::kTranspose, kAny, movement_refused, movement_call},
    {OperatorKind::kTransposeConv2d, kIntegers, transpose_conv_refused, transpose_conv_call},
    {OperatorKind::kBatchMatmul, kIntegers, matmul_refused, matmul_call},
    {OperatorKind::kMean, kIntegers, reduce_refused, reduce_call},
    {OperatorKind::kSum, kIntegers, reduce_refused, reduce_call},
    {OperatorKind::kReduceMax, kIntegers, reduce_refused, reduce_call},
    {OperatorKind::kResizeNearest, kAny, resize_refused, resize_call},
    {OperatorKind::kResizeBilinear, kIntegers, nullptr, resize_call},
    {OperatorKind::kDequantize, kAny, nullptr, dequantize_call},
    {OperatorKind::kLogSoftmax, kAny, nullptr, log_softmax_call},
    {OperatorKind::kSvdf, kIntegers, nullptr, svdf_call},
    {OperatorKind::kLstm, kIntegers, lstm_refused, lstm_call},
};

const HostKernel* kernel_of(OperatorKind kind) {
  for (const HostKernel& kernel : kKernels) {
    if (kernel.kind == kind) {
      return &kernel;
    }
  }
  return nullptr;
}

class HostTask : public EngineTask {
 public:
  explicit HostTask(HostCall call) : call_{std::move(call)} {}

  const std::vector<PackedConstant>& constants() const override { return call_.constants; }
  std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                       std::uint16_t layer) const override {
    return call_.record(places, layer);
  }
  std::string mapping() const override { return "software kernel"; }

 private:
  HostCall call_;
};

/// Integers of 2 to 8 or 16 bits.
bool is_narrow(const Tensor& tensor) { return tensor.type <= ElementType::kInt16; }

std::optional<std::string> elements_refused(const Graph& graph, const Operator& op) {
  for (const TensorId id : data_inputs(op)) {
    if (!is_narrow(graph.tensor(id))) {
      return fmt::format("its input is {}", workloads::element_name(graph.tensor(id).type));
    }
  }
  for (const TensorId id : op.outputs) {
    if (!is_narrow(graph.tensor(id))) {
      return fmt::format("its output is {}", workloads::element_name(graph.tensor(id).type));
    }
  }
  return std::nullopt;
}

/// Operands that are larger than the kernels take, one by one or together.
std::optional<std::string> size_refused(const Graph& graph, const Operator& op) {
  std::int64_t total = 0;
  for (const auto* ids : {&op.inputs, &op.outputs, &op.states}) {
    for (const TensorId id : *ids) {
      if (id == kNoTensor) {
        continue;
      }
      const Tensor& tensor = graph.tensor(id);
      const std::int64_t size = std::max(tensor.bytes(), tensor.elements());
      if (size > MW_KERNEL_MOST_OPERAND_BYTES) {
        return fmt::format("'{}' has {} {}, a kernel takes operands of {}", tensor.name, size,
                           size == tensor.bytes() ? "bytes" : "elements",
                           static_cast<int>(MW_KERNEL_MOST_OPERAND_BYTES));
      }
      total += size;
    }
  }
  if (total > MW_KERNEL_MOST_TOTAL_BYTES) {
    return fmt::format("its operands have {} bytes together, a kernel takes {}", total,
                       static_cast<int>(MW_KERNEL_MOST_TOTAL_BYTES));
  }
  return std::nullopt;
}

std::optional<std::string> work_refused(const Graph& graph, const Operator& op) {
  const bool pool = std::holds_alternative<workloads::Pool2d>(op.attributes);
  const workloads::Window none;
  const workloads::Window* window = workloads::window_of(op);
  window = window == nullptr ? &none : window;
  const std::int64_t taps = std::int64_t{window->kernel_h} * window->kernel_w;
  if ((pool || op.kind == OperatorKind::kDepthwiseConv2d) && taps > MW_KERNEL_MOST_TAPS) {
    return fmt::format("its window of {} x {} has more than {} taps", window->kernel_h,
                       window->kernel_w, static_cast<int>(MW_KERNEL_MOST_TAPS));
  }
  const std::int64_t steps =
      pool ? graph.tensor(op.outputs[0]).elements() * taps : workloads::macs(graph, op);
  if (steps > std::int64_t{1} << MW_KERNEL_MOST_STEPS_LOG2) {
    return fmt::format("its {} steps are more than the 2^{} of one call", steps,
                       static_cast<int>(MW_KERNEL_MOST_STEPS_LOG2));
  }
  return std::nullopt;
}

}  // namespace

std::vector<TensorId> data_inputs(const Operator& op) {
  switch (op.kind) {
    case OperatorKind::kAdd:
    case OperatorKind::kSub:
    case OperatorKind::kMul:
    case OperatorKind::kMaximum:
    case OperatorKind::kMinimum:
    case OperatorKind::kBatchMatmul:
      return {op.inputs.at(0), op.inputs.at(1)};
    case OperatorKind::kConcatenate:
      return op.inputs;
    default:
      return {op.inputs.at(workloads::data_operand(op))};
  }
}

std::optional<std::string> host_refuses(const Graph& graph, const Operator& op) {
  const HostKernel* kernel = kernel_of(op.kind);
  if (kernel == nullptr) {
    return fmt::format("{} has no host kernel", workloads::operator_name(op.kind));
  }
  std::optional<std::string> reason;
  if (kernel->elements == kIntegers) {
    reason = elements_refused(graph, op);
  }
  if (!reason && kernel->refused != nullptr) {
    reason = kernel->refused(graph, op);
  }
  if (!reason) {
    reason = size_refused(graph, op);
  }
  return reason ? reason : work_refused(graph, op);
}

std::unique_ptr<EngineTask> host_task(const Graph& graph, const Operator& op) {
  if (const std::optional<std::string> reason = host_refuses(graph, op)) {
    throw base::InternalError(op.name + ": the host cannot run it, " + *reason);
  }
  return std::make_unique<HostTask>(kernel_of(op.kind)->call(graph, op));
}

}  // namespace milliwatt::dataflows
