// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "workloads/reference_kernels.h"

namespace milliwatt::workloads::reference {

namespace {

using Offset = std::int64_t;

std::int32_t short_dot(const std::int16_t* a, const std::int16_t* b, Offset count) {
  std::int32_t sum = 0;
  for (Offset i = 0; i < count; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

}  // namespace

Offset safe_products(const Tensor& input) {
  return input.type == ElementType::kInt16 ? 1 << 8 : 1 << 16;
}

std::int64_t dot(const std::int16_t* a, const std::int16_t* b, Offset count, Offset safe) {
  std::int64_t sum = 0;
  for (Offset i = 0; i < count; i += safe) {
    sum += short_dot(a + i, b + i, std::min(safe, count - i));
  }
  return sum;
}

namespace {

/// Four filters against one patch, which is loaded once.
void dot4(const std::int16_t* patch, const std::int16_t* filters, Offset stride, Offset count,
          std::int64_t (&sums)[4]) {
  std::int32_t s0 = 0;
  std::int32_t s1 = 0;
  std::int32_t s2 = 0;
  std::int32_t s3 = 0;
  const std::int16_t* w1 = filters + stride;
  const std::int16_t* w2 = w1 + stride;
  const std::int16_t* w3 = w2 + stride;
  for (Offset i = 0; i < count; ++i) {
    s0 += patch[i] * filters[i];
    s1 += patch[i] * w1[i];
    s2 += patch[i] * w2[i];
    s3 += patch[i] * w3[i];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

/// Patches and filters are padded with zeros to a multiple of this, which vectors take whole.
constexpr Offset kLanes = 8;

Offset padded(Offset elements) { return (elements + kLanes - 1) / kLanes * kLanes; }

/// Filters of `size` elements, each padded.
std::vector<std::int16_t> pad_filters(const std::vector<std::int16_t>& filters, Offset size) {
  const Offset count = static_cast<Offset>(filters.size()) / size;
  std::vector<std::int16_t> rows(static_cast<std::size_t>(count * padded(size)), 0);
  for (Offset i = 0; i < count; ++i) {
    std::copy_n(filters.data() + i * size, size, rows.data() + i * padded(size));
  }
  return rows;
}

/// Copies what lies under the window into one padded row per group, in the order of a filter. Taps
/// outside the image are 0, which is the input's zero point.
class PatchReader {
 public:
  PatchReader(const Tensor& image, const Conv2d& conv)
      : rows_{rows_of(conv.window, image)},
        columns_{columns_of(conv.window, image)},
        groups_{conv.groups},
        depth_{image.shape[3] / conv.groups} {}

  /// Elements of a filter, and from one row to the next.
  Offset size() const { return rows_.kernel * columns_.kernel * depth_; }
  Offset pitch() const { return padded(size()); }

  /// `image` is one image of the batch; `patch` has room for pitch() x groups elements.
  void read(const std::int16_t* image, Offset y, Offset x, std::vector<std::int16_t>& patch) const {
    std::fill(patch.begin(), patch.end(), std::int16_t{0});
    const TapRange ky = rows_.taps(y);
    const TapRange kx = columns_.taps(x);
    for (Offset row = ky.first; row < ky.last; ++row) {
      const std::int16_t* line =
          image + (rows_.origin(y) + row * rows_.dilation) * columns_.input * depth_ * groups_;
      read_line(line, columns_.origin(x), kx, patch.data() + row * columns_.kernel * depth_);
    }
  }

 private:
  /// Taps that lie side by side in memory are copied in one go.
  void read_line(const std::int16_t* line, Offset origin, TapRange taps, std::int16_t* to) const {
    const bool adjacent = groups_ == 1 && columns_.dilation == 1;
    const Offset run = adjacent ? taps.last - taps.first : 1;
    for (Offset column = taps.first; column < taps.last; column += run) {
      const std::int16_t* pixel = line + (origin + column * columns_.dilation) * depth_ * groups_;
      for (Offset group = 0; group < groups_; ++group) {
        std::copy_n(pixel + group * depth_, run * depth_, to + group * pitch() + column * depth_);
      }
    }
  }

  Axis rows_;
  Axis columns_;
  Offset groups_;
  Offset depth_;
};

/// Sums of one patch with `count` filters of its size, one behind the other.
void multiply(const std::int16_t* patch, const std::int16_t* filters, Offset size, Offset count,
              Offset safe, std::int64_t* sums) {
  Offset c = 0;
  for (; c + 4 <= count; c += 4) {
    std::int64_t four[4] = {0, 0, 0, 0};
    for (Offset i = 0; i < size; i += safe) {
      dot4(patch + i, filters + c * size + i, size, std::min(safe, size - i), four);
    }
    std::copy(four, four + 4, sums + c);
  }
  for (; c < count; ++c) {
    sums[c] = dot(patch, filters + c * size, size, safe);
  }
}

}  // namespace

Bytes conv2d(const Call& call) {
  const auto& conv = std::get<Conv2d>(call.op.attributes);
  const Tensor& input = call.input(0);
  const Tensor& filter = call.input(1);
  const auto image = widen(input, call.bytes(0), input.quantization.zero_point());
  const Offset channels = filter.shape[0];
  const Offset per_group = channels / conv.groups;
  const Offset image_size = input.elements() / input.shape[0];
  const PatchReader reader(input, conv);
  const auto weights = pad_filters(widen(filter, call.bytes(1), 0), reader.size());
  std::vector<std::int16_t> patch(static_cast<std::size_t>(reader.pitch() * conv.groups));
  std::vector<std::int64_t> sums(static_cast<std::size_t>(channels));
  Finisher finisher(call);
  std::size_t index = 0;
  for (Offset n = 0; n < call.output().shape[0]; ++n) {
    for (Offset y = 0; y < call.output().shape[1]; ++y) {
      for (Offset x = 0; x < call.output().shape[2]; ++x) {
        reader.read(image.data() + n * image_size, y, x, patch);
        for (Offset group = 0; group < conv.groups; ++group) {
          multiply(patch.data() + group * reader.pitch(),
                   weights.data() + group * per_group * reader.pitch(), reader.pitch(), per_group,
                   safe_products(input), sums.data() + group * per_group);
        }
        for (std::size_t c = 0; c < sums.size(); ++c) {
          finisher.store(index++, c, sums[c]);
        }
      }
    }
  }
  return finisher.take();
}

namespace {

/// Depthwise sums of one output position. `Sum` is wide enough for all taps of the window.
template <typename Sum>
class DepthwiseKernel {
 public:
  explicit DepthwiseKernel(const Call& call)
      : call_{call},
        conv_{std::get<DepthwiseConv2d>(call.op.attributes)},
        image_(widen(call.input(0), call.bytes(0), call.input(0).quantization.zero_point())),
        weights_(widen(call.input(1), call.bytes(1), 0)),
        rows_{rows_of(conv_.window, call.input(0))},
        columns_{columns_of(conv_.window, call.input(0))},
        channels_{call.input(0).shape[3]},
        sums_(static_cast<std::size_t>(call.input(1).shape[3])) {}

  Bytes run() {
    Finisher finisher(call_);
    const auto& shape = call_.output().shape;
    std::size_t index = 0;
    for (Offset n = 0; n < shape[0]; ++n) {
      for (Offset y = 0; y < shape[1]; ++y) {
        for (Offset x = 0; x < shape[2]; ++x) {
          sum_position(n, y, x);
          for (std::size_t c = 0; c < sums_.size(); ++c) {
            finisher.store(index++, c, sums_[c]);
          }
        }
      }
    }
    return finisher.take();
  }

 private:
  void sum_position(Offset n, Offset y, Offset x) {
    std::fill(sums_.begin(), sums_.end(), Sum{0});
    const TapRange ky = rows_.taps(y);
    const TapRange kx = columns_.taps(x);
    for (Offset row = ky.first; row < ky.last; ++row) {
      const Offset image_y = n * rows_.input + rows_.origin(y) + row * rows_.dilation;
      for (Offset column = kx.first; column < kx.last; ++column) {
        const Offset image_x = columns_.origin(x) + column * columns_.dilation;
        add_tap(image_.data() + (image_y * columns_.input + image_x) * channels_,
                weights_.data() + (row * columns_.kernel + column) * channels_ * conv_.multiplier);
      }
    }
  }

  void add_tap(const std::int16_t* pixel, const std::int16_t* weights) {
    Sum* sums = sums_.data();
    if (conv_.multiplier == 1) {
      for (Offset c = 0; c < channels_; ++c) {
        sums[c] += pixel[c] * weights[c];
      }
      return;
    }
    for (Offset c = 0; c < channels_; ++c) {
      for (Offset m = c * conv_.multiplier; m < (c + 1) * conv_.multiplier; ++m) {
        sums[m] += pixel[c] * weights[m];
      }
    }
  }

  const Call& call_;
  const DepthwiseConv2d& conv_;
  std::vector<std::int16_t> image_;
  std::vector<std::int16_t> weights_;
  Axis rows_;
  Axis columns_;
  Offset channels_;
  std::vector<Sum> sums_;
};

}  // namespace

Bytes depthwise_conv2d(const Call& call) {
  const Window& window = std::get<DepthwiseConv2d>(call.op.attributes).window;
  const Offset taps = Offset{window.kernel_h} * window.kernel_w;
  return taps <= safe_products(call.input(0)) ? DepthwiseKernel<std::int32_t>(call).run()
                                              : DepthwiseKernel<std::int64_t>(call).run();
}

Bytes fully_connected(const Call& call) {
  const Tensor& input = call.input(0);
  const Tensor& filter = call.input(1);
  const auto rows = widen(input, call.bytes(0), input.quantization.zero_point());
  const auto weights = widen(filter, call.bytes(1), 0);
  const Offset units = filter.shape[0];
  const Offset depth = filter.shape[1];
  const Offset safe = safe_products(input);
  Finisher finisher(call);
  for (Offset row = 0; row < input.elements() / depth; ++row) {
    for (Offset unit = 0; unit < units; ++unit) {
      finisher.store(static_cast<std::size_t>(row * units + unit), static_cast<std::size_t>(unit),
                     dot(rows.data() + row * depth, weights.data() + unit * depth, depth, safe));
    }
  }
  return finisher.take();
}

}  // namespace milliwatt::workloads::reference
