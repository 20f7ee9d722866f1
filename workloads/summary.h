// SPDX-License-Identifier: Apache-2.0
// What a network asks for, before any machine is chosen: `milliwatt network NET`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace milliwatt::workloads {

/// Elements of a tensor, and how many of them mean 0: those that equal the zero point.
struct ZeroCount {
  std::int64_t zeros = 0;
  std::int64_t elements = 0;

  double fraction() const;
};

/// `bytes` are the tensor's stored bytes, of a constant or of one invocation. Tensors without
/// quantization have zero point 0; a float32 counts where it is +0.
ZeroCount zero_count(const Tensor& tensor, const std::vector<std::uint8_t>& bytes);

struct OperatorSummary {
  std::string name;
  OperatorKind kind = OperatorKind::kReshape;
  std::vector<std::int32_t> input_shape;   ///< of the first operand
  std::vector<std::int32_t> output_shape;  ///< of the first output
  Window window;                           ///< 1 x 1 for operators without one
  bool has_window = false;
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t constant_bytes = 0;    ///< stored operands: weights, bias, reshape's shape
  std::int64_t activation_bytes = 0;  ///< other operands and outputs, each once
  std::int64_t live_bytes = 0;        ///< see NetworkSummary::peak_live_bytes
  std::int64_t weights = 0;           ///< elements of the filter
  std::int64_t zero_weights = 0;      ///< of these, equal to their zero point
  int weight_bits = 0;                ///< of one weight; 0 without weights
  int output_bits = 0;                ///< of one element of the first output

  /// MACs per byte of operands and outputs, each moved once.
  double intensity() const;
  /// Share of weights that are zero; 0 without weights.
  double zero_fraction() const;
};

struct NetworkSummary {
  std::string name;
  std::int32_t batch = 1;
  WeightsOrigin weights_origin = WeightsOrigin::kFile;
  std::vector<OperatorSummary> operators;
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t constant_bytes = 0;  ///< of all constants, each once
  std::int64_t input_bytes = 0;
  std::int64_t output_bytes = 0;
  std::int64_t state_bytes = 0;  ///< of what lives from one invocation to the next
  std::int64_t weights = 0;
  std::int64_t zero_weights = 0;
  /// Largest sum of tensors that are alive while one operator runs, in file order, no buffer used
  /// in place. Network inputs live from the start, outputs to the end; states are not counted.
  std::int64_t peak_live_bytes = 0;
  /// Index of the first operator at the peak.
  std::size_t peak_operator = 0;

  /// MACs per byte that must move when everything else stays on chip: constants, inputs, outputs.
  double intensity() const;
};

NetworkSummary summarize(const Graph& graph);

/// The summary as a table for terminals, one line per operator, with a trailing newline. Bits are
/// shown where not all are 8.
std::string format_summary(const NetworkSummary& summary);

/// One row per operator, then their total.
std::string summary_csv(const NetworkSummary& summary);

}  // namespace milliwatt::workloads
