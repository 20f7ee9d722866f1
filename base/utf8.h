// SPDX-License-Identifier: Apache-2.0
// Whether bytes are text.
#pragma once

#include <cstddef>
#include <string_view>

namespace milliwatt::base {

/// Offset of the first byte that is zero or not part of well-formed UTF-8 (no overlong forms, no
/// surrogates, at most U+10FFFF); `bytes.size()` when all is text.
std::size_t first_non_text(std::string_view bytes);

}  // namespace milliwatt::base
