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

/// A name with its place in the file.
struct NameSpec {
  std::string text;
  base::Place place;
};

struct InputSpec {
  std::string name;
  ElementType type = ElementType::kInt8;
  std::vector<std::int32_t> shape;
  double scale = 0.0;
  std::int32_t zero_point = 0;
  base::Place place;
  bool sound = true;  ///< its keys have no fault
};

enum class PaddingRule { kSame, kValid, kExplicit };

/// One layer; the fields that its kind does not know keep their defaults.
struct LayerSpec {
  OperatorKind kind = OperatorKind::kReshape;
  base::Place place;
  bool sound = true;  ///< its keys have no fault
  std::string name;
  std::vector<NameSpec> inputs;  ///< empty: the previous layer

  Window window;
  PaddingRule padding = PaddingRule::kSame;
  Activation activation = Activation::kNone;
  std::int32_t filters = 0;
  std::int32_t groups = 1;
  std::int32_t multiplier = 1;
  std::int32_t units = 0;
  double beta = 1.0;
  std::vector<std::int32_t> shape;
  ElementType output_type = ElementType::kInt8;

  ElementType weights_type = ElementType::kInt8;
  std::string weights_file;  ///< empty: seeded
  std::vector<float> weights_scale;
  bool bias = true;
  std::string bias_file;  ///< empty: seeded
  std::optional<double> output_scale;
  std::optional<std::int32_t> output_zero_point;
};

struct TraceSpec {
  std::string name;
  std::int64_t seed = 1;
  std::vector<InputSpec> inputs;
  std::vector<LayerSpec> layers;
  std::vector<NameSpec> outputs;  ///< empty: the last layer
};

/// Adds one message per fault. An input or layer with a fault is there, with its name, as not
/// sound.
TraceSpec read_trace_spec(const base::YamlNode& root, base::Diagnostics& faults);

}  // namespace milliwatt::workloads
