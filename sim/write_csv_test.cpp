// SPDX-License-Identifier: Apache-2.0
#include "sim/write_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/files.h"
#include "sim/write_testing.h"

namespace milliwatt::sim {
namespace {

using base::CsvTable;
using testing::ElementsAre;
using testing::HasSubstr;

CsvTable layers(const RunResult& result) {
  return CsvTable::parse(layers_csv(result), "layers.csv");
}
CsvTable summary(const RunResult& result) {
  return CsvTable::parse(summary_csv(result), "summary.csv");
}

double sum(const CsvTable& table, const std::string& column) {
  double total = 0;
  for (int row = 0; row < table.rows(); ++row) {
    total += table.real(row, column);
  }
  return total;
}

TEST(LayersCsv, HasARowPerLayerAndOneForTheSystem) {
  const CsvTable table = layers(sample_result());
  ASSERT_EQ(table.rows(), 3);
  EXPECT_EQ(table.integer(0, "layer"), 0);
  EXPECT_EQ(table.text(0, "name"), "stem, \"first\"");
  EXPECT_EQ(table.text(1, "runner"), "host");
  EXPECT_EQ(table.integer(2, "layer"), -1);
  EXPECT_EQ(table.text(2, "name"), "system");
}

TEST(LayersCsv, KeepsTheOrderOfItsColumns) {
  const std::string text = layers_csv(sample_result());
  EXPECT_EQ(text.substr(0, text.find("sram_parameters_read_bytes")),
            "layer,name,kind,runner,mapping,output_shape,start_cycle,end_cycle,span_start_cycle,"
            "span_end_cycle,cycles,cycles_low,"
            "cycles_high,cycles_compute,cycles_vector,cycles_memory,cycles_host,cycles_control,"
            "bound_by,macs,peak_macs_per_cycle,utilisation,sram_ifmap_read_bytes,"
            "sram_ifmap_written_bytes,sram_weights_read_bytes,sram_weights_written_bytes,");
  const std::string header = text.substr(0, text.find('\n'));
  EXPECT_EQ(
      header.substr(header.find("offchip_bytes")),
      "offchip_bytes,compulsory_offchip_bytes,arithmetic_intensity_macs_per_byte,energy_nJ,"
      "energy_low_nJ,energy_high_nJ,energy_dynamic_nJ,energy_static_nJ,"
      "energy_accelerator_array_nJ,energy_external_nJ,energy_host_nJ,energy_published_nJ,"
      "energy_derived_nJ,energy_borrowed_nJ,energy_assumed_nJ,latency_ms,average_power_mW,"
      "TOPS_per_W,weight_zeros,weight_elements,weight_zero_fraction,input_zeros,input_elements,"
      "input_zero_fraction,output_zeros,output_elements,output_zero_fraction");
}

TEST(LayersCsv, SaysWhatShareIsZero) {
  const CsvTable table = layers(sample_result());
  EXPECT_EQ(table.real(0, "weight_zero_fraction"), 0.25);
  EXPECT_EQ(table.real(0, "input_zero_fraction"), 0.25);
  EXPECT_EQ(table.real(0, "output_zero_fraction"), 0.5);
  EXPECT_EQ(table.integer(1, "weight_elements"), 0);
  EXPECT_EQ(table.integer(1, "output_zeros"), 0);
  EXPECT_EQ(table.integer(1, "output_elements"), 10);
  EXPECT_EQ(table.integer(2, "input_elements"), 0);
}

TEST(LayersCsv, StatesCyclesTrafficAndEnergy) {
  const CsvTable table = layers(sample_result());
  EXPECT_EQ(table.integer(0, "end_cycle"), 1000);
  EXPECT_EQ(table.integer(1, "span_start_cycle"), 980);
  EXPECT_EQ(table.integer(1, "span_end_cycle"), 1190);
  EXPECT_EQ(table.integer(0, "cycles_memory"), 250);
  EXPECT_EQ(table.text(0, "bound_by"), "compute");
  EXPECT_EQ(table.text(1, "bound_by"), "host");
  EXPECT_EQ(table.real(0, "utilisation"), 0.5);  // 128000 / (1000 * 256)
  EXPECT_EQ(table.integer(0, "sram_ofmap_written_bytes"), 1024);
  EXPECT_EQ(table.integer(0, "offchip_bytes"), 680);  // 600 weights + 80 program
  EXPECT_EQ(table.integer(0, "compulsory_offchip_bytes"), 600);
  // 128000 / (2000 + 1024 + 600 + 80)
  EXPECT_DOUBLE_EQ(table.real(0, "arithmetic_intensity_macs_per_byte"), 128000.0 / 3704);
  EXPECT_EQ(table.text(0, "energy_nJ"), "2.06");  // 1.96 dynamic + 0.1 static
  EXPECT_EQ(table.text(0, "energy_low_nJ"), "1.72");
  EXPECT_EQ(table.text(0, "energy_high_nJ"), "2.74");
  EXPECT_EQ(table.text(0, "energy_host_nJ"), "0.1");
  EXPECT_EQ(table.text(1, "energy_host_nJ"), "0.22");
  EXPECT_EQ(table.text(0, "energy_assumed_nJ"), "0.68");
  EXPECT_EQ(table.real(0, "latency_ms"), 0.01);                // 1000 / 100 MHz
  EXPECT_DOUBLE_EQ(table.real(0, "average_power_mW"), 0.206);  // 2.06 nJ / 10 us
  EXPECT_DOUBLE_EQ(table.real(0, "TOPS_per_W"), 256000 / 2.06e-9 / 1e12);
}

TEST(LayersCsv, SumsToTheSummary) {
  const RunResult result = sample_result();
  const CsvTable rows = layers(result);
  const CsvTable total = summary(result);
  for (const char* column :
       {"cycles", "cycles_compute", "cycles_vector", "cycles_memory", "cycles_host",
        "cycles_control", "macs", "sram_ifmap_read_bytes", "external_program_read_bytes",
        "offchip_bytes", "compulsory_offchip_bytes", "latency_ms"}) {
    EXPECT_DOUBLE_EQ(sum(rows, column), total.real(0, column)) << column;
  }
  for (const char* part :
       {"", "low_", "high_", "dynamic_", "static_", "accelerator_array_", "external_", "host_",
        "published_", "derived_", "borrowed_", "assumed_"}) {
    const std::string column = std::string("energy_") + part;
    EXPECT_NEAR(sum(rows, column + "nJ"), 1000 * total.real(0, column + "uJ"), 1e-12) << column;
  }
}

TEST(SummaryCsv, StatesTheRunAndItsFigures) {
  const CsvTable table = summary(sample_result());
  ASSERT_EQ(table.rows(), 1);
  EXPECT_EQ(table.text(0, "platform"), "small_chip");
  EXPECT_EQ(table.text(0, "weights"), "file");
  EXPECT_EQ(table.text(0, "level"), "values");
  EXPECT_EQ(table.integer(0, "clock_Hz"), 100'000'000);
  EXPECT_EQ(table.integer(0, "setup_cycles"), 30);
  EXPECT_EQ(table.real(0, "latency_ms"), 0.012);  // 1200 / 100 MHz
  EXPECT_EQ(table.text(0, "energy_uJ"), "0.00236");
  EXPECT_DOUBLE_EQ(table.real(0, "average_power_mW"), 0.00236 / 0.012);
  EXPECT_DOUBLE_EQ(table.real(0, "inferences_per_s"), 1e3 / 0.012);
  EXPECT_DOUBLE_EQ(table.real(0, "TOPS_per_W"), 256000 / 0.00236e-6 / 1e12);
  EXPECT_DOUBLE_EQ(table.real(0, "EDP_uJ_ms"), 0.00236 * 0.012);
  EXPECT_EQ(table.text(0, "area_mm2"), "0.5");
  EXPECT_EQ(table.text(0, "area_unknown"), "external");
  EXPECT_EQ(table.integer(0, "checked_bytes"), 1034);
}

TEST(Csv, NamesNoColumnTwice) {
  // CsvTable refuses a header with equal names.
  EXPECT_NO_THROW(layers(sample_result()));
  EXPECT_NO_THROW(summary(sample_result()));
}

TEST(Csv, KeepsBothEndsOfAnEstimate) {
  RunResult result = sample_result();
  result.level = Level::kEstimate;
  result.layers[0].cycles.high = 1300;
  result.cycles.high = 1500;
  EXPECT_EQ(layers(result).integer(0, "cycles_low"), 1000);
  EXPECT_EQ(layers(result).integer(0, "cycles_high"), 1300);
  EXPECT_EQ(summary(result).integer(0, "cycles_high"), 1500);
  EXPECT_EQ(summary(result).real(0, "latency_ms"), 0.012);
  EXPECT_EQ(summary(result).real(0, "latency_high_ms"), 0.015);
}

TEST(Csv, OfAnEmptyResultHoldsFiniteNumbers) {
  const RunResult nothing;
  for (const std::string& text : {layers_csv(nothing), summary_csv(nothing)}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
    EXPECT_THAT(text, testing::Not(HasSubstr("inf,")));
  }
  EXPECT_EQ(summary(nothing).real(0, "TOPS_per_W"), 0);
}

TEST(EnergyCsv, HoldsTheCube) {
  const CsvTable table = CsvTable::parse(energy_csv(sample_result()), "energy.csv");
  EXPECT_THAT(table.header(),
              ElementsAre("kind", "component", "action", "layer", "count", "energy_aJ",
                          "energy_low_aJ", "energy_high_aJ", "confidence"));
  ASSERT_EQ(table.rows(), 6);
  EXPECT_EQ(table.text(0, "component"), "accelerator.array");
  EXPECT_EQ(table.integer(0, "energy_aJ"), 128000 * 10000);  // 10 fJ each
  EXPECT_EQ(table.integer(1, "layer"), -1);
  EXPECT_EQ(table.text(4, "kind"), "static");
  EXPECT_EQ(table.integer(4, "count"), 10'000'000);  // ps
  EXPECT_EQ(sum(table, "energy_aJ"), 2.36e9);
}

/// How docs/results.md writes a column whose name depends on the platform.
std::string documented_name(const std::string& column) {
  for (const char* memory : {"sram", "external"}) {
    for (int i = 0; i < base::kTensorClasses; ++i) {
      const std::string stem =
          std::string(memory) + "_" + base::tensor_class_name(static_cast<base::TensorClass>(i));
      if (column.rfind(stem, 0) == 0) {
        return "MEM_CLASS" + column.substr(stem.size());
      }
    }
  }
  for (const char* component : {"energy_accelerator_array", "energy_external", "energy_host"}) {
    if (column.rfind(component, 0) == 0) {
      return "energy_COMP" + column.substr(std::string(component).size());
    }
  }
  return column;
}

TEST(ResultsPage, ExplainsEveryColumn) {
  const std::string page = base::read_file(MILLIWATT_SOURCE_DIR "/docs/results.md");
  std::vector<std::string> columns = layers(sample_result()).header();
  const CsvTable total = summary(sample_result());
  for (const std::string& column : total.header()) {
    // Energies of summary.csv are those of layers.csv in another unit.
    const bool energy = column.rfind("energy_", 0) == 0 && column != "energy_uJ";
    columns.push_back(energy ? column.substr(0, column.size() - 2) + "nJ" : column);
  }
  for (const std::string& column : columns) {
    EXPECT_THAT(page, HasSubstr("`" + documented_name(column) + "`"));
  }
}

}  // namespace
}  // namespace milliwatt::sim
