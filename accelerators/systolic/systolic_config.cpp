// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/systolic_config.h"

#include "shell/engine_counters.h"

namespace milliwatt::systolic {
namespace {

using Schema = base::Schema<SystolicConfig>;

constexpr std::int64_t kSumBits = 32;
constexpr std::int64_t kKibibyte = 1024;
constexpr std::int64_t kSmallestBuffer = 64;
constexpr std::int64_t kLargestBuffer = 16 * 1024 * kKibibyte;
constexpr const char* kPipelineSource = "no source: the depth of such a pipeline at 100 .. 500 MHz";

void declare_array(Schema& schema) {
  schema
      .choice("dataflow", &SystolicConfig::dataflow,
              {{"ws", dataflows::Dataflow::kWeightStationary},
               {"os", dataflows::Dataflow::kOutputStationary},
               {"is", dataflows::Dataflow::kInputStationary}})
      .def(dataflows::Dataflow::kWeightStationary)
      .doc("What stays in the PEs: weights, outputs or inputs (stationary).");
  schema.integer("rows", &SystolicConfig::rows)
      .range(1, kMaxArraySide)
      .def(16)
      .doc("PE rows: taps of a filter at once; os: output pixels.");
  schema.integer("columns", &SystolicConfig::columns)
      .range(1, kMaxArraySide)
      .def(16)
      .doc("PE columns: filters at once; is: output pixels.");
  schema.integer("accumulator_bits", &SystolicConfig::accumulator_bits, base::Unit::kBits)
      .range(8, 32)
      .def(32)
      .doc("Width of a sum; one that does not fit ends the run with an error.");
}

void declare_buffers(Schema& schema) {
  const auto buffer = [&](const char* key, std::uint32_t SystolicConfig::*member, std::int64_t kib,
                          const char* doc) {
    schema.bytes(key, member).range(kSmallestBuffer, kLargestBuffer).def(kib * kKibibyte).doc(doc);
  };
  buffer("input_buffer", &SystolicConfig::input_buffer, 24,
         "Input feature map tiles; a bank of 8 bits per array row (is: column).");
  buffer("weight_buffer", &SystolicConfig::weight_buffer, 12,
         "Weights and requantization tables; a bank of 8 bits per array column (is: row).");
  buffer("accumulator_buffer", &SystolicConfig::accumulator_buffer, 20,
         "32-bit sums of a tile; a bank of 32 bits per array column.");
  buffer("output_buffer", &SystolicConfig::output_buffer, 8,
         "Finished outputs until they are stored; a bank of 8 bits per array column.");
}

void declare_shared_units(Schema& schema) {
  const auto lanes = [&](const char* key, std::int32_t SystolicConfig::*member, const char* doc) {
    schema.integer(key, member).range(1, kMaxArraySide).def(16).doc(doc);
  };
  const auto latency = [&](const char* key, std::int32_t SystolicConfig::*member, const char* doc) {
    schema.cycles(key, member).range(0, 64).def(4).doc(doc).source(kPipelineSource).assumed(2, 8);
  };
  lanes("output_lanes", &SystolicConfig::output_lanes, "Sums requantized per cycle.");
  latency("output_latency", &SystolicConfig::output_latency,
          "Pipeline stages of the output stage, paid once per job.");
  lanes("vector_lanes", &SystolicConfig::vector_lanes,
        "Elements added, or window taps pooled, per cycle.");
  latency("vector_latency", &SystolicConfig::vector_latency,
          "Pipeline stages of the vector unit, paid once per job.");
}

}  // namespace

Schema systolic_schema() {
  Schema schema{"systolic",
                "Systolic array of int8 processing elements: weight, output or input stationary."};
  declare_array(schema);
  declare_buffers(schema);
  declare_shared_units(schema);
  schema.boolean("separate_store_channel", &SystolicConfig::separate_store_channel)
      .def(false)
      .doc("Stores have a DMA channel of their own instead of sharing that of the loads.");
  return schema;
}

dataflows::SystolicShape mapping_shape(const SystolicConfig& config) {
  dataflows::SystolicShape shape;
  shape.dataflow = config.dataflow;
  shape.rows = config.rows;
  shape.columns = config.columns;
  shape.input_buffer_bytes = config.input_buffer;
  shape.weight_buffer_bytes = config.weight_buffer;
  shape.accumulator_buffer_bytes = config.accumulator_buffer;
  shape.output_buffer_bytes = config.output_buffer;
  shape.separate_store_channel = config.separate_store_channel;
  shape.shared = {config.output_lanes, config.output_latency, config.vector_lanes,
                  config.vector_latency};
  return shape;
}

base::ComponentClass pe_class() {
  return {"pe_int8",
          {{"mac", "one PE and cycle with two operands of the fold: adder and sum"},
           {"product_bit", "one bit of a weight times one bit of an activation"},
           {"moving_bit", "one bit of an operand written into a register as it moves with a mac"},
           {"stationary_bit", "one bit written into a register of the stationary operand"},
           {"sum_shift", "one PE and cycle that passes a finished sum down (os)"},
           {"idle_bit", "one register bit and cycle of a PE that does none of these"}}};
}

std::array<std::int64_t, 6> pe_actions(dataflows::Dataflow dataflow, const FoldCounts& counts,
                                       const dataflows::OperandBits& bits) {
  const bool sums_stay = dataflow == dataflows::Dataflow::kOutputStationary;
  const bool inputs_stay = dataflow == dataflows::Dataflow::kInputStationary;
  const std::int64_t stationary = inputs_stay ? bits.input : bits.weights;
  const std::int64_t both = bits.input + bits.weights;
  return {counts.macs,
          counts.macs * bits.input * bits.weights,
          counts.macs * (sums_stay ? both : both - stationary),
          counts.stationary_shifts * stationary,
          counts.sum_shifts,
          counts.idle_cycles * (kSumBits + both)};
}

std::vector<energy::Component> components(const std::string& engine, const SystolicConfig& config) {
  const dataflows::EngineShape shape = dataflows::systolic_engine_shape(mapping_shape(config));
  const shell::EngineCounters counters{engine, shape, {{engine + ".array", pe_class()}}};
  std::vector<energy::Component> list;
  list.push_back(energy::component_of(counters.machine.front(),
                                      {{"count", std::int64_t{config.rows} * config.columns}}));
  for (std::size_t b = 0; b < shape.buffers.size(); ++b) {
    const dataflows::BufferShape& buffer = shape.buffers[b];
    list.push_back(energy::component_of(counters.buffers[b], {{"size_bytes", buffer.bytes},
                                                              {"width_bits", buffer.width_bits},
                                                              {"banks", buffer.banks}}));
  }
  list.push_back(energy::component_of(counters.output_stage, {{"lanes", config.output_lanes}}));
  list.push_back(energy::component_of(counters.vector_unit, {{"lanes", config.vector_lanes}}));
  return list;
}

}  // namespace milliwatt::systolic
