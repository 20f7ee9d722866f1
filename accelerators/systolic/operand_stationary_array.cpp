// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/operand_stationary_array.h"

#include <algorithm>
#include <cstring>

#include "accelerators/systolic/lanes.h"

namespace milliwatt::systolic {

/// One clock cycle of the whole array, kLanes columns at a time. Inlined into one function per
/// instruction set.
template <int kLanes>
struct OperandStationaryStep {
  using Halves = typename Block<kLanes>::Halves;
  using Words = typename Block<kLanes>::Words;

  /// Partial sums of a block of columns move down one row, each with its PE's product added. One
  /// multiplication of halves gives the product, which fits in 16 bits, and above it the product of
  /// the tags: whether the PE did a mac.
  [[gnu::always_inline]] static inline void multiply_and_move_down(OperandStationaryArray& a,
                                                                   std::int32_t block) {
    const std::int32_t rows = a.size_.rows;
    const std::int32_t lanes = a.lanes_;
    const std::int32_t pitch = a.pitch_;
    const std::uint32_t* stationary = a.stationary_.data() + block;
    const std::uint32_t* streams = a.streams_.data() + a.head_ + block;
    std::int32_t* sums = a.sums_down_.data() + block;
    Words above, busy;
    std::memcpy(&above, sums, sizeof above);
    std::memcpy(&busy, a.busy_.data() + block, sizeof busy);
#pragma GCC unroll 1
    for (std::int32_t row = 0; row < rows; ++row) {
      sums += lanes;
      Halves held, streamed;
      Words old;
      std::memcpy(&held, stationary, sizeof held);
      std::memcpy(&streamed, streams, sizeof streamed);
      std::memcpy(&old, sums, sizeof old);
      const Words both = (Words)(held * streamed);
      const Words sum = above + ((both << 16) >> 16);
      std::memcpy(sums, &sum, sizeof sum);
      busy += both >> 16;
      above = old;
      stationary += lanes;
      streams += pitch;
    }
    std::memcpy(a.busy_.data() + block, &busy, sizeof busy);
  }

  /// The stationary registers of all rows take those above; a new row enters at the top.
  static void move_stationary_down(OperandStationaryArray& a) {
    for (std::int32_t row = a.size_.rows - 1; row > 0; --row) {
      std::copy_n(&a.stationary_[(row - 1) * a.lanes_], a.lanes_, &a.stationary_[row * a.lanes_]);
      a.counts_.stationary_shifts += a.size_.columns;
    }
    a.counts_.stationary_shifts += a.size_.columns;
    std::fill_n(a.stationary_.begin(), a.lanes_, 0u);
    const auto source = static_cast<std::int32_t>(a.size_.rows - 1 - a.counts_.cycles);
    if (source >= a.fold_.use.rows) {
      return;
    }
    for (std::int32_t j = 0; j < a.fold_.use.columns; ++j) {
      a.stationary_[j] = tagged(a.fold_.top[source * a.fold_.top_row + j * a.fold_.top_column]);
    }
    a.counts_.top_read += a.fold_.use.columns;
  }

  /// Tags of row 0 move right with its streams, and enter the ring of the sums' tags.
  [[gnu::always_inline]] static inline void move_tags(OperandStationaryArray& a) {
    std::uint64_t carry = a.streams_[a.head_] >> 16;
    OperandStationaryArray::ColumnMask& entering = a.sum_tags_[a.sum_tag_];
    for (std::size_t w = 0; w < a.mask_words_; ++w) {
      const std::uint64_t out = a.top_tags_[w] >> 63;
      a.top_tags_[w] = (a.top_tags_[w] << 1) | carry;
      entering[w] = a.top_tags_[w] & a.used_columns_[w];
      carry = out;
    }
    a.sum_tag_ = a.sum_tag_ + 1 == a.size_.rows ? 0 : a.sum_tag_ + 1;
  }

  /// Columns [begin, begin + n) have a new output at the bottom.
  [[gnu::always_inline]] static inline void take(OperandStationaryArray& a, std::int32_t begin,
                                                 std::int32_t n) {
    const std::int32_t* bottom = a.sums_down_.data() + a.size_.rows * a.lanes_ + begin;
    std::int64_t* next = a.next_output_.data() + begin;
    std::int32_t* sums = a.sums_.data();
    const std::int64_t stride = a.fold_.use.columns;
    if (a.recording_) {
      for (std::int32_t j = 0; j < n; ++j) {
        a.output_cycles_[next[j]] = a.counts_.cycles;
      }
    }
#pragma GCC unroll 4
    for (std::int32_t j = 0; j < n; ++j) {
      sums[next[j]] = bottom[j];
      next[j] += stride;
    }
    a.counts_.outputs += n;
  }

  /// Takes an output from every column whose bottom register holds one: runs of set tags.
  [[gnu::always_inline]] static inline void take_outputs(OperandStationaryArray& a) {
    const OperandStationaryArray::ColumnMask& leaving = a.sum_tags_[a.sum_tag_];
    for (std::size_t w = 0; w < a.mask_words_; ++w) {
      std::uint64_t tags = leaving[w];
      auto column = static_cast<std::int32_t>(w * 64);
      while (tags != 0) {
        const int skip = __builtin_ctzll(tags);
        tags >>= skip;
        const int run = ~tags == 0 ? 64 : __builtin_ctzll(~tags);
        take(a, column + skip, run);
        tags = run == 64 ? 0 : tags >> run;
        column += skip + run;
      }
    }
  }

  [[gnu::always_inline]] static inline void run(OperandStationaryArray& a, base::Cycles cycles) {
    for (base::Cycles i = 0; i < cycles && !a.done(); ++i) {
      --a.head_;
      if (a.counts_.cycles < a.size_.rows) {
        move_stationary_down(a);
      }
      for (std::int32_t block = 0; block < a.lanes_; block += kLanes) {
        multiply_and_move_down(a, block);
      }
      move_tags(a);
      take_outputs(a);
      ++a.counts_.cycles;
    }
  }
};

OperandStationaryArray::OperandStationaryArray(ArraySize size, InstructionSet set)
    : size_(size),
      set_(block_set(size.columns, set)),
      lanes_(padded_lanes(size.columns, set_)),
      pitch_(kWindow + lanes_),
      mask_words_((static_cast<std::size_t>(size.columns) + 63) / 64),
      stationary_(size.rows * lanes_),
      sums_down_((size.rows + 1) * lanes_),
      streams_(size.rows * pitch_),
      busy_(lanes_),
      sum_tags_(size.rows),
      next_output_(size.columns) {}

void OperandStationaryArray::begin(const ArrayOperands& fold) {
  restart(fold, fold.use.stream * fold.use.columns);
  head_ = 0;
  sum_tag_ = 0;
  top_tags_ = {};
  used_columns_ = {};
  for (std::int32_t j = 0; j < fold.use.columns; ++j) {
    used_columns_[static_cast<std::size_t>(j) / 64] |= std::uint64_t{1} << (j % 64);
    next_output_[j] = j;
  }
  std::fill(stationary_.begin(), stationary_.end(), 0u);
  std::fill(streams_.begin(), streams_.end(), 0u);
  std::fill(sum_tags_.begin(), sum_tags_.end(), ColumnMask{});
}

void OperandStationaryArray::advance(base::Cycles limit) {
  while (!done() && counts_.cycles < limit) {
    if (head_ == 0) {
      feed_window();
    }
    run_window(std::min<base::Cycles>(head_, limit - counts_.cycles));
  }
}

PeRegisters OperandStationaryArray::registers(std::int32_t row, std::int32_t column) const {
  const std::uint32_t held = stationary_[row * lanes_ + column];
  const std::uint32_t streamed = streams_[row * pitch_ + head_ + column];
  return {static_cast<std::int8_t>(held), static_cast<std::int8_t>(streamed),
          sums_down_[(row + 1) * lanes_ + column], held >> 16 != 0, streamed >> 16 != 0};
}

void OperandStationaryArray::feed_window() {
  for (std::int32_t row = 0; row < size_.rows; ++row) {
    feed_row(row);
  }
  head_ = kWindow;
}

void OperandStationaryArray::feed_row(std::int32_t row) {
  std::uint32_t* registers = streams_.data() + row * pitch_;
  std::copy_n(registers, lanes_, registers + kWindow);
  const std::int64_t now = counts_.cycles - size_.rows - row;  // the element that enters next
  const std::int64_t first = std::max<std::int64_t>(now, 0);
  const std::int64_t end = std::min<std::int64_t>(now + kWindow, fold_.use.stream);
  if (row >= fold_.use.rows || end - first < kWindow) {
    std::fill_n(registers, kWindow, 0u);
  }
  if (row >= fold_.use.rows || end <= first) {
    return;
  }
  const std::int8_t* operand = fold_.left + row * fold_.left_row + first * fold_.left_step;
  for (std::int64_t t = first; t < end; ++t, operand += fold_.left_step) {
    registers[kWindow - 1 - (t - now)] = tagged(*operand);
  }
  counts_.left_read += end - first;
}

void OperandStationaryArray::run_window(base::Cycles cycles) {
  const FoldCounts before = counts_;
  run_lanes<OperandStationaryStep>(set_, *this, cycles);
  count_window(before);
}

void OperandStationaryArray::count_window(const FoldCounts& before) {
  for (std::int32_t& busy : busy_) {
    counts_.macs += busy;
    busy = 0;
  }
  const std::int64_t pe_cycles =
      (counts_.cycles - before.cycles) * size_.rows * std::int64_t{size_.columns};
  counts_.idle_cycles += pe_cycles - (counts_.macs - before.macs) -
                         (counts_.stationary_shifts - before.stationary_shifts);
}

}  // namespace milliwatt::systolic
