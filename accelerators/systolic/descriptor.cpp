// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "abi/descriptor.h"
#include "base/error.h"

namespace milliwatt::systolic {
namespace {

constexpr std::int64_t kLargestDimension = 1 << 20;
constexpr std::int64_t kLargestTensor = INT32_MAX;
/// Steps of one command; each is a few dozen bytes in the schedule.
constexpr std::int64_t kMostFolds = 1 << 21;

[[noreturn]] void fail(const std::string& what) {
  throw base::SimulationError("systolic descriptor: " + what);
}

void check(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    fail(fmt::format("{} is {}, allowed are {} .. {}", field, value, low, high));
  }
}

/// The product of factors, each at least 1. Fails as soon as it exceeds `high`.
std::int64_t product(const char* what, std::initializer_list<std::int64_t> factors,
                     std::int64_t high) {
  std::int64_t all = 1;
  for (const std::int64_t factor : factors) {
    if (all > high / factor) {
      fail(fmt::format("more than {} {}", high, what));
    }
    all *= factor;
  }
  return all;
}

void check_head(const mw_descriptor_head& head) {
  check("magic", head.magic, MW_DESCRIPTOR_MAGIC, MW_DESCRIPTOR_MAGIC);
  check("version", head.version, MW_DESCRIPTOR_VERSION, MW_DESCRIPTOR_VERSION);
  check("machine", head.machine, MW_MACHINE_SYSTOLIC, MW_MACHINE_SYSTOLIC);
  check("bytes", head.bytes, sizeof(mw_systolic_descriptor), sizeof(mw_systolic_descriptor));
  check("operators", head.operators, 1, 1);
}

/// One axis of a convolution.
struct Axis {
  const char* name;
  std::int64_t input, output, kernel, stride, dilation, pad;
};

/// The first window reaches into the image and the last one starts in it.
void check_axis(const Axis& axis) {
  const std::int64_t span = (axis.kernel - 1) * axis.dilation + 1;
  if (span > kLargestDimension) {
    fail(fmt::format("the kernel covers {} input {}, at most {} are allowed", span, axis.name,
                     kLargestDimension));
  }
  if (axis.pad < 0 || axis.pad >= span) {
    fail(fmt::format("the padding of input {} is {}, the kernel covers {}", axis.name, axis.pad,
                     span));
  }
  const std::int64_t last = (axis.output - 1) * axis.stride - axis.pad;
  if (last >= axis.input) {
    fail(fmt::format("the last window starts {} input {} behind the image", last - axis.input + 1,
                     axis.name));
  }
}

void check_geometry(const mw_conv_geometry& g) {
  const std::pair<const char*, std::int32_t> dimensions[] = {
      {"batch", g.batch},          {"input_h", g.input_h},   {"input_w", g.input_w},
      {"input_c", g.input_c},      {"output_h", g.output_h}, {"output_w", g.output_w},
      {"output_c", g.output_c},    {"kernel_h", g.kernel_h}, {"kernel_w", g.kernel_w},
      {"stride_h", g.stride_h},    {"stride_w", g.stride_w}, {"dilation_h", g.dilation_h},
      {"dilation_w", g.dilation_w}};
  for (const auto& [name, value] : dimensions) {
    check(name, value, 1, kLargestDimension);
  }
  check_axis({"rows", g.input_h, g.output_h, g.kernel_h, g.stride_h, g.dilation_h, g.pad_top});
  check_axis({"columns", g.input_w, g.output_w, g.kernel_w, g.stride_w, g.dilation_w, g.pad_left});
  product("input elements", {g.batch, g.input_h, g.input_w, g.input_c}, kLargestTensor);
  product("output elements", {g.batch, g.output_h, g.output_w, g.output_c}, kLargestTensor);
  product("weights", {g.kernel_h, g.kernel_w, g.input_c, g.output_c}, kLargestTensor);
}

void check_values(const mw_systolic_descriptor& d) {
  check("input_zero_point", d.input_zero_point, INT8_MIN, INT8_MAX);
  check("output_zero_point", d.output_zero_point, INT8_MIN, INT8_MAX);
  check("clamp_low", d.clamp_low, INT8_MIN, INT8_MAX);
  check("clamp_high", d.clamp_high, d.clamp_low, INT8_MAX);
}

void check_mapping(const mw_systolic_descriptor& d, const ArraySize& size) {
  const mw_conv_geometry& g = d.geometry;
  check("tile_h", d.tile_h, 1, kLargestDimension);
  check("tile_w", d.tile_w, 1, kLargestDimension);
  check("pixel_tiles_outer", d.pixel_tiles_outer, 0, 1);
  check("weights_per_fold", d.weights_per_fold, 0, 1);
  check("reserved", d.reserved, 0, 0);
  const auto parts = [](std::int64_t whole, std::int64_t part) {
    return (whole + part - 1) / part;
  };
  product("folds",
          {g.batch, parts(g.output_h, d.tile_h), parts(g.output_w, d.tile_w),
           parts(g.output_c, size.columns), parts(dataflows::dot_length(g), size.rows)},
          kMostFolds);
}

std::uint64_t resolve(const char* field, const mw_ref& place, const shell::RegionBases& bases) {
  if (place.region >= bases.size()) {
    fail(fmt::format("{} lies in region {} of {}", field, place.region, bases.size()));
  }
  return bases[place.region] + place.offset;
}

}  // namespace

dataflows::SystolicCommand decode_descriptor(const std::vector<std::uint8_t>& bytes,
                                             const shell::RegionBases& bases,
                                             const ArraySize& size) {
  mw_systolic_descriptor d;
  if (bytes.size() != sizeof d) {
    fail(fmt::format("{} bytes instead of {}", bytes.size(), sizeof d));
  }
  std::memcpy(&d, bytes.data(), sizeof d);
  check_head(d.head);
  check_geometry(d.geometry);
  check_values(d);
  check_mapping(d, size);
  dataflows::SystolicCommand command;
  command.geometry = d.geometry;
  command.mapping = {d.tile_h, d.tile_w, d.pixel_tiles_outer != 0, d.weights_per_fold != 0};
  command.input_zero_point = d.input_zero_point;
  command.output_zero_point = d.output_zero_point;
  command.clamp_low = d.clamp_low;
  command.clamp_high = d.clamp_high;
  command.ifmap = resolve("ifmap", d.ifmap, bases);
  command.weights = resolve("weights", d.weights, bases);
  command.parameters = resolve("parameters", d.parameters, bases);
  command.ofmap = resolve("ofmap", d.ofmap, bases);
  return command;
}

}  // namespace milliwatt::systolic
