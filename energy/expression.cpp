// SPDX-License-Identifier: Apache-2.0
#include "energy/expression.h"

#include "base/error.h"
#include "base/units.h"

namespace milliwatt::energy {
namespace {

/// The unit in which base/ reads a dimension, and how many of the smallest unit it holds.
struct Scale {
  base::Unit unit;
  double smallest;
};

Scale scale_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::kEnergy:
      return {base::Unit::kAttojoules, 1};
    case Dimension::kPower:
      return {base::Unit::kMicrowatts, 1e9};
    case Dimension::kArea:
      return {base::Unit::kSquareMicrometres, 1e6};
  }
  throw base::InternalError("no such dimension");
}

std::string trim(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) {
    return "";
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(trim(text.substr(begin, end - begin)));
    if (end == std::string::npos) {
      return parts;
    }
    begin = end + 1;
  }
}

bool is_name(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; };
  if (text.empty() || !letter(text.front())) {
    return false;
  }
  for (const char c : text) {
    if (!rest(c)) {
      return false;
    }
  }
  return true;
}

template <typename Value>
Value parsed(const base::Parsed<Value>& result) {
  if (!result.ok()) {
    throw base::UserError(result.fault);
  }
  return result.value;
}

}  // namespace

Expression::Product Expression::parse_product(const std::string& text, Dimension dimension) {
  Product product;
  for (const std::string& factor : split(text, '*')) {
    if (is_name(factor)) {
      product.names.push_back(factor);
      continue;
    }
    const auto plain = base::parse_real(factor, base::Unit::kRatio);
    if (plain.ok()) {
      product.coefficient *= plain.value;
      continue;
    }
    if (product.has_unit) {
      throw base::UserError("'" + text + "' multiplies two numbers with units");
    }
    const Scale scale = scale_of(dimension);
    product.has_unit = true;
    product.coefficient *= parsed(base::parse_real(factor, scale.unit)) * scale.smallest;
  }
  return product;
}

Expression Expression::parse(const std::string& text, Dimension dimension) {
  Expression expression;
  expression.text_ = text;
  expression.dimension_ = dimension;
  for (const std::string& product : split(text, '+')) {
    expression.products_.push_back(parse_product(product, dimension));
  }
  return expression;
}

std::vector<std::string> Expression::names() const {
  std::vector<std::string> all;
  for (const Product& product : products_) {
    all.insert(all.end(), product.names.begin(), product.names.end());
  }
  return all;
}

Range Expression::evaluate(const Product& product, const Scope& scope) const {
  double factor = product.coefficient;
  Range cost = {1, 1, 1};
  int costs = product.has_unit ? 1 : 0;
  for (const std::string& name : product.names) {
    if (const auto number = scope.number(name)) {
      factor *= *number;
    } else if (const auto range = scope.cost(name, dimension_)) {
      cost = *range;
      ++costs;
    } else {
      throw base::UserError("'" + name + "' in '" + text_ +
                            "' is neither an attribute nor a primitive with this dimension (" +
                            dimension_name(dimension_) + ")");
    }
  }
  if (costs != 1) {
    throw base::UserError("each product of '" + text_ + "' must hold exactly one " +
                          dimension_name(dimension_));
  }
  return {cost.low * factor, cost.nominal * factor, cost.high * factor};
}

Range Expression::evaluate(const Scope& scope) const {
  Range sum;
  for (const Product& product : products_) {
    const Range range = evaluate(product, scope);
    sum = {sum.low + range.low, sum.nominal + range.nominal, sum.high + range.high};
  }
  return sum;
}

}  // namespace milliwatt::energy
