// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/nearest.h"
#include "energy/pricing.h"

namespace milliwatt::energy {
namespace {

std::vector<std::string> names_of(const std::vector<std::pair<std::string, Entry>>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& [name, entry] : entries) {
    names.push_back(name);
  }
  return names;
}

/// Resolves one component; every fault goes to `faults` with the component's name in front.
class Resolver {
 public:
  Resolver(const Technology& technology, const Component& component, base::Diagnostics& faults)
      : technology_(technology), component_(component), faults_(faults) {}

  PricedComponent resolve() {
    PricedComponent priced;
    priced.name = component_.name;
    const ClassPrices* prices = find_class();
    if (!prices) {
      return priced;
    }
    priced.priced_as = prices->name;
    priced.actions = resolve_all(prices->actions, component_.actions, "action");
    priced.states = resolve_all(prices->states, component_.states, "power state");
    priced.area = cost(prices->area, "area");
    return priced;
  }

 private:
  const ClassPrices* find_class() {
    const ClassPrices* found = technology_.find(component_.class_name);
    if (!found) {
      fault("no prices for class '" + component_.class_name + "'" +
            base::did_you_mean(component_.class_name, technology_.class_names()));
      return nullptr;
    }
    if (!check_attributes(*found)) {
      return nullptr;
    }
    return find_variant(small_bank_class(*found));
  }

  bool check_attributes(const ClassPrices& prices) {
    bool good = true;
    for (const std::string& name : prices.attributes) {
      const auto attribute = component_.attributes.find(name);
      if (attribute == component_.attributes.end() || attribute->second <= 0) {
        fault("class '" + prices.name + "' needs the attribute '" + name + "', above 0");
        good = false;
      }
    }
    for (const auto& [name, value] : component_.attributes) {
      const auto& known = prices.attributes;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        fault("class '" + prices.name + "' has no attribute '" + name + "'" +
              base::did_you_mean(name, known));
        good = false;
      }
    }
    return good;
  }

  const ClassPrices& small_bank_class(const ClassPrices& prices) const {
    if (prices.small_bank_bytes == 0) {
      return prices;
    }
    const std::int64_t size = component_.attributes.at("size_bytes");
    const std::int64_t banks = component_.attributes.at("banks");
    const bool small = static_cast<__int128>(prices.small_bank_bytes) * banks > size;
    return small ? *technology_.find(prices.small_bank_class) : prices;
  }

  const ClassPrices* find_variant(const ClassPrices& prices) {
    if (prices.variants.empty() && component_.variant.empty()) {
      return &prices;
    }
    std::vector<std::string> names;
    for (const auto& [name, variant] : prices.variants) {
      if (name == component_.variant) {
        return &variant;
      }
      names.push_back(name);
    }
    fault("class '" + prices.name + "' has no prices for " +
          (prices.variant_attribute.empty() ? "variant" : prices.variant_attribute) + " '" +
          component_.variant + "'" + base::suggestion(component_.variant, names));
    return nullptr;
  }

  std::vector<Price> resolve_all(const std::vector<std::pair<std::string, Entry>>& entries,
                                 const std::vector<std::string>& wanted, const char* what) {
    std::vector<Price> prices;
    for (const std::string& name : wanted) {
      const auto entry = std::find_if(entries.begin(), entries.end(),
                                      [&](const auto& pair) { return pair.first == name; });
      if (entry == entries.end()) {
        fault(std::string(what) + " '" + name + "' of class '" + component_.class_name +
              "' has no price" + base::did_you_mean(name, names_of(entries)));
      } else {
        prices.push_back({name, cost(entry->second, name)});
      }
    }
    return prices;
  }

  /// A bank outside the SRAM table has no energy, power or area for one and the same reason, which
  /// is reported once.
  Cost cost(const Entry& entry, const std::string& what) {
    try {
      return technology_.cost(entry, component_.attributes, what);
    } catch (const base::UserError& error) {
      const std::string message = error.what();
      const std::string reason = message.substr(message.find(what + ": ") == 0 ? what.size() : 0);
      if (reasons_.insert(reason).second) {
        fault(message);
      }
      return {};
    }
  }

  void fault(const std::string& message) {
    faults_.add("component '" + component_.name + "': " + message);
  }

  const Technology& technology_;
  const Component& component_;
  base::Diagnostics& faults_;
  std::set<std::string> reasons_;
};

}  // namespace

PriceList resolve(const Technology& technology, const std::vector<Component>& components) {
  PriceList list;
  list.technology = technology.name();
  list.conditions = technology.conditions();
  base::Diagnostics faults;
  std::set<std::string> names;
  for (const Component& component : components) {
    if (!names.insert(component.name).second) {
      throw base::InternalError("two components are named '" + component.name + "'");
    }
    list.components.push_back(Resolver(technology, component, faults).resolve());
  }
  faults.throw_if_any();
  return list;
}

AreaReport area_report(const PriceList& prices) {
  AreaReport report;
  for (const PricedComponent& component : prices.components) {
    report.rows.push_back({component.name, component.priced_as, component.area});
    if (component.area.unknown) {
      report.unknown.push_back(component.name);
      continue;
    }
    Bounds& share = report.by_confidence[static_cast<std::size_t>(component.area.confidence)];
    share = checked_add(share, component.area.bounds);
    report.total = checked_add(report.total, component.area.bounds);
  }
  return report;
}

}  // namespace milliwatt::energy
