// SPDX-License-Identifier: Apache-2.0
// What the planner may know of an engine: which operators it runs, what a mapping costs, which
// constants it wants in memory, and the descriptor that makes it run.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi/descriptor.h"
#include "base/traffic.h"
#include "base/yaml.h"
#include "workloads/graph.h"

namespace milliwatt::dataflows {

/// A constant in the layout that the engine reads (packed weights, a requantization table).
struct PackedConstant {
  base::TensorClass tensor_class = base::TensorClass::kWeights;
  std::vector<std::uint8_t> bytes;
};

/// Where an operator's tensors are: one place per data input, packed constant, output and state.
struct TaskPlaces {
  std::vector<mw_ref> inputs = {};
  std::vector<mw_ref> constants = {};
  std::vector<mw_ref> outputs = {};
  std::vector<mw_ref> states = {};
};

/// One operator, mapped.
class EngineTask {
 public:
  virtual ~EngineTask() = default;

  virtual const std::vector<PackedConstant>& constants() const = 0;
  /// The descriptor's bytes, head included.
  virtual std::vector<std::uint8_t> descriptor(const TaskPlaces& places,
                                               std::uint16_t layer) const = 0;
  /// The mapping in one line, for people: "tiles of 8x32 pixels and 16 filters, ...".
  virtual std::string mapping() const = 0;
  /// The same as data: parameters by name, of which `EngineModel::map` makes the same task again. A
  /// map, empty where there is nothing to choose.
  virtual base::YamlNode parameters() const { return base::YamlNode::map(); }
};

/// Cost of moving one run of consecutive bytes, as the planner sees it: a linear model of the
/// memory that holds the tensor. Only choices depend on it, never results.
struct LinkCost {
  double cycles_per_burst = 2;
  double cycles_per_byte = 0.125;
};

/// Link costs of an operator's tensors.
struct TransferCosts {
  std::uint32_t burst_bytes = 64;
  std::array<LinkCost, base::kTensorClasses> links;

  const LinkCost& link(base::TensorClass c) const { return links[static_cast<std::size_t>(c)]; }
};

/// A kind of engine with its parameters. One model may serve several engines.
class EngineModel {
 public:
  virtual ~EngineModel() = default;

  /// Why the engine cannot run the operator; none when it can.
  virtual std::optional<std::string> refuses(const workloads::Graph& graph,
                                             const workloads::Operator& op) const = 0;
  /// The cheapest mapping found of an operator that is not refused. `forced` gives parameters by
  /// name, all, some or, when it is null, none; the others are chosen. Throws UserError when one is
  /// unknown or out of range, or when they leave no mapping that fits: by how much, and what helps.
  virtual std::unique_ptr<EngineTask> map(const workloads::Graph& graph,
                                          const workloads::Operator& op, const TransferCosts& costs,
                                          const base::YamlNode& forced) const = 0;
  /// Multiply-accumulates per cycle at best.
  virtual std::int64_t peak_macs_per_cycle() const = 0;
};

}  // namespace milliwatt::dataflows
