// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/gather.h"

#include <algorithm>

#include "accelerators/systolic/fold_core.h"
#include "shell/elements.h"

namespace milliwatt::systolic {
namespace {

/// Consecutive taps of a fold that lie at one kernel position: consecutive channels.
struct Run {
  std::int32_t kernel_y = 0;
  std::int32_t kernel_x = 0;
  std::int32_t channel = 0;
  std::int32_t tap = 0;  ///< of the fold: the first
  std::int32_t count = 0;
};

std::vector<Run> runs_of(const dataflows::ConvGeometry& g, const dataflows::Fold& fold) {
  std::vector<Run> runs;
  for (std::int32_t tap = 0; tap < fold.taps; tap += runs.back().count) {
    const std::int32_t k = fold.k_begin + tap;
    const std::int32_t position = k / fold.channels;
    Run run;
    run.kernel_y = position / g.kernel_w;
    run.kernel_x = position % g.kernel_w;
    run.channel = k % fold.channels;
    run.tap = tap;
    run.count = std::min(fold.channels - run.channel, fold.taps - tap);
    runs.push_back(run);
  }
  return runs;
}

}  // namespace

void gather_streams(const dataflows::ConvGeometry& g, const dataflows::Fold& fold,
                    std::int32_t zero_point, const std::uint8_t* ifmap, int bits,
                    std::vector<std::int8_t>& streams) {
  const std::vector<Run> runs = runs_of(g, fold);
  const std::int32_t pitch = stream_pitch(fold.taps);
  streams.assign(static_cast<std::size_t>(fold.pixels) * pitch, 0);
  std::int8_t* stream = streams.data();
  for (std::int32_t i = 0; i < fold.pixels; ++i, stream += pitch) {
    const std::int32_t p = fold.first_pixel + i;
    const std::int32_t output_y = fold.output_y + p / fold.tile_w;
    const std::int32_t output_x = fold.output_x + p % fold.tile_w;
    for (const Run& run : runs) {
      // Position inside the slot's region; the region holds every tap that is inside the image.
      const std::int32_t y =
          output_y * g.stride_h - g.pad_top + run.kernel_y * g.dilation_h - fold.input_y;
      const std::int32_t x =
          output_x * g.stride_w - g.pad_left + run.kernel_x * g.dilation_w - fold.input_x;
      if (y < 0 || y >= fold.input_h || x < 0 || x >= fold.input_w) {
        std::fill_n(stream + run.tap, run.count, static_cast<std::int8_t>(zero_point));
        continue;
      }
      const std::int64_t at =
          (std::int64_t{y} * fold.input_w + x) * g.input_c + fold.channel_begin + run.channel;
      if (bits == 8) {  // most often, and worth no call
        std::copy_n(ifmap + at, run.count, reinterpret_cast<std::uint8_t*>(stream + run.tap));
      } else {
        shell::unpack_elements(ifmap, at, run.count, bits, stream + run.tap);
      }
    }
  }
}

}  // namespace milliwatt::systolic
