// SPDX-License-Identifier: Apache-2.0
#include "accelerators/systolic/systolic_config.h"

#include <gtest/gtest.h>

#include "accelerators/systolic/machine_testing.h"
#include "base/error.h"
#include "energy/technology.h"

namespace milliwatt::systolic {
namespace {

SystolicConfig read(const std::string& yaml) {
  return systolic_schema().read(base::parse_yaml_text(yaml, "test.yaml"));
}

TEST(SystolicConfig, TheDefaultIs16x16With64KiB) {
  const SystolicConfig c = default_config();
  EXPECT_EQ(c.rows, 16);
  EXPECT_EQ(c.columns, 16);
  EXPECT_EQ(c.accumulator_bits, 32);
  EXPECT_EQ(c.input_buffer + c.weight_buffer + c.accumulator_buffer + c.output_buffer, 64u * 1024);
  EXPECT_FALSE(c.separate_store_channel);
}

TEST(SystolicConfig, KeysReachTheMapping) {
  const SystolicConfig c = read(
      "{dataflow: is, rows: 5, columns: 7, input_buffer: 3 KiB, weight_buffer: 2 KiB, "
      "accumulator_buffer: 1 KiB, "
      "output_buffer: 512 B, output_lanes: 4, output_latency: 1 cycles, vector_lanes: 2, "
      "vector_latency: 3 cycles, separate_store_channel: true}");
  const dataflows::SystolicShape s = mapping_shape(c);
  EXPECT_EQ(s.dataflow, Dataflow::kInputStationary);
  EXPECT_EQ(mapping_shape(read("{dataflow: os}")).dataflow, Dataflow::kOutputStationary);
  EXPECT_EQ(mapping_shape(read("{dataflow: ws}")).dataflow, Dataflow::kWeightStationary);
  EXPECT_EQ(s.rows, 5);
  EXPECT_EQ(s.columns, 7);
  EXPECT_EQ(s.input_buffer_bytes, 3072u);
  EXPECT_EQ(s.weight_buffer_bytes, 2048u);
  EXPECT_EQ(s.accumulator_buffer_bytes, 1024u);
  EXPECT_EQ(s.output_buffer_bytes, 512u);
  EXPECT_EQ(s.shared.output_lanes, 4);
  EXPECT_EQ(s.shared.output_latency, 1);
  EXPECT_EQ(s.shared.vector_lanes, 2);
  EXPECT_EQ(s.shared.vector_latency, 3);
  EXPECT_TRUE(s.separate_store_channel);
}

TEST(SystolicConfig, BothSidesOfTheRanges) {
  EXPECT_NO_THROW(read("{rows: 1, columns: 256, accumulator_bits: 8 bit}"));
  EXPECT_THROW(read("{rows: 0}"), base::UserError);
  EXPECT_THROW(read("{columns: 257}"), base::UserError);
  EXPECT_THROW(read("{accumulator_bits: 7 bit}"), base::UserError);
  EXPECT_THROW(read("{accumulator_bits: 33 bit}"), base::UserError);
  EXPECT_THROW(read("{input_buffer: 63 B}"), base::UserError);
}

TEST(SystolicConfig, ComponentsCarryWhatSizesThem) {
  const std::vector<energy::Component> list = components("npu", default_config());
  ASSERT_EQ(list.size(), 7u);
  EXPECT_EQ(list[0].name, "npu.array");
  EXPECT_EQ(list[0].class_name, "pe_int8");
  EXPECT_EQ(list[0].attributes.at("count"), 256);
  EXPECT_EQ(list[3].name, "npu.accumulator_buffer");
  EXPECT_EQ(list[3].class_name, "sram");
  EXPECT_EQ(list[3].attributes.at("size_bytes"), 20 * 1024);
  EXPECT_EQ(list[3].attributes.at("width_bits"), 32);
  EXPECT_EQ(list[3].attributes.at("banks"), 16);
  EXPECT_EQ(list[5].name, "npu.output_stage");
  EXPECT_EQ(list[5].attributes.at("lanes"), 16);
}

TEST(SystolicConfig, TheDataflowSizesBanks) {
  const auto list = [](const char* dataflow) {
    return components("npu",
                      read(std::string{"{rows: 4, columns: 8, dataflow: "} + dataflow + "}"));
  };
  // Inputs enter at the rows, weights at the columns; input stationary the other way round.
  for (const char* dataflow : {"ws", "os"}) {
    EXPECT_EQ(list(dataflow)[1].attributes.at("banks"), 4);
    EXPECT_EQ(list(dataflow)[2].attributes.at("banks"), 8);
  }
  EXPECT_EQ(list("is")[1].attributes.at("banks"), 8);
  EXPECT_EQ(list("is")[2].attributes.at("banks"), 4);
}

TEST(SystolicConfig, The45nmTechnologyPricesEveryActionOfTheArrayAndItsBuffers) {
  const energy::Technology technology = energy::Technology::load(std::string(MILLIWATT_SOURCE_DIR) +
                                                                 "/configs/technologies/45nm.yaml");
  std::vector<energy::Component> list = components("npu", default_config());
  EXPECT_NO_THROW(energy::resolve(technology, list));
}

}  // namespace
}  // namespace milliwatt::systolic
