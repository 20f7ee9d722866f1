// SPDX-License-Identifier: Apache-2.0
// What pricing gives: plain data. Writers make tables and files of it and need nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "energy/cost.h"

namespace milliwatt::energy {

/// Which of the two kinds of energy a row of the cube is.
enum class EnergyKind : std::uint8_t { kDynamic, kStatic };

/// One cell of the cube component x action x layer. `energy` is in attojoules.
struct EnergyRow {
  EnergyKind kind = EnergyKind::kDynamic;
  /// Name of the instance, not of its class.
  std::string component;
  /// The action, or the power state of a static row.
  std::string action;
  /// Operator of the network, or base::kNoLayer.
  std::int32_t layer = 0;
  /// Times the action happened; picoseconds in the power state for static rows.
  std::int64_t count = 0;
  Bounds energy;
  base::Confidence confidence = base::Confidence::kAssumed;
};

struct NamedEnergy {
  std::string name;
  Bounds dynamic_energy;
  Bounds static_energy;
};

struct LayerEnergy {
  std::int32_t layer = 0;
  Bounds dynamic_energy;
  Bounds static_energy;
};

/// Rows are in the order of the components, then dynamic before static, then of the actions of the
/// component, then of the layers; cells without a count are left out. Equal counts give equal
/// reports, whatever the order they came in.
struct EnergyReport {
  std::vector<EnergyRow> rows;
  /// Every component of the price list, also without a count.
  std::vector<NamedEnergy> by_component;
  /// Ascending.
  std::vector<LayerEnergy> by_layer;
  /// Indexed by base::Confidence.
  std::array<Bounds, kConfidences> by_confidence{};
  Bounds dynamic_total;
  Bounds static_total;
  Bounds total;
  /// Time that the static energy covers; the same for every component.
  base::Picoseconds time = 0;
};

struct AreaRow {
  std::string component;
  /// The class whose price was taken: differs from the component's own for small banks.
  std::string priced_as;
  Cost area;
};

struct AreaReport {
  std::vector<AreaRow> rows;
  /// Sum of the known areas, in nm^2.
  Bounds total;
  std::array<Bounds, kConfidences> by_confidence{};
  /// Components whose area is unknown: the total leaves them out.
  std::vector<std::string> unknown;
};

}  // namespace milliwatt::energy
