// SPDX-License-Identifier: Apache-2.0
// The plan of a network on a platform: who runs each operator, how it is mapped, and where each
// tensor lives.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataflows/engine.h"
#include "dataflows/forced_plan.h"

namespace milliwatt::dataflows {

/// Bytes that the offset of an mw_ref reaches.
constexpr std::uint64_t kAddressable = std::uint64_t{1} << 32;

/// What the planner sees of a platform.
struct PlatformView {
  /// In order of preference; the first that does not refuse an operator runs it.
  std::vector<const EngineModel*> engines;
  std::uint64_t sram_bytes = 0;
  std::uint64_t sram_granule = 1;  ///< sizes of SRAM that are possible are multiples of this
  std::uint64_t sram_most = kAddressable;  ///< the largest size that is possible
  std::uint64_t external_bytes = 0;
  std::uint64_t external_most = kAddressable;
  /// What the program leaves of external memory is not known yet: tensors may lie at any address
  /// there, and whether they fit is judged later.
  bool external_is_open = false;
  std::uint64_t program_bytes = 0;  ///< of the external memory, not free for tensors
  /// Why no tensor can live in external memory; empty: they can.
  std::string external_refuses;
  LinkCost sram;
  LinkCost external;
  LinkCost program;  ///< of the memory with the program, in which constants lie
  std::uint32_t burst_bytes = 64;
};

struct PlannedOperator {
  Runner runner = Runner::kHost;
  int engine = -1;                   ///< index into PlatformView::engines
  std::unique_ptr<EngineTask> task;  ///< none for kAlias
  std::string reason;                ///< why no engine runs it, when the host does
};

/// A reshape whose output shares the bytes of its input. Constants stay in the program and states
/// may change under the copy, so that the bytes of both are copied.
bool is_alias(const workloads::Graph& graph, const workloads::Operator& op);

/// Addresses of tensors start at multiples of this, so that bursts start aligned.
constexpr std::uint32_t kTensorAlignment = 64;

struct PlannedTensor {
  /// Region kSram or kExternal and offset; constants get theirs with the program image.
  mw_ref place{MW_REGION_PROGRAM, 0};
  std::int64_t bytes = 0;
  /// Operators between which the bytes must stay: from the writer (-1: before the first) to the
  /// last reader (number of operators: after the last). Aliases share a place and a lifetime.
  int first_use = 0;
  int last_use = 0;
};

struct Plan {
  std::vector<PlannedOperator> operators;
  std::vector<PlannedTensor> tensors;                    ///< by TensorId
  std::array<std::uint64_t, MW_REGIONS> region_bytes{};  ///< highest use of each region
};

/// Tensors that have a place of their own: used, no constants, no aliases.
std::vector<std::size_t> tensors_with_homes(const workloads::Graph& graph, const Plan& plan);

/// Plans `graph` as far as `forced` leaves a choice. Throws UserError that lists every operator
/// that neither an engine nor the host can run, everything forced that cannot be, or what
/// `plan_memory` says.
Plan make_plan(const workloads::Graph& graph, const PlatformView& platform,
               const ForcedPlan& forced = {});

/// Places activations, inputs and states: first those with a forced offset, then largest first,
/// each at the lowest offset that is free over its lifetime, in SRAM where there is one, else in
/// external memory. Fills tensors and region_bytes of the plan. Throws UserError with every forced
/// place that is impossible; or with the first tensor that finds no room and, for each memory with
/// which it would help, the smallest size that does.
void plan_memory(const workloads::Graph& graph, const PlatformView& platform, Plan& plan,
                 const ForcedPlan& forced = {});

}  // namespace milliwatt::dataflows
