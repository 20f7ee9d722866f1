// SPDX-License-Identifier: Apache-2.0
// What is different between two results.
#pragma once

#include <string>
#include <vector>

namespace milliwatt::sim {

/// One value that is not the same: its place inside the section, and both texts; empty where one
/// result does not have it.
struct Difference {
  std::string place;
  std::string a;
  std::string b;
};

/// The differences of one part of results.json, in the order of the file.
struct DiffSection {
  std::string name;
  std::vector<Difference> differences;
};

/// Compares two texts of results.json value by value; integers exactly. Layers are matched by
/// number and name, components, memories, units and actions by name, keys of the configuration by
/// path. Sections without a difference are left out, so equal results give nothing. `name_a` and
/// `name_b` stand for the files in messages. Throws UserError for a text that is no result.
std::vector<DiffSection> diff_results(const std::string& a, const std::string& name_a,
                                      const std::string& b, const std::string& name_b);

/// One line per difference, with the change of numbers. Unless `all`, a section has ten lines and
/// the number of the others; what follows from other values of a layer (its place in time, ratios,
/// bounds of its energy) is only counted.
std::string diff_text(const std::vector<DiffSection>& sections, bool all);

}  // namespace milliwatt::sim
