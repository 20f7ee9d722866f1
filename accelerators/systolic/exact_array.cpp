// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/exact_array.h"

#include <algorithm>
#include <cstring>

namespace milliwatt::systolic {

namespace {

/// A register with its tag, as ExactArray keeps it.
constexpr std::uint32_t tagged(std::int8_t value) {
  return 0x10000u | static_cast<std::uint16_t>(value);
}

/// Vectors of one block of columns, as wide as those of the instruction set.
template <int kLanes>
struct Block;

template <>
struct Block<4> {
  typedef std::int16_t Halves __attribute__((vector_size(16)));
  typedef std::int32_t Words __attribute__((vector_size(16)));
};

template <>
struct Block<8> {
  typedef std::int16_t Halves __attribute__((vector_size(32)));
  typedef std::int32_t Words __attribute__((vector_size(32)));
};

template <>
struct Block<16> {
  typedef std::int16_t Halves __attribute__((vector_size(64)));
  typedef std::int32_t Words __attribute__((vector_size(64)));
};

}  // namespace

/// One clock cycle of the whole array, kLanes columns at a time. Inlined into one function per
/// instruction set.
template <int kLanes>
struct ArrayStep {
  using Halves = typename Block<kLanes>::Halves;
  using Words = typename Block<kLanes>::Words;

  /// Partial sums of a block of columns move down one row, each with its PE's product added. One
  /// multiplication of halves gives the product, which fits in 16 bits, and above it the product of
  /// the tags: whether the PE did a mac.
  [[gnu::always_inline]] static inline void multiply_and_move_down(ExactArray& a,
                                                                   std::int32_t block) {
    const std::int32_t rows = a.size_.rows;
    const std::int32_t lanes = a.lanes_;
    const std::int32_t pitch = a.pitch_;
    const std::uint32_t* weights = a.weights_.data() + block;
    const std::uint32_t* activations = a.activations_.data() + a.head_ + block;
    std::int32_t* sums = a.sums_down_.data() + block;
    Words above, busy;
    std::memcpy(&above, sums, sizeof above);
    std::memcpy(&busy, a.busy_.data() + block, sizeof busy);
#pragma GCC unroll 1
    for (std::int32_t row = 0; row < rows; ++row) {
      sums += lanes;
      Halves weight, activation;
      Words old;
      std::memcpy(&weight, weights, sizeof weight);
      std::memcpy(&activation, activations, sizeof activation);
      std::memcpy(&old, sums, sizeof old);
      const Words both = (Words)(weight * activation);
      const Words sum = above + ((both << 16) >> 16);
      std::memcpy(sums, &sum, sizeof sum);
      busy += both >> 16;
      above = old;
      weights += lanes;
      activations += pitch;
    }
    std::memcpy(a.busy_.data() + block, &busy, sizeof busy);
  }

  /// The weight registers of all rows take those above; a new row enters at the top.
  static void move_weights_down(ExactArray& a) {
    for (std::int32_t row = a.size_.rows - 1; row > 0; --row) {
      std::copy_n(&a.weights_[(row - 1) * a.lanes_], a.lanes_, &a.weights_[row * a.lanes_]);
      a.counts_.weight_shifts += a.size_.columns;
    }
    a.counts_.weight_shifts += a.size_.columns;
    std::fill_n(a.weights_.begin(), a.lanes_, 0u);
    const auto source = static_cast<std::int32_t>(a.size_.rows - 1 - a.counts_.cycles);
    if (source >= a.fold_.rows) {
      return;
    }
    for (std::int32_t j = 0; j < a.fold_.columns; ++j) {
      a.weights_[j] = tagged(a.fold_.weights[source * a.fold_.columns + j]);
    }
    a.counts_.weights_read += a.fold_.columns;
  }

  /// Tags of row 0 move right with its activations, and enter the ring of the sums' tags.
  [[gnu::always_inline]] static inline void move_tags(ExactArray& a) {
    std::uint64_t carry = a.activations_[a.head_] >> 16;
    ExactArray::ColumnMask& entering = a.sum_tags_[a.sum_tag_];
    for (std::size_t w = 0; w < a.mask_words_; ++w) {
      const std::uint64_t out = a.top_tags_[w] >> 63;
      a.top_tags_[w] = (a.top_tags_[w] << 1) | carry;
      entering[w] = a.top_tags_[w] & a.used_columns_[w];
      carry = out;
    }
    a.sum_tag_ = a.sum_tag_ + 1 == a.size_.rows ? 0 : a.sum_tag_ + 1;
  }

  /// Columns [begin, begin + n) have a new output at the bottom.
  [[gnu::always_inline]] static inline void take(ExactArray& a, std::int32_t begin,
                                                 std::int32_t n) {
    const std::int32_t* bottom = a.sums_down_.data() + a.size_.rows * a.lanes_ + begin;
    std::int64_t* next = a.next_output_.data() + begin;
    std::int32_t* sums = a.sums_.data();
    const std::int64_t stride = a.fold_.columns;
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
  [[gnu::always_inline]] static inline void take_outputs(ExactArray& a) {
    const ExactArray::ColumnMask& leaving = a.sum_tags_[a.sum_tag_];
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

  [[gnu::always_inline]] static inline void run(ExactArray& a, base::Cycles cycles) {
    for (base::Cycles i = 0; i < cycles && !a.done(); ++i) {
      --a.head_;
      if (a.counts_.cycles < a.size_.rows) {
        move_weights_down(a);
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

namespace {

void run_portable(ExactArray& array, base::Cycles cycles) { ArrayStep<4>::run(array, cycles); }

#if MILLIWATT_X86
MILLIWATT_TARGET_AVX2 void run_avx2(ExactArray& array, base::Cycles cycles) {
  ArrayStep<8>::run(array, cycles);
}

MILLIWATT_TARGET_AVX512 void run_avx512(ExactArray& array, base::Cycles cycles) {
  ArrayStep<16>::run(array, cycles);
}
#endif

/// The set whose blocks fit: a narrow array would leave half of a 16-lane block empty.
InstructionSet block_set(std::int32_t columns, InstructionSet set) {
  return columns <= 8 ? std::min(set, InstructionSet::kAvx2) : set;
}

/// Columns rounded up to whole blocks.
std::int32_t padded_lanes(std::int32_t columns, InstructionSet set) {
  const std::int32_t block = set == InstructionSet::kPortable ? 4
                             : set == InstructionSet::kAvx2   ? 8
                                                              : 16;
  return (columns + block - 1) / block * block;
}

}  // namespace

ExactArray::ExactArray(ArraySize size, InstructionSet set)
    : size_(size),
      set_(block_set(size.columns, set)),
      lanes_(padded_lanes(size.columns, set_)),
      pitch_(kWindow + lanes_),
      mask_words_((static_cast<std::size_t>(size.columns) + 63) / 64),
      weights_(size.rows * lanes_),
      sums_down_((size.rows + 1) * lanes_),
      activations_(size.rows * pitch_),
      busy_(lanes_),
      sum_tags_(size.rows),
      next_output_(size.columns) {}

void ExactArray::begin(const FoldOperands& fold) {
  fold_ = fold;
  counts_ = {};
  head_ = 0;
  sum_tag_ = 0;
  top_tags_ = {};
  used_columns_ = {};
  for (std::int32_t j = 0; j < fold.columns; ++j) {
    used_columns_[static_cast<std::size_t>(j) / 64] |= std::uint64_t{1} << (j % 64);
    next_output_[j] = j;
  }
  std::fill(weights_.begin(), weights_.end(), 0u);
  std::fill(activations_.begin(), activations_.end(), 0u);
  std::fill(sum_tags_.begin(), sum_tags_.end(), ColumnMask{});
  sums_.resize(static_cast<std::size_t>(fold.pixels * fold.columns));
  output_cycles_.resize(recording_ ? sums_.size() : 0);
}

void ExactArray::advance(base::Cycles limit) {
  while (!done() && counts_.cycles < limit) {
    if (head_ == 0) {
      feed_window();
    }
    run_window(std::min<base::Cycles>(head_, limit - counts_.cycles));
  }
}

PeRegisters ExactArray::registers(std::int32_t row, std::int32_t column) const {
  const std::uint32_t weight = weights_[row * lanes_ + column];
  const std::uint32_t activation = activations_[row * pitch_ + head_ + column];
  return {static_cast<std::int8_t>(weight), static_cast<std::int8_t>(activation),
          sums_down_[(row + 1) * lanes_ + column], weight >> 16 != 0, activation >> 16 != 0};
}

void ExactArray::feed_window() {
  for (std::int32_t row = 0; row < size_.rows; ++row) {
    feed_row(row);
  }
  head_ = kWindow;
}

void ExactArray::feed_row(std::int32_t row) {
  std::uint32_t* registers = activations_.data() + row * pitch_;
  std::copy_n(registers, lanes_, registers + kWindow);
  const std::int64_t now = counts_.cycles - size_.rows - row;  // the element that enters next
  const std::int64_t first = std::max<std::int64_t>(now, 0);
  const std::int64_t end = std::min<std::int64_t>(now + kWindow, fold_.pixels);
  if (row >= fold_.rows || end - first < kWindow) {
    std::fill_n(registers, kWindow, 0u);
  }
  if (row >= fold_.rows || end <= first) {
    return;
  }
  const std::int8_t* operand = fold_.streams + first * fold_.pitch + row;
  for (std::int64_t t = first; t < end; ++t, operand += fold_.pitch) {
    registers[kWindow - 1 - (t - now)] = tagged(*operand);
  }
  counts_.operands_read += end - first;
}

void ExactArray::run_window(base::Cycles cycles) {
  const FoldCounts before = counts_;
  switch (set_) {
#if MILLIWATT_X86
    case InstructionSet::kAvx2:
      run_avx2(*this, cycles);
      break;
    case InstructionSet::kAvx512Vnni:
      run_avx512(*this, cycles);
      break;
#endif
    default:
      run_portable(*this, cycles);
  }
  count_window(before);
}

void ExactArray::count_window(const FoldCounts& before) {
  for (std::int32_t& busy : busy_) {
    counts_.macs += busy;
    busy = 0;
  }
  const std::int64_t pe_cycles =
      (counts_.cycles - before.cycles) * size_.rows * std::int64_t{size_.columns};
  counts_.idle_cycles +=
      pe_cycles - (counts_.macs - before.macs) - (counts_.weight_shifts - before.weight_shifts);
}

}  // namespace milliwatt::systolic
