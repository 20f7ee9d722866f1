// SPDX-License-Identifier: Apache-2.0
// The checks of single keys, names and formulas that the reader is made of.
#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/parameter.h"
#include "base/units.h"
#include "energy/technology_reader.h"

namespace milliwatt::energy {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string join(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

}  // namespace

bool TechnologyReader::expect_map(const base::YamlNode& node,
                                  const std::vector<std::string>& allowed) {
  return base::check_keys(node, allowed, faults_);
}

const base::YamlNode* TechnologyReader::require(const base::YamlNode& map, const char* key) {
  const base::YamlNode* node = map.find(key);
  if (!node) {
    faults_.add(map.place, std::string("the key '") + key + "' is missing");
  }
  return node;
}

std::string TechnologyReader::text(const base::YamlNode& map, const char* key) {
  const base::YamlNode* node = require(map, key);
  if (node && (!node->is_scalar() || node->text.empty())) {
    faults_.add(node->place, "expected a text, found " + node->found());
  }
  return node ? node->text : "";
}

std::int64_t TechnologyReader::integer(const base::YamlNode& map, const char* key) {
  const base::YamlNode* node = require(map, key);
  if (!node) {
    return 1;
  }
  const auto value = base::parse_integer(node->text, base::Unit::kCount);
  if (!node->is_scalar() || !value.ok() || value.value <= 0) {
    faults_.add(node->place, "expected a whole number above 0, found " + node->found());
    return 1;
  }
  return value.value;
}

std::optional<Expression> TechnologyReader::formula(const base::YamlNode& map, const char* key,
                                                    Dimension dimension) {
  const base::YamlNode* node = require(map, key);
  if (!node) {
    return std::nullopt;
  }
  if (!node->is_scalar()) {
    faults_.add(node->place, "expected a formula, found " + node->found());
    return std::nullopt;
  }
  try {
    return Expression::parse(node->text, dimension);
  } catch (const base::UserError& error) {
    faults_.add(node->place, error.what());
    return std::nullopt;
  }
}

base::Confidence TechnologyReader::confidence(const base::YamlNode& map) {
  const std::string found = text(map, "confidence");
  std::vector<std::string> names;
  for (const base::Confidence confidence : kAllConfidences) {
    if (found == base::confidence_name(confidence)) {
      return confidence;
    }
    names.emplace_back(base::confidence_name(confidence));
  }
  if (const base::YamlNode* node = map.find("confidence"); node && !found.empty()) {
    faults_.add(node->place, "found '" + found + "'; allowed: " + join(names) +
                                 base::did_you_mean(found, names));
  }
  return base::Confidence::kBorrowed;  // causes no further faults
}

void TechnologyReader::check_names(const base::YamlNode& at, const Expression& expression,
                                   Dimension dimension, const ClassPrices& owner,
                                   base::Confidence claimed) {
  const std::size_t before = faults_.messages().size();
  for (const std::string& name : expression.names()) {
    check_name(at, name, dimension, owner, claimed);
  }
  if (faults_.messages().size() > before) {
    return;
  }
  Scope scope;
  scope.number = [&](const std::string& name) {
    return contains(owner.attributes, name) ? std::optional<double>(1) : std::nullopt;
  };
  scope.cost = [](const std::string&, Dimension) { return std::optional<Range>(Range{1, 1, 1}); };
  try {
    expression.evaluate(scope);
  } catch (const base::UserError& error) {
    faults_.add(at.place, error.what());
  }
}

void TechnologyReader::check_name(const base::YamlNode& at, const std::string& name,
                                  Dimension dimension, const ClassPrices& owner,
                                  base::Confidence claimed) {
  if (contains(owner.attributes, name)) {
    return;
  }
  base::Confidence below = sram_confidence_;
  if (const std::optional<SramName> sram = sram_name_of(name)) {
    const auto column = sram_column_of(sram->column);
    const bool usable = column && dimension_of(*column) == dimension;
    const bool sized = contains(owner.attributes, "size_bytes") &&
                       contains(owner.attributes, "banks") &&
                       contains(owner.attributes, "width_bits");
    if (!usable || !sized) {
      faults_.add(at.place, "'" + name + "' is no " + dimension_name(dimension) +
                                " column of the SRAM table (sram.read, sram.write, sram.leakage, "
                                "sram.area), or the class lacks size_bytes, width_bits or banks");
      return;
    }
  } else if (without_primitives_) {
    return;
  } else {
    const auto found = technology_.primitives_.find(name);
    if (found == technology_.primitives_.end() ||
        !found->second.costs[static_cast<std::size_t>(dimension)]) {
      faults_.add(at.place, "'" + name + "' is neither an attribute (" + join(owner.attributes) +
                                ") nor a primitive with " + dimension_name(dimension));
      return;
    }
    below = found->second.confidence;
  }
  if (claimed < below) {
    faults_.add(at.place, "claims to be " + std::string(base::confidence_name(claimed)) +
                              ", but '" + name + "' is only " +
                              std::string(base::confidence_name(below)));
  }
}

}  // namespace milliwatt::energy
