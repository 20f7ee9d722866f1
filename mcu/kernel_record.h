// SPDX-License-Identifier: Apache-2.0
// The record of a call (abi/kernel_call.h) as kernels read it, and the checks that they share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

#include "abi/descriptor.h"
#include "abi/kernel_call.h"
#include "base/error.h"

namespace milliwatt::mcu {

/// Largest operand of a kernel, in bytes and in elements, and most elementary steps of one call.
constexpr std::int64_t kMaximumOperandBytes = MW_KERNEL_MOST_OPERAND_BYTES;
constexpr std::int64_t kMaximumKernelSteps = std::int64_t{1} << MW_KERNEL_MOST_STEPS_LOG2;

/// The parts of a record. Head and operands have passed their checks: sizes agree, and each operand
/// has a use, a width and a class that exist.
class KernelRecord {
 public:
  /// Throws SimulationError.
  explicit KernelRecord(std::vector<std::uint8_t> bytes);

  std::uint16_t kernel() const { return head_.kernel; }
  /// base::kNoLayer for none.
  int layer() const;
  const std::vector<mw_kernel_operand>& operands() const { return operands_; }

  /// The section, which must be a T and nothing else. Throws SimulationError.
  template <typename T>
  T section() const {
    require_section(sizeof(T), sizeof(T));
    return read<T>(0);
  }
  /// The section, which must begin with a T; `entries` E follow it, and nothing else.
  template <typename T>
  T section_head() const {
    require_section(sizeof(T), kAnySize);
    return read<T>(0);
  }
  template <typename T, typename E>
  std::vector<E> section_entries(std::uint32_t entries) const {
    const std::uint64_t size = sizeof(T) + std::uint64_t{entries} * sizeof(E);
    require_section(size, size);
    std::vector<E> all;
    for (std::size_t i = 0; i < entries; ++i) {
      all.push_back(read<E>(sizeof(T) + i * sizeof(E)));
    }
    return all;
  }

 private:
  static constexpr std::uint64_t kAnySize = UINT64_MAX;

  void require_section(std::uint64_t least, std::uint64_t most) const;
  template <typename T>
  T read(std::size_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + section_ + offset, sizeof value);
    return value;
  }

  std::vector<std::uint8_t> bytes_;
  mw_kernel_head head_{};
  std::vector<mw_kernel_operand> operands_;
  std::size_t section_ = 0;
};

template <typename... Arguments>
void require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  if (!good) {
    throw base::SimulationError(fmt::format(text, std::forward<Arguments>(arguments)...));
  }
}

void require_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high);

/// Product of extents that are at least 1 and whose product is at most `limit`.
std::int64_t volume(const char* name, std::initializer_list<std::int64_t> extents,
                    std::int64_t limit = kMaximumOperandBytes);
/// Elementary steps of a call.
std::int64_t steps(std::initializer_list<std::int64_t> extents);

/// The call has exactly `operands`.
void require_operands(const KernelRecord& record, std::size_t operands);
/// Operand `index` has this use and `elements` of its bits, in all bytes that these take.
void require_operand(const KernelRecord& record, std::size_t index, const char* name, mw_use use,
                     std::int64_t elements);
/// Operand `index` holds integers of 2 to 8 bits, or of 16; of 32 where `also_32`.
void require_integers(const KernelRecord& record, std::size_t index, const char* name,
                      bool also_32 = false);
/// A value of a signed integer of `bits`.
void require_element(const char* name, std::int64_t value, int bits);
/// Ascending inclusive bounds of `bits`.
void require_clamp(std::int32_t low, std::int32_t high, int bits);
/// A positive factor whose exponent lies in the given range.
void require_multiplier(const char* name, mw_multiplier m, int lowest, int highest);

/// Windows lie as those of a convolution can: every position has a tap that may touch the image.
void require_window(const mw_conv_geometry& g);
/// Elements of a geometry's input and output.
std::int64_t input_elements(const mw_conv_geometry& g);
std::int64_t output_elements(const mw_conv_geometry& g);
/// The taps of a window, whose sums of 8 bits stay in 32.
void require_taps(const mw_conv_geometry& g);

/// Taps [begin, end) of a window whose first tap lies at `origin` (may be negative) that are inside
/// an image of `size` elements.
struct TapRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};
inline TapRange taps_inside(std::int64_t origin, std::int64_t size, std::int64_t kernel,
                            std::int64_t dilation) {
  const auto first_at_or_after = [&](std::int64_t position) {
    const std::int64_t tap = position <= origin ? 0 : (position - origin + dilation - 1) / dilation;
    return static_cast<std::int32_t>(tap < kernel ? tap : kernel);
  };
  return {first_at_or_after(0), first_at_or_after(size)};
}

}  // namespace milliwatt::mcu
