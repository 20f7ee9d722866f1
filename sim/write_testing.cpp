// SPDX-License-Identifier: Apache-2.0
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

using base::Confidence;
using energy::EnergyKind;

constexpr auto kIfmap = static_cast<std::size_t>(base::TensorClass::kIfmap);
constexpr auto kWeights = static_cast<std::size_t>(base::TensorClass::kWeights);
constexpr auto kOfmap = static_cast<std::size_t>(base::TensorClass::kOfmap);
constexpr auto kProgram = static_cast<std::size_t>(base::TensorClass::kProgram);

std::vector<MemoryTraffic> no_traffic() {
  return {{"sram", false, {}, {}}, {"external", true, {}, {}}};
}

LayerResult convolution() {
  LayerResult layer;
  layer.index = 0;
  layer.name = "stem, \"first\"";
  layer.kind = "conv2d";
  layer.runner = "accelerator";
  layer.mapping = "tiles of 8x8 pixels";
  layer.output_shape = "1x8x8x16";
  layer.start_cycle = 0;
  layer.end_cycle = 1000;
  layer.span_end_cycle = 1000;
  layer.cycles = {1000, 1000};
  layer.cycles_by_cause = {600, 100, 250, 0, 50};
  layer.macs = 128000;
  layer.peak_macs_per_cycle = 256;
  layer.traffic = no_traffic();
  layer.traffic[0].read[kIfmap] = 2000;
  layer.traffic[0].written[kOfmap] = 1024;
  layer.traffic[1].read[kWeights] = 600;
  layer.traffic[1].read[kProgram] = 80;
  layer.compulsory_offchip_bytes = 600;
  layer.dynamic_energy = {1'620'000'000, 1'960'000'000, 2'640'000'000};
  layer.static_energy = {100'000'000, 100'000'000, 100'000'000};
  layer.zeros = {{150, 600}, {50, 200}, {512, 1024}};
  return layer;
}

LayerResult softmax() {
  LayerResult layer;
  layer.index = 1;
  layer.name = "classes";
  layer.kind = "softmax";
  layer.runner = "host";
  layer.reason = "the array knows no exponentials";
  layer.output_shape = "1x10";
  layer.start_cycle = 1000;
  layer.end_cycle = 1200;
  layer.span_start_cycle = 980;
  layer.span_end_cycle = 1190;
  layer.cycles = {200, 200};
  layer.cycles_by_cause = {0, 0, 0, 200, 0};
  layer.traffic = no_traffic();
  layer.traffic[0].read[kIfmap] = 10;
  layer.traffic[0].written[kOfmap] = 10;
  layer.dynamic_energy = {100'000'000, 200'000'000, 400'000'000};
  layer.static_energy = {20'000'000, 20'000'000, 20'000'000};
  layer.zeros.inputs = {4, 10};
  layer.zeros.outputs = {0, 10};
  return layer;
}

LayerResult system() {
  LayerResult layer;
  layer.index = base::kNoLayer;
  layer.name = "system";
  layer.traffic = no_traffic();
  layer.traffic[1].read[kProgram] = 80;
  layer.dynamic_energy = {40'000'000, 80'000'000, 160'000'000};
  return layer;
}

energy::EnergyReport energy_report() {
  energy::EnergyReport report;
  const energy::Bounds array{1'280'000'000, 1'280'000'000, 1'280'000'000};
  const energy::Bounds external0{340'000'000, 680'000'000, 1'360'000'000};
  const energy::Bounds external_system{40'000'000, 80'000'000, 160'000'000};
  const energy::Bounds host1{100'000'000, 200'000'000, 400'000'000};
  const energy::Bounds static0{100'000'000, 100'000'000, 100'000'000};
  const energy::Bounds static1{20'000'000, 20'000'000, 20'000'000};
  report.rows = {
      {EnergyKind::kDynamic, "accelerator.array", "mac", 0, 128000, array, Confidence::kDerived},
      {EnergyKind::kDynamic, "external", "byte", base::kNoLayer, 80, external_system,
       Confidence::kAssumed},
      {EnergyKind::kDynamic, "external", "byte", 0, 680, external0, Confidence::kAssumed},
      {EnergyKind::kDynamic, "host", "cycle", 1, 200, host1, Confidence::kAssumed},
      {EnergyKind::kStatic, "host", "on", 0, 10'000'000, static0, Confidence::kPublished},
      {EnergyKind::kStatic, "host", "on", 1, 2'000'000, static1, Confidence::kPublished}};
  const energy::Bounds none;
  report.by_component = {{"accelerator.array", array, none},
                         {"external", {380'000'000, 760'000'000, 1'520'000'000}, none},
                         {"host", host1, {120'000'000, 120'000'000, 120'000'000}}};
  report.by_layer = {{base::kNoLayer, external_system, none},
                     {0, convolution().dynamic_energy, static0},
                     {1, host1, static1}};
  report.by_confidence = {{{120'000'000, 120'000'000, 120'000'000},
                           array,
                           none,
                           {480'000'000, 960'000'000, 1'920'000'000}}};
  report.dynamic_total = {1'760'000'000, 2'240'000'000, 3'200'000'000};
  report.static_total = {120'000'000, 120'000'000, 120'000'000};
  report.total = {1'880'000'000, 2'360'000'000, 3'320'000'000};
  report.time = 12'000'000;
  return report;
}

energy::AreaReport area_report() {
  energy::AreaReport report;
  energy::AreaRow array{"accelerator.array", "array", {}};
  array.area = {
      {400'000'000'000, 500'000'000'000, 600'000'000'000}, Confidence::kDerived, "sum", false};
  energy::AreaRow external{"external", "external_memory", {}};
  external.area.unknown = true;
  report.rows = {array, external};
  report.total = array.area.bounds;
  report.by_confidence[static_cast<std::size_t>(Confidence::kDerived)] = array.area.bounds;
  report.unknown = {"external"};
  return report;
}

base::ActionCounts counts() {
  base::Counters array("accelerator.array", {"array", {{"mac", "one multiply-accumulate"}}});
  array.add(0, 0, 128000);
  base::Counters external("external", {"external_memory", {{"byte", "one byte"}}});
  external.add(0, base::kNoLayer, 80);
  external.add(0, 0, 680);
  base::Counters host("host", {"host", {{"cycle", "one busy cycle"}}});
  host.add(0, 1, 200);
  return {{array, external, host}};
}

InvocationResult invocation(std::int64_t start, std::int64_t cycles, std::uint8_t output) {
  InvocationResult one;
  one.start_cycle = {start, start};
  one.end_cycle = {start + cycles, start + cycles};
  one.cycles = {cycles, cycles};
  one.energy = {2'000'000'000, 2'500'000'000, 3'000'000'000};
  one.offchip_bytes = 760;
  one.counts = {{"accelerator.array", "mac", base::kNoLayer, 128000},
                {"host", "cycle", base::kNoLayer, 200}};
  one.time = 10'000 * cycles;
  one.values.tensors = {
      {7, "classes", "int8", {1, 2}, "00000000000000bb", {output, 0x7F}, true, 0.5F, -3}};
  return one;
}

}  // namespace

RunResult sample_sequence() {
  RunResult result = sample_result();
  result.sequence = SequenceResult{
      "seed 1, one stream",
      {invocation(0, 1400, 1), invocation(1400, 1200, 2), invocation(2600, 1200, 3)}};
  return result;
}

RunResult sample_result() {
  RunResult result;
  result.platform = "small_chip";
  result.network = "small_net";
  result.version = "1.2.3";
  result.technology = "45nm";
  result.system_clock_hz = 100'000'000;
  result.cycles = {1200, 1200};
  result.setup_cycles = 30;
  result.layers = {convolution(), softmax()};
  result.system = system();
  result.units = {{"accelerator.array", 600, {{"operand", 250}, {"output", 50}}, 330, 1230}};
  result.tensors = {
      {0, "in/put", "int8", {1, 4}, "00000000000000aa", {1, 2, 3, 4}, false, 0, 0},
      {7, "classes", "int8", {1, 2}, "00000000000000bb", {0x80, 0x7F}, true, 0.5F, -3}};
  result.counts = counts();
  result.energy = energy_report();
  result.area = area_report();
  result.check = {true, 2, 1034};
  result.effective_configuration = "name: small_chip\n";
  result.plan = "operators\n";
  return result;
}

}  // namespace milliwatt::sim
