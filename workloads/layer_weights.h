// SPDX-License-Identifier: Apache-2.0
// Weights and bias of one layer of a layer trace, from files or seeded.
#pragma once

#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/layer_scales.h"
#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

/// What the weights of a layer must look like.
struct WeightsForm {
  std::vector<std::int32_t> shape;
  int channel_dimension = 0;
  bool scale_per_channel = true;

  std::int32_t channels() const { return shape[static_cast<std::size_t>(channel_dimension)]; }
};

struct LayerWeights {
  Tensor weights;
  Tensor bias;  ///< without shape where the layer has none
  std::vector<ChannelWeights> channels;
  bool seeded = false;
};

/// Reads or generates both tensors. `input` gives scale and type of the layer's input; `name` is
/// the layer's. Throws UserError (without a place) for files and scales that do not fit.
LayerWeights make_weights(const LayerSpec& layer, const std::string& name, const WeightsForm& form,
                          const Tensor& input, std::uint32_t seed, const std::string& folder);

}  // namespace milliwatt::workloads
