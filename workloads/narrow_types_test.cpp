// SPDX-License-Identifier: Apache-2.0
// Elements of 2 to 7 bits: every kind and width against plain definitions written here, and against
// the rule that narrow arithmetic is that of int8 with narrower bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "workloads/graph_testing.h"
#include "workloads/packing.h"
#include "workloads/quantization.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

using testing::bias_tensor;
using testing::constant;
using testing::int8_tensor;
using testing::single;

using Values = std::vector<std::int32_t>;

Values unpacked(const Tensor& tensor, const Bytes& bytes) {
  Values values;
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    values.push_back(load_element(bytes.data(), i, element_bits(tensor.type)));
  }
  return values;
}

Bytes packed(const Values& values, int bits) {
  Bytes bytes(
      static_cast<std::size_t>(packed_bytes(static_cast<std::int64_t>(values.size()), bits)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_element(bytes.data(), static_cast<std::int64_t>(i), bits, values[i]);
  }
  return bytes;
}

Values random_values(std::size_t count, int bits, Xorshift32& draws) {
  Values values(count);
  std::generate(values.begin(), values.end(), [&] { return draws.next_signed(bits); });
  return values;
}

Tensor tensor_of(int bits, std::vector<std::int32_t> shape, float scale, std::int32_t zero_point) {
  Tensor made = int8_tensor(std::move(shape), scale, zero_point);
  made.type = integer_type(bits);
  return made;
}

Tensor random_constant(Tensor tensor, Xorshift32& draws) {
  const auto count = static_cast<std::size_t>(tensor.elements());
  const int bits = element_bits(tensor.type);
  return constant(std::move(tensor), packed(random_values(count, bits, draws), bits));
}

/// Calls check(input bits, weight or second input bits, output bits) for all narrow widths.
void for_all_widths(const std::function<void(int, int, int)>& check) {
  for (int input = 2; input <= 8; ++input) {
    for (int second = 2; second <= 8; ++second) {
      for (int output = 2; output <= 8; ++output) {
        SCOPED_TRACE(::testing::Message() << input << ", " << second << " -> " << output);
        check(input, second, output);
      }
    }
  }
}

std::int32_t bounded(std::int64_t value, int bits) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value, lowest_element(bits), highest_element(bits)));
}

/// The network's output for random inputs; `inputs` receives their values.
Values run(const Graph& graph, std::vector<Values>& inputs, Xorshift32& draws) {
  std::vector<Bytes> bytes;
  for (const TensorId id : graph.inputs) {
    const Tensor& tensor = graph.tensor(id);
    const int bits = element_bits(tensor.type);
    inputs.push_back(random_values(static_cast<std::size_t>(tensor.elements()), bits, draws));
    bytes.push_back(packed(inputs.back(), bits));
  }
  const TensorValues values = run_reference(graph, bytes);
  return unpacked(graph.tensors.back(), values.back());
}

TEST(NarrowTypes, ConvolutionIsASumOfProductsScaledOnce) {
  constexpr std::int32_t kHeight = 3;
  constexpr std::int32_t kWidth = 4;
  constexpr std::int32_t kDepth = 3;
  constexpr std::int32_t kFilters = 2;
  Xorshift32 draws(7);
  for_all_widths([&](int in, int weight, int out) {
    Conv2d conv;
    conv.window.kernel_h = conv.window.kernel_w = 2;
    conv.window.pad_bottom = conv.window.pad_left = 1;
    const float scale = std::ldexp(1.0F, out - in - weight);
    Tensor filter = tensor_of(weight, {kFilters, 2, 2, kDepth}, 0.75F, 0);
    filter.quantization.scales = {0.75F, 0.3F};
    filter.quantization.zero_points = {0, 0};
    filter = random_constant(std::move(filter), draws);
    const Values weights = unpacked(filter, filter.data);
    const Graph graph =
        single(OperatorKind::kConv2d, conv,
               {tensor_of(in, {1, kHeight, kWidth, kDepth}, scale, -1), filter,
                bias_tensor({3, -5}), tensor_of(out, {1, kHeight, kWidth, kFilters}, 0.9F, 1)});
    std::vector<Values> inputs;
    const Values outputs = run(graph, inputs, draws);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        for (int c = 0; c < kFilters; ++c) {
          std::int32_t sum = c == 0 ? 3 : -5;
          for (int tap = 0; tap < 4 * kDepth; ++tap) {
            const int row = y + tap / (2 * kDepth);
            const int column = x - 1 + tap / kDepth % 2;
            if (row < kHeight && column >= 0 && column < kWidth) {
              const int place = (row * kWidth + column) * kDepth + tap % kDepth;
              sum += (inputs[0][static_cast<std::size_t>(place)] + 1) *
                     weights[static_cast<std::size_t>(c * 4 * kDepth + tap)];
            }
          }
          const float filter_scale = c == 0 ? 0.75F : 0.3F;
          const double real = static_cast<double>(scale) * static_cast<double>(filter_scale) /
                              static_cast<double>(0.9F);
          EXPECT_EQ(outputs[static_cast<std::size_t>((y * kWidth + x) * kFilters + c)],
                    bounded(requantize(sum, quantize_multiplier(real)) + 1, out));
        }
      }
    }
  });
}

TEST(NarrowTypes, DepthwiseKeepsChannelsApart) {
  Xorshift32 draws(8);
  for_all_widths([&](int in, int weight, int out) {
    DepthwiseConv2d conv;
    conv.window.kernel_w = 3;
    conv.multiplier = 2;
    Tensor filter = random_constant(tensor_of(weight, {1, 1, 3, 4}, 0.5F, 0), draws);
    const Values weights = unpacked(filter, filter.data);
    const Graph graph = single(
        OperatorKind::kDepthwiseConv2d, conv,
        {tensor_of(in, {1, 1, 5, 2}, 0.25F, 1), filter, tensor_of(out, {1, 1, 3, 4}, 0.625F, -2)});
    std::vector<Values> inputs;
    const Values outputs = run(graph, inputs, draws);
    for (std::size_t x = 0; x < 3; ++x) {
      for (std::size_t c = 0; c < 4; ++c) {
        std::int32_t sum = 0;
        for (std::size_t tap = 0; tap < 3; ++tap) {
          sum += (inputs[0][(x + tap) * 2 + c / 2] - 1) * weights[tap * 4 + c];
        }
        EXPECT_EQ(outputs[x * 4 + c],
                  bounded(requantize(sum, quantize_multiplier(0.125 / 0.625)) - 2, out));
      }
    }
  });
}

TEST(NarrowTypes, FullyConnectedTakesOddNumbersOfElements) {
  Xorshift32 draws(9);
  for_all_widths([&](int in, int weight, int out) {
    Tensor filter = random_constant(tensor_of(weight, {3, 7}, 0.5F, 0), draws);
    const Values weights = unpacked(filter, filter.data);
    const Graph graph =
        single(OperatorKind::kFullyConnected, FullyConnected{},
               {tensor_of(in, {2, 7}, 0.25F, -2), filter, tensor_of(out, {2, 3}, 1.0F, 0)});
    std::vector<Values> inputs;
    const Values outputs = run(graph, inputs, draws);
    for (std::size_t i = 0; i < 6; ++i) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < 7; ++k) {
        sum += (inputs[0][i / 3 * 7 + k] + 2) * weights[i % 3 * 7 + k];
      }
      EXPECT_EQ(outputs[i], bounded(requantize(sum, quantize_multiplier(0.125)), out));
    }
  });
}

TEST(NarrowTypes, AddAndSubShiftBy20BitsWhateverTheWidths) {
  Xorshift32 draws(10);
  for_all_widths([&](int a, int b, int out) {
    for (const OperatorKind kind : {OperatorKind::kAdd, OperatorKind::kSub}) {
      const bool sub = kind == OperatorKind::kSub;
      const Graph graph = single(kind, sub ? Attributes{Sub{}} : Attributes{Add{}},
                                 {tensor_of(a, {1, 9}, 0.5F, 1), tensor_of(b, {1, 9}, 0.25F, -1),
                                  tensor_of(out, {1, 9}, 0.375F, 1)},
                                 2);
      std::vector<Values> inputs;
      const Values outputs = run(graph, inputs, draws);
      // Twice the larger scale is 1: multipliers 1/2, 1/4 and 1 / (2^20 * 0.375).
      const auto half = quantize_multiplier(0.5);
      const auto quarter = quantize_multiplier(0.25);
      const auto last = quantize_multiplier(1.0 / 0.375 / 1048576.0);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::int32_t first = requantize((inputs[0][i] - 1) * (1 << 20), half);
        const std::int32_t second = requantize((inputs[1][i] + 1) * (1 << 20), quarter);
        const std::int32_t sum = sub ? first - second : first + second;
        EXPECT_EQ(outputs[i], bounded(requantize(sum, last) + 1, out)) << operator_name(kind);
      }
    }
  });
}

TEST(NarrowTypes, ProductsMayGrowBeyondTheirOutputsScale) {
  Xorshift32 draws(11);
  for_all_widths([&](int a, int b, int out) {
    // A real factor of 2^(16 - a - b) at most: an exponent of 1 more than that is refused.
    const auto exponent = std::min(16 - a - b, 5);
    const Graph graph = single(OperatorKind::kMul, Mul{},
                               {tensor_of(a, {7}, std::ldexp(0.9F, exponent), 1),
                                tensor_of(b, {1}, 1.0F, -2), tensor_of(out, {7}, 1.0F, 0)},
                               2);
    std::vector<Values> inputs;
    const Values outputs = run(graph, inputs, draws);
    const auto multiplier = quantize_multiplier(std::ldexp(static_cast<double>(0.9F), exponent));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::int32_t product = (inputs[0][i] - 1) * (inputs[1][0] + 2);
      EXPECT_EQ(outputs[i], bounded(requantize(product, multiplier), out));
    }
  });
}

TEST(NarrowTypes, QuantizeMapsBetweenAllWidths) {
  Xorshift32 draws(12);
  for (const int in : {2, 3, 4, 5, 6, 7, 8, 16}) {
    for (const int out : {2, 3, 4, 5, 6, 7, 8, 16}) {
      const std::int32_t zero_point = out == 16 ? 0 : 1;
      const Graph graph =
          single(OperatorKind::kQuantize, Plain{},
                 {tensor_of(in, {23}, 0.75F, 0), tensor_of(out, {23}, 0.5F, zero_point)});
      std::vector<Values> inputs;
      const Values outputs = run(graph, inputs, draws);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        EXPECT_EQ(outputs[i],
                  bounded(requantize(inputs[0][i], quantize_multiplier(1.5)) + zero_point, out));
      }
    }
  }
}

TEST(NarrowTypes, FloatsBecomeNarrowAtTheEdge) {
  Tensor real = int8_tensor({4});
  real.type = ElementType::kFloat32;
  real.quantization = {};
  const Graph graph = single(OperatorKind::kQuantize, Plain{}, {real, tensor_of(3, {4}, 0.5F, -1)});
  const std::vector<float> reals = {-9.0F, 0.0F, 0.75F, 9.0F};
  Bytes bytes(sizeof(float) * reals.size());
  std::memcpy(bytes.data(), reals.data(), bytes.size());
  // 0.75 / 0.5 = 1.5 -> 2, minus 1; int3 reaches from -4 to 3.
  EXPECT_EQ(unpacked(graph.tensors.back(), run_reference(graph, {bytes}).back()),
            (Values{-4, -1, 1, 3}));
}

/// The same network with int8 for narrow activations.
Graph in_int8(Graph graph) {
  for (Tensor& tensor : graph.tensors) {
    if (is_sub_byte(tensor.type)) {
      tensor.data = packed(unpacked(tensor, tensor.role == TensorRole::kConstant
                                                ? tensor.data
                                                : Bytes(static_cast<std::size_t>(tensor.bytes()))),
                           8);
      if (tensor.role != TensorRole::kConstant) {
        tensor.data.clear();
      }
      tensor.type = ElementType::kInt8;
    }
  }
  return graph;
}

/// Checks that a network of one operator gives what it gives in int8, cut to the output's bounds.
void expect_int8_with_narrower_bounds(const Graph& graph, Xorshift32& draws) {
  const Graph wide = in_int8(graph);
  check_graph(wide);
  std::vector<Bytes> narrow_inputs;
  std::vector<Bytes> wide_inputs;
  for (const TensorId id : graph.inputs) {
    const Tensor& tensor = graph.tensor(id);
    const int bits = element_bits(tensor.type);
    const Values values = random_values(static_cast<std::size_t>(tensor.elements()), bits, draws);
    narrow_inputs.push_back(packed(values, bits));
    wide_inputs.push_back(packed(values, 8));
  }
  const TensorValues narrow = run_reference(graph, narrow_inputs);
  const TensorValues reference = run_reference(wide, wide_inputs);
  for (const TensorId id : graph.outputs) {
    const Tensor& tensor = graph.tensor(id);
    const Bytes& bytes = narrow[static_cast<std::size_t>(id)];
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), tensor.bytes());
    Values expected = unpacked(wide.tensor(id), reference[static_cast<std::size_t>(id)]);
    for (std::int32_t& value : expected) {
      value = bounded(value, element_bits(tensor.type));
    }
    EXPECT_EQ(unpacked(tensor, bytes), expected) << operator_name(graph.operators[0].kind);
  }
}

/// Networks of kinds whose input and output have one width, with odd extents.
std::vector<Graph> networks_of_one_width(int bits) {
  const auto tensor = [&](std::vector<std::int32_t> shape) {
    return tensor_of(bits, std::move(shape), 0.25F, 1);
  };
  const auto indices = [](std::vector<std::int32_t> values) { return bias_tensor(values); };
  Pool2d pool;
  pool.window.kernel_h = pool.window.kernel_w = 2;
  pool.window.pad_left = 1;
  const Pad pad{{0, 1, 0, 0}, {0, 0, 2, 1}, -1};
  const Slice slice{{0, 2, 0, 1}, {1, -1, 2, 1}, {1, 3, 2, 2}};
  std::vector<Graph> graphs = {
      single(OperatorKind::kAveragePool2d, pool, {tensor({1, 3, 3, 3}), tensor({1, 2, 3, 3})}),
      single(OperatorKind::kMaxPool2d, pool, {tensor({1, 3, 3, 3}), tensor({1, 2, 3, 3})}),
      single(OperatorKind::kMaximum, Plain{}, {tensor({3, 5}), tensor({5}), tensor({3, 5})}, 2),
      single(OperatorKind::kMinimum, Plain{}, {tensor({3, 5}), tensor({5}), tensor({3, 5})}, 2),
      single(OperatorKind::kRelu, Relu{Activation::kReluN1To1}, {tensor({13}), tensor({13})}),
      single(OperatorKind::kReduceMax, Reduce{{1}},
             {tensor({3, 3, 3}), indices({1}), tensor({3, 3})}),
      single(OperatorKind::kReshape, Reshape{}, {tensor({3, 5}), tensor({15})}),
      single(OperatorKind::kPad, pad, {tensor({1, 3, 2, 2}), indices({0}), tensor({1, 4, 4, 3})}),
      single(OperatorKind::kConcatenate, Concatenate{1, false},
             {tensor({3, 1}), tensor({3, 4}), tensor({3, 5})}, 2),
      single(OperatorKind::kConcatenate, Concatenate{1, true},
             {tensor({3, 5}), tensor({3, 5}), tensor({3, 2, 5})}, 2),
      single(OperatorKind::kSlice, slice,
             {tensor({1, 3, 3, 3}), indices({0}), indices({0}), tensor({1, 3, 2, 2})}),
      single(OperatorKind::kTranspose, Transpose{{1, 2, 0}},
             {tensor({3, 5, 1}), indices({0}), tensor({5, 1, 3})}),
      single(OperatorKind::kResizeNearest, Resize{},
             {tensor({1, 2, 3, 3}), indices({0}), tensor({1, 5, 4, 3})})};
  return graphs;
}

TEST(NarrowTypes, MovesAndBoundsKeepTheWidth) {
  Xorshift32 draws(13);
  for (int bits = 2; bits <= 8; ++bits) {
    SCOPED_TRACE(bits);
    for (const Graph& graph : networks_of_one_width(bits)) {
      expect_int8_with_narrower_bounds(graph, draws);
    }
  }
}

TEST(NarrowTypes, ScalingKindsMixWidths) {
  Xorshift32 draws(14);
  for_all_widths([&](int in, int /*second*/, int out) {
    const Tensor input = tensor_of(in, {3, 5}, 0.5F, -1);
    const Tensor output = tensor_of(out, {3, 5}, 0.375F, 1);
    const Tensor sums = tensor_of(out, {3}, 0.75F, -2);
    for (const Graph& graph :
         {single(OperatorKind::kRelu, Relu{}, {input, output}),
          single(OperatorKind::kLeakyRelu, LeakyRelu{0.3F}, {input, output}),
          single(OperatorKind::kMean, Reduce{{1}}, {input, bias_tensor({1}), sums}),
          single(OperatorKind::kSum, Reduce{{1}}, {input, bias_tensor({1}), sums})}) {
      expect_int8_with_narrower_bounds(graph, draws);
    }
  });
}

TEST(NarrowTypes, SplitCutsWithinBytes) {
  // Rows of 3 and 2 int3 elements: 1 2 3 | -4 -3 and -2 -1 0 | 1 2.
  Graph graph;
  graph.name = "split";
  graph.tensors = {tensor_of(3, {2, 5}, 1.0F, 0), bias_tensor({1}), tensor_of(3, {2, 3}, 1.0F, 0),
                   tensor_of(3, {2, 2}, 1.0F, 0)};
  graph.tensors[0].role = TensorRole::kInput;
  graph.inputs = {0};
  graph.outputs = {2, 3};
  Operator op;
  op.kind = OperatorKind::kSplit;
  op.name = "split";
  op.attributes = Split{1, false, 0};
  op.inputs = {0, 1};
  op.outputs = {2, 3};
  graph.operators = {op};
  check_graph(graph);
  const TensorValues values = run_reference(graph, {packed({1, 2, 3, -4, -3, -2, -1, 0, 1, 2}, 3)});
  EXPECT_EQ(unpacked(graph.tensors[2], values[2]), (Values{1, 2, 3, -2, -1, 0}));
  EXPECT_EQ(unpacked(graph.tensors[3], values[3]), (Values{-4, -3, 1, 2}));
}

TEST(NarrowTypes, Int16ActivationsTakeNarrowWeights) {
  Xorshift32 draws(15);
  for (int bits = 2; bits <= 8; ++bits) {
    Tensor filter = random_constant(tensor_of(bits, {2, 5}, 0.5F, 0), draws);
    const Values weights = unpacked(filter, filter.data);
    const Graph graph =
        single(OperatorKind::kFullyConnected, FullyConnected{},
               {tensor_of(16, {1, 5}, 0.25F, 0), filter, tensor_of(16, {1, 2}, 0.5F, 0)});
    std::vector<Values> inputs;
    const Values outputs = run(graph, inputs, draws);
    for (std::size_t c = 0; c < 2; ++c) {
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < 5; ++k) {
        sum += std::int64_t{inputs[0][k]} * weights[c * 5 + k];
      }
      // A factor of exactly 1/4, ties up.
      EXPECT_EQ(outputs[c], bounded((sum + 2) >> 2, 16));
    }
  }
}

std::string refusal(const std::function<void()>& build) {
  try {
    build();
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(NarrowTypes, WidthsThatDoNotGoTogetherAreRefused) {
  const auto unary = [](OperatorKind kind, const Attributes& attributes, int in, int out) {
    return refusal([&] {
      single(kind, attributes, {tensor_of(in, {1, 4}, 0.5F, 0), tensor_of(out, {1, 4}, 0.5F, 0)});
    });
  };
  EXPECT_EQ(unary(OperatorKind::kHardSwish, Plain{}, 8, 4),
            "single: hard_swish: has int4 in 't', which hard_swish does not support here; it takes "
            "int8 or int16 throughout");
  EXPECT_NE(unary(OperatorKind::kReshape, Reshape{}, 4, 8), "accepted");
  EXPECT_NE(unary(OperatorKind::kSoftmax, Softmax{}, 4, 8), "accepted");
  EXPECT_NE(unary(OperatorKind::kRelu, Relu{}, 8, 16), "accepted");
  EXPECT_NE(unary(OperatorKind::kRelu, Relu{Activation::kReluN1To1}, 8, 4), "accepted");
  EXPECT_EQ(unary(OperatorKind::kRelu, Relu{}, 8, 4), "accepted");
  EXPECT_EQ(refusal([] {
              single(
                  OperatorKind::kFullyConnected, FullyConnected{},
                  {tensor_of(8, {1, 2}, 0.5F, 0), constant(tensor_of(4, {1, 2}, 0.5F, 0), Bytes{0}),
                   tensor_of(16, {1, 1}, 0.5F, 0)});
            }),
            "single: fully_connected: maps int8 to int16, which fully_connected does not support; "
            "an operator quantize in between changes the type");
  EXPECT_NE(refusal([] {
              single(OperatorKind::kPad, Pad{{1}, {0}, 2},
                     {tensor_of(2, {1}, 1.0F, 0), bias_tensor({0}), tensor_of(2, {2}, 1.0F, 0)});
            }),
            "accepted");
}

TEST(NarrowTypes, SeededElementsAreTheHighestBitsOfADraw) {
  Xorshift32 first(5);
  Xorshift32 second(5);
  const Tensor tensor = tensor_of(3, {11}, 1.0F, 0);
  EXPECT_EQ(unpacked(tensor, seeded_elements(tensor, first)), random_values(11, 3, second));
}

TEST(ZeroCount, CountsWhatEqualsTheZeroPoint) {
  const Tensor narrow = tensor_of(3, {7}, 1.0F, -2);
  const ZeroCount three = zero_count(narrow, packed({-2, 0, 1, -2, 3, -2, -4}, 3));
  EXPECT_EQ(three.zeros, 3);
  EXPECT_EQ(three.elements, 7);
  EXPECT_DOUBLE_EQ(three.fraction(), 3.0 / 7.0);
  const Tensor wide = tensor_of(16, {3}, 1.0F, 0);
  EXPECT_EQ(zero_count(wide, packed({0, 256, 0}, 16)).zeros, 2);
}

TEST(ZeroCount, TakesTheZeroPointOfEachChannel) {
  Tensor channels = tensor_of(8, {2, 2, 2}, 1.0F, 0);
  channels.quantization = {{1.0F, 1.0F}, {5, 6}, 1};
  // Channel 0 holds elements 0, 1, 4, 5.
  EXPECT_EQ(zero_count(channels, packed({5, 6, 6, 5, 5, 5, 6, 6}, 8)).zeros, 6);
}

TEST(ZeroCount, ComparesFloatsAndBiasesWithZero) {
  Tensor real = int8_tensor({2});
  real.type = ElementType::kFloat32;
  EXPECT_EQ(zero_count(real, Bytes{0, 0, 0, 0, 0, 0, 128, 63}).zeros, 1);
  const Tensor bias = bias_tensor({0, 256, 0});
  EXPECT_EQ(zero_count(bias, bias.data).zeros, 2);
}

}  // namespace
}  // namespace milliwatt::workloads
