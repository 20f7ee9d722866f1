// SPDX-License-Identifier: Apache-2.0
// What everything costs in one process technology, as data: a YAML file that anyone can read,
// check against its sources and replace.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "energy/cost.h"
#include "energy/expression.h"
#include "energy/sram_table.h"

namespace milliwatt::energy {

/// A number of a source that entries build on: a multiplier, one bit of register. It may cost
/// energy (one operation), power (always) and area.
struct Primitive {
  std::array<std::optional<Expression>, kDimensions> costs;
  /// Bounds of each cost, or none at all.
  std::array<std::optional<Expression>, kDimensions> low;
  std::array<std::optional<Expression>, kDimensions> high;
  base::Confidence confidence = base::Confidence::kPublished;
  std::string source;
};

/// One price: a formula over primitives, table columns and attributes, or "unknown" (areas only).
struct Entry {
  std::optional<Expression> value;
  /// Bounds that replace those of the value. Both or none; assumed entries have both.
  std::optional<Expression> low;
  std::optional<Expression> high;
  base::Confidence confidence = base::Confidence::kAssumed;
  std::string source;
};

/// Everything of a component class that costs something. A class may have variants that an
/// attribute chooses (the kind of an external memory); then only the variants hold entries.
struct ClassPrices {
  std::string name;
  /// Integer attributes, all required of every instance.
  std::vector<std::string> attributes;
  std::vector<std::pair<std::string, Entry>> actions;
  /// Static power by power state; "on" is always there.
  std::vector<std::pair<std::string, Entry>> states;
  Entry area;

  /// Name of the text attribute that chooses a variant; empty when there are none.
  std::string variant_attribute;
  std::vector<std::pair<std::string, ClassPrices>> variants;

  /// Banks (size_bytes / banks) below this size are priced as another class, which may send still
  /// smaller ones to a third; 0: never.
  std::int64_t small_bank_bytes = 0;
  std::string small_bank_class;
};

/// The keys that make costs comparable. A platform may override them; what the file has no
/// numbers for is refused, never scaled.
struct Conditions {
  std::int64_t node_nm = 0;
  /// Of the logic. SRAM rows are at the supply that CACTI takes for the cell.
  std::int64_t voltage_mv = 0;
  std::int64_t temperature_k = 0;
  /// Transistors of the SRAM, cells and periphery alike: "lstp", "hp" or "lop".
  std::string cell;
};

struct ConditionOverrides {
  std::optional<std::int64_t> node_nm;
  std::optional<std::int64_t> voltage_mv;
  std::optional<std::int64_t> temperature_k;
  std::optional<std::string> cell;
};

/// A technology file, read and checked: every formula names only attributes of its class,
/// primitives and table columns of the right dimension; every number has a source and a
/// confidence; no entry claims more confidence than the primitives below it.
class Technology {
 public:
  /// Throws UserError with every fault of the file, each with file:line:column. The SRAM table and
  /// included files of classes are found relative to the file.
  static Technology load(const std::string& path, const ConditionOverrides& overrides = {});

  const std::string& name() const { return name_; }
  const Conditions& conditions() const { return conditions_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// nullptr when there is no such class.
  const ClassPrices* find(const std::string& class_name) const;

  /// The cost of `entry` for a component with these attributes, rounded once. `what` names the
  /// component and the action in the UserError of a size outside the SRAM table.
  Cost cost(const Entry& entry, const std::map<std::string, std::int64_t>& attributes,
            const std::string& what) const;

 private:
  friend class TechnologyReader;
  Technology() = default;

  Range evaluate(const Expression& expression,
                 const std::map<std::string, std::int64_t>& attributes) const;
  std::optional<Range> named_cost(const std::string& name, Dimension dimension,
                                  const std::map<std::string, std::int64_t>& attributes) const;

  std::string name_;
  Conditions conditions_;
  std::map<std::string, Primitive> primitives_;
  std::vector<std::string> class_names_;
  std::map<std::string, ClassPrices> classes_;
  std::optional<SramSurface> sram_;
};

/// Reads a file that technologies include. Throws UserError with every fault that can be told
/// without a technology, whose primitives its formulas name.
void check_class_file(const std::string& path);

}  // namespace milliwatt::energy
