// SPDX-License-Identifier: Apache-2.0
#include "energy/pricing.h"

#include <tuple>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

/// Place of a cell in the cube: component, kind, action or state, layer. Orders the rows.
using Cell = std::tuple<std::size_t, EnergyKind, std::size_t, std::int32_t>;

std::size_t component_index(const PriceList& prices, const std::string& name) {
  for (std::size_t i = 0; i < prices.components.size(); ++i) {
    if (prices.components[i].name == name) {
      return i;
    }
  }
  throw base::InternalError("component '" + name + "' has counts but no prices");
}

const std::vector<Price>& prices_of(const PricedComponent& component, EnergyKind kind) {
  return kind == EnergyKind::kDynamic ? component.actions : component.states;
}

std::size_t price_index(const PricedComponent& component, EnergyKind kind,
                        const std::string& name) {
  const std::vector<Price>& prices = prices_of(component, kind);
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (prices[i].name == name) {
      return i;
    }
  }
  throw base::InternalError("component '" + component.name + "' counts '" + name +
                            "', which it never declared");
}

/// Counts (or picoseconds) by cell.
class Cells {
 public:
  explicit Cells(const PriceList& prices) : prices_(prices) {}

  void add(EnergyKind kind, const std::string& component, const std::string& name,
           std::int32_t layer, std::int64_t count) {
    if (count < 0) {
      throw base::InternalError("component '" + component + "' has a negative count of '" + name +
                                "'");
    }
    const std::size_t index = component_index(prices_, component);
    const std::size_t price = price_index(prices_.components[index], kind, name);
    std::int64_t& cell = cells_[{index, kind, price, layer}];
    cell = checked_add(cell, count);
  }

  const std::map<Cell, std::int64_t>& all() const { return cells_; }

 private:
  const PriceList& prices_;
  std::map<Cell, std::int64_t> cells_;
};

/// Power x time in attojoules, to the nearest: fW x ps = 10^-9 aJ.
std::int64_t static_energy(Femtowatts power, base::Picoseconds time) {
  constexpr __int128 kPerAttojoule = 1'000'000'000;
  const __int128 energy = (static_cast<__int128>(power) * time + kPerAttojoule / 2) / kPerAttojoule;
  if (energy > INT64_MAX) {
    throw base::SimulationError("energy accounting: power times time does not fit 64 bits");
  }
  return static_cast<std::int64_t>(energy);
}

Bounds static_energy(const Bounds& power, base::Picoseconds time) {
  return {static_energy(power.low, time), static_energy(power.nominal, time),
          static_energy(power.high, time)};
}

Bounds difference(const Bounds& a, const Bounds& b) {
  return {a.low - b.low, a.nominal - b.nominal, a.high - b.high};
}

/// Energy of each cell of one component and state, as differences of the rounded running sum.
class StaticSum {
 public:
  Bounds next(const Bounds& power, base::Picoseconds duration) {
    const Bounds before = static_energy(power, time_);
    time_ = checked_add(time_, duration);
    return difference(static_energy(power, time_), before);
  }

 private:
  base::Picoseconds time_ = 0;
};

std::vector<EnergyRow> rows_of(const PriceList& prices, const Cells& cells) {
  std::vector<EnergyRow> rows;
  std::map<std::pair<std::size_t, std::size_t>, StaticSum> sums;
  for (const auto& [cell, count] : cells.all()) {
    const auto& [component, kind, index, layer] = cell;
    if (count == 0) {
      continue;
    }
    const PricedComponent& owner = prices.components[component];
    const Price& price = prices_of(owner, kind)[index];
    const Bounds energy = kind == EnergyKind::kDynamic
                              ? checked_multiply(price.cost.bounds, count)
                              : sums[{component, index}].next(price.cost.bounds, count);
    rows.push_back({kind, owner.name, price.name, layer, count, energy, price.cost.confidence});
  }
  return rows;
}

void add_to(Bounds& sum, const Bounds& energy) { sum = checked_add(sum, energy); }

template <typename Group>
Bounds& part_of(Group& group, EnergyKind kind) {
  return kind == EnergyKind::kDynamic ? group.dynamic_energy : group.static_energy;
}

/// Time covered by the static rows of a component; the same for all components.
base::Picoseconds common_time(const PriceList& prices, const std::vector<EnergyRow>& rows) {
  std::map<std::string, base::Picoseconds> times;
  for (const PricedComponent& component : prices.components) {
    times[component.name] = 0;
  }
  for (const EnergyRow& row : rows) {
    if (row.kind == EnergyKind::kStatic) {
      times[row.component] = checked_add(times[row.component], row.count);
    }
  }
  for (const auto& [name, time] : times) {
    if (time != times.begin()->second) {
      throw base::SimulationError("energy accounting: '" + name + "' has power states for " +
                                  std::to_string(time) + " ps, '" + times.begin()->first +
                                  "' for " + std::to_string(times.begin()->second) + " ps");
    }
  }
  return times.empty() ? 0 : times.begin()->second;
}

/// Everything of a report that follows from its rows.
EnergyReport summarize(const PriceList& prices, std::vector<EnergyRow> rows) {
  EnergyReport report;
  std::map<std::string, NamedEnergy> components;
  std::map<std::int32_t, LayerEnergy> layers;
  for (const EnergyRow& row : rows) {
    add_to(part_of(components[row.component], row.kind), row.energy);
    add_to(part_of(layers[row.layer], row.kind), row.energy);
    add_to(report.by_confidence[static_cast<std::size_t>(row.confidence)], row.energy);
    add_to(row.kind == EnergyKind::kDynamic ? report.dynamic_total : report.static_total,
           row.energy);
  }
  for (const PricedComponent& component : prices.components) {
    components[component.name].name = component.name;
    report.by_component.push_back(components[component.name]);
  }
  for (auto& [layer, energy] : layers) {
    energy.layer = layer;
    report.by_layer.push_back(energy);
  }
  report.total = checked_add(report.dynamic_total, report.static_total);
  report.time = common_time(prices, rows);
  report.rows = std::move(rows);
  return report;
}

}  // namespace

Component component_of(const base::Counters& counters,
                       std::map<std::string, std::int64_t> attributes, std::string variant) {
  Component component;
  component.name = counters.instance();
  component.class_name = counters.component_class().name;
  component.attributes = std::move(attributes);
  component.variant = std::move(variant);
  for (const base::Action& action : counters.component_class().actions) {
    component.actions.push_back(action.name);
  }
  return component;
}

std::vector<CountRow> count_rows(const base::ActionCounts& counts) {
  std::vector<CountRow> rows;
  for (const base::Counters& counters : counts.components) {
    const std::vector<base::Action>& actions = counters.component_class().actions;
    for (int layer = base::kNoLayer; layer < counters.layers(); ++layer) {
      for (int action = 0; action < counters.actions(); ++action) {
        if (const std::int64_t count = counters.value(action, layer); count > 0) {
          rows.push_back(
              {counters.instance(), actions[static_cast<std::size_t>(action)].name, layer, count});
        }
      }
    }
  }
  return rows;
}

std::vector<Residency> always_on(const PriceList& prices, const std::vector<LayerTime>& layers) {
  std::vector<Residency> residencies;
  for (const PricedComponent& component : prices.components) {
    for (const LayerTime& time : layers) {
      residencies.push_back({component.name, "on", time.layer, time.duration});
    }
  }
  return residencies;
}

EnergyReport price(const PriceList& prices, const std::vector<CountRow>& counts,
                   const std::vector<Residency>& residencies) {
  Cells cells(prices);
  for (const CountRow& row : counts) {
    cells.add(EnergyKind::kDynamic, row.component, row.action, row.layer, row.count);
  }
  for (const Residency& row : residencies) {
    cells.add(EnergyKind::kStatic, row.component, row.state, row.layer, row.duration);
  }
  return summarize(prices, rows_of(prices, cells));
}

std::vector<CountRow> counts_of(const EnergyReport& report) {
  std::vector<CountRow> counts;
  for (const EnergyRow& row : report.rows) {
    if (row.kind == EnergyKind::kDynamic) {
      counts.push_back({row.component, row.action, row.layer, row.count});
    }
  }
  return counts;
}

std::vector<Residency> residencies_of(const EnergyReport& report) {
  std::vector<Residency> residencies;
  for (const EnergyRow& row : report.rows) {
    if (row.kind == EnergyKind::kStatic) {
      residencies.push_back({row.component, row.action, row.layer, row.count});
    }
  }
  return residencies;
}

}  // namespace milliwatt::energy
