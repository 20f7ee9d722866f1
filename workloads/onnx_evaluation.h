// SPDX-License-Identifier: Apache-2.0
// Imports a file of ModelWriter, runs it, and compares with real numbers, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "workloads/onnx.h"
#include "workloads/onnx_definitions.h"
#include "workloads/onnx_layout.h"
#include "workloads/onnx_testing.h"
#include "workloads/reference.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads::onnx::testing {

/// What a stored tensor means, in the order of the file.
inline Real real_of(const Tensor& tensor, const std::vector<std::uint8_t>& bytes) {
  const std::size_t rank = tensor.shape.size();
  const Order back = inverse(usual_order(rank));
  Real real;
  real.shape = stored_shape(tensor.shape, back);
  for (const std::uint8_t byte : permuted(bytes, tensor.shape, back, 1)) {
    real.values.push_back(static_cast<double>(tensor.quantization.scales.at(0)) *
                          (static_cast<std::int8_t>(byte) - tensor.quantization.zero_point()));
  }
  return real;
}

using Definition = std::function<Real(const std::vector<Real>&)>;

/// The outputs of the imported network, for seeded inputs, lie within `steps` of the definition.
/// Returns the graph.
inline Graph expect_close(const ModelWriter& model, const Definition& definition,
                          double steps = 1.0) {
  const Graph graph = read_onnx(model.bytes(), "net.onnx");
  const auto inputs = seeded_input(graph, 5);
  const TensorValues values = run_reference(graph, inputs);
  std::vector<Real> reals;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    reals.push_back(real_of(graph.tensor(graph.inputs[i]), inputs[i]));
  }
  const Real expected = definition(reals);
  const Tensor& tensor = graph.tensor(graph.outputs.at(0));
  const auto& bytes = values.at(static_cast<std::size_t>(graph.outputs[0]));
  const Real found = real_of(tensor, bytes);
  EXPECT_EQ(found.shape, expected.shape);
  EXPECT_EQ(found.values.size(), expected.values.size());
  const double step = static_cast<double>(tensor.quantization.scales[0]);
  const double low = step * (-128 - tensor.quantization.zero_point());
  const double high = step * (127 - tensor.quantization.zero_point());
  double worst = 0.0;
  for (std::size_t i = 0; i < std::min(found.values.size(), expected.values.size()); ++i) {
    const double bounded = std::clamp(expected.values[i], low, high);
    worst = std::max(worst, std::abs(found.values[i] - bounded) / step);
  }
  EXPECT_LE(worst, steps + 1e-3);
  // A comparison of constants would show nothing.
  EXPECT_GE(std::set<double>(found.values.begin(), found.values.end()).size(),
            std::min<std::size_t>(5, found.values.size()));
  return graph;
}

/// The kinds of the operators, in order.
inline std::vector<OperatorKind> kinds_of(const Graph& graph) {
  std::vector<OperatorKind> kinds;
  for (const Operator& op : graph.operators) {
    kinds.push_back(op.kind);
  }
  return kinds;
}

}  // namespace milliwatt::workloads::onnx::testing
