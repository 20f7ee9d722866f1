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

  /// Why another class prices the component; empty when its own does.
  const std::string& note() const { return note_; }

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

  /// The class itself, or the one that prices banks as small as these.
  const ClassPrices& small_bank_class(const ClassPrices& prices) {
    const ClassPrices* priced_as = &prices;
    while (is_small_for(*priced_as)) {
      priced_as = technology_.find(priced_as->small_bank_class);
    }
    if (priced_as != &prices) {
      note_small_banks(prices, *priced_as);
    }
    return *priced_as;
  }

  bool is_small_for(const ClassPrices& prices) const {
    return prices.small_bank_bytes > 0 &&
           static_cast<__int128>(prices.small_bank_bytes) * component_.attributes.at("banks") >
               component_.attributes.at("size_bytes");
  }

  void note_small_banks(const ClassPrices& own, const ClassPrices& priced_as) {
    const std::int64_t banks = component_.attributes.at("banks");
    const std::int64_t size = component_.attributes.at("size_bytes") / banks;
    note_ =
        component_.name + ": " + std::to_string(banks) + (banks == 1 ? " bank of " : " banks of ") +
        std::to_string(size) + " B, less than the " + std::to_string(own.small_bank_bytes) +
        " B from which there are prices of '" + own.name + "'; priced as '" + priced_as.name + "'";
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
  std::string note_;
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
    Resolver resolver(technology, component, faults);
    list.components.push_back(resolver.resolve());
    if (!resolver.note().empty()) {
      list.notes.push_back(resolver.note());
    }
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
