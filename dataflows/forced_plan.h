// SPDX-License-Identifier: Apache-2.0
// What a user wants of a plan. Everything that is not named here is planned as usual.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "abi/layout.h"
#include "base/diagnostics.h"
#include "base/yaml.h"
#include "workloads/graph.h"

namespace milliwatt::dataflows {

enum class Runner : std::uint8_t {
  kEngine,
  kHost,   ///< a software kernel
  kAlias,  ///< nobody: the output is the input's bytes
};

/// Of one operator. Each has a place in the user's file, for messages.
struct ForcedOperator {
  std::optional<Runner> runner;  ///< kEngine: the first engine
  /// Parameters of the mapping by name, as EngineModel::map reads them; null: all are chosen.
  base::YamlNode mapping;
  base::Place place;
};

/// Of one tensor.
struct ForcedTensor {
  std::uint32_t region = 0;             ///< MW_REGION_SRAM or MW_REGION_EXTERNAL
  std::optional<std::uint32_t> offset;  ///< a multiple of kTensorAlignment; absent: chosen
  base::Place place;
};

struct ForcedPlan {
  std::map<std::size_t, ForcedOperator> operators;  ///< by index
  std::map<std::size_t, ForcedTensor> tensors;      ///< by TensorId
};

}  // namespace milliwatt::dataflows
