// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataflows/engine.h"
#include "dataflows/systolic_mapping.h"
#include "dataflows/systolic_parameters.h"

namespace milliwatt::dataflows {

/// A systolic array with the shared output stage and vector unit. Runs convolutions (any window,
/// grouped and depthwise too) and fully connected layers with weights and activations of 2 to 8
/// bits on the array, and what `vector_refuses` lets pass on the vector unit. Left to others:
/// activations of other types, pixels that end inside a byte, sums that may leave 32 bits.
class SystolicEngine : public EngineModel {
 public:
  explicit SystolicEngine(const SystolicShape& shape);

  std::optional<std::string> refuses(const workloads::Graph& graph,
                                     const workloads::Operator& op) const override;
  std::unique_ptr<EngineTask> map(const workloads::Graph& graph, const workloads::Operator& op,
                                  const TransferCosts& costs,
                                  const base::YamlNode& forced) const override;
  std::int64_t peak_macs_per_cycle() const override {
    return std::int64_t{shape_.rows} * shape_.columns;
  }

  /// Mappings worth costing: full-width tiles of whole, half, quarter ... height, narrower ones
  /// where even one row does not fit; both loop orders; weights by filter tile or by fold; cuts of
  /// filters and taps as the dataflow allows, smaller ones where no usual one fits. Each has the
  /// parameters of `forced`, none comes twice.
  std::vector<SystolicMapping> candidates(const Convolution& convolution,
                                          const SystolicParameters& forced = {}) const;

  /// The candidate with the fewest predicted cycles. Throws UserError when none fits.
  SystolicMapping choose(const Convolution& convolution, const TransferCosts& costs,
                         const SystolicParameters& forced = {}) const;

 private:
  std::string misfit_of(const Convolution& convolution, const base::YamlNode& forced) const;

  SystolicShape shape_;
};

}  // namespace milliwatt::dataflows
