// SPDX-License-Identifier: Apache-2.0
#include "shell/elements.h"

#include <algorithm>

#include "base/error.h"
#include "workloads/packing.h"

namespace milliwatt::shell {
namespace {

/// Calls Loop<bits>::run with the number of bits as a constant, for which compilers know every
/// shift.
template <template <int> class Loop, typename... Arguments>
void with_bits(int bits, Arguments... arguments) {
  switch (bits) {
    case 2:
      return Loop<2>::run(arguments...);
    case 3:
      return Loop<3>::run(arguments...);
    case 4:
      return Loop<4>::run(arguments...);
    case 5:
      return Loop<5>::run(arguments...);
    case 6:
      return Loop<6>::run(arguments...);
    case 7:
      return Loop<7>::run(arguments...);
    default:
      throw base::InternalError("elements in a buffer have 2 to 8 bits");
  }
}

template <int kBits>
struct Unpack {
  static void run(const std::uint8_t* bytes, std::int64_t first, std::int64_t count,
                  std::int8_t* elements) {
    for (std::int64_t i = 0; i < count; ++i) {
      elements[i] = static_cast<std::int8_t>(workloads::load_element(bytes, first + i, kBits));
    }
  }
};

template <int kBits>
struct Pack {
  static void run(const std::int8_t* elements, std::int64_t count, std::uint8_t* bytes) {
    for (std::int64_t i = 0; i < count; ++i) {
      workloads::store_element(bytes, i, kBits, elements[i]);
    }
  }
};

}  // namespace

void unpack_elements(const std::uint8_t* bytes, std::int64_t first, std::int64_t count, int bits,
                     std::int8_t* elements) {
  if (bits == 8) {
    std::copy_n(reinterpret_cast<const std::int8_t*>(bytes) + first, count, elements);
    return;
  }
  with_bits<Unpack>(bits, bytes, first, count, elements);
}

const std::int8_t* unpacked(const std::uint8_t* bytes, std::int64_t count, int bits,
                            std::vector<std::int8_t>& room) {
  if (bits == 8) {
    return reinterpret_cast<const std::int8_t*>(bytes);
  }
  room.resize(static_cast<std::size_t>(count));
  unpack_elements(bytes, 0, count, bits, room.data());
  return room.data();
}

void pack_elements(const std::int8_t* elements, std::int64_t count, int bits, std::uint8_t* bytes) {
  if (bits == 8) {
    std::copy_n(elements, count, reinterpret_cast<std::int8_t*>(bytes));
    return;
  }
  with_bits<Pack>(bits, elements, count, bytes);
  clear_rest(bytes, count * bits);
}

}  // namespace milliwatt::shell
