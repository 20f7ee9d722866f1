// SPDX-License-Identifier: Apache-2.0
// Attributes of nodes, checked for type and range.
#include "workloads/onnx_values.h"

namespace milliwatt::workloads::onnx {

namespace {

constexpr std::int64_t kLargestExtent = std::numeric_limits<std::int32_t>::max();

const Attribute* find(const Node& node, const char* name, Attribute::Kind kind) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) {
    return nullptr;
  }
  require(found->second.kind == kind, "its attribute '{}' has another type than expected", name);
  return &found->second;
}

}  // namespace

std::int64_t integer_of(const Node& node, const char* attribute, std::int64_t otherwise) {
  const Attribute* found = find(node, attribute, Attribute::Kind::kInteger);
  return found == nullptr ? otherwise : found->integer;
}

double real_of(const Node& node, const char* attribute, double otherwise) {
  const Attribute* found = find(node, attribute, Attribute::Kind::kReal);
  return found == nullptr ? otherwise : found->real;
}

std::string text_of(const Node& node, const char* attribute, const char* otherwise) {
  const Attribute* found = find(node, attribute, Attribute::Kind::kText);
  return found == nullptr ? otherwise : found->text;
}

std::vector<std::int64_t> integers_of(const Node& node, const char* attribute) {
  const Attribute* found = find(node, attribute, Attribute::Kind::kIntegers);
  return found == nullptr ? std::vector<std::int64_t>() : found->integers;
}

Shape checked_shape(const std::vector<std::int64_t>& extents) {
  require(extents.size() <= kMostDimensions, "there are {} dimensions; expected up to {}",
          extents.size(), kMostDimensions);
  Shape shape;
  for (const std::int64_t extent : extents) {
    require(extent >= 1 && extent <= kLargestExtent,
            "an extent is {}; expected a number from 1 to {}",
            extent == Interface::kUnknown ? std::string("not given") : std::to_string(extent),
            kLargestExtent);
    shape.push_back(static_cast<std::int32_t>(extent));
  }
  return shape;
}

std::int32_t checked_axis(std::int64_t axis, std::size_t rank) {
  const auto dimensions = static_cast<std::int64_t>(rank);
  require(axis >= -dimensions && axis < dimensions, "it names axis {} of {} dimensions", axis,
          rank);
  return static_cast<std::int32_t>(axis < 0 ? axis + dimensions : axis);
}

}  // namespace milliwatt::workloads::onnx
