// SPDX-License-Identifier: Apache-2.0
// Other widths for the weights and activations of a network: the formulas, and a network in which
// they hold (docs/precision.md).
#pragma once

#include <optional>
#include <vector>

#include "base/diagnostics.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// How a tensor stores real numbers.
struct Form {
  ElementType type = ElementType::kInt8;
  Quantization quantization;
};

/// The form of an activation of one scale in `bits` (2 to 8, or 16): up to 8 bits the range of
/// reals stays, spread over 2^bits levels of which one is 0; 16 bits are symmetric.
Form activation_form(const Tensor& tensor, int bits);

/// A constant with the nearest value of another form for each of its values, saturated.
Tensor in_form(Tensor constant, const Form& form);

/// Weights in `bits` (2 to 8). Fewer than before: symmetric, the largest magnitude of each channel
/// (or of the tensor, where its scale is shared) becomes 2^(bits - 1) - 1. As many or more: the
/// same integers.
Tensor weights_in(Tensor weights, int bits);

/// Biases behind another input and other weights: each times old / new product of the two scales,
/// rounded half away from zero and saturated to int64, or int32 where `wide` is not set.
Tensor rescaled_bias(Tensor bias, const std::vector<double>& ratios, bool wide);

/// What is asked of one layer.
struct LayerPrecision {
  std::optional<int> weights;
  std::optional<int> activations;  ///< of its outputs
  /// Whether the entry of a list says so, rather than a default for all layers: defaults pass over
  /// what cannot be done.
  bool names_weights = false;
  bool names_activations = false;
  base::Place weights_place;
  base::Place activations_place;
};

/// The network with these precisions, one entry per operator. Operators quantize are inserted
/// where int16 meets narrower activations, where an operator takes int8 only, and where the
/// network's outputs keep their form. What cannot be done is told in `faults`.
Graph with_precision(const Graph& graph, const std::vector<LayerPrecision>& layers,
                     base::Diagnostics& faults);

}  // namespace milliwatt::workloads
