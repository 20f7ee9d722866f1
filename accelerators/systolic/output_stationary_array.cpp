// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/output_stationary_array.h"

#include <algorithm>
#include <cstring>

#include "accelerators/systolic/lanes.h"

namespace milliwatt::systolic {

/// One clock cycle of the whole array, kLanes columns at a time. Inlined into one function per
/// instruction set.
template <int kLanes>
struct OutputStationaryStep {
  using Halves = typename Block<kLanes>::Halves;
  using Words = typename Block<kLanes>::Words;

  template <typename Vector, typename Element>
  [[gnu::always_inline]] static inline void load(Vector& to, const Element* from) {
    std::memcpy(&to, from, sizeof to);
  }

  /// The operands of a row of PEs multiplied: the product, which fits in 16 bits, and above it the
  /// product of the tags: whether the PE did a mac.
  [[gnu::always_inline]] static inline void multiply(Words& both, const OutputStationaryArray& a,
                                                     std::int32_t row, std::int32_t block) {
    Halves left, top;
    load(left, a.left_.data() + row * a.pitch_ + a.head_ + block);
    load(top, a.top_.data() + (a.head_ + row) * a.lanes_ + block);
    both = (Words)(left * top);
  }

  [[gnu::always_inline]] static inline void accumulate(OutputStationaryArray& a,
                                                       std::int32_t block) {
#pragma GCC unroll 1
    for (std::int32_t row = 0; row < a.size_.rows; ++row) {
      std::int32_t* sums = a.accumulators_.data() + row * a.lanes_ + block;
      std::int32_t* products = a.products_.data() + row * a.lanes_ + block;
      Words both, sum, count;
      multiply(both, a, row, block);
      load(sum, sums);
      load(count, products);
      sum += (both << 16) >> 16;
      count += both >> 16;
      std::memcpy(sums, &sum, sizeof sum);
      std::memcpy(products, &count, sizeof count);
    }
  }

  /// The same where some columns drain: there each PE takes what was in the one above. From the
  /// bottom row up, so that the row above is still the old one.
  [[gnu::always_inline]] static inline void accumulate_or_drain(OutputStationaryArray& a,
                                                                std::int32_t block) {
    Words drains;
    load(drains, a.drains_.data() + block);
#pragma GCC unroll 1
    for (std::int32_t row = a.size_.rows - 1; row >= 0; --row) {
      std::int32_t* sums = a.accumulators_.data() + row * a.lanes_ + block;
      std::int32_t* products = a.products_.data() + row * a.lanes_ + block;
      Words both, sum, count;
      Words sum_above = {};
      Words count_above = {};
      if (row > 0) {
        load(sum_above, sums - a.lanes_);
        load(count_above, products - a.lanes_);
      }
      multiply(both, a, row, block);
      load(sum, sums);
      load(count, products);
      sum += (both << 16) >> 16;
      count += both >> 16;
      sum = (drains & sum_above) | (~drains & sum);
      count = (drains & count_above) | (~drains & count);
      std::memcpy(sums, &sum, sizeof sum);
      std::memcpy(products, &count, sizeof count);
    }
  }

  [[gnu::always_inline]] static inline void run(OutputStationaryArray& a, base::Cycles cycles) {
    for (base::Cycles i = 0; i < cycles && !a.done(); ++i) {
      --a.head_;
      if (a.draining()) {
        a.take_outputs();
        for (std::int32_t block = 0; block < a.lanes_; block += kLanes) {
          accumulate_or_drain(a, block);
        }
      } else {
        for (std::int32_t block = 0; block < a.lanes_; block += kLanes) {
          accumulate(a, block);
        }
      }
      a.move_control();
      ++a.counts_.cycles;
    }
  }
};

OutputStationaryArray::OutputStationaryArray(ArraySize size, InstructionSet set)
    : size_(size),
      set_(block_set(size.columns, set)),
      lanes_(padded_lanes(size.columns, set_)),
      pitch_(kWindow + lanes_),
      left_(size.rows * pitch_),
      top_((kWindow + size.rows) * lanes_),
      accumulators_(size.rows * lanes_),
      products_(size.rows * lanes_),
      to_drain_(size.columns),
      drains_(lanes_) {}

void OutputStationaryArray::begin(const ArrayOperands& fold) {
  restart(fold, std::int64_t{fold.use.rows} * fold.use.columns);
  head_ = 0;
  mark_row_ = fold.use.stream == 1 ? 0 : -1;
  first_draining_ = next_draining_ = 0;
  std::fill(to_drain_.begin(), to_drain_.end(), size_.rows);
  std::fill(drains_.begin(), drains_.end(), 0);
  std::fill(left_.begin(), left_.end(), 0u);
  std::fill(top_.begin(), top_.end(), 0u);
  std::fill(accumulators_.begin(), accumulators_.end(), 0);
  std::fill(products_.begin(), products_.end(), 0);
}

void OutputStationaryArray::advance(base::Cycles limit) {
  while (!done() && counts_.cycles < limit) {
    if (head_ == 0) {
      feed_window();
    }
    run_lanes<OutputStationaryStep>(set_, *this,
                                    std::min<base::Cycles>(head_, limit - counts_.cycles));
  }
  counts_.idle_cycles =
      counts_.cycles * size_.rows * std::int64_t{size_.columns} - counts_.macs - counts_.sum_shifts;
}

PeRegisters OutputStationaryArray::registers(std::int32_t row, std::int32_t column) const {
  const std::uint32_t top = top_[(head_ + row) * lanes_ + column];
  const std::uint32_t left = left_[row * pitch_ + head_ + column];
  return {static_cast<std::int8_t>(top), static_cast<std::int8_t>(left),
          accumulators_[row * lanes_ + column], top >> 16 != 0, left >> 16 != 0};
}

void OutputStationaryArray::feed_window() {
  for (std::int32_t row = 0; row < size_.rows; ++row) {
    feed_left(row);
  }
  feed_top();
  head_ = kWindow;
}

/// The element that enters row r in cycle n is n - r.
void OutputStationaryArray::feed_left(std::int32_t row) {
  std::uint32_t* registers = left_.data() + row * pitch_;
  std::copy_n(registers, lanes_, registers + kWindow);
  std::fill_n(registers, kWindow, 0u);
  if (row >= fold_.use.rows) {
    return;
  }
  const std::int64_t now = counts_.cycles - row;
  const std::int64_t first = std::max<std::int64_t>(now, 0);
  const std::int64_t end = std::min<std::int64_t>(now + kWindow, fold_.use.stream);
  for (std::int64_t t = first; t < end; ++t) {
    registers[kWindow - 1 - (t - now)] =
        tagged(fold_.left[row * fold_.left_row + t * fold_.left_step]);
  }
  counts_.left_read += std::max<std::int64_t>(end - first, 0);
}

/// The element that enters column j in cycle n is n - j.
void OutputStationaryArray::feed_top() {
  std::copy_n(top_.data(), size_.rows * lanes_, top_.data() + kWindow * lanes_);
  std::fill_n(top_.data(), kWindow * lanes_, 0u);
  for (std::int32_t n = 0; n < kWindow; ++n) {
    std::uint32_t* registers = top_.data() + (kWindow - 1 - n) * lanes_;
    const base::Cycles cycle = counts_.cycles + n;
    const auto first =
        static_cast<std::int32_t>(std::max<base::Cycles>(0, cycle - fold_.use.stream + 1));
    const auto end =
        static_cast<std::int32_t>(std::min<base::Cycles>(fold_.use.columns, cycle + 1));
    for (std::int32_t j = first; j < end; ++j) {
      registers[j] = tagged(fold_.top[(cycle - j) * fold_.top_row + j * fold_.top_column]);
    }
    counts_.top_read += std::max(end - first, 0);
  }
}

/// At the end of a cycle: the mark moves on, and with it the columns that drain.
void OutputStationaryArray::move_control() {
  while (first_draining_ < next_draining_ && to_drain_[first_draining_] == 0) {
    drains_[first_draining_++] = 0;
  }
  const bool spreads = next_draining_ > 0 && next_draining_ < fold_.use.columns;
  if (mark_row_ == size_.rows - 1 || spreads) {
    drains_[next_draining_++] = -1;
  }
  if (mark_row_ >= 0) {
    mark_row_ = mark_row_ < size_.rows ? mark_row_ + 1 : mark_row_;
  } else if (counts_.cycles + 2 == fold_.use.stream) {
    mark_row_ = 0;  // the last element enters in the next cycle
  }
}

/// The bottom PEs of draining columns pass on what they hold; sums without products are of rows not
/// in use.
void OutputStationaryArray::take_outputs() {
  const std::size_t bottom = static_cast<std::size_t>(size_.rows - 1) * lanes_;
  for (std::int32_t j = first_draining_; j < next_draining_; ++j) {
    const std::int32_t row = --to_drain_[j];
    counts_.sum_shifts += size_.rows;
    if (products_[bottom + j] == 0) {
      continue;
    }
    const std::size_t at = static_cast<std::size_t>(row) * fold_.use.columns + j;
    sums_.at(at) = accumulators_[bottom + j];
    counts_.macs += products_[bottom + j];
    ++counts_.outputs;
    if (recording_) {
      output_cycles_[at] = counts_.cycles;
    }
  }
}

}  // namespace milliwatt::systolic
