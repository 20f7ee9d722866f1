// SPDX-License-Identifier: Apache-2.0
// Platform files: what they may say, how their faults read, and that a dump is the whole truth.
#include "sim/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/scratch_folder.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder with one platform file.
class PlatformFile : public ::testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "chip.yaml") const {
    scratch_.write(name, text);
    return scratch_.path(name);
  }

  /// The messages without the folder's name.
  std::vector<std::string> faults(const std::string& text,
                                  const std::vector<std::string>& settings = {}) const {
    try {
      load_platform(write(text), settings);
    } catch (const base::UserError& error) {
      std::vector<std::string> messages = error.messages();
      const std::string folder = scratch_.path("");
      for (std::string& message : messages) {
        for (std::size_t at = 0; (at = message.find(folder)) != std::string::npos;) {
          message.erase(at, folder.size());
        }
      }
      return messages;
    }
    return {};
  }

  base::ScratchFolder scratch_;
};

struct Fault {
  const char* name;
  const char* text;
  const char* message;  ///< a part of the only one
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class OneFault : public PlatformFile, public ::testing::WithParamInterface<Fault> {};

TEST_P(OneFault, IsReportedWithItsPlaceAndWhatIsAllowed) {
  EXPECT_THAT(faults(GetParam().text), ElementsAre(HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Platform, OneFault,
    ::testing::Values(
        Fault{"key_of_the_file", "clock: {system: 100 MHz}\n",
              "chip.yaml:1:1: clock: unknown key; did you mean 'clocks'? Allowed: name, "},
        Fault{"key_of_clocks", "clocks:\n  system: 100 MHz\n  sytem: 1 MHz\n",
              "chip.yaml:3:3: clocks.sytem: unknown key; did you mean 'system'?"},
        Fault{"key_of_technology", "technology: {fil: 45nm}\n",
              "chip.yaml:1:14: technology.fil: unknown key; did you mean 'file'?"},
        Fault{"key_of_host", "host: {bursts: 4 B}\n",
              "chip.yaml:1:8: host.bursts: unknown key; did you mean 'burst'?"},
        Fault{"key_of_bus", "bus:\n  widht: 8 B\n",
              "chip.yaml:2:3: bus.widht: unknown key; did you mean 'width'?"},
        Fault{"key_of_memory", "memory:\n  sran: {size: 1 KiB}\n",
              "chip.yaml:2:3: memory.sran: unknown key; did you mean 'sram'?"},
        Fault{"key_of_sram", "memory:\n  sram: {sise: 1 KiB}\n",
              "chip.yaml:2:10: memory.sram.sise: unknown key; did you mean 'size'?"},
        Fault{"key_of_external", "memory: {external: {burts: 64 B}}\n",
              "chip.yaml:1:21: memory.external.burts: unknown key; did you mean 'burst'?"},
        Fault{"key_of_the_machine", "accelerator: {kind: systolic, row: 8}\n",
              "chip.yaml:1:31: accelerator.row: unknown key; did you mean 'rows'?"},
        Fault{"key_of_the_shell", "accelerator:\n  kind: systolic\n  shell: {bust: 8 B}\n",
              "chip.yaml:3:11: accelerator.shell.bust: unknown key; did you mean 'burst'?"},
        Fault{
            "machine", "accelerator:\n  kind: sistolic\n",
            "chip.yaml:2:9: accelerator.kind: 'sistolic' is no machine; did you mean 'systolic'?"},
        Fault{"host_model", "host: {kind: rv64}\n",
              "chip.yaml:1:14: host.kind: 'rv64' is no host model. Allowed: native"},
        Fault{"kind_of_memory", "memory: {external: {kind: psrm}}\n",
              "chip.yaml:1:27: memory.external.kind: 'psrm' is no kind of memory"},
        Fault{
            "unit", "clocks: {system: 100 MB}\n",
            "chip.yaml:1:18: clocks.system: found '100 MB'; expected a number with its unit (Hz, "},
        Fault{
            "missing_unit", "memory: {sram: {size: 1024}}\n",
            "chip.yaml:1:23: memory.sram.size: found '1024'; expected a number with its unit (B, "},
        Fault{"range", "accelerator: {rows: 0}\n",
              "chip.yaml:1:21: accelerator.rows: found '0'; allowed: 1 .. 256"},
        Fault{"choice", "bus: {arbitration: fair}\n",
              "chip.yaml:1:20: bus.arbitration: found 'fair'. Allowed: round_robin, priority"},
        Fault{"list_for_a_map", "memory: [1, 2]\n",
              "chip.yaml:1:9: memory: found a list; expected a map"},
        Fault{"scalar_for_a_map", "accelerator: systolic\n",
              "chip.yaml:1:14: accelerator: found 'systolic'; expected a map"},
        Fault{"duplicate", "bus: {width: 4 B, width: 8 B}\n",
              "chip.yaml:1:19: bus.width: duplicate key, first given in line 1"},
        Fault{"technology_by_name", "technology: {file: 7nm}\n",
              "chip.yaml:1:20: technology.file: '7nm' is no technology"},
        Fault{"technology_by_path", "technology: {file: tech/own.yaml}\n",
              "chip.yaml:1:20: technology.file: the file 'tech/own.yaml' does not exist"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(PlatformFile, AllFaultsComeAtOnce) {
  EXPECT_THAT(
      faults("bus: {width: 0 B}\nmemory:\n  sram: {latency: 1 B}\naccelerator: {rows: x}\n",
             {"host.burst=1 B", "clocks.system=fast"}),
      ElementsAre(HasSubstr("clocks.system"), HasSubstr("host.burst"), HasSubstr("bus.width"),
                  HasSubstr("memory.sram.latency"), HasSubstr("accelerator.rows")));
}

TEST_F(PlatformFile, FaultsOfSettingsNameTheSetting) {
  EXPECT_THAT(faults("name: chip\n", {"bus.width=8 B", "bus.width=4 B"}),
              ElementsAre(HasSubstr("--set bus.width=4 B: bus.width: set twice")));
  EXPECT_THAT(faults("name: chip\n", {"bus.widht=8 B"}),
              ElementsAre(HasSubstr("--set bus.widht=8 B")));
  EXPECT_THAT(faults("name: chip\n", {"accelerator.kind=sistolic"}),
              ElementsAre(HasSubstr("did you mean 'systolic'")));
}

TEST_F(PlatformFile, SettingsReplaceAndCreateKeys) {
  const Platform platform = load_platform(
      write("bus: {width: 4 B}\n"), {"bus.width=16 B", "memory.sram.size=3 KiB", "name=other"});
  EXPECT_EQ(platform.bus.width_bytes, 16);
  EXPECT_EQ(platform.sram.size, 3072);
  EXPECT_EQ(platform.name, "other");
}

TEST_F(PlatformFile, IsNamedLikeItsFileUnlessItSaysOtherwise) {
  EXPECT_EQ(load_platform(write("bus: {width: 4 B}\n"), {}).name, "chip");
  EXPECT_EQ(load_platform(write("name: my_chip\n"), {}).name, "my_chip");
}

TEST_F(PlatformFile, ClocksThatAreAbsentFollowTheSystemClock) {
  const Platform one = load_platform(write("clocks: {system: 37 MHz}\n"), {});
  EXPECT_EQ(one.clock("bus", one.clocks.bus).frequency_hz(), 37'000'000);
  const Platform two = load_platform(write("clocks: {bus: 41 MHz}\n"), {});
  EXPECT_EQ(two.system_clock().frequency_hz(), 100'000'000);
  EXPECT_EQ(two.clock("bus", two.clocks.bus).frequency_hz(), 41'000'000);
  EXPECT_EQ(two.clock("host", two.clocks.host).frequency_hz(), 100'000'000);
}

std::string technology_text() {
  return base::read_file(MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml");
}

class Technologies : public PlatformFile {
 protected:
  /// A technology called `name` as the file `path`.
  void offer(const std::string& path, const std::string& name) const {
    std::string text = technology_text();
    const std::size_t at = text.find("name: 45nm");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 10, "name: " + name);
    scratch_.write(path, text);
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);
    for (const char* part : {"sram_cacti.csv", "shared/structure.yaml", "shared/off_chip.yaml"}) {
      scratch_.write(folder + part, base::read_file(MILLIWATT_SOURCE_DIR "/configs/technologies/" +
                                                    std::string(part)));
    }
  }
};

TEST_F(Technologies, BareNamesAreLookedForBesideAndAboveThePlatform) {
  offer("configs/technologies/own.yaml", "above");
  const std::string path = write("technology: {file: own}\n", "configs/platforms/a/chip.yaml");
  EXPECT_EQ(load_platform(path, {}).technology->name(), "above");
  offer("configs/platforms/a/technologies/own.yaml", "beside");
  EXPECT_EQ(load_platform(path, {}).technology->name(), "beside");
}

TEST_F(Technologies, PathsStartAtThePlatformFile) {
  offer("prices/own.yaml", "own");
  const std::string path = write("technology: {file: ../prices/own.yaml}\n", "chips/chip.yaml");
  EXPECT_EQ(load_platform(path, {}).technology->name(), "own");
  const std::string absolute = scratch_.path("prices/own.yaml");
  EXPECT_EQ(load_platform(write("technology: {file: " + absolute + "}\n"), {}).technology->name(),
            "own");
}

TEST_F(Technologies, ThoseOfMilliwattAreFoundFromEverywhere) {
  EXPECT_EQ(load_platform(write("name: chip\n"), {}).technology->name(), "45nm");
}

TEST_F(Technologies, FaultsOfThoseOfMilliwattAreNamedFromTheWorkingFolder) {
  const std::vector<std::string> found = faults("technology: {voltage_mv: 800}\n");
  ASSERT_EQ(found.size(), 1U);
  const std::filesystem::path named = found.front().substr(0, found.front().find(':'));
  EXPECT_TRUE(named.is_relative()) << named;
  EXPECT_TRUE(
      std::filesystem::equivalent(named, MILLIWATT_SOURCE_DIR "/configs/technologies/45nm.yaml"));
}

TEST_F(Technologies, ConditionsMayBeSaidWhereThePricesHold) {
  const Platform platform = load_platform(write("technology: {voltage_mv: 900}\n"), {});
  EXPECT_EQ(platform.technology->conditions().voltage_mv, 900);
  EXPECT_THAT(faults("technology: {voltage_mv: 800}\n"),
              ElementsAre(HasSubstr("voltage_mv is 800 in the platform")));
}

TEST(EffectiveConfiguration, ReadsBackAsTheSamePlatform) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const std::string text = testing::random_system(seed).platform.effective_yaml();
    EXPECT_EQ(parse_platform(text, "any").effective_yaml(), text);
  }
  const std::string host_only = parse_platform("name: h\n", "any").effective_yaml();
  EXPECT_EQ(host_only.find("accelerator:\n"), std::string::npos);
  EXPECT_EQ(parse_platform(host_only, "any").effective_yaml(), host_only);
}

/// The node of a dotted path; null when there is none.
const base::YamlNode* find_path(const base::YamlNode& root, std::string path) {
  const base::YamlNode* node = &root;
  for (; node != nullptr && !path.empty();) {
    const std::size_t dot = path.find('.');
    node = node->find(path.substr(0, dot));
    path = dot == std::string::npos ? "" : path.substr(dot + 1);
  }
  return node;
}

TEST(EffectiveConfiguration, SaysEveryParameterOfThePlatformsParts) {
  const Platform platform =
      parse_platform("accelerator: {kind: systolic}\nmemory: {external: {kind: psram}}\n", "all");
  const base::YamlNode root = base::parse_yaml_text(platform.effective_yaml(), "dump");
  int keys = 0;
  for (const ComponentDoc& doc : component_docs()) {
    // "memory (psram)" and "accelerator (systolic)" are what this platform has chosen.
    const std::size_t choice = doc.name.find(" (");
    const std::string chosen = choice == std::string::npos ? "" : doc.name.substr(choice);
    const bool absent_part = doc.name == "memory.flash";
    if (absent_part || (!chosen.empty() && chosen != " (systolic)" && chosen != " (psram)")) {
      continue;
    }
    const std::string path = chosen == " (psram)" ? "memory.external" : doc.name.substr(0, choice);
    const base::YamlNode* part = find_path(root, path);
    ASSERT_NE(part, nullptr) << path;
    for (const base::ParameterRow& row : doc.parameters) {
      // Said only when it is set.
      const bool absent = row.def == "none" || row.key == "prices" || row.key == "port_width";
      EXPECT_TRUE(absent || part->find(row.key) != nullptr) << path << "." << row.key;
      ++keys;
    }
  }
  EXPECT_GT(keys, 40);
}

TEST(HostOnly, ANetworkRunsWithoutAnAccelerator) {
  const testing::RandomSystem s = testing::random_system(3);
  const Platform host_only = parse_platform("host: {mac: 1 cycle}\n", "host_only");
  const dataflows::Plan plan = plan_for(host_only, s.graph);
  const Program program = program_for(host_only, s.graph, plan);
  const Simulated run = simulate(host_only, s.graph, plan, program, s.inputs);
  const workloads::TensorValues expected = workloads::run_reference(s.graph, s.inputs);
  for (const workloads::TensorId id : s.graph.outputs) {
    EXPECT_EQ(run.tensors.at(static_cast<std::size_t>(id)),
              expected.at(static_cast<std::size_t>(id)));
  }
  for (const Activity& activity : run.measurement.activities) {
    EXPECT_EQ(activity.cause, Cause::kHost);
  }
  EXPECT_FALSE(run.measurement.activities.empty());
}

}  // namespace
}  // namespace milliwatt::sim
