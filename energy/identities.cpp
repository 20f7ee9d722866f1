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

const Cost& cost_of(const PriceList& prices, const EnergyRow& row) {
  for (const PricedComponent& component : prices.components) {
    if (component.name != row.component) {
      continue;
    }
    for (const Price& price :
         row.kind == EnergyKind::kDynamic ? component.actions : component.states) {
      if (price.name == row.action) {
        return price.cost;
      }
    }
  }
  throw base::SimulationError("energy accounting does not close: no price for " + row_text(row));
}

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

void check_row(const PriceList& prices, const EnergyRow& row) {
  const Cost& cost = cost_of(prices, row);
  const Bounds& energy = row.energy;
  require(row.count >= 0 && energy.low >= 0 && energy.nominal >= 0 && energy.high >= 0,
          row_text(row) + " is negative");
  require(matches(row.kind, energy.low, cost.bounds.low, row.count) &&
              matches(row.kind, energy.nominal, cost.bounds.nominal, row.count) &&
              matches(row.kind, energy.high, cost.bounds.high, row.count),
          row_text(row) + " is not its count times its price");
  require(row.confidence == cost.confidence, row_text(row) + " has another confidence");
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
  WideBounds backwards;
  std::array<WideBounds, 2> by_kind;
  for (auto row = report.rows.rbegin(); row != report.rows.rend(); ++row) {
    check_row(prices, *row);
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
