// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "dataflows/plan.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::Tensor;
using workloads::TensorId;
using workloads::TensorRole;

std::uint64_t align(std::uint64_t bytes) {
  return (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
}

/// For each tensor the one whose bytes it shares: itself, or the input of the reshape behind it.
std::vector<TensorId> roots(const Graph& graph) {
  std::vector<TensorId> root(graph.tensors.size());
  std::iota(root.begin(), root.end(), 0);
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::kReshape &&
        graph.tensor(op.inputs[0]).role != TensorRole::kConstant) {
      root[static_cast<std::size_t>(op.outputs[0])] = root[static_cast<std::size_t>(op.inputs[0])];
    }
  }
  return root;
}

/// Widens the lifetime of each root by every use of its aliases.
void set_lifetimes(const Graph& graph, const std::vector<TensorId>& root, Plan& plan) {
  const int end = static_cast<int>(graph.operators.size());
  for (PlannedTensor& tensor : plan.tensors) {
    tensor.first_use = end;
    tensor.last_use = -1;
  }
  const auto use = [&](TensorId id, int when) {
    PlannedTensor& t = plan.tensors[static_cast<std::size_t>(root[static_cast<std::size_t>(id)])];
    t.first_use = std::min(t.first_use, when);
    t.last_use = std::max(t.last_use, when);
  };
  for (int i = 0; i < end; ++i) {
    const Operator& op = graph.operators[static_cast<std::size_t>(i)];
    for (const TensorId id : op.reads()) {
      use(id, i);
    }
    for (const TensorId id : op.writes()) {
      use(id, i);
    }
  }
  for (const TensorId id : graph.inputs) {
    use(id, -1);
  }
  for (const TensorId id : graph.outputs) {
    use(id, end);
  }
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    if (graph.tensors[id].role == TensorRole::kState) {
      use(static_cast<TensorId>(id), -1);
      use(static_cast<TensorId>(id), end);
    }
  }
}

/// Tensors with a place of their own, largest first.
std::vector<std::size_t> placement_order(const Graph& graph, const std::vector<TensorId>& root,
                                         const Plan& plan) {
  std::vector<std::size_t> order;
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    const bool lives = plan.tensors[id].last_use >= plan.tensors[id].first_use;
    if (graph.tensors[id].role != TensorRole::kConstant && lives &&
        root[id] == static_cast<TensorId>(id)) {
      order.push_back(id);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return plan.tensors[a].bytes > plan.tensors[b].bytes;
  });
  return order;
}

/// First-fit placement of lifetimes in one region.
class Arena {
 public:
  explicit Arena(std::uint64_t size) : size_{size} {}

  std::optional<std::uint32_t> place(const PlannedTensor& tensor) {
    const std::uint64_t bytes = align(static_cast<std::uint64_t>(tensor.bytes));
    std::uint64_t offset = 0;
    for (const Block& block : blocks_) {  // by offset
      const bool at_once = block.first <= tensor.last_use && tensor.first_use <= block.last;
      if (at_once && block.offset < offset + bytes) {
        offset = std::max(offset, block.offset + block.bytes);
      }
    }
    if (offset + bytes > size_) {
      return std::nullopt;
    }
    const Block block{offset, bytes, tensor.first_use, tensor.last_use};
    blocks_.insert(
        std::upper_bound(blocks_.begin(), blocks_.end(), block,
                         [](const Block& a, const Block& b) { return a.offset < b.offset; }),
        block);
    used_ = std::max(used_, offset + bytes);
    return static_cast<std::uint32_t>(offset);
  }
  std::uint64_t used() const { return used_; }

 private:
  struct Block {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    int first = 0;
    int last = 0;
  };

  std::uint64_t size_;
  std::uint64_t used_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace

void plan_memory(const Graph& graph, const PlatformView& platform, Plan& plan) {
  const std::vector<TensorId> root = roots(graph);
  plan.tensors.assign(graph.tensors.size(), {});
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    plan.tensors[id].bytes = graph.tensors[id].bytes();
  }
  set_lifetimes(graph, root, plan);
  Arena sram{platform.sram_bytes};
  Arena external{platform.external_bytes};
  for (const std::size_t id : placement_order(graph, root, plan)) {
    PlannedTensor& tensor = plan.tensors[id];
    if (const auto offset = sram.place(tensor)) {
      tensor.place = {MW_REGION_SRAM, *offset};
    } else if (const auto outside = external.place(tensor)) {
      tensor.place = {MW_REGION_EXTERNAL, *outside};
    } else {
      throw base::UserError(fmt::format(
          "tensor {} of {} bytes fits neither the {} bytes of SRAM nor the {} bytes of external "
          "memory that the program leaves: enlarge memory.sram.size or memory.external.size",
          graph.tensors[id].name, tensor.bytes, platform.sram_bytes, platform.external_bytes));
    }
  }
  for (std::size_t id = 0; id < root.size(); ++id) {
    const PlannedTensor& home = plan.tensors[static_cast<std::size_t>(root[id])];
    plan.tensors[id].place = home.place;
    plan.tensors[id].first_use = home.first_use;
    plan.tensors[id].last_use = home.last_use;
  }
  plan.region_bytes[MW_REGION_SRAM] = sram.used();
  plan.region_bytes[MW_REGION_EXTERNAL] = external.used();
}

}  // namespace milliwatt::dataflows
