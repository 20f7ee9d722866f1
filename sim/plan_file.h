// SPDX-License-Identifier: Apache-2.0
// Plans as files that people read, edit and force (docs/mapping.md).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/yaml.h"
#include "dataflows/forced_plan.h"
#include "dataflows/plan.h"
#include "sim/platform.h"
#include "workloads/graph.h"

namespace milliwatt::sim {

/// The whole plan: every operator with its runner and the parameters of its mapping, every tensor
/// that has a place of its own. Forced, it gives the same plan again.
std::string plan_yaml(const workloads::Graph& graph, const dataflows::Plan& plan);

/// A plan file as it stands, not yet related to a network.
class PlanFile {
 public:
  /// Collects every fault that shows without a network: keys, names of runners and memories,
  /// offsets.
  PlanFile(const base::YamlNode& root, base::Diagnostics& faults);
  /// Throws UserError with all of them, and those of the YAML.
  static PlanFile parse(const std::string& text, const std::string& name);
  static PlanFile load(const std::string& path);

  /// What the file says of `graph`. Throws UserError with every operator or tensor that the network
  /// does not have, or has under another name, or that is given twice.
  dataflows::ForcedPlan forced(const workloads::Graph& graph) const;

 private:
  /// An operator or tensor as the file calls it.
  struct Subject {
    std::string key;  ///< its number or name
    base::Place place;
    std::optional<std::string> name, kind;  ///< to be compared with the network's
  };
  /// Subjects found in the network.
  class Roll;

  void read_operator(const base::YamlEntry& entry, base::Diagnostics& faults);
  void read_tensor(const base::YamlEntry& entry, base::Diagnostics& faults);

  std::optional<std::string> network_;
  base::Place place_;
  std::vector<std::pair<Subject, dataflows::ForcedOperator>> operators_;
  std::vector<std::pair<Subject, dataflows::ForcedTensor>> tensors_;
};

/// What `milliwatt describe` shows of a plan file.
std::vector<ComponentDoc> plan_file_docs();

}  // namespace milliwatt::sim
