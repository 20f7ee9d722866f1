// SPDX-License-Identifier: Apache-2.0
// The identities are recomputed here from the rows, by other code than the sums of pricing.cpp:
// in 128 bits, backwards, and from the price list.
#include "base/error.h"
#include "energy/pricing.h"

namespace milliwatt::energy {
namespace {

struct WideBounds {
  __int128 low = 0;
  __int128 nominal = 0;
  __int128 high = 0;

  void add(const Bounds& b) {
    low += b.low;
    nominal += b.nominal;
    high += b.high;
  }
  bool equals(const Bounds& b) const {
    return low == b.low && nominal == b.nominal && high == b.high;
  }
};

void require(bool holds, const std::string& identity) {
  if (!holds) {
    throw base::SimulationError("energy accounting does not close: " + identity);
  }
}

std::string row_text(const EnergyRow& row) {
  return row.component + "." + row.action + " of layer " + std::to_string(row.layer);
}

/// Finds the cost of row after row; rows of one component stand together.
class CostFinder {
 public:
  explicit CostFinder(const PriceList& prices) : components_(prices.components) {}

  const Cost& find(const EnergyRow& row) {
    if (!last_ || last_->name != row.component) {
      last_ = component_of(row);
    }
    for (const Price& price : row.kind == EnergyKind::kDynamic ? last_->actions : last_->states) {
      if (price.name == row.action) {
        return price.cost;
      }
    }
    fail(row);
  }

 private:
  const PricedComponent* component_of(const EnergyRow& row) const {
    for (const PricedComponent& component : components_) {
      if (component.name == row.component) {
        return &component;
      }
    }
    fail(row);
  }
  [[noreturn]] static void fail(const EnergyRow& row) {
    throw base::SimulationError("energy accounting does not close: no price for " + row_text(row));
  }

  const std::vector<PricedComponent>& components_;
  const PricedComponent* last_ = nullptr;
};

/// A dynamic row is exact; a static one is a difference of two rounded sums, so within 1 aJ.
bool matches(EnergyKind kind, std::int64_t energy, std::int64_t cost, std::int64_t count) {
  const __int128 product = static_cast<__int128>(cost) * count;
  if (kind == EnergyKind::kDynamic) {
    return energy == product;
  }
  constexpr __int128 kPerAttojoule = 1'000'000'000;
  const __int128 error = static_cast<__int128>(energy) * kPerAttojoule - product;
  return -kPerAttojoule <= error && error <= kPerAttojoule;
}

void require_row(bool holds, const EnergyRow& row, const char* fault) {
  if (!holds) {
    require(false, row_text(row) + fault);
  }
}

void check_row(const Cost& cost, const EnergyRow& row) {
  const Bounds& energy = row.energy;
  require_row(row.count >= 0 && energy.low >= 0 && energy.nominal >= 0 && energy.high >= 0, row,
              " is negative");
  require_row(matches(row.kind, energy.low, cost.bounds.low, row.count) &&
                  matches(row.kind, energy.nominal, cost.bounds.nominal, row.count) &&
                  matches(row.kind, energy.high, cost.bounds.high, row.count),
              row, " is not its count times its price");
  require_row(row.confidence == cost.confidence, row, " has another confidence");
}

template <typename Groups>
WideBounds sum_of_groups(const Groups& groups) {
  WideBounds sum;
  for (const auto& group : groups) {
    sum.add(group.dynamic_energy);
    sum.add(group.static_energy);
  }
  return sum;
}

}  // namespace

void check_identities(const PriceList& prices, const EnergyReport& report) {
  CostFinder costs(prices);
  WideBounds backwards;
  std::array<WideBounds, 2> by_kind;
  for (auto row = report.rows.rbegin(); row != report.rows.rend(); ++row) {
    check_row(costs.find(*row), *row);
    backwards.add(row->energy);
    by_kind[static_cast<std::size_t>(row->kind)].add(row->energy);
  }
  WideBounds by_confidence;
  for (const Bounds& share : report.by_confidence) {
    by_confidence.add(share);
  }
  require(backwards.equals(report.total), "the rows do not sum to the total");
  require(by_kind[0].equals(report.dynamic_total), "dynamic rows do not sum to their total");
  require(by_kind[1].equals(report.static_total), "static rows do not sum to their total");
  require(sum_of_groups(report.by_component).equals(report.total),
          "the components do not sum to the total");
  require(sum_of_groups(report.by_layer).equals(report.total),
          "the layers do not sum to the total");
  require(by_confidence.equals(report.total), "the confidence classes do not sum to the total");
  require(report.total.low <= report.total.nominal && report.total.nominal <= report.total.high,
          "the range does not enclose the total");
}

}  // namespace milliwatt::energy
