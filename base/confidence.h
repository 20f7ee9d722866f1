// SPDX-License-Identifier: Apache-2.0
// How well a constant is known.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace milliwatt::base {

/// Every cost, area and latency constant states one of these.
enum class Confidence {
  kPublished,  // stands in a document that measured or specified it
  kDerived,    // computed from published numbers
  kBorrowed,   // published for a similar part, used for this one
  kAssumed,    // no source; stated with a low and a high value
};

constexpr std::array<std::string_view, 4> kConfidenceNames = {"published", "derived", "borrowed",
                                                              "assumed"};

constexpr std::string_view confidence_name(Confidence confidence) {
  return kConfidenceNames[static_cast<std::size_t>(confidence)];
}

}  // namespace milliwatt::base
