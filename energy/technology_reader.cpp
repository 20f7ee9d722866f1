// SPDX-License-Identifier: Apache-2.0
#include "energy/technology_reader.h"

#include <algorithm>

#include "base/error.h"

namespace milliwatt::energy {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Technology Technology::load(const std::string& path, const ConditionOverrides& overrides) {
  return TechnologyReader::read(path, overrides);
}

void check_class_file(const std::string& path) { TechnologyReader::check_class_file(path); }

Technology TechnologyReader::read(const std::string& path, const ConditionOverrides& overrides) {
  TechnologyReader reader(path);
  if (const auto root = base::parse_yaml_file(path, reader.faults_)) {
    reader.read_root(*root, overrides);
  }
  reader.faults_.throw_if_any();
  return std::move(reader.technology_);
}

void TechnologyReader::check_class_file(const std::string& path) {
  TechnologyReader reader(path);
  reader.without_primitives_ = true;
  reader.read_class_file(path);
  reader.check_substitutes();
  reader.faults_.throw_if_any();
}

void TechnologyReader::read_root(const base::YamlNode& root, const ConditionOverrides& overrides) {
  if (!expect_map(root, {"name", "conditions", "sram_table", "primitives", "include", "classes"})) {
    return;
  }
  technology_.name_ = text(root, "name");
  read_conditions(root, overrides);
  read_sram_table(root);
  read_primitives(root);
  read_includes(root);
  read_classes(root);
  check_substitutes();
}

void TechnologyReader::read_conditions(const base::YamlNode& root,
                                       const ConditionOverrides& overrides) {
  const base::YamlNode* node = require(root, "conditions");
  if (!node || !expect_map(*node, {"node_nm", "voltage_mv", "temperature_k", "cell"})) {
    return;
  }
  Conditions& conditions = technology_.conditions_;
  conditions = {integer(*node, "node_nm"), integer(*node, "voltage_mv"),
                integer(*node, "temperature_k"), text(*node, "cell")};
  const auto fixed = [&](const std::optional<std::int64_t>& wanted, std::int64_t has,
                         const char* key) {
    if (wanted && *wanted != has) {
      faults_.add(node->place, std::string(key) + " is " + std::to_string(*wanted) +
                                   " in the platform, but the prices of this file hold at " +
                                   std::to_string(has) + " only");
    }
  };
  fixed(overrides.node_nm, conditions.node_nm, "node_nm");
  fixed(overrides.voltage_mv, conditions.voltage_mv, "voltage_mv");
  fixed(overrides.temperature_k, conditions.temperature_k, "temperature_k");
  conditions.cell = overrides.cell.value_or(conditions.cell);
}

void TechnologyReader::read_sram_table(const base::YamlNode& root) {
  const base::YamlNode* node = root.find("sram_table");
  if (!node || !expect_map(*node, {"file", "source", "confidence"})) {
    return;
  }
  text(*node, "source");
  sram_confidence_ = confidence(*node);
  const std::string file = text(*node, "file");
  if (file.empty()) {
    return;
  }
  const Conditions& conditions = technology_.conditions_;
  try {
    technology_.sram_ =
        SramTable::load(folder_of(path_) + file)
            .select({conditions.node_nm, conditions.cell, conditions.temperature_k});
  } catch (const base::UserError& error) {
    faults_.add(node->place, error.what());
  }
}

void TechnologyReader::read_primitives(const base::YamlNode& root) {
  const base::YamlNode* node = root.find("primitives");
  if (!node) {
    return;
  }
  if (!node->is_map()) {
    faults_.add(node->place, "expected a map of primitives, found " + node->found());
    return;
  }
  for (const base::YamlEntry& entry : node->entries) {
    technology_.primitives_.emplace(entry.key, read_primitive(entry.value));
  }
}

Primitive TechnologyReader::read_primitive(const base::YamlNode& node) {
  Primitive primitive;
  if (!expect_map(node, {"energy", "power", "area", "low", "high", "source", "confidence"})) {
    return primitive;
  }
  bool priced = false;
  for (int i = 0; i < kDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    const char* key = dimension_name(dimension);
    auto& cost = primitive.costs[static_cast<std::size_t>(i)];
    cost = node.find(key) ? plain_number(node, key, dimension) : std::nullopt;
    priced = priced || node.find(key);
  }
  if (!priced) {
    faults_.add(node.place, "a primitive needs at least one of energy, power, area");
  }
  read_bounds(node, primitive);
  primitive.source = text(node, "source");
  primitive.confidence = confidence(node);
  if (primitive.confidence == base::Confidence::kAssumed) {
    faults_.add(node.place, "assumed numbers belong into entries, with low and high");
  }
  return primitive;
}

std::optional<Expression> TechnologyReader::plain_number(const base::YamlNode& map, const char* key,
                                                         Dimension dimension) {
  std::optional<Expression> number = formula(map, key, dimension);
  if (number && !number->names().empty()) {
    faults_.add(map.find(key)->place, "a primitive is a plain number with a unit");
    number.reset();
  }
  return number;
}

/// `low` and `high` of a primitive hold a number for each of its costs.
void TechnologyReader::read_bounds(const base::YamlNode& node, Primitive& target) {
  const base::YamlNode* low = node.find("low");
  const base::YamlNode* high = node.find("high");
  if (!low != !high) {
    faults_.add(node.place, "low and high are given together");
  }
  if (!low || !high) {
    return;
  }
  const std::vector<std::string> keys = {"energy", "power", "area"};
  if (!expect_map(*low, keys) || !expect_map(*high, keys)) {
    return;
  }
  for (int i = 0; i < kDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    const auto index = static_cast<std::size_t>(i);
    if (target.costs[index]) {
      target.low[index] = plain_number(*low, dimension_name(dimension), dimension);
      target.high[index] = plain_number(*high, dimension_name(dimension), dimension);
    }
  }
}

void TechnologyReader::read_includes(const base::YamlNode& root) {
  const base::YamlNode* node = root.find("include");
  if (!node) {
    return;
  }
  if (!node->is_sequence()) {
    faults_.add(node->place, "expected a list of files, found " + node->found());
  }
  for (const base::YamlNode& item : node->items) {
    try {
      read_class_file(folder_of(path_) + item.text);
    } catch (const base::UserError& error) {
      for (const std::string& message : error.messages()) {
        faults_.add(item.place, message);
      }
    }
  }
}

void TechnologyReader::read_class_file(const std::string& path) {
  const base::YamlNode root = base::parse_yaml_file(path);
  if (expect_map(root, {"classes"})) {
    read_classes(root);
  }
}

void TechnologyReader::read_classes(const base::YamlNode& root) {
  const base::YamlNode* node = require(root, "classes");
  if (!node || !node->is_map()) {
    if (node) {
      faults_.add(node->place, "expected a map of component classes, found " + node->found());
    }
    return;
  }
  for (const base::YamlEntry& entry : node->entries) {
    if (technology_.find(entry.key)) {
      faults_.add(entry.place, "the class is in an included file already");
      continue;
    }
    technology_.class_names_.push_back(entry.key);
    technology_.classes_.emplace(entry.key, read_class(entry.key, entry.value));
  }
}

ClassPrices TechnologyReader::read_class(const std::string& name, const base::YamlNode& node) {
  ClassPrices result;
  result.name = name;
  if (!expect_map(node,
                  {"attributes", "actions", "static_power", "area", "variants", "small_banks"})) {
    return result;
  }
  if (const base::YamlNode* attributes = require(node, "attributes")) {
    for (const base::YamlNode& item : attributes->items) {
      result.attributes.push_back(item.text);
    }
    if (!attributes->is_sequence()) {
      faults_.add(attributes->place, "expected a list of names, found " + attributes->found());
    }
  }
  if (const base::YamlNode* variants = node.find("variants")) {
    read_variants(*variants, result);
  } else {
    read_costs(node, result);
  }
  if (const base::YamlNode* small_banks = node.find("small_banks")) {
    read_small_banks(*small_banks, result);
  }
  return result;
}

void TechnologyReader::read_variants(const base::YamlNode& node, ClassPrices& target) {
  if (!expect_map(node, {"attribute", "of"})) {
    return;
  }
  target.variant_attribute = text(node, "attribute");
  const base::YamlNode* of = require(node, "of");
  if (!of) {
    return;
  }
  for (const base::YamlEntry& entry : of->entries) {
    ClassPrices variant;
    variant.name = target.name + "." + entry.key;
    variant.attributes = target.attributes;
    if (expect_map(entry.value, {"actions", "static_power", "area"})) {
      read_costs(entry.value, variant);
    }
    target.variants.emplace_back(entry.key, std::move(variant));
  }
}

void TechnologyReader::read_small_banks(const base::YamlNode& node, ClassPrices& target) {
  if (!expect_map(node, {"below_bytes", "priced_as"})) {
    return;
  }
  substitutes_.emplace_back(target.name, node.place);
  target.small_bank_bytes = integer(node, "below_bytes");
  target.small_bank_class = text(node, "priced_as");
  if (!contains(target.attributes, "size_bytes") || !contains(target.attributes, "banks")) {
    faults_.add(node.place, "small_banks needs the attributes size_bytes and banks");
  }
}

void TechnologyReader::read_costs(const base::YamlNode& node, ClassPrices& target) {
  target.actions = read_entries(node, "actions", Dimension::kEnergy, target);
  target.states = read_entries(node, "static_power", Dimension::kPower, target);
  const base::YamlNode* states = node.find("static_power");
  if (states && states->is_map() && !states->find("on")) {
    faults_.add(states->place, "the power state 'on' is missing");
  }
  if (const base::YamlNode* area = require(node, "area")) {
    target.area = read_entry(*area, Dimension::kArea, target);
  }
}

std::vector<std::pair<std::string, Entry>> TechnologyReader::read_entries(
    const base::YamlNode& node, const char* key, Dimension dimension, const ClassPrices& owner) {
  std::vector<std::pair<std::string, Entry>> entries;
  const base::YamlNode* list = require(node, key);
  if (list && !list->is_map()) {
    faults_.add(list->place, "expected a map, found " + list->found());
  } else if (list) {
    for (const base::YamlEntry& entry : list->entries) {
      entries.emplace_back(entry.key, read_entry(entry.value, dimension, owner));
    }
  }
  return entries;
}

Entry TechnologyReader::read_entry(const base::YamlNode& node, Dimension dimension,
                                   const ClassPrices& owner) {
  Entry entry;
  const char* const key = dimension_name(dimension);
  if (!expect_map(node, {key, "low", "high", "source", "confidence"})) {
    return entry;
  }
  entry.source = text(node, "source");
  const base::YamlNode* value = node.find(key);
  if (dimension == Dimension::kArea && value && value->text == "unknown") {
    if (node.find("confidence") || node.find("low") || node.find("high")) {
      faults_.add(node.place, "an unknown area has a source (why it is unknown) and nothing else");
    }
    return entry;
  }
  entry.confidence = confidence(node);
  entry.value = formula(node, key, dimension);
  entry.low = node.find("low") ? formula(node, "low", dimension) : std::nullopt;
  entry.high = node.find("high") ? formula(node, "high", dimension) : std::nullopt;
  if (!node.find("low") != !node.find("high")) {
    faults_.add(node.place, "low and high are given together");
  } else if (entry.confidence == base::Confidence::kAssumed && !node.find("low")) {
    faults_.add(node.place, "an assumed number needs low and high");
  }
  for (const auto* expression : {&entry.value, &entry.low, &entry.high}) {
    if (*expression) {
      check_names(node, **expression, dimension, owner, entry.confidence);
    }
  }
  return entry;
}

void TechnologyReader::check_substitutes() {
  for (const auto& [name, place] : substitutes_) {
    const ClassPrices& owner = *technology_.find(name);
    const ClassPrices* other = technology_.find(owner.small_bank_class);
    if (!other || other->attributes != owner.attributes ||
        (other->small_bank_bytes > 0 && other->small_bank_bytes >= owner.small_bank_bytes)) {
      faults_.add(place, "'" + owner.small_bank_class +
                             "' must be a class with the same attributes, whose small_banks, if "
                             "any, begin below fewer bytes");
    }
  }
}

}  // namespace milliwatt::energy
