// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

namespace milliwatt::base {

/// ceil(a / b) for a >= 0 and b > 0, of the wider type. Does not overflow.
template <typename A, typename B>
constexpr std::common_type_t<A, B> divide_up(A a, B b) {
  using Integer = std::common_type_t<A, B>;
  static_assert(std::is_integral_v<Integer> && std::is_signed_v<A> == std::is_signed_v<B>);
  const Integer whole = static_cast<Integer>(a) / static_cast<Integer>(b);
  return static_cast<Integer>(whole + (whole * static_cast<Integer>(b) == a ? 0 : 1));
}

/// The smallest multiple of `step` that is at least `a`, for a >= 0 and step > 0; it must fit the
/// type.
template <typename A, typename B>
constexpr std::common_type_t<A, B> round_up(A a, B step) {
  return static_cast<std::common_type_t<A, B>>(divide_up(a, step) * step);
}

}  // namespace milliwatt::base
