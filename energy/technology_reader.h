// SPDX-License-Identifier: Apache-2.0
// Reads technology files. Kept apart from Technology so that pricing needs no YAML.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/yaml.h"
#include "energy/technology.h"

namespace milliwatt::energy {

/// Collects all faults of a file, then throws them together. What is missing, unknown, of the
/// wrong kind or a formula that does not hold is a fault at its place; the format is described in
/// docs/energy.md.
class TechnologyReader {
 public:
  static Technology read(const std::string& path, const ConditionOverrides& overrides);
  static void check_class_file(const std::string& path);

 private:
  explicit TechnologyReader(std::string path) : path_(std::move(path)) {}

  void read_root(const base::YamlNode& root, const ConditionOverrides& overrides);
  void read_conditions(const base::YamlNode& root, const ConditionOverrides& overrides);
  void read_sram_table(const base::YamlNode& root);
  void read_primitives(const base::YamlNode& root);
  Primitive read_primitive(const base::YamlNode& node);
  void read_bounds(const base::YamlNode& node, Primitive& target);
  void read_includes(const base::YamlNode& root);
  void read_class_file(const std::string& path);
  void read_classes(const base::YamlNode& root);
  ClassPrices read_class(const std::string& name, const base::YamlNode& node);
  void read_variants(const base::YamlNode& node, ClassPrices& target);
  void read_small_banks(const base::YamlNode& node, ClassPrices& target);
  void read_costs(const base::YamlNode& node, ClassPrices& target);
  std::vector<std::pair<std::string, Entry>> read_entries(const base::YamlNode& node,
                                                          const char* key, Dimension dimension,
                                                          const ClassPrices& owner);
  Entry read_entry(const base::YamlNode& node, Dimension dimension, const ClassPrices& owner);
  void check_substitutes();

  /// Faults: a key that is not in `allowed`, a node that is no map.
  bool expect_map(const base::YamlNode& node, const std::vector<std::string>& allowed);
  const base::YamlNode* require(const base::YamlNode& map, const char* key);
  std::string text(const base::YamlNode& map, const char* key);
  std::int64_t integer(const base::YamlNode& map, const char* key);
  std::optional<Expression> formula(const base::YamlNode& map, const char* key,
                                    Dimension dimension);
  std::optional<Expression> plain_number(const base::YamlNode& map, const char* key,
                                         Dimension dimension);
  base::Confidence confidence(const base::YamlNode& map);
  /// Every name of the formula must exist and no primitive be less trusted than `claimed`.
  void check_names(const base::YamlNode& at, const Expression& expression, Dimension dimension,
                   const ClassPrices& owner, base::Confidence claimed);
  void check_name(const base::YamlNode& at, const std::string& name, Dimension dimension,
                  const ClassPrices& owner, base::Confidence claimed);

  std::string path_;
  /// A file of classes by itself: which primitives there will be is not known.
  bool without_primitives_ = false;
  base::Diagnostics faults_;
  Technology technology_;
  /// Classes with small_banks, which may name classes further down in the file.
  std::vector<std::pair<std::string, base::Place>> substitutes_;
  base::Confidence sram_confidence_ = base::Confidence::kDerived;
};

}  // namespace milliwatt::energy
