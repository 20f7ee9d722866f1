// SPDX-License-Identifier: Apache-2.0
#include "energy/technology.h"

#include "base/error.h"

namespace milliwatt::energy {

const ClassPrices* Technology::find(const std::string& class_name) const {
  const auto found = classes_.find(class_name);
  return found == classes_.end() ? nullptr : &found->second;
}

std::optional<Range> Technology::named_cost(
    const std::string& name, Dimension dimension,
    const std::map<std::string, std::int64_t>& attributes) const {
  if (const std::optional<SramName> sram = sram_name_of(name)) {
    const auto column = sram_column_of(sram->column);
    if (!column || dimension_of(*column) != dimension || !sram_) {
      return std::nullopt;
    }
    const auto size = static_cast<double>(attributes.at("size_bytes"));
    const auto banks = static_cast<double>(attributes.at("banks"));
    return sram_->at(*column,
                     sram->smallest ? static_cast<double>(sram_->sizes().front()) : size / banks,
                     static_cast<double>(attributes.at("width_bits")));
  }
  const auto found = primitives_.find(name);
  if (found == primitives_.end()) {
    return std::nullopt;
  }
  const auto index = static_cast<std::size_t>(dimension);
  const Primitive& primitive = found->second;
  if (!primitive.costs[index]) {
    return std::nullopt;
  }
  Range range = evaluate(*primitive.costs[index], {});
  if (primitive.low[index] && primitive.high[index]) {
    range.low = evaluate(*primitive.low[index], {}).nominal;
    range.high = evaluate(*primitive.high[index], {}).nominal;
  }
  return range;
}

Range Technology::evaluate(const Expression& expression,
                           const std::map<std::string, std::int64_t>& attributes) const {
  Scope scope;
  scope.number = [&](const std::string& name) -> std::optional<double> {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::nullopt
                                     : std::optional<double>(static_cast<double>(found->second));
  };
  scope.cost = [&](const std::string& name, Dimension dimension) {
    return named_cost(name, dimension, attributes);
  };
  return expression.evaluate(scope);
}

Cost Technology::cost(const Entry& entry, const std::map<std::string, std::int64_t>& attributes,
                      const std::string& what) const {
  Cost cost;
  cost.confidence = entry.confidence;
  cost.source = entry.source;
  cost.unknown = !entry.value;
  if (cost.unknown) {
    return cost;
  }
  try {
    Range range = evaluate(*entry.value, attributes);
    if (entry.low) {
      range.low = evaluate(*entry.low, attributes).low;
      range.high = evaluate(*entry.high, attributes).high;
    }
    cost.bounds = round_once(range, "bounds");
  } catch (const base::UserError& error) {
    throw base::UserError(what + ": " + error.what());
  }
  return cost;
}

}  // namespace milliwatt::energy
