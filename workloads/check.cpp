// SPDX-License-Identifier: Apache-2.0
#include "workloads/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/error.h"

namespace milliwatt::workloads {

namespace {

bool shape_fits(const Tensor& tensor) {
  std::int64_t elements = 1;
  for (const std::int32_t extent : tensor.shape) {
    if (extent < 1 || elements > kMaximumTensorBytes / extent) {
      return false;
    }
    elements *= extent;
  }
  return tensor.bytes() <= kMaximumTensorBytes;
}

bool zero_point_fits(ElementType type, std::int32_t zero_point) {
  switch (type) {
    case ElementType::kUint8:
      return zero_point >= 0 && zero_point <= 255;
    case ElementType::kInt32:
    case ElementType::kInt64:
    case ElementType::kFloat32:
    case ElementType::kBool:
      return true;
    default: {
      const std::int32_t end = 1 << (element_bits(type) - 1);
      return zero_point >= -end && zero_point < end;
    }
  }
}

void check_values(const Tensor& tensor, std::vector<std::string>& found) {
  const Quantization& q = tensor.quantization;
  for (const float scale : q.scales) {
    if (!std::isfinite(scale) || scale <= 0.0F) {
      found.push_back(
          fmt::format("tensor '{}': scale {} is not a positive number", tensor.name, scale));
      break;
    }
  }
  for (const std::int32_t zero_point : q.zero_points) {
    if (!zero_point_fits(tensor.type, zero_point)) {
      found.push_back(fmt::format("tensor '{}': zero point {} does not fit {}", tensor.name,
                                  zero_point, element_name(tensor.type)));
      break;
    }
  }
}

void check_quantization(const Tensor& tensor, std::vector<std::string>& found) {
  const Quantization& q = tensor.quantization;
  if (q.scales.size() != q.zero_points.size()) {
    found.push_back(fmt::format("tensor '{}': {} scales but {} zero points", tensor.name,
                                q.scales.size(), q.zero_points.size()));
  }
  if (q.per_channel()) {
    const auto rank = static_cast<std::int32_t>(tensor.shape.size());
    const bool axis_exists = q.dimension >= 0 && q.dimension < rank;
    const std::size_t axis = axis_exists ? static_cast<std::size_t>(q.dimension) : 0;
    if (!axis_exists || static_cast<std::size_t>(tensor.shape[axis]) != q.scales.size()) {
      found.push_back(fmt::format("tensor '{}': {} scales along dimension {} of shape [{}]",
                                  tensor.name, q.scales.size(), q.dimension,
                                  fmt::join(tensor.shape, ", ")));
    }
  }
  check_values(tensor, found);
}

/// Follows the operators in order and knows which tensors hold a value.
class OrderCheck {
 public:
  explicit OrderCheck(const Graph& graph) : graph_{graph}, holds_value_(graph.tensors.size()) {
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      const TensorRole role = graph.tensors[i].role;
      holds_value_[i] = role != TensorRole::kActivation;
    }
  }

  std::vector<std::string> run() {
    check_inputs();
    for (const Operator& op : graph_.operators) {
      check_operator(op);
    }
    for (const TensorId id : graph_.outputs) {
      check_read("the network's output list", id);
    }
    if (graph_.operators.empty() || graph_.outputs.empty()) {
      found_.emplace_back("the network has no operators or no outputs");
    }
    return found_;
  }

 private:
  bool exists(TensorId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < graph_.tensors.size();
  }

  void check_inputs() {
    for (const TensorId id : graph_.inputs) {
      if (!exists(id)) {
        found_.push_back(fmt::format("the network's input list names tensor {}", id));
      } else if (graph_.tensor(id).role != TensorRole::kInput) {
        found_.push_back(
            fmt::format("tensor '{}' is an input and a constant", graph_.tensor(id).name));
      }
    }
  }

  void check_operator(const Operator& op) {
    const std::size_t before = found_.size();
    for (const TensorId id : op.reads()) {
      check_read(op.name, id);
    }
    for (const TensorId id : op.outputs) {
      check_write(op.name, id);
    }
    if (found_.size() == before) {
      const auto more = faults(graph_, op);
      found_.insert(found_.end(), more.begin(), more.end());
    }
  }

  void check_read(const std::string& reader, TensorId id) {
    if (!exists(id)) {
      found_.push_back(fmt::format("{} reads tensor {}, which does not exist", reader, id));
    } else if (!holds_value_[static_cast<std::size_t>(id)]) {
      found_.push_back(fmt::format("{} reads tensor '{}' before any operator has written it",
                                   reader, graph_.tensor(id).name));
    }
  }

  void check_write(const std::string& writer, TensorId id) {
    if (!exists(id)) {
      found_.push_back(fmt::format("{} writes tensor {}, which does not exist", writer, id));
      return;
    }
    if (holds_value_[static_cast<std::size_t>(id)]) {
      found_.push_back(fmt::format("{} writes tensor '{}', which already holds a value", writer,
                                   graph_.tensor(id).name));
    }
    holds_value_[static_cast<std::size_t>(id)] = true;
  }

  const Graph& graph_;
  std::vector<bool> holds_value_;
  std::vector<std::string> found_;
};

/// Tensors that an operator or the network's interface names.
std::vector<bool> used_tensors(const Graph& graph) {
  std::vector<bool> used(graph.tensors.size(), false);
  const auto use = [&](const std::vector<TensorId>& ids) {
    for (const TensorId id : ids) {
      if (id >= 0 && static_cast<std::size_t>(id) < used.size()) {
        used[static_cast<std::size_t>(id)] = true;
      }
    }
  };
  use(graph.inputs);
  use(graph.outputs);
  for (const Operator& op : graph.operators) {
    use(op.reads());
    use(op.writes());
  }
  return used;
}

/// Converters leave empty tensors behind, with scales for what goes on inside an LSTM.
bool is_empty(const Tensor& tensor) { return tensor.shape == std::vector<std::int32_t>{0}; }

}  // namespace

std::vector<std::string> faults(const Tensor& tensor) {
  std::vector<std::string> found;
  if (!shape_fits(tensor)) {
    found.push_back(
        fmt::format("tensor '{}': shape [{}] has an extent below 1 or takes more than {} bytes",
                    tensor.name, fmt::join(tensor.shape, ", "), kMaximumTensorBytes));
    return found;
  }
  const auto data_bytes = static_cast<std::int64_t>(tensor.data.size());
  if (tensor.role == TensorRole::kConstant && data_bytes != tensor.bytes()) {
    found.push_back(fmt::format("tensor '{}': {} [{}] takes {} bytes, its buffer has {}",
                                tensor.name, element_name(tensor.type),
                                fmt::join(tensor.shape, ", "), tensor.bytes(), data_bytes));
  }
  check_quantization(tensor, found);
  return found;
}

void check_graph(const Graph& graph) {
  std::vector<std::string> found;
  const std::vector<bool> used = used_tensors(graph);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (used[i] || !is_empty(graph.tensors[i])) {
      const auto more = faults(graph.tensors[i]);
      found.insert(found.end(), more.begin(), more.end());
    }
  }
  if (found.empty()) {
    found = OrderCheck(graph).run();
  }
  if (found.empty()) {
    return;
  }
  for (std::string& message : found) {
    message = fmt::format("{}: {}", graph.name, message);
  }
  throw base::UserError(std::move(found));
}

}  // namespace milliwatt::workloads
