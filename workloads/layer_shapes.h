// SPDX-License-Identifier: Apache-2.0
// Shapes of the outputs of a layer, from its keys and the shapes of its operands. Not for use
// outside layer_*.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

using Shape = std::vector<std::int32_t>;

/// The operands that `inputs` names, null where one is absent.
using Operands = std::vector<const Tensor*>;

/// Place among the named operands of the data that the layer works on.
std::size_t data_place(const LayerSpec& layer);

/// Fills in what the user left open, so that the keys tell the attributes: filters and kernel from
/// weights that are operands, pads from the padding rule, axes that count from behind, the rest of
/// a slice. Leaves alone what is told, and what cannot be resolved for checks to refuse.
/// `declared` holds the outputs that the user declared, if any.
void resolve_layer(LayerSpec& layer, const Operands& operands, const Operands& declared);

/// One shape per output of a resolved layer. Throws UserError (without a place) where the keys do
/// not fit the operands.
std::vector<Shape> output_shapes(const LayerSpec& layer, const Operands& operands);

/// The shape of its output that a layer's keys tell for an input of this shape, although the layer
/// has a fault elsewhere: that of a kind with weights or a reshape. Throws UserError as well.
Shape told_shape(LayerSpec layer, const Shape& input);

}  // namespace milliwatt::workloads
