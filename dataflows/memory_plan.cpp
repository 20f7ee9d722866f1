// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/integer_math.h"
#include "dataflows/plan.h"

namespace milliwatt::dataflows {
namespace {

using workloads::Graph;
using workloads::Operator;
using workloads::TensorId;
using workloads::TensorRole;

/// For each tensor the one whose bytes it shares: itself, or the input of the reshape behind it.
std::vector<TensorId> roots(const Graph& graph) {
  std::vector<TensorId> root(graph.tensors.size());
  std::iota(root.begin(), root.end(), 0);
  for (const Operator& op : graph.operators) {
    if (is_alias(graph, op)) {
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

/// What the offset of an mw_ref can reach.
constexpr std::uint64_t kAddressable = std::uint64_t{1} << 32;
/// More than any memory has.
constexpr std::uint64_t kEndless = std::uint64_t{1} << 62;

/// First-fit placement of lifetimes in one region.
class Arena {
 public:
  explicit Arena(std::uint64_t size) : size_{size} {}

  std::optional<std::uint32_t> place(const PlannedTensor& tensor) {
    const std::uint64_t bytes =
        base::round_up(static_cast<std::uint64_t>(tensor.bytes), kTensorAlignment);
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

/// The two memories, SRAM first.
struct Memories {
  Arena sram, external;
  bool all_fit = true;

  void place(PlannedTensor& tensor) {
    if (const auto inside = sram.place(tensor)) {
      tensor.place = {MW_REGION_SRAM, *inside};
    } else if (const auto outside = external.place(tensor)) {
      tensor.place = {MW_REGION_EXTERNAL, *outside};
    } else {
      all_fit = false;
    }
  }
};

Memories place_all(const std::vector<std::size_t>& order, std::uint64_t sram_bytes,
                   std::uint64_t external_bytes, std::vector<PlannedTensor>& tensors) {
  Memories memories{Arena{sram_bytes}, Arena{external_bytes}};
  for (const std::size_t id : order) {
    memories.place(tensors[id]);
  }
  return memories;
}

/// Names two ways out, each enough by itself: placement is first fit, so that a memory as large as
/// what is used of an endless one gives the same places.
[[noreturn]] void fail(const std::vector<std::size_t>& order, std::uint64_t sram_bytes,
                       std::uint64_t external_bytes, std::vector<PlannedTensor>& tensors) {
  const Memories outside = place_all(order, sram_bytes, kEndless, tensors);
  const Memories inside = place_all(order, kEndless, 0, tensors);
  throw base::UserError(fmt::format(
      "the tensors fit neither the {} bytes of SRAM nor the {} bytes of external memory: enlarge "
      "memory.external.size by {} bytes or memory.sram.size by {} bytes",
      sram_bytes, external_bytes, outside.external.used() - external_bytes,
      inside.sram.used() - sram_bytes));
}

}  // namespace

void plan_memory(const Graph& graph, const PlatformView& platform, Plan& plan) {
  const std::vector<TensorId> root = roots(graph);
  plan.tensors.assign(graph.tensors.size(), {});
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    plan.tensors[id].bytes = graph.tensors[id].bytes();
  }
  set_lifetimes(graph, root, plan);
  const std::vector<std::size_t> order = placement_order(graph, root, plan);
  const std::uint64_t sram_bytes = std::min(platform.sram_bytes, kAddressable);
  const std::uint64_t external_bytes = std::min(platform.external_bytes, kAddressable);
  const Memories memories = place_all(order, sram_bytes, external_bytes, plan.tensors);
  if (!memories.all_fit) {
    fail(order, sram_bytes, external_bytes, plan.tensors);
  }
  for (std::size_t id = 0; id < root.size(); ++id) {
    const PlannedTensor& home = plan.tensors[static_cast<std::size_t>(root[id])];
    plan.tensors[id].place = home.place;
    plan.tensors[id].first_use = home.first_use;
    plan.tensors[id].last_use = home.last_use;
  }
  plan.region_bytes[MW_REGION_SRAM] = memories.sram.used();
  plan.region_bytes[MW_REGION_EXTERNAL] = memories.external.used();
}

}  // namespace milliwatt::dataflows
