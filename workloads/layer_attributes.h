// SPDX-License-Identifier: Apache-2.0
// Attributes of operators as keys of a layer, and back. Not for use outside layer_*.cpp.
#pragma once

#include "workloads/layer_spec.h"

namespace milliwatt::workloads {

/// The attributes that a layer's keys tell, after resolve_layer() (layer_shapes.h).
/// `pad_value` is what a pad holds that tells none.
Attributes attributes_of(const LayerSpec& layer, std::int32_t pad_value);

/// A layer whose keys tell the operator's attributes, all padding explicit. Names and operands are
/// left to the caller.
LayerSpec layer_of(const Operator& op);

}  // namespace milliwatt::workloads
