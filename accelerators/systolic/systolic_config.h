// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "accelerators/systolic/fold_core.h"
#include "base/schema.h"
#include "dataflows/systolic_mapping.h"
#include "energy/pricing.h"

namespace milliwatt::systolic {

/// Parameters of a systolic engine, as a platform file sets them. The DMA and the
/// registers are the shell's and have parameters of their own.
struct SystolicConfig {
  dataflows::Dataflow dataflow = dataflows::Dataflow::kWeightStationary;
  std::int32_t rows = 0;
  std::int32_t columns = 0;
  std::int32_t accumulator_bits = 0;
  std::uint32_t input_buffer = 0;
  std::uint32_t weight_buffer = 0;
  std::uint32_t accumulator_buffer = 0;
  std::uint32_t output_buffer = 0;
  std::int32_t output_lanes = 0;
  std::int32_t output_latency = 0;
  std::int32_t vector_lanes = 0;
  std::int32_t vector_latency = 0;
  bool separate_store_channel = false;

  ArraySize size() const { return {rows, columns}; }
};

base::Schema<SystolicConfig> systolic_schema();

/// What the mapping needs to know.
dataflows::SystolicShape mapping_shape(const SystolicConfig& config);

/// The parts of engine `engine` that this configuration sizes, for energy and area: the array's
/// PEs, the buffers, the output stage and the vector unit. DMA and control are the shell's.
std::vector<energy::Component> components(const std::string& engine, const SystolicConfig& config);

/// "pe_int8": of one PE and cycle `mac` and `sum_shift`; of the bits that its operands have,
/// `product_bit` (a bit of a weight times one of an activation) and register bits: `moving_bit`,
/// `stationary_bit` (written) and `idle_bit` (kept, those of the sum too).
base::ComponentClass pe_class();
constexpr int kPeMac = 0;
constexpr int kPeProductBit = 1;
constexpr int kPeMovingBit = 2;
constexpr int kPeStationaryBit = 3;
constexpr int kPeSumShift = 4;
constexpr int kPeIdleBit = 5;

/// What a fold with operands of `bits` counts: a count for each action of pe_class(), in its order.
std::array<std::int64_t, 6> pe_actions(dataflows::Dataflow dataflow, const FoldCounts& counts,
                                       const dataflows::OperandBits& bits);

}  // namespace milliwatt::systolic
