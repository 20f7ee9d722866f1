// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known name that is closest to what the user wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milliwatt::base {

/// Number of single characters to insert, delete, replace or swap with their neighbour to turn
/// `a` into `b`. Upper and lower case count as equal.
int edit_distance(std::string_view a, std::string_view b);

/// The name closest to `wanted`, the first of equals; nothing when even that one is too far to be
/// a slip of the keyboard: more than a third of its letters differ, where short names are granted 2
/// and those of up to three letters 1.
std::optional<std::string> nearest_name(std::string_view wanted,
                                        const std::vector<std::string>& names);

/// "; did you mean 'rows'? Allowed: rows, cols" or ". Allowed: rows, cols".
std::string suggestion(std::string_view wanted, const std::vector<std::string>& names);

/// "; did you mean 'rows'?" or an empty text.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace milliwatt::base
