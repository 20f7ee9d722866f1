// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace milliwatt::dataflows {

/// Bytes that are needed from one operator to another, ends included.
struct Demand {
  std::uint64_t bytes = 0;
  int first = 0;
  int last = 0;
};

/// First-fit placement of lifetimes in one memory. Offsets are multiples of kTensorAlignment.
class Arena {
 public:
  explicit Arena(std::uint64_t size) : size_{size} {}

  /// The lowest offset that is free over the lifetime; none when the memory is too small.
  std::optional<std::uint32_t> place(const Demand& demand);
  /// Takes a place whatever lies there.
  void claim(const Demand& demand, std::uint64_t offset);

  /// Where the last byte ever taken ends.
  std::uint64_t used() const { return used_; }
  /// The smallest size with which a demand would have been met that was not; none when all were.
  /// Placement is the same with every size below it.
  std::optional<std::uint64_t> next_size() const { return next_size_; }

 private:
  struct Block {
    std::uint64_t offset = 0;
    Demand demand;
  };

  std::uint64_t size_;
  std::uint64_t used_ = 0;
  std::optional<std::uint64_t> next_size_;
  std::vector<Block> blocks_;  ///< by offset
};

}  // namespace milliwatt::dataflows
