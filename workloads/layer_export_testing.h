// SPDX-License-Identifier: Apache-2.0
// Networks written as layer traces and read again, for tests.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/scratch_folder.h"
#include "workloads/layer_export.h"
#include "workloads/layer_trace.h"

namespace milliwatt::workloads::testing {

inline bool same(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

inline bool same(const Window& a, const Window& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;  // integers only
}

/// Whether both sides hold the same attributes, bit by bit.
struct SameAttributes {
  bool operator()(const Conv2d& a, const Conv2d& b) const {
    return same(a.window, b.window) && a.activation == b.activation && a.groups == b.groups;
  }
  bool operator()(const DepthwiseConv2d& a, const DepthwiseConv2d& b) const {
    return same(a.window, b.window) && a.activation == b.activation && a.multiplier == b.multiplier;
  }
  bool operator()(const TransposeConv2d& a, const TransposeConv2d& b) const {
    return same(a.window, b.window) && a.activation == b.activation;
  }
  bool operator()(const Pool2d& a, const Pool2d& b) const {
    return same(a.window, b.window) && a.activation == b.activation;
  }
  bool operator()(const FullyConnected& a, const FullyConnected& b) const {
    return a.activation == b.activation && a.keep_dimensions == b.keep_dimensions;
  }
  bool operator()(const Add& a, const Add& b) const { return a.activation == b.activation; }
  bool operator()(const Sub& a, const Sub& b) const { return a.activation == b.activation; }
  bool operator()(const Mul& a, const Mul& b) const { return a.activation == b.activation; }
  bool operator()(const Relu& a, const Relu& b) const { return a.activation == b.activation; }
  bool operator()(const Softmax& a, const Softmax& b) const { return same(a.beta, b.beta); }
  bool operator()(const LeakyRelu& a, const LeakyRelu& b) const { return same(a.alpha, b.alpha); }
  bool operator()(const BatchMatmul& a, const BatchMatmul& b) const {
    return a.transpose_a == b.transpose_a && a.transpose_b == b.transpose_b;
  }
  bool operator()(const Reduce& a, const Reduce& b) const { return a.axes == b.axes; }
  bool operator()(const Pad& a, const Pad& b) const {
    return a.before == b.before && a.after == b.after && a.value == b.value;
  }
  bool operator()(const Concatenate& a, const Concatenate& b) const {
    return a.axis == b.axis && a.stacks == b.stacks;
  }
  bool operator()(const Slice& a, const Slice& b) const {
    return a.begin == b.begin && a.step == b.step && a.count == b.count;
  }
  bool operator()(const Split& a, const Split& b) const {
    return a.axis == b.axis && a.unstacks == b.unstacks && a.data == b.data;
  }
  bool operator()(const Transpose& a, const Transpose& b) const {
    return a.permutation == b.permutation;
  }
  bool operator()(const Resize& a, const Resize& b) const {
    return a.align_corners == b.align_corners && a.half_pixel_centers == b.half_pixel_centers;
  }
  bool operator()(const Svdf& a, const Svdf& b) const {
    return a.rank == b.rank && a.activation == b.activation;
  }
  bool operator()(const Lstm& a, const Lstm& b) const {
    return same(a.cell_clip, b.cell_clip) && a.time_major == b.time_major;
  }
  bool operator()(const Reshape&, const Reshape&) const { return true; }
  bool operator()(const Plain&, const Plain&) const { return true; }
  template <typename A, typename B, typename = std::enable_if_t<!std::is_same_v<A, B>>>
  bool operator()(const A&, const B&) const {
    return false;
  }
};

inline bool same(const Tensor& a, const Tensor& b) {
  const Quantization& p = a.quantization;
  const Quantization& q = b.quantization;
  return a.name == b.name && a.type == b.type && a.shape == b.shape && a.role == b.role &&
         a.data == b.data && p.scales == q.scales && p.zero_points == q.zero_points &&
         p.dimension == q.dimension;
}

inline bool same(const Operator& a, const Operator& b) {
  return a.kind == b.kind && a.name == b.name && a.inputs == b.inputs && a.outputs == b.outputs &&
         a.states == b.states && std::visit(SameAttributes(), a.attributes, b.attributes);
}

/// The first thing in which two networks differ; empty where they are the same.
inline std::string difference(const Graph& a, const Graph& b) {
  if (a.name != b.name || a.batch != b.batch || a.weights != b.weights) {
    return "name, batch or origin of the weights";
  }
  if (a.inputs != b.inputs || a.outputs != b.outputs) {
    return "inputs or outputs";
  }
  if (a.tensors.size() != b.tensors.size() || a.operators.size() != b.operators.size()) {
    return "number of tensors or operators";
  }
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    if (!same(a.tensors[i], b.tensors[i])) {
      return fmt::format("tensor {} '{}'", i, a.tensors[i].name);
    }
  }
  for (std::size_t i = 0; i < a.operators.size(); ++i) {
    if (!same(a.operators[i], b.operators[i])) {
      return fmt::format("operator {} '{}'", i, a.operators[i].name);
    }
  }
  return "";
}

/// The network that its export reads back to.
inline Graph exported_and_read(const Graph& graph) {
  const base::ScratchFolder scratch;
  const ExportedTrace trace = export_layer_trace(graph);
  for (const ExportedTrace::File& file : trace.files) {
    scratch.write(file.path, file.bytes);
  }
  scratch.write(trace.name + ".yaml", trace.yaml);
  return read_layer_trace(scratch.path(trace.name + ".yaml"));
}

}  // namespace milliwatt::workloads::testing
