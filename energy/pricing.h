// SPDX-License-Identifier: Apache-2.0
// Counts times prices. Components count integer actions while the simulation runs; afterwards the
// counts are priced here, once, with a list that was made before the simulation started.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "energy/report.h"
#include "energy/technology.h"

namespace milliwatt::energy {

/// An instance that costs energy and area, as its simulator declares it.
struct Component {
  std::string name;
  std::string class_name;
  /// All attributes of the class, each above 0.
  std::map<std::string, std::int64_t> attributes;
  /// Value of the attribute that chooses a variant; empty for classes without variants.
  std::string variant;
  /// Every action the component may ever count.
  std::vector<std::string> actions;
  /// Every power state it may ever be in.
  std::vector<std::string> states = {"on"};
};

/// Declares the instance behind `counters`: its name, its class and that class's actions.
Component component_of(const base::Counters& counters,
                       std::map<std::string, std::int64_t> attributes, std::string variant = "");

/// The price of an action (per event) or of a power state (per second, in fW).
struct Price {
  std::string name;
  Cost cost;
};

struct PricedComponent {
  std::string name;
  /// Class, or class.variant, whose prices were taken.
  std::string priced_as;
  std::vector<Price> actions;
  std::vector<Price> states;
  Cost area;
};

/// Prices of everything that a platform may count, in the order of the components given.
struct PriceList {
  std::string technology;
  Conditions conditions;
  std::vector<PricedComponent> components;
  /// A sentence for every component that is priced as another class, because its banks are small.
  std::vector<std::string> notes;
};

/// Looks up every declared action, state and area. Nothing is priced at zero by silence: throws
/// one UserError that lists every missing class, attribute, action, state and every size outside
/// the SRAM table.
PriceList resolve(const Technology& technology, const std::vector<Component>& components);

/// What a component counted.
struct CountRow {
  std::string component;
  std::string action;
  std::int32_t layer = 0;
  std::int64_t count = 0;
};

/// Every count above 0 of a finished run.
std::vector<CountRow> count_rows(const base::ActionCounts& counts);

/// How long a component was in a power state while a layer ran.
struct Residency {
  std::string component;
  std::string state;
  std::int32_t layer = 0;
  base::Picoseconds duration = 0;
};

struct LayerTime {
  std::int32_t layer = 0;
  base::Picoseconds duration = 0;
};

/// Every component is in state "on" all the time.
std::vector<Residency> always_on(const PriceList& prices, const std::vector<LayerTime>& layers);

/// Prices the counts. Rows of the same cell are added up; counts of zero leave no row. Static
/// energy is power x time, rounded to the nearest attojoule of the running sum of a component's
/// state over the layers, so that the layers sum to the rounded whole; the bounds of a single
/// static row may cross by 1 aJ. Throws InternalError for a component, action or state that is not
/// in the list or a negative count, UserError when a sum does not fit 64 bits, SimulationError when
/// components disagree on the total time.
EnergyReport price(const PriceList& prices, const std::vector<CountRow>& counts,
                   const std::vector<Residency>& residencies);

/// The accounting identities of a report; cheap enough for every run. Each row is its count times
/// its price; the sums over components, layers, confidence classes and the bare rows, in either
/// direction, are the same totals; nothing is negative; the range encloses the total. Throws
/// SimulationError naming the identity that does not hold.
void check_identities(const PriceList& prices, const EnergyReport& report);

/// The counts behind a report: pricing them again gives the same report.
std::vector<CountRow> counts_of(const EnergyReport& report);
std::vector<Residency> residencies_of(const EnergyReport& report);

AreaReport area_report(const PriceList& prices);

}  // namespace milliwatt::energy
