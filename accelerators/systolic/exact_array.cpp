// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/exact_array.h"

#include "accelerators/systolic/operand_stationary_array.h"
#include "accelerators/systolic/output_stationary_array.h"

namespace milliwatt::systolic {

std::unique_ptr<ExactArray> exact_array(Dataflow dataflow, ArraySize size, InstructionSet set) {
  if (dataflow == Dataflow::kOutputStationary) {
    return std::make_unique<OutputStationaryArray>(size, set);
  }
  return std::make_unique<OperandStationaryArray>(size, set);
}

}  // namespace milliwatt::systolic
