// SPDX-License-Identifier: Apache-2.0
// Types and scales of the outputs of a layer, where the user tells none. Not for use outside
// layer_*.cpp.
#pragma once

#include <vector>

#include "workloads/layer_scales.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

/// A layer whose operator has all its operands and attributes.
struct LayerView {
  const LayerSpec& layer;
  const Graph& graph;
  const Operator& op;
  const std::vector<Spread>& spreads;  ///< by TensorId
};

/// What all outputs of a layer have in common.
struct OutputForm {
  ElementType type = ElementType::kInt8;
  Quantization quantization;
  Spread spread;
};

/// Kinds that copy or compare stored values give them the scale of their data; softmax, logistic
/// and tanh have a fixed one; others have the user's, or one at which few outputs saturate. Throws
/// UserError (without a place) where the operands are not what the estimate needs.
OutputForm output_form(const LayerView& view, std::int64_t output_elements);

}  // namespace milliwatt::workloads
