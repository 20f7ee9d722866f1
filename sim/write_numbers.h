// SPDX-License-Identifier: Apache-2.0
// Numbers as text: three digits for people, all digits for files.
#pragma once

#include <cstdint>
#include <string>

namespace milliwatt::sim {

/// Three significant digits with an SI prefix: 1234567 is "1.23M", 4.5e-6 is "4.50u". Whole numbers
/// below 1000 stay whole: 16 is "16".
std::string with_prefix(double value);

/// Three significant digits without a prefix: "0.0123", "1.23", "12300".
std::string three_digits(double value);

/// value / 10^places in decimal digits, without rounding and without trailing zeros: (1500, 3) is
/// "1.5". `places`: 0 .. 18.
std::string decimal(std::int64_t value, int places);

/// The shortest digits that read back to the same double. Throws InternalError for infinity and
/// NaN: no file of results holds one.
std::string shortest(double value);

}  // namespace milliwatt::sim
