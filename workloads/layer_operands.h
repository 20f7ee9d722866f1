// SPDX-License-Identifier: Apache-2.0
// The operands that a layer makes from its keys: weights, biases, states and plain numbers. Not for
// use outside layer_*.cpp.
#pragma once

#include <string>
#include <vector>

#include "workloads/layer_tensors.h"
#include "workloads/layer_weights.h"

namespace milliwatt::workloads {

/// Makes what the operator `op`, which has the inputs that a resolved layer names, still lacks, and
/// puts all operands into the order of the kind. `output` is the shape of its first output. Does
/// nothing where all operands are named. Throws UserError (without a place).
void make_operands(const LayerSpec& layer, const std::vector<std::int32_t>& output, Operator& op,
                   TraceTensors& tensors, ConstantMaker& maker);

}  // namespace milliwatt::workloads
