// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/matrix_product.h"

#include <algorithm>

#if MILLIWATT_X86
#include <immintrin.h>
#endif

namespace milliwatt::systolic {
namespace {

/// Columns that the vector kernels compute at a time, and pixels that share a load of weights.
constexpr std::int32_t kBlock = 16;
constexpr int kPixels = 4;

constexpr std::int32_t padded(std::int32_t columns) { return (columns + kBlock - 1) & -kBlock; }

/// Sums of kPixels x kBlock, of which the first `pixels` and `columns` exist.
struct Tile {
  alignas(64) std::int32_t sums[kPixels][kBlock];
};

void copy_out(const Tile& tile, std::int64_t pixels, std::int32_t columns, std::int64_t stride,
              std::int32_t* sums) {
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(tile.sums[p], columns, sums + p * stride);
  }
}

/// One tile without vector instructions of its own: what any compiler makes of it.
void tile_portable(const std::int16_t* const* rows, const std::int16_t* pairs, std::int32_t pitch,
                   std::int32_t lanes, Tile& tile) {
  for (int p = 0; p < kPixels; ++p) {
    std::int32_t sums[kBlock] = {};
    const std::int16_t* weights = pairs;
    for (std::int32_t k = 0; k < pitch; k += 2, weights += 2 * lanes) {
      const std::int32_t even = rows[p][k];
      const std::int32_t odd = rows[p][k + 1];
      for (std::int32_t j = 0; j < kBlock; ++j) {
        sums[j] += even * weights[2 * j] + odd * weights[2 * j + 1];
      }
    }
    std::copy_n(sums, kBlock, tile.sums[p]);
  }
}

#if MILLIWATT_X86

/// One tile by vpmaddwd: pairs of int16 products, summed in int32. Pixel `i` of the tile streams
/// from rows[i].
MILLIWATT_TARGET_AVX2 void tile_avx2(const std::int16_t* const* rows, const std::int16_t* pairs,
                                     std::int32_t pitch, std::int32_t lanes, Tile& tile) {
  __m256i low[kPixels], high[kPixels];
  for (int p = 0; p < kPixels; ++p) {
    low[p] = high[p] = _mm256_setzero_si256();
  }
  for (std::int32_t k = 0; k < pitch; k += 2, pairs += 2 * lanes) {
    const __m256i w_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pairs));
    const __m256i w_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pairs + kBlock));
    for (int p = 0; p < kPixels; ++p) {
      std::int32_t pair;
      __builtin_memcpy(&pair, rows[p] + k, sizeof pair);
      const __m256i x = _mm256_set1_epi32(pair);
      low[p] = _mm256_add_epi32(low[p], _mm256_madd_epi16(x, w_low));
      high[p] = _mm256_add_epi32(high[p], _mm256_madd_epi16(x, w_high));
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(tile.sums[p]), low[p]);
    _mm256_store_si256(reinterpret_cast<__m256i*>(tile.sums[p] + kBlock / 2), high[p]);
  }
}

/// One tile by vpdpbusd, which takes unsigned bytes on one side: streams are shifted up by 128 and
/// the sums start at what that adds.
MILLIWATT_TARGET_AVX512 void tile_vnni(const std::int8_t* const* rows, const std::int8_t* quads,
                                       const std::int32_t* corrections, std::int32_t pitch,
                                       std::int32_t lanes, Tile& tile) {
  const __m512i flip = _mm512_set1_epi8(-128);
  __m512i sums[kPixels];
  for (int p = 0; p < kPixels; ++p) {
    sums[p] = _mm512_loadu_si512(corrections);
  }
  for (std::int32_t k = 0; k < pitch; k += 4, quads += 4 * lanes) {
    const __m512i w = _mm512_loadu_si512(quads);
    for (int p = 0; p < kPixels; ++p) {
      std::int32_t quad;
      __builtin_memcpy(&quad, rows[p] + k, sizeof quad);
      const __m512i x = _mm512_xor_si512(_mm512_set1_epi32(quad), flip);
      sums[p] = _mm512_dpbusd_epi32(sums[p], x, w);
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    _mm512_store_si512(tile.sums[p], sums[p]);
  }
}

#endif

/// Runs `tile(rows, first column, sums)` over all pixels and columns; a last tile that is not full
/// streams its last pixel again.
template <typename Element, typename Kernel>
void for_each_tile(const FoldOperands& fold, const Element* streams, std::int32_t* sums,
                   const Kernel& kernel) {
  Tile tile;
  for (std::int64_t t = 0; t < fold.pixels; t += kPixels) {
    const std::int64_t pixels = std::min<std::int64_t>(kPixels, fold.pixels - t);
    const Element* rows[kPixels];
    for (int p = 0; p < kPixels; ++p) {
      rows[p] = streams + (t + std::min<std::int64_t>(p, pixels - 1)) * fold.pitch;
    }
    for (std::int32_t j = 0; j < fold.filters; j += kBlock) {
      kernel(rows, j, tile);
      copy_out(tile, pixels, std::min(kBlock, fold.filters - j), fold.filters,
               sums + t * fold.filters + j);
    }
  }
}

using PairKernel = void (*)(const std::int16_t* const*, const std::int16_t*, std::int32_t,
                            std::int32_t, Tile&);

PairKernel pair_kernel(InstructionSet set) {
#if MILLIWATT_X86
  if (set == InstructionSet::kAvx2) {
    return tile_avx2;
  }
#endif
  (void)set;
  return tile_portable;
}

}  // namespace

void MatrixProduct::widen_streams(const FoldOperands& fold) {
  streams_.assign(fold.streams, fold.streams + fold.pixels * fold.pitch);
}

void MatrixProduct::pack_pairs(const FoldOperands& fold) {
  const std::int32_t lanes = padded(fold.filters);
  pairs_.assign(static_cast<std::size_t>(fold.pitch) * lanes, 0);
  for (std::int32_t k = 0; k < fold.taps; ++k) {
    for (std::int32_t j = 0; j < fold.filters; ++j) {
      pairs_[(k / 2 * lanes + j) * 2 + k % 2] = fold.weights[k * fold.filters + j];
    }
  }
}

void MatrixProduct::pack_quads(const FoldOperands& fold) {
  const std::int32_t lanes = padded(fold.filters);
  quads_.assign(static_cast<std::size_t>(fold.pitch) * lanes, 0);
  corrections_.assign(lanes, 0);
  for (std::int32_t k = 0; k < fold.taps; ++k) {
    for (std::int32_t j = 0; j < fold.filters; ++j) {
      const std::int8_t weight = fold.weights[k * fold.filters + j];
      quads_[(k / 4 * lanes + j) * 4 + k % 4] = weight;
      corrections_[j] -= 128 * weight;
    }
  }
}

void MatrixProduct::run(const FoldOperands& fold, std::int32_t* sums) {
  const std::int32_t lanes = padded(fold.filters);
#if MILLIWATT_X86
  if (set_ == InstructionSet::kAvx512Vnni) {
    pack_quads(fold);
    for_each_tile(
        fold, fold.streams, sums, [&](const std::int8_t* const* rows, std::int32_t j, Tile& tile) {
          tile_vnni(rows, quads_.data() + 4 * j, corrections_.data() + j, fold.pitch, lanes, tile);
        });
    return;
  }
#endif
  widen_streams(fold);
  pack_pairs(fold);
  const auto kernel = pair_kernel(set_);
  for_each_tile(fold, streams_.data(), sums,
                [&](const std::int16_t* const* rows, std::int32_t j, Tile& tile) {
                  kernel(rows, pairs_.data() + 2 * j, fold.pitch, lanes, tile);
                });
}

}  // namespace milliwatt::systolic
