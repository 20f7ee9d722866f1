// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/exact_array.h"

#include <algorithm>
#include <cstring>

namespace milliwatt::systolic {

namespace {

/// Vectors of one block of columns. The compiler maps them to whatever the instruction set has.
template <int kLanes>
struct Block;

template <>
struct Block<8> {
  typedef std::int16_t Words __attribute__((vector_size(16)));
  typedef std::uint16_t Tags __attribute__((vector_size(16)));
  typedef std::int32_t Sums __attribute__((vector_size(32)));
};

template <>
struct Block<16> {
  typedef std::int16_t Words __attribute__((vector_size(32)));
  typedef std::uint16_t Tags __attribute__((vector_size(32)));
  typedef std::int32_t Sums __attribute__((vector_size(64)));
};

}  // namespace

/// One clock cycle of the whole array, kLanes columns at a time. Inlined into one function per
/// instruction set.
template <int kLanes>
struct ArrayStep {
  using Words = typename Block<kLanes>::Words;
  using Tags = typename Block<kLanes>::Tags;
  using Sums = typename Block<kLanes>::Sums;

  /// Partial sums of a block of columns move down one row, each with its PE's product added. The
  /// product of two int8 fits in 16 bits.
  [[gnu::always_inline]] static inline void multiply_and_move_down(ExactArray& a,
                                                                   std::int32_t block) {
    const std::int16_t* weights = a.weights_.data() + block;
    const std::uint16_t* weight_tags = a.weight_tags_.data() + block;
    const std::int16_t* activations = a.activations_.data() + a.head_ + block;
    const std::uint16_t* tags = a.activation_tags_.data() + a.head_ + block;
    std::int32_t* sums = a.sums_down_.data() + block;
    Sums above;
    Tags busy;
    std::memcpy(&above, sums, sizeof above);
    std::memcpy(&busy, a.busy_.data() + block, sizeof busy);
#pragma GCC unroll 1
    for (std::int32_t row = 0; row < a.size_.rows; ++row) {
      sums += a.lanes_;
      Words weight, activation;
      Tags weight_tag, tag;
      Sums old;
      std::memcpy(&weight, weights, sizeof weight);
      std::memcpy(&activation, activations, sizeof activation);
      std::memcpy(&weight_tag, weight_tags, sizeof weight_tag);
      std::memcpy(&tag, tags, sizeof tag);
      std::memcpy(&old, sums, sizeof old);
      const Words product = weight * activation;
      const Sums sum = above + __builtin_convertvector(product, Sums);
      std::memcpy(sums, &sum, sizeof sum);
      busy += tag & weight_tag;
      above = old;
      weights += a.lanes_;
      weight_tags += a.lanes_;
      activations += a.pitch_;
      tags += a.pitch_;
    }
    std::memcpy(a.busy_.data() + block, &busy, sizeof busy);
  }

  /// The weight registers of all rows take those above; a new row enters at the top.
  static void move_weights_down(ExactArray& a) {
    const std::int32_t lanes = a.lanes_;
    for (std::int32_t row = a.size_.rows - 1; row > 0; --row) {
      std::copy_n(&a.weights_[(row - 1) * lanes], lanes, &a.weights_[row * lanes]);
      std::copy_n(&a.weight_tags_[(row - 1) * lanes], lanes, &a.weight_tags_[row * lanes]);
      a.counts_.weight_shifts += a.size_.columns;
    }
    a.counts_.weight_shifts += a.size_.columns;
    const auto source = static_cast<std::int32_t>(a.size_.rows - 1 - a.counts_.cycles);
    const bool used = source < a.fold_.rows;
    a.counts_.weights_read += used ? a.fold_.columns : 0;
    for (std::int32_t j = 0; j < lanes; ++j) {
      const bool real = used && j < a.fold_.columns;
      a.weights_[j] = real ? a.fold_.weights[source * a.fold_.columns + j] : std::int8_t{0};
      a.weight_tags_[j] = real ? 0xffff : 0;
    }
  }

  /// Tags of row 0 move right with its activations, and enter the ring of the sums' tags.
  [[gnu::always_inline]] static inline void move_tags(ExactArray& a) {
    std::uint64_t carry = a.activation_tags_[a.head_];
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

void run_portable(ExactArray& array, base::Cycles cycles) { ArrayStep<8>::run(array, cycles); }

#if MILLIWATT_X86
MILLIWATT_TARGET_AVX2 void run_avx2(ExactArray& array, base::Cycles cycles) {
  ArrayStep<8>::run(array, cycles);
}

MILLIWATT_TARGET_AVX512 void run_avx512(ExactArray& array, base::Cycles cycles) {
  ArrayStep<16>::run(array, cycles);
}
#endif

/// Whole blocks of either width.
constexpr std::int32_t padded_lanes(std::int32_t columns) { return (columns + 15) & ~15; }

}  // namespace

ExactArray::ExactArray(ArraySize size, InstructionSet set)
    : size_(size),
      set_(set),
      lanes_(padded_lanes(size.columns)),
      pitch_(kWindow + lanes_),
      mask_words_((static_cast<std::size_t>(size.columns) + 63) / 64),
      weights_(size.rows * lanes_),
      weight_tags_(size.rows * lanes_),
      sums_down_((size.rows + 1) * lanes_),
      activations_(size.rows * pitch_),
      activation_tags_(size.rows * pitch_),
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
  std::fill(weight_tags_.begin(), weight_tags_.end(), std::uint16_t{0});
  std::fill(activation_tags_.begin(), activation_tags_.end(), std::uint16_t{0});
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

void ExactArray::feed_window() {
  for (std::int32_t row = 0; row < size_.rows; ++row) {
    feed_row(row);
  }
  head_ = kWindow;
}

void ExactArray::feed_row(std::int32_t row) {
  std::int16_t* values = activations_.data() + row * pitch_;
  std::uint16_t* tags = activation_tags_.data() + row * pitch_;
  std::copy_n(values, lanes_, values + kWindow);
  std::copy_n(tags, lanes_, tags + kWindow);
  std::fill_n(values, kWindow, std::int16_t{0});
  std::fill_n(tags, kWindow, std::uint16_t{0});
  if (row >= fold_.rows) {
    return;
  }
  const std::int64_t now = counts_.cycles - size_.rows - row;  // the element that enters next
  const std::int64_t first = std::max<std::int64_t>(now, 0);
  const std::int64_t end = std::min<std::int64_t>(now + kWindow, fold_.pixels);
  counts_.operands_read += std::max<std::int64_t>(end - first, 0);
  for (std::int64_t t = first; t < end; ++t) {
    values[kWindow - 1 - (t - now)] = fold_.streams[t * fold_.pitch + row];
    tags[kWindow - 1 - (t - now)] = 1;
  }
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
  for (std::uint16_t& busy : busy_) {
    counts_.macs += busy;
    busy = 0;
  }
  const std::int64_t pe_cycles =
      (counts_.cycles - before.cycles) * size_.rows * std::int64_t{size_.columns};
  counts_.idle_cycles +=
      pe_cycles - (counts_.macs - before.macs) - (counts_.weight_shifts - before.weight_shifts);
}

}  // namespace milliwatt::systolic
