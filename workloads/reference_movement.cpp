// SPDX-License-Identifier: Apache-2.0
// Reference kernels that move elements about: pad, slice, split, concatenate, transpose, resize;
// and those that reduce dimensions.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "workloads/operator_parameters.h"
#include "workloads/reference_kernels.h"

namespace milliwatt::workloads::reference {

namespace {

using Shape = std::vector<std::int32_t>;

std::size_t product(Shape::const_iterator first, Shape::const_iterator last) {
  std::size_t elements = 1;
  for (; first != last; ++first) {
    elements *= static_cast<std::size_t>(*first);
  }
  return elements;
}

std::size_t product(const Shape& shape) { return product(shape.begin(), shape.end()); }

/// Bytes of an element while it moves: narrow ones move in a byte each.
std::size_t element_bytes(const Tensor& tensor) {
  return static_cast<std::size_t>(std::max(element_bits(tensor.type), 8)) / 8;
}

/// The stored bytes, or elements narrower than a byte spread out, one per byte.
Bytes spread(const Tensor& tensor, const Bytes& stored) {
  if (!is_sub_byte(tensor.type)) {
    return stored;
  }
  Bytes elements(static_cast<std::size_t>(tensor.elements()));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i] = static_cast<std::uint8_t>(
        load_element(stored.data(), static_cast<std::int64_t>(i), element_bits(tensor.type)));
  }
  return elements;
}

/// The way back from spread().
Bytes packed(const Tensor& tensor, Bytes elements) {
  if (!is_sub_byte(tensor.type)) {
    return elements;
  }
  Writer writer(tensor);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    writer.store(i, elements[i]);
  }
  return writer.take();
}

Bytes spread_input(const Call& call, std::size_t i) { return spread(call.input(i), call.bytes(i)); }

/// Elements from one index to the next of each dimension.
std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) {
    strides[d - 1] = strides[d] * shape[d];
  }
  return strides;
}

/// Visits a box of elements in the order of its last dimension first; the place of an element moves
/// by one step per index of each dimension.
class BoxWalk {
 public:
  BoxWalk(Shape counts, std::vector<std::int64_t> steps, std::int64_t origin)
      : counts_(std::move(counts)), steps_(std::move(steps)), origin_{origin} {}

  template <typename Visit>
  void run(Visit visit) const {
    Shape position(counts_.size(), 0);
    std::int64_t place = origin_;
    const std::size_t elements = product(counts_);
    for (std::size_t i = 0; i < elements; ++i) {
      visit(i, static_cast<std::size_t>(place));
      for (std::size_t d = counts_.size(); d-- > 0;) {
        place += steps_[d];
        if (++position[d] < counts_[d]) {
          break;
        }
        place -= steps_[d] * counts_[d];
        position[d] = 0;
      }
    }
  }

  /// The visited elements of `source`, one behind the other.
  Bytes gather(const Bytes& source, std::size_t width) const {
    Bytes gathered(product(counts_) * width);
    run([&](std::size_t i, std::size_t place) {
      std::memcpy(&gathered[i * width], &source[place * width], width);
    });
    return gathered;
  }

 private:
  Shape counts_;
  std::vector<std::int64_t> steps_;
  std::int64_t origin_;
};

/// Elements in front of, along and behind an axis, as three extents.
struct Sections {
  std::size_t outer;
  std::size_t inner;
};

/// `axis` may be one past the last dimension.
Sections sections(const Shape& shape, std::size_t axis, bool holds_axis) {
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return {product(shape.begin(), at), product(at + (holds_axis ? 1 : 0), shape.end())};
}

}  // namespace

Bytes pad(const Call& call) {
  const auto& pad = std::get<Pad>(call.op.attributes);
  const Tensor& input = call.input(0);
  const std::size_t width = element_bytes(input);
  const Bytes image = spread_input(call, 0);
  Bytes padded(static_cast<std::size_t>(call.output().elements()) * width);
  const auto fill = static_cast<std::uint32_t>(pad.value);
  for (std::size_t i = 0; i < padded.size(); ++i) {
    padded[i] = static_cast<std::uint8_t>(width > 2 ? 0 : fill >> (8 * (i % width)));
  }
  const auto steps = strides_of(call.output().shape);
  std::int64_t origin = 0;
  for (std::size_t d = 0; d < steps.size(); ++d) {
    origin += steps[d] * pad.before[d];
  }
  BoxWalk(input.shape, steps, origin).run([&](std::size_t i, std::size_t place) {
    std::memcpy(&padded[place * width], &image[i * width], width);
  });
  return packed(call.output(), std::move(padded));
}

Bytes slice(const Call& call) {
  const auto& slice = std::get<Slice>(call.op.attributes);
  auto steps = strides_of(call.input(0).shape);
  std::int64_t origin = 0;
  for (std::size_t d = 0; d < steps.size(); ++d) {
    origin += steps[d] * slice.begin[d];
    steps[d] *= slice.step[d];
  }
  return packed(call.output(), BoxWalk(slice.count, steps, origin)
                                   .gather(spread_input(call, 0), element_bytes(call.input(0))));
}

Bytes transpose(const Call& call) {
  const auto& permutation = std::get<Transpose>(call.op.attributes).permutation;
  const auto strides = strides_of(call.input(0).shape);
  std::vector<std::int64_t> steps;
  for (const std::int32_t d : permutation) {
    steps.push_back(strides[static_cast<std::size_t>(d)]);
  }
  return packed(call.output(), BoxWalk(call.output().shape, steps, 0)
                                   .gather(spread_input(call, 0), element_bytes(call.input(0))));
}

Bytes concatenate(const Call& call) {
  const auto& join = std::get<Concatenate>(call.op.attributes);
  const auto axis = static_cast<std::size_t>(join.axis);
  const std::size_t outer = sections(call.input(0).shape, axis, !join.stacks).outer;
  std::vector<Bytes> parts;
  for (std::size_t i = 0; i < call.op.inputs.size(); ++i) {
    parts.push_back(spread_input(call, i));
  }
  Bytes joined;
  joined.reserve(static_cast<std::size_t>(call.output().elements()) * element_bytes(call.output()));
  for (std::size_t row = 0; row < outer; ++row) {
    for (const Bytes& part : parts) {
      const auto stretch = static_cast<std::ptrdiff_t>(part.size() / outer);
      const auto first = part.begin() + static_cast<std::ptrdiff_t>(row) * stretch;
      joined.insert(joined.end(), first, first + stretch);
    }
  }
  return packed(call.output(), std::move(joined));
}

std::vector<Bytes> split(const Call& call) {
  const auto& split = std::get<Split>(call.op.attributes);
  const auto data = static_cast<std::size_t>(split.data);
  const std::size_t outer =
      sections(call.input(data).shape, static_cast<std::size_t>(split.axis), true).outer;
  std::vector<Bytes> parts(call.op.outputs.size());
  const Bytes whole = spread_input(call, data);
  auto next = whole.begin();
  for (std::size_t row = 0; row < outer; ++row) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Tensor& part = call.graph.tensor(call.op.outputs[i]);
      const auto stretch = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(part.elements()) /
                                                       outer * element_bytes(part));
      parts[i].insert(parts[i].end(), next, next + stretch);
      next += stretch;
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = packed(call.graph.tensor(call.op.outputs[i]), std::move(parts[i]));
  }
  return parts;
}

namespace {

std::int32_t nearest(std::int32_t position, std::int32_t input, std::int32_t output,
                     const Resize& resize) {
  const bool aligned = resize.align_corners && output > 1;
  const float scale = aligned ? static_cast<float>(input - 1) / static_cast<float>(output - 1)
                              : static_cast<float>(input) / static_cast<float>(output);
  const float offset = resize.half_pixel_centers ? 0.5F : 0.0F;
  const float place = (static_cast<float>(position) + offset) * scale;
  const auto index =
      static_cast<std::int32_t>(resize.align_corners ? std::round(place) : std::floor(place));
  return std::min(index, input - 1);
}

/// One axis of a bilinear resize at one output position: two pixels and a weight in 1024ths.
struct Between {
  std::int64_t low;
  std::int64_t high;
  std::int64_t weight;  ///< of `high`; negative in front of the first pixel
};

Between between(std::int64_t position, std::int64_t input, std::int64_t output,
                const Resize& resize) {
  constexpr std::int64_t kOne = 1024;
  const bool aligned = resize.align_corners && output > 1;
  const std::int64_t from = aligned ? input - 1 : input;
  const std::int64_t to = aligned ? output - 1 : output;
  const std::int64_t scale = (kOne * from + to / 2) / to;
  const std::int64_t place =
      position * scale + (resize.half_pixel_centers ? scale / 2 - kOne / 2 : 0);
  const std::int64_t low = std::max<std::int64_t>(place / kOne, 0);
  return {low, std::min((place + kOne - 1) / kOne, input - 1), place - kOne * low};
}

std::int32_t blend(const std::vector<std::int32_t>& corners, Between y, Between x) {
  constexpr std::int64_t kOne = 1024;
  constexpr std::int64_t kHalf = 1 << 19;
  const std::int64_t sum = corners[0] * (kOne - y.weight) * (kOne - x.weight) +
                           corners[1] * (kOne - y.weight) * x.weight +
                           corners[2] * y.weight * (kOne - x.weight) +
                           corners[3] * y.weight * x.weight;
  return static_cast<std::int32_t>((sum + (sum > 0 ? kHalf : -kHalf)) / (kOne * kOne));
}

}  // namespace

Bytes resize_nearest(const Call& call) {
  const auto& resize = std::get<Resize>(call.op.attributes);
  const Shape& in = call.input(0).shape;
  const Shape& out = call.output().shape;
  const auto pixel =
      static_cast<std::ptrdiff_t>(static_cast<std::size_t>(in[3]) * element_bytes(call.input(0)));
  const Bytes image = spread_input(call, 0);
  Bytes resized;
  resized.reserve(static_cast<std::size_t>(call.output().elements() / out[3]) *
                  static_cast<std::size_t>(pixel));
  for (std::int32_t n = 0; n < out[0]; ++n) {
    for (std::int32_t y = 0; y < out[1]; ++y) {
      const std::int32_t row = n * in[1] + nearest(y, in[1], out[1], resize);
      for (std::int32_t x = 0; x < out[2]; ++x) {
        const std::ptrdiff_t column = nearest(x, in[2], out[2], resize);
        const auto first = image.begin() + (std::ptrdiff_t{row} * in[2] + column) * pixel;
        resized.insert(resized.end(), first, first + pixel);
      }
    }
  }
  return packed(call.output(), std::move(resized));
}

Bytes resize_bilinear(const Call& call) {
  const auto& resize = std::get<Resize>(call.op.attributes);
  const auto image = integers(call.input(0), call.bytes(0));
  const Shape& in = call.input(0).shape;
  const Shape& out = call.output().shape;
  Writer writer(call.output());
  std::size_t index = 0;
  for (std::int64_t n = 0; n < out[0]; ++n) {
    for (std::int64_t row = 0; row < out[1]; ++row) {
      const Between y = between(row, in[1], out[1], resize);
      for (std::int64_t column = 0; column < out[2]; ++column) {
        const Between x = between(column, in[2], out[2], resize);
        for (std::int64_t c = 0; c < out[3]; ++c) {
          const auto pixel = [&](std::int64_t at_y, std::int64_t at_x) {
            const std::int64_t place = ((n * in[1] + at_y) * in[2] + at_x) * in[3] + c;
            return image[static_cast<std::size_t>(place)];
          };
          writer.store(index++, blend({pixel(y.low, x.low), pixel(y.low, x.high),
                                       pixel(y.high, x.low), pixel(y.high, x.high)},
                                      y, x));
        }
      }
    }
  }
  return writer.take();
}

namespace {

/// Calls visit(index of the output element, stored integer) for each input element.
template <typename Visit>
void for_each_reduced(const Call& call, Visit visit) {
  const auto& axes = std::get<Reduce>(call.op.attributes).axes;
  const Shape& shape = call.input(0).shape;
  std::vector<std::int64_t> steps(shape.size(), 0);
  std::int64_t step = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<std::int32_t>(d))) {
      steps[d] = step;
      step *= shape[d];
    }
  }
  const auto values = integers(call.input(0), call.bytes(0));
  BoxWalk(shape, steps, 0).run([&](std::size_t i, std::size_t place) { visit(place, values[i]); });
}

Bytes reduce_max(const Call& call) {
  std::vector<std::int32_t> largest(static_cast<std::size_t>(call.output().elements()), -32768);
  for_each_reduced(call, [&](std::size_t place, std::int32_t x) {
    largest[place] = std::max(largest[place], x);
  });
  Writer writer(call.output());
  for (std::size_t i = 0; i < largest.size(); ++i) {
    writer.store(i, largest[i]);
  }
  return writer.take();
}

}  // namespace

Bytes reduce(const Call& call) {
  if (call.op.kind == OperatorKind::kReduceMax) {
    return reduce_max(call);
  }
  const ReduceParameters p = reduce_parameters(call.graph, call.op);
  const Clamp bounds = activation_clamp(Activation::kNone, call.output());
  std::vector<std::int64_t> sums(static_cast<std::size_t>(call.output().elements()));
  for_each_reduced(
      call, [&](std::size_t place, std::int32_t x) { sums[place] += x - p.input_zero_point; });
  Writer writer(call.output());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::int64_t y = call.scale_sum(sums[i], p.multiplier, false, i) + p.output_zero_point;
    writer.store(i,
                 static_cast<std::int32_t>(std::clamp<std::int64_t>(y, bounds.low, bounds.high)));
  }
  return writer.take();
}

}  // namespace milliwatt::workloads::reference
