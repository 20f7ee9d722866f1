// SPDX-License-Identifier: Apache-2.0
// Reference kernels of transposed convolutions and of products of two activations.
#include <algorithm>

#include "workloads/operator_parameters.h"
#include "workloads/reference_kernels.h"

namespace milliwatt::workloads::reference {

namespace {

using Offset = std::int64_t;

/// Sums of a transposed convolution: every pixel of the ifmap adds to the outputs under its window.
class TransposeConvKernel {
 public:
  explicit TransposeConvKernel(const Call& call)
      : call_{call},
        window_{std::get<TransposeConv2d>(call.op.attributes).window},
        image_(widen(call.input(2), call.bytes(2), call.input(2).quantization.zero_point())),
        weights_(widen(call.input(1), call.bytes(1), 0)),
        safe_{safe_products(call.input(2))},
        sums_(static_cast<std::size_t>(call.output().elements())) {}

  Bytes run() {
    const auto& in = call_.input(2).shape;
    for (Offset n = 0; n < in[0]; ++n) {
      for (Offset y = 0; y < in[1]; ++y) {
        for (Offset x = 0; x < in[2]; ++x) {
          add_pixel(n, y, x);
        }
      }
    }
    Finisher finisher(call_);
    const auto channels = static_cast<std::size_t>(call_.output().shape[3]);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      finisher.store(i, i % channels, sums_[i]);
    }
    return finisher.take();
  }

 private:
  void add_pixel(Offset n, Offset y, Offset x) {
    const auto& in = call_.input(2).shape;
    const auto& out = call_.output().shape;
    const std::int16_t* pixel = image_.data() + ((n * in[1] + y) * in[2] + x) * in[3];
    for (Offset ky = 0; ky < window_.kernel_h; ++ky) {
      for (Offset kx = 0; kx < window_.kernel_w; ++kx) {
        const Offset row = y * window_.stride_h - window_.pad_top + ky;
        const Offset column = x * window_.stride_w - window_.pad_left + kx;
        if (row >= 0 && row < out[1] && column >= 0 && column < out[2]) {
          add_tap(pixel, ky * window_.kernel_w + kx,
                  ((n * out[1] + row) * out[2] + column) * out[3]);
        }
      }
    }
  }

  void add_tap(const std::int16_t* pixel, Offset tap, Offset output) {
    const Offset depth = call_.input(2).shape[3];
    const Offset filter = Offset{window_.kernel_h} * window_.kernel_w * depth;
    for (Offset c = 0; c < call_.output().shape[3]; ++c) {
      sums_[static_cast<std::size_t>(output + c)] +=
          dot(pixel, weights_.data() + c * filter + tap * depth, depth, safe_);
    }
  }

  const Call& call_;
  const Window& window_;
  std::vector<std::int16_t> image_;
  std::vector<std::int16_t> weights_;
  Offset safe_;
  std::vector<std::int64_t> sums_;
};

/// Leading dimensions of a batch of matrices.
std::vector<std::int32_t> leading(const std::vector<std::int32_t>& shape) {
  return {shape.begin(), shape.end() - 2};
}

/// Strides of one of the matrices, by row and by column as the product wants them.
struct MatrixView {
  Offset by_row;
  Offset by_column;
  Offset size;
};

MatrixView view_of(const Tensor& tensor, bool transposed) {
  const Offset rows = tensor.shape[tensor.shape.size() - 2];
  const Offset columns = tensor.shape.back();
  return {transposed ? 1 : columns, transposed ? columns : 1, rows * columns};
}

}  // namespace

Bytes transpose_conv2d(const Call& call) { return TransposeConvKernel(call).run(); }

Bytes batch_matmul(const Call& call) {
  const auto& matmul = std::get<BatchMatmul>(call.op.attributes);
  const ProductParameters p = product_parameters(call.graph, call.op);
  const auto a = widen(call.input(0), call.bytes(0), p.zero_point_a);
  const auto b = widen(call.input(1), call.bytes(1), p.zero_point_b);
  const MatrixView view_a = view_of(call.input(0), matmul.transpose_a);
  const MatrixView view_b = view_of(call.input(1), matmul.transpose_b);
  const auto& out = call.output().shape;
  const Offset rows = out[out.size() - 2];
  const Offset columns = out.back();
  const Offset depth = view_a.size / rows;
  const bool wide = call.output().type == ElementType::kInt16;
  BroadcastCursor cursor_a(leading(call.input(0).shape), leading(out));
  BroadcastCursor cursor_b(leading(call.input(1).shape), leading(out));
  Writer writer(call.output());
  const auto elements = static_cast<std::size_t>(call.output().elements());
  for (std::size_t first = 0; first < elements; first += static_cast<std::size_t>(rows * columns)) {
    const std::int16_t* left = a.data() + static_cast<Offset>(cursor_a.index()) * view_a.size;
    const std::int16_t* right = b.data() + static_cast<Offset>(cursor_b.index()) * view_b.size;
    for (Offset i = 0; i < rows * columns; ++i) {
      std::int64_t sum = 0;
      for (Offset k = 0; k < depth; ++k) {
        sum += std::int64_t{left[i / columns * view_a.by_row + k * view_a.by_column]} *
               right[k * view_b.by_row + i % columns * view_b.by_column];
      }
      call.note(first + static_cast<std::size_t>(i), sum);
      const std::int64_t y =
          call.scale_sum(sum, p.multiplier, wide, static_cast<std::size_t>(i % columns)) +
          p.output_zero_point;
      writer.store(
          first + static_cast<std::size_t>(i),
          static_cast<std::int32_t>(std::clamp<std::int64_t>(y, p.clamp.low, p.clamp.high)));
    }
    cursor_a.advance();
    cursor_b.advance();
  }
  return writer.take();
}

}  // namespace milliwatt::workloads::reference
