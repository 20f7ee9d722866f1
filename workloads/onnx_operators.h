// SPDX-License-Identifier: Apache-2.0
// From nodes of an ONNX file to operators, one function per kind of node.
#pragma once

#include <cstdint>
#include <string>

#include "workloads/graph.h"
#include "workloads/onnx_builder.h"
#include "workloads/onnx_model.h"
#include "workloads/onnx_values.h"

namespace milliwatt::workloads::onnx {

struct Context {
  GraphBuilder& builder;
  Values& values;
  std::int64_t opset;
};

/// Adds what a node stands for. Throws UserError, without file and node, for what it cannot.
using NodeReader = void (*)(Context& context, const Node& node);
/// nullptr for kinds that are not supported.
NodeReader reader_of(const std::string& kind);

// Convolutions and products with constant weights, and of two activations.
void read_conv(Context& context, const Node& node);
void read_gemm(Context& context, const Node& node);
void read_matmul(Context& context, const Node& node);
void read_qlinear_conv(Context& context, const Node& node);
void read_qlinear_matmul(Context& context, const Node& node);

// Windows and reductions.
void read_average_pool(Context& context, const Node& node);
void read_max_pool(Context& context, const Node& node);
void read_global_average_pool(Context& context, const Node& node);
void read_reduce_mean(Context& context, const Node& node);

// Element by element, and along one axis.
void read_add(Context& context, const Node& node);
void read_sub(Context& context, const Node& node);
void read_mul(Context& context, const Node& node);
void read_clip(Context& context, const Node& node);
void read_leaky_relu(Context& context, const Node& node);
void read_softmax(Context& context, const Node& node);
void read_sigmoid(Context& context, const Node& node);
void read_tanh(Context& context, const Node& node);

// Movement.
void read_identity(Context& context, const Node& node);
void read_reshape(Context& context, const Node& node);
void read_flatten(Context& context, const Node& node);
void read_squeeze(Context& context, const Node& node);
void read_unsqueeze(Context& context, const Node& node);
void read_transpose(Context& context, const Node& node);
void read_concat(Context& context, const Node& node);
void read_pad(Context& context, const Node& node);
void read_slice(Context& context, const Node& node);
void read_split(Context& context, const Node& node);
void read_resize(Context& context, const Node& node);

/// The name of a node's only output. Throws UserError where there is none or are several.
const std::string& output_of(const Node& node);
/// Strides, dilations and pads of a window over an image of the shape batch, channels, height,
/// width, as in the file.
Window read_window(const Node& node, const Shape& image, const Shape& kernel);

}  // namespace milliwatt::workloads::onnx
