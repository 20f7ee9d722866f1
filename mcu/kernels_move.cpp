// SPDX-License-Identifier: Apache-2.0
// MOVE: boxes of elements of any width, from inputs to outputs.
#include <algorithm>
#include <cstring>
#include <vector>

#include "abi/kernel_movement.h"
#include "mcu/kernel_elements.h"
#include "mcu/kernel_families.h"

namespace milliwatt::mcu {

namespace {

constexpr int kLast = MW_KERNEL_MOST_DIMENSIONS - 1;

/// First and last element that a box touches.
struct Reach {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

Reach reach_of(std::int32_t offset, const std::int32_t (&extents)[MW_KERNEL_MOST_DIMENSIONS],
               const std::int32_t (&strides)[MW_KERNEL_MOST_DIMENSIONS]) {
  Reach reach{offset, offset};
  for (int d = 0; d <= kLast; ++d) {
    const std::int64_t way = (std::int64_t{extents[d]} - 1) * strides[d];
    (way < 0 ? reach.first : reach.last) += way;
  }
  return reach;
}

/// Calls move(input place, output place) for the first element of each run along the last
/// dimension.
template <typename Move>
void for_each_run(const mw_move_piece& p, Move move) {
  std::int64_t runs = 1;
  for (int d = 0; d < kLast; ++d) {
    runs *= p.extents[d];
  }
  for (std::int64_t run = 0; run < runs; ++run) {
    std::int64_t from = p.input_offset;
    std::int64_t to = p.output_offset;
    std::int64_t rest = run;
    for (int d = kLast - 1; d >= 0; --d) {
      from += rest % p.extents[d] * p.input_strides[d];
      to += rest % p.extents[d] * p.output_strides[d];
      rest /= p.extents[d];
    }
    move(from, to);
  }
}

void move_bytes(const mw_move_piece& p, const std::uint8_t* input, std::uint8_t* output,
                std::size_t width) {
  const bool adjacent = p.input_strides[kLast] == 1 && p.output_strides[kLast] == 1;
  const std::int64_t length = p.extents[kLast];
  const auto bytes = static_cast<std::ptrdiff_t>(width);
  for_each_run(p, [&](std::int64_t from, std::int64_t to) {
    if (adjacent) {
      std::memcpy(output + to * bytes, input + from * bytes,
                  static_cast<std::size_t>(length) * width);
      return;
    }
    for (std::int64_t i = 0; i < length; ++i) {
      std::memcpy(output + (to + i * p.output_strides[kLast]) * bytes,
                  input + (from + i * p.input_strides[kLast]) * bytes, width);
    }
  });
}

void move_bits(const mw_move_piece& p, const std::uint8_t* input, std::uint8_t* output, int bits) {
  for_each_run(p, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = 0; i < p.extents[kLast]; ++i) {
      workloads::store_element(
          output, to + i * p.output_strides[kLast], bits,
          workloads::load_element(input, from + i * p.input_strides[kLast], bits));
    }
  });
}

class Move : public Kernel {
 public:
  explicit Move(const KernelRecord& record)
      : Kernel{record}, s_{record.section_head<mw_move_section>()} {
    require_range("the number of pieces", s_.pieces, 0, MW_KERNEL_MOST_OPERANDS);
    pieces_ = record.section_entries<mw_move_section, mw_move_piece>(s_.pieces);
    require(!operands().empty(), "there are no operands");
    for (const mw_kernel_operand& operand : operands()) {
      require(operand.bits == bits(0), "elements have {} and {} bits", bits(0), operand.bits);
      require(operand.use != MW_USE_STATE, "an operand is read and written");
      require(operand.use == MW_USE_READ || s_.fill_elements <= elements_of(operand),
              "an output of {} elements begins with {}", elements_of(operand), s_.fill_elements);
    }
    std::vector<std::int64_t> written(operands().size());
    for (const mw_move_piece& piece : pieces_) {
      work_.moved += check_piece(piece, written);
    }
    work_.moved = std::max<std::int64_t>(work_.moved, s_.fill_elements);
  }

  void run(const Pointers& pointers) const override {
    for (std::size_t i = 0; i < operands().size(); ++i) {
      if (operands()[i].use == MW_USE_WRITE) {
        fill(pointers[i], operands()[i].bytes);
      }
    }
    for (const mw_move_piece& piece : pieces_) {
      if (bits(0) < 8) {
        move_bits(piece, pointers[piece.input], pointers[piece.output], bits(0));
      } else {
        move_bytes(piece, pointers[piece.input], pointers[piece.output],
                   static_cast<std::size_t>(bits(0)) / 8);
      }
    }
  }

 private:
  static std::int64_t elements_of(const mw_kernel_operand& operand) {
    return std::int64_t{operand.bytes} * 8 / operand.bits;
  }

  /// Returns the elements of the piece; `written` counts them per operand.
  std::int64_t check_piece(const mw_move_piece& p, std::vector<std::int64_t>& written) const {
    require(p.input < operands().size() && operands()[p.input].use == MW_USE_READ,
            "a piece reads operand {}", p.input);
    require(p.output < operands().size() && operands()[p.output].use == MW_USE_WRITE,
            "a piece writes operand {}", p.output);
    const std::int64_t elements = volume("a piece", {p.extents[0], p.extents[1], p.extents[2],
                                                     p.extents[3], p.extents[4], p.extents[5]});
    require_inside(reach_of(p.input_offset, p.extents, p.input_strides), p.input);
    require_inside(reach_of(p.output_offset, p.extents, p.output_strides), p.output);
    written[p.output] += elements;
    require(written[p.output] <= elements_of(operands()[p.output]),
            "pieces of {} elements go to an output of {}", written[p.output],
            elements_of(operands()[p.output]));
    return elements;
  }

  void require_inside(Reach reach, std::uint32_t operand) const {
    const std::int64_t elements = elements_of(operands()[operand]);
    require(reach.first >= 0 && reach.last < elements,
            "a piece takes elements {} to {} of the {} of operand {}", reach.first, reach.last,
            elements, operand);
  }

  void fill(std::uint8_t* output, std::uint32_t bytes) const {
    std::memset(output, 0, bytes);
    const std::int64_t value = s_.fill;
    for (std::int64_t i = 0; i < s_.fill_elements && value != 0; ++i) {
      if (bits(0) < 8) {
        workloads::store_element(output, i, bits(0), s_.fill);
      } else {
        const std::int64_t width = bits(0) / 8;
        std::memcpy(output + i * width, &value, static_cast<std::size_t>(width));
      }
    }
  }

  mw_move_section s_;
  std::vector<mw_move_piece> pieces_;
};

}  // namespace

std::unique_ptr<Kernel> make_move(const KernelRecord& record) {
  return std::make_unique<Move>(record);
}

}  // namespace milliwatt::mcu
