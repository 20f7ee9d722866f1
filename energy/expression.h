// SPDX-License-Identifier: Apache-2.0
// The formulas of a technology file: sums of products such as
//   int_mul_8 + int_add_32 + 48 * register_1b
//   0.05 pJ * width_bits
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "energy/cost.h"

namespace milliwatt::energy {

/// Where an expression finds its names. Either function returns nothing for a name it lacks.
struct Scope {
  /// A pure number: an attribute of the component.
  std::function<std::optional<double>(const std::string& name)> number;
  /// A cost with its bounds: a primitive or a table column, in the given dimension.
  std::function<std::optional<Range>(const std::string& name, Dimension dimension)> cost;
};

/// A sum of products. Each product holds exactly one cost (a number with a unit, or a name that is
/// a cost) and any number of pure numbers (literals or attributes). Bounds go through the sum: all
/// costs at their low together, and all at their high.
class Expression {
 public:
  /// Throws UserError, without a position, when `text` is no expression of this dimension.
  static Expression parse(const std::string& text, Dimension dimension);

  /// Every name the expression uses, in order of appearance, with repetitions.
  std::vector<std::string> names() const;
  /// In aJ, fW or nm^2. Throws UserError when a name is missing in `scope`, or when a product
  /// holds no cost or more than one.
  Range evaluate(const Scope& scope) const;
  const std::string& text() const { return text_; }

 private:
  struct Product {
    double coefficient = 1;
    /// The coefficient carries a unit, so it is the cost of the product.
    bool has_unit = false;
    std::vector<std::string> names;
  };

  static Product parse_product(const std::string& text, Dimension dimension);
  Range evaluate(const Product& product, const Scope& scope) const;

  std::string text_;
  Dimension dimension_ = Dimension::kEnergy;
  std::vector<Product> products_;
};

}  // namespace milliwatt::energy
