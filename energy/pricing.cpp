// SPDX-License-Identifier: Apache-2.0
#include "energy/pricing.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

/// One cell of the cube. The order of the key is the order of the rows.
struct Cell {
  std::size_t component = 0;
  EnergyKind kind = EnergyKind::kDynamic;
  /// Index of the action or power state.
  std::size_t price = 0;
  std::int32_t layer = 0;
  /// Actions, or picoseconds in the power state.
  std::int64_t count = 0;

  auto key() const { return std::tie(component, kind, price, layer); }
};

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

/// Finds components by name; quick when rows of one component stand together.
class ComponentFinder {
 public:
  explicit ComponentFinder(const PriceList& prices) : components_(prices.components) {}

  std::size_t find(const std::string& name) {
    for (std::size_t step = 0; step < components_.size(); ++step) {
      const std::size_t i = (last_ + step) % components_.size();
      if (components_[i].name == name) {
        return last_ = i;
      }
    }
    throw base::InternalError("component '" + name + "' has counts but no prices");
  }

 private:
  const std::vector<PricedComponent>& components_;
  std::size_t last_ = 0;
};

/// Gathers counts and sums those of the same cell.
class Cells {
 public:
  explicit Cells(const PriceList& prices) : prices_(prices), finder_(prices) {}

  void add(EnergyKind kind, const std::string& component, const std::string& name,
           std::int32_t layer, std::int64_t count) {
    if (count < 0) {
      throw base::InternalError("component '" + component + "' has a negative count of '" + name +
                                "'");
    }
    const std::size_t index = finder_.find(component);
    const std::size_t price = price_index(prices_.components[index], kind, name);
    cells_.push_back({index, kind, price, layer, count});
  }

  /// One cell per key, in order, without those that count nothing.
  std::vector<Cell> merged() const {
    std::vector<Cell> sorted = cells_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Cell& a, const Cell& b) { return a.key() < b.key(); });
    std::vector<Cell> merged;
    for (const Cell& cell : sorted) {
      if (!merged.empty() && merged.back().key() == cell.key()) {
        merged.back().count = checked_add(merged.back().count, cell.count);
      } else if (cell.count > 0) {
        merged.push_back(cell);
      }
    }
    return merged;
  }

 private:
  const PriceList& prices_;
  ComponentFinder finder_;
  std::vector<Cell> cells_;
};

/// Power x time in attojoules, to the nearest: fW x ps = 10^-9 aJ.
std::int64_t static_energy(Femtowatts power, base::Picoseconds time) {
  constexpr __int128 kPerAttojoule = 1'000'000'000;
  const __int128 energy = (static_cast<__int128>(power) * time + kPerAttojoule / 2) / kPerAttojoule;
  if (energy > INT64_MAX) {
    throw_too_large();
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

/// Static energy of cell after cell of one component and state, as differences of the rounded
/// running sum.
class StaticSum {
 public:
  Bounds next(const Cell& cell, const Bounds& power) {
    if (cell.component != component_ || cell.price != state_) {
      component_ = cell.component;
      state_ = cell.price;
      time_ = 0;
    }
    const Bounds before = static_energy(power, time_);
    time_ = checked_add(time_, cell.count);
    return difference(static_energy(power, time_), before);
  }

 private:
  std::size_t component_ = 0;
  std::size_t state_ = 0;
  base::Picoseconds time_ = 0;
};

std::vector<EnergyRow> rows_of(const PriceList& prices, const std::vector<Cell>& cells) {
  std::vector<EnergyRow> rows;
  rows.reserve(cells.size());
  StaticSum sum;
  for (const Cell& cell : cells) {
    const PricedComponent& owner = prices.components[cell.component];
    const Price& price = prices_of(owner, cell.kind)[cell.price];
    const Bounds energy = cell.kind == EnergyKind::kDynamic
                              ? checked_multiply(price.cost.bounds, cell.count)
                              : sum.next(cell, price.cost.bounds);
    rows.push_back(
        {cell.kind, owner.name, price.name, cell.layer, cell.count, energy, price.cost.confidence});
  }
  return rows;
}

void add_to(Bounds& sum, const Bounds& energy) { sum = checked_add(sum, energy); }

template <typename Group>
Bounds& part_of(Group& group, EnergyKind kind) {
  return kind == EnergyKind::kDynamic ? group.dynamic_energy : group.static_energy;
}

/// Time that the power states of a component cover; the same for all components.
base::Picoseconds common_time(const PriceList& prices, const std::vector<Cell>& cells) {
  std::vector<base::Picoseconds> times(prices.components.size(), 0);
  for (const Cell& cell : cells) {
    if (cell.kind == EnergyKind::kStatic) {
      times[cell.component] = checked_add(times[cell.component], cell.count);
    }
  }
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] != times[0]) {
      throw base::SimulationError("energy accounting: '" + prices.components[i].name +
                                  "' has power states for " + std::to_string(times[i]) + " ps, '" +
                                  prices.components[0].name + "' for " + std::to_string(times[0]) +
                                  " ps");
    }
  }
  return times.empty() ? 0 : times[0];
}

/// `cells` and the rows of `report` correspond.
void add_sums(const PriceList& prices, const std::vector<Cell>& cells, EnergyReport& report) {
  std::map<std::int32_t, LayerEnergy> layers;
  for (const PricedComponent& component : prices.components) {
    report.by_component.push_back({component.name, {}, {}});
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const EnergyRow& row = report.rows[i];
    add_to(part_of(report.by_component[cells[i].component], row.kind), row.energy);
    add_to(part_of(layers[row.layer], row.kind), row.energy);
    add_to(report.by_confidence[static_cast<std::size_t>(row.confidence)], row.energy);
    add_to(row.kind == EnergyKind::kDynamic ? report.dynamic_total : report.static_total,
           row.energy);
  }
  for (auto& [layer, energy] : layers) {
    energy.layer = layer;
    report.by_layer.push_back(energy);
  }
  report.total = checked_add(report.dynamic_total, report.static_total);
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
  const std::vector<Cell> merged = cells.merged();
  EnergyReport report;
  report.time = common_time(prices, merged);
  report.rows = rows_of(prices, merged);
  add_sums(prices, merged, report);
  return report;
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
