// SPDX-License-Identifier: Apache-2.0
// A layer trace as the user wrote it, before shapes, scales and values are worked out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "workloads/graph.h"

namespace milliwatt::workloads {

/// A name with its place in the file; `absent` where the user wrote ~ for an operand left out.
struct NameSpec {
  std::string text;
  base::Place place;
  bool absent = false;
};

/// A tensor that the user declares: an entry of `tensors`, or of `inputs`.
struct TensorSpec {
  std::string name;                  ///< by which the trace refers to it
  std::optional<std::string> label;  ///< what the network calls it, if not by its name
  TensorRole role = TensorRole::kConstant;
  ElementType type = ElementType::kInt8;
  std::vector<std::int32_t> shape;
  Quantization quantization;
  std::string file;  ///< of a constant; without file and values it is seeded
  std::optional<std::vector<std::int64_t>> values;
  base::Place place;
  bool sound = true;  ///< its keys have no fault
};

/// An entry of `inputs`: a tensor of its own, or the name of one in `tensors`.
struct InputSpec {
  TensorSpec declared;
  std::optional<NameSpec> reference;
};

enum class PaddingRule { kSame, kValid, kExplicit };

/// How much of a layer's surroundings the user declares under `tensors`.
struct LayerForm {
  bool operands = false;  ///< all operands are named, none is made from the keys of the layer
  bool outputs = false;   ///< all outputs are declared, so that nothing is worked out for them
};

/// What a slice takes of each dimension; a dimension that is not told is taken whole.
struct SliceSpec {
  std::vector<std::int32_t> begin;
  std::vector<std::int32_t> end;
  std::vector<std::int32_t> step;
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> squeeze;  ///< dimensions of extent 1 that the output lacks
};

/// One layer; the fields that its kind does not know keep their defaults.
struct LayerSpec {
  OperatorKind kind = OperatorKind::kReshape;
  base::Place place;
  bool sound = true;  ///< its keys have no fault
  LayerForm form;
  std::optional<std::string> name;
  std::vector<NameSpec> inputs;                 ///< empty: the previous layer
  std::vector<NameSpec> outputs;                ///< empty: one of the layer's name
  std::optional<std::vector<NameSpec>> states;  ///< nothing: the states among the operands

  // What the operator does.
  Window window;
  PaddingRule padding = PaddingRule::kSame;
  bool kernel_given = false;
  Activation activation = Activation::kNone;
  std::int32_t groups = 1;
  std::int32_t multiplier = 1;
  std::int32_t rank = 1;
  bool keep_dimensions = false;
  bool transpose_a = false;
  bool transpose_b = false;
  bool align_corners = false;
  bool half_pixel_centers = false;
  bool time_major = false;
  bool joins_new_axis = false;  ///< stack and unstack
  double beta = 1.0;
  double alpha = 0.0;
  double cell_clip = 0.0;
  std::int32_t axis = 0;
  std::int32_t data_operand = 0;
  std::vector<std::int32_t> axes;
  std::vector<std::int32_t> permutation;
  std::vector<std::int32_t> pad_before;
  std::vector<std::int32_t> pad_after;
  std::optional<std::int32_t> pad_value;  ///< nothing: the zero point
  SliceSpec slice;

  // The shapes of what is made.
  std::int32_t filters = 0;
  std::int32_t units = 0;
  std::int32_t memory = 0;
  std::optional<std::int32_t> parts;  ///< nothing: as many as there are outputs
  std::vector<std::int32_t> shape;    ///< of a reshape's output
  std::vector<std::int32_t> size;     ///< height and width of the output
  std::vector<std::int32_t> sizes;    ///< extents of the outputs of a split

  // The values and types of what is made.
  ElementType weights_type = ElementType::kInt8;
  std::string weights_file;  ///< empty: seeded
  std::vector<float> weights_scale;
  bool bias = true;
  std::string bias_file;  ///< empty: seeded
  ElementType state_type = ElementType::kInt8;
  std::optional<ElementType> output_type;  ///< nothing: that of the data
  std::optional<double> output_scale;
  std::optional<std::int32_t> output_zero_point;
};

struct TraceSpec {
  std::string name;
  std::int64_t seed = 1;
  std::optional<std::int32_t> batch;  ///< nothing: the first extent of the first input
  bool seeded_weights = false;        ///< values from a file were seeded when it was written
  std::vector<TensorSpec> tensors;
  std::vector<InputSpec> inputs;
  std::vector<LayerSpec> layers;
  std::vector<NameSpec> outputs;  ///< empty: the last layer
};

/// Adds one message per fault. A tensor, input or layer with a fault is there, with its name, as
/// not sound.
TraceSpec read_trace_spec(const base::YamlNode& root, base::Diagnostics& faults);

}  // namespace milliwatt::workloads
