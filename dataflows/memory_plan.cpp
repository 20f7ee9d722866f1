// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/advice.h"
#include "base/error.h"
#include "base/integer_math.h"
#include "base/units.h"
#include "dataflows/arena.h"
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

/// Whether the tensor has a place of its own.
bool has_home(const Graph& graph, const std::vector<TensorId>& root, const Plan& plan,
              std::size_t id) {
  return graph.tensors[id].role != TensorRole::kConstant && root[id] == static_cast<TensorId>(id) &&
         plan.tensors[id].last_use >= plan.tensors[id].first_use;
}

/// What is free for tensors in either memory.
struct Rooms {
  std::uint64_t sram = 0;
  std::uint64_t external = 0;
};

/// Both memories, filled.
struct Memories {
  explicit Memories(const Rooms& rooms) : sram{rooms.sram}, external{rooms.external} {}

  Arena& arena(std::uint32_t region) { return region == MW_REGION_SRAM ? sram : external; }

  Arena sram, external;
  std::vector<std::size_t> homeless;  ///< tensors that found no room
};

std::string size_text(std::uint64_t bytes) {
  return base::print_integer(static_cast<std::int64_t>(bytes), base::Unit::kBytes);
}

const char* memory_name(std::uint32_t region) {
  return region == MW_REGION_SRAM ? "SRAM" : "external memory";
}

class MemoryPlanner {
 public:
  MemoryPlanner(const Graph& graph, const PlatformView& platform, const ForcedPlan& forced,
                Plan& plan)
      : graph_{graph}, platform_{platform}, forced_{forced}, plan_{plan}, root_{roots(graph)} {}

  void run();

 private:
  bool has_home(std::size_t id) const { return dataflows::has_home(graph_, root_, plan_, id); }
  std::vector<std::size_t> placement_order() const;
  Rooms rooms() const;
  Memories place_all(const Rooms& rooms);
  bool place_forced(std::size_t id, const ForcedTensor& forced, Memories& memories);
  void share_homes();

  void check_forced() const;
  std::string fault_of(std::size_t id, const ForcedTensor& forced) const;
  std::string overlap_of(std::size_t id, const ForcedTensor& forced) const;
  std::string larger_sram(std::uint64_t bytes) const;
  std::string larger_external(std::uint64_t bytes) const;

  [[noreturn]] void fail(const Memories& memories);
  std::string advice();
  std::optional<std::uint64_t> smallest(std::uint64_t Rooms::*room, Arena Memories::*arena,
                                        std::uint64_t granule);
  std::string name(std::size_t id) const {
    return fmt::format("tensor {} ({})", id, graph_.tensors[id].name);
  }

  const Graph& graph_;
  const PlatformView& platform_;
  const ForcedPlan& forced_;
  Plan& plan_;
  std::vector<TensorId> root_;
  std::vector<std::size_t> order_;
};

Demand demand_of(const PlannedTensor& tensor) {
  return {base::round_up(static_cast<std::uint64_t>(tensor.bytes), kTensorAlignment),
          tensor.first_use, tensor.last_use};
}

void MemoryPlanner::run() {
  plan_.tensors.assign(graph_.tensors.size(), {});
  for (std::size_t id = 0; id < graph_.tensors.size(); ++id) {
    plan_.tensors[id].bytes = graph_.tensors[id].bytes();
  }
  set_lifetimes(graph_, root_, plan_);
  check_forced();
  order_ = placement_order();
  const Memories memories = place_all(rooms());
  if (!memories.homeless.empty()) {
    fail(memories);
  }
  share_homes();
  plan_.region_bytes[MW_REGION_SRAM] = memories.sram.used();
  plan_.region_bytes[MW_REGION_EXTERNAL] = memories.external.used();
}

/// Tensors with a forced offset, then the largest first.
std::vector<std::size_t> MemoryPlanner::placement_order() const {
  std::vector<std::size_t> order = tensors_with_homes(graph_, plan_);
  const auto rank = [&](std::size_t id) {
    const auto forced = forced_.tensors.find(id);
    const bool exact = forced != forced_.tensors.end() && forced->second.offset.has_value();
    return std::pair{exact ? 0 : 1, -plan_.tensors[id].bytes};
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return order;
}

Rooms MemoryPlanner::rooms() const {
  if (platform_.external_is_open && platform_.external_refuses.empty()) {
    return {std::min(platform_.sram_bytes, kAddressable), kAddressable};
  }
  const std::uint64_t taken = std::min(platform_.program_bytes, platform_.external_bytes);
  const std::uint64_t external =
      platform_.external_refuses.empty() ? platform_.external_bytes - taken : 0;
  return {std::min(platform_.sram_bytes, kAddressable), std::min(external, kAddressable)};
}

Memories MemoryPlanner::place_all(const Rooms& rooms) {
  Memories memories{rooms};
  for (const std::size_t id : order_) {
    const auto forced = forced_.tensors.find(id);
    const bool found = place_forced(
        id, forced != forced_.tensors.end() ? forced->second : ForcedTensor{}, memories);
    if (!found) {
      memories.homeless.push_back(id);
    }
  }
  return memories;
}

/// Where `forced` says, as far as it does: region 0 is any.
bool MemoryPlanner::place_forced(std::size_t id, const ForcedTensor& forced, Memories& memories) {
  PlannedTensor& tensor = plan_.tensors[id];
  const Demand demand = demand_of(tensor);
  if (forced.offset) {
    memories.arena(forced.region).claim(demand, *forced.offset);
    tensor.place = {forced.region, *forced.offset};
    return true;
  }
  for (const std::uint32_t region : {MW_REGION_SRAM, MW_REGION_EXTERNAL}) {
    if (forced.region != 0 && forced.region != region) {
      continue;
    }
    if (const auto offset = memories.arena(region).place(demand)) {
      tensor.place = {region, *offset};
      return true;
    }
  }
  return false;
}

/// Aliases lie where their root does, and live as long.
void MemoryPlanner::share_homes() {
  for (std::size_t id = 0; id < root_.size(); ++id) {
    const PlannedTensor& home = plan_.tensors[static_cast<std::size_t>(root_[id])];
    plan_.tensors[id].place = home.place;
    plan_.tensors[id].first_use = home.first_use;
    plan_.tensors[id].last_use = home.last_use;
  }
}

void MemoryPlanner::check_forced() const {
  base::Diagnostics faults;
  for (const auto& [id, forced] : forced_.tensors) {
    std::string fault = fault_of(id, forced);
    if (fault.empty()) {
      fault = overlap_of(id, forced);
    }
    if (!fault.empty()) {
      faults.add(forced.place, fault);
    }
  }
  faults.throw_if_any();
}

/// Why the tensor cannot be where `forced` says; empty when it can, as far as others let it.
std::string MemoryPlanner::fault_of(std::size_t id, const ForcedTensor& forced) const {
  if (graph_.tensors[id].role == TensorRole::kConstant) {
    return name(id) + " is a constant, which lies in the program";
  }
  if (const auto root = static_cast<std::size_t>(root_[id]); root != id) {
    return fmt::format("{} shares the bytes of {}; give that one a place", name(id), name(root));
  }
  if (!has_home(id)) {
    return name(id) + " is used by no operator and has no place";
  }
  const bool outside = forced.region == MW_REGION_EXTERNAL;
  if (outside && !platform_.external_refuses.empty()) {
    return platform_.external_refuses;
  }
  const std::uint64_t offset = forced.offset.value_or(0);
  if (offset % kTensorAlignment != 0) {
    return fmt::format("the offset {} is no multiple of {}", offset, kTensorAlignment);
  }
  const std::uint64_t room = outside ? rooms().external : rooms().sram;
  const std::uint64_t bytes = demand_of(plan_.tensors[id]).bytes;
  const bool later = outside && platform_.external_is_open;
  if (!forced.offset || later || offset + bytes <= room) {
    return {};
  }
  std::vector<std::string> ways;
  if (bytes <= room) {
    ways.push_back("an offset of at most " +
                   size_text((room - bytes) / kTensorAlignment * kTensorAlignment));
  }
  const std::string larger =
      outside ? larger_external(offset + bytes)
              : larger_sram(base::round_up(offset + bytes, platform_.sram_granule));
  if (!larger.empty()) {
    ways.push_back(larger);
  }
  return fmt::format(
      "{} takes {} bytes at offset {} and ends {} bytes behind the {} of {}; {}", name(id), bytes,
      offset, offset + bytes - room, size_text(room), memory_name(forced.region),
      ways.empty() ? "no size would do" : fmt::format("possible is {}", fmt::join(ways, ", or ")));
}

/// Advice; empty when no SRAM can have so many bytes.
std::string MemoryPlanner::larger_sram(std::uint64_t bytes) const {
  return bytes > platform_.sram_most
             ? ""
             : base::enlarge("memory.sram.size", platform_.sram_bytes, bytes);
}

/// The same for the external memory, beside the program.
std::string MemoryPlanner::larger_external(std::uint64_t bytes) const {
  const std::uint64_t size = platform_.program_bytes + bytes;
  return size > platform_.external_most
             ? ""
             : base::enlarge("memory.external.size", platform_.external_bytes, size);
}

/// The first tensor before `id` that would lie on it.
std::string MemoryPlanner::overlap_of(std::size_t id, const ForcedTensor& forced) const {
  const auto end = [&](std::size_t which, const ForcedTensor& at) {
    return *at.offset + demand_of(plan_.tensors[which]).bytes;
  };
  const PlannedTensor& tensor = plan_.tensors[id];
  for (const auto& [other_id, other] : forced_.tensors) {
    const PlannedTensor& beside = plan_.tensors[other_id];
    const bool comparable = other_id < id && has_home(other_id) && forced.offset && other.offset &&
                            forced.region == other.region;
    const int first = std::max(tensor.first_use, beside.first_use);
    const int last = std::min(tensor.last_use, beside.last_use);
    if (comparable && first <= last && *forced.offset < end(other_id, other) &&
        *other.offset < end(id, forced)) {
      return fmt::format(
          "{} at offset {} .. {} overlaps {} at {} .. {}; both are alive from operator {} to {}",
          name(id), *forced.offset, end(id, forced) - 1, name(other_id), *other.offset,
          end(other_id, other) - 1, first, last);
    }
  }
  return {};
}

void MemoryPlanner::fail(const Memories& memories) {
  const std::size_t first = memories.homeless.front();
  const std::string taken =
      platform_.program_bytes == 0
          ? ""
          : fmt::format(", {} bytes of it with the program", platform_.program_bytes);
  const std::string outside =
      platform_.external_refuses.empty()
          ? fmt::format(" and {} of external memory{}", size_text(platform_.external_bytes), taken)
          : "";
  throw base::UserError(fmt::format(
      "{} of {} bytes finds no room in {} of SRAM{}, beside what is alive from operator {} to "
      "{}{}{}; {}",
      name(first), plan_.tensors[first].bytes, size_text(platform_.sram_bytes), outside,
      plan_.tensors[first].first_use, plan_.tensors[first].last_use,
      platform_.external_refuses.empty() ? "" : "; ", platform_.external_refuses, advice()));
}

/// Each way out is enough by itself.
std::string MemoryPlanner::advice() {
  std::vector<std::string> ways;
  const auto add = [&](const std::string& way) {
    if (!way.empty()) {
      ways.push_back(way);
    }
  };
  if (platform_.external_refuses.empty()) {
    if (const auto size = smallest(&Rooms::external, &Memories::external, 1)) {
      add(larger_external(*size));
    }
  }
  if (const auto size = smallest(&Rooms::sram, &Memories::sram, platform_.sram_granule)) {
    add(larger_sram(*size));
  }
  return ways.empty() ? "no size of memory would do" : fmt::format("{}", fmt::join(ways, ", or "));
}

/// The smallest multiple of `granule` that, as the size of one memory, gives every tensor a home:
/// steps from each size to the next at which placement may change.
std::optional<std::uint64_t> MemoryPlanner::smallest(std::uint64_t Rooms::*room,
                                                     Arena Memories::*arena,
                                                     std::uint64_t granule) {
  for (Rooms trial = rooms();;) {
    const Memories memories = place_all(trial);
    if (memories.homeless.empty()) {
      return trial.*room;
    }
    const std::optional<std::uint64_t> next = (memories.*arena).next_size();
    if (!next || *next > kAddressable) {
      return std::nullopt;
    }
    trial.*room = base::round_up(*next, granule);
  }
}

}  // namespace

std::vector<std::size_t> tensors_with_homes(const Graph& graph, const Plan& plan) {
  const std::vector<TensorId> root = roots(graph);
  std::vector<std::size_t> found;
  for (std::size_t id = 0; id < graph.tensors.size(); ++id) {
    if (has_home(graph, root, plan, id)) {
      found.push_back(id);
    }
  }
  return found;
}

void plan_memory(const Graph& graph, const PlatformView& platform, Plan& plan,
                 const ForcedPlan& forced) {
  MemoryPlanner{graph, platform, forced, plan}.run();
}

}  // namespace milliwatt::dataflows
