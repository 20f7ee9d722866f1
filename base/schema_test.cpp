// SPDX-License-Identifier: Apache-2.0
#include "base/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace milliwatt::base {
namespace {

using ::testing::ElementsAre;

enum class Policy { kRoundRobin, kFixed };

struct Buffer {
  std::int64_t size = 0;
  double voltage = 0.0;
};

struct Machine {
  int rows = 0;
  std::int64_t clock = 0;
  Policy policy = Policy::kRoundRobin;
  bool check = false;
  std::string label;
  std::int64_t read_energy = 0;
  double read_time = 0.0;
  std::optional<std::uint8_t> lanes;
  Buffer buffer;
};

Schema<Machine> machine_schema() {
  Schema<Buffer> buffer{"buffer", "A buffer."};
  buffer.bytes("size", &Buffer::size).range(64, 1 << 20).def(24 * 1024).doc("Capacity.");
  buffer.real("voltage", &Buffer::voltage, Unit::kVolts).range(0.5, 1.2).def(0.9).doc("Supply.");

  Schema<Machine> s{"machine", "A machine of this test."};
  s.elsewhere("kind", "Selects the machine.");
  s.integer("rows", &Machine::rows).range(1, 256).def(16).doc("PE rows.");
  s.frequency("clock", &Machine::clock).doc("Clock.");
  s.choice("policy", &Machine::policy,
           {{"round_robin", Policy::kRoundRobin}, {"fixed", Policy::kFixed}})
      .def(Policy::kFixed)
      .doc("Arbitration.");
  s.boolean("check", &Machine::check).def(true).doc("Compare with the reference.");
  s.text("label", &Machine::label).def("none").doc("Free text.");
  s.energy("read_energy", &Machine::read_energy)
      .def(3'100'000)
      .assumed(2'000'000, 5'000'000)
      .source("no document found")
      .doc("Energy of one read.");
  s.integer("lanes", &Machine::lanes).range(1, 8).doc("Lanes, when there are any.");
  s.nested("buffer", &Machine::buffer, buffer);
  return s;
}

Machine read(const std::string& text) {
  return machine_schema().read(parse_yaml_text(text, "a.yaml"));
}

std::vector<std::string> faults_of(const std::string& text) {
  try {
    read(text);
  } catch (const UserError& error) {
    return error.messages();
  }
  return {};
}

TEST(Schema, AbsentKeysTakeTheirDefaults) {
  const Machine machine = read("clock: 1 MHz\n");
  EXPECT_EQ(machine.rows, 16);
  EXPECT_EQ(machine.clock, 1'000'000);
  EXPECT_EQ(machine.policy, Policy::kFixed);
  EXPECT_TRUE(machine.check);
  EXPECT_EQ(machine.label, "none");
  EXPECT_EQ(machine.read_energy, 3'100'000);
  EXPECT_EQ(machine.lanes, std::nullopt);
  EXPECT_EQ(machine.buffer.size, 24'576);
  EXPECT_EQ(machine.buffer.voltage, 0.9);
}

TEST(Schema, ReadsEveryKind) {
  const Machine machine = read(
      "kind: anything\nrows: 8\nclock: 333333333 Hz\npolicy: round_robin\ncheck: false\n"
      "label: yes\nread_energy: 2.5 pJ\nlanes: 4\nbuffer: {size: 1 KiB, voltage: 1 V}\n");
  EXPECT_EQ(machine.rows, 8);
  EXPECT_EQ(machine.clock, 333'333'333);
  EXPECT_EQ(machine.policy, Policy::kRoundRobin);
  EXPECT_FALSE(machine.check);
  EXPECT_EQ(machine.label, "yes");
  EXPECT_EQ(machine.read_energy, 2'500'000);
  EXPECT_EQ(machine.lanes, 4);
  EXPECT_EQ(machine.buffer.size, 1024);
  EXPECT_EQ(machine.buffer.voltage, 1.0);
}

TEST(Schema, ReportsAllFaultsAtOnce) {
  EXPECT_THAT(
      faults_of("rowz: 3\nrows: 257\npolicy: fixd\ncheck: yes\nlanes: '4'\n"
                "buffer: {size: 32 B, voltage: 1.3 V, colour: red}\n"),
      ElementsAre(
          "a.yaml:1:1: rowz: unknown key; did you mean 'rows'? Allowed: kind, rows, clock, policy, "
          "check, label, read_energy, lanes, buffer",
          "a.yaml:1:1: the required key 'clock' is missing. Clock. Allowed: 1 Hz .. 1000 GHz",
          "a.yaml:2:7: rows: found '257'; allowed: 1 .. 256",
          "a.yaml:3:9: policy: found 'fixd'; did you mean 'fixed'? Allowed: round_robin, fixed",
          "a.yaml:4:8: check: found 'yes'; allowed: true or false",
          "a.yaml:5:8: lanes: found the quoted text '4'; numbers are written without quotes",
          "a.yaml:6:16: buffer.size: found '32 B'; allowed: 64 B .. 1 MiB",
          "a.yaml:6:31: buffer.voltage: found '1.3 V'; allowed: 0.5 V .. 1.2 V",
          "a.yaml:6:38: buffer.colour: unknown key. Allowed: size, voltage"));
}

TEST(Schema, BothEndsOfARangeAreAllowed) {
  EXPECT_EQ(read("clock: 1 Hz\nrows: 1").rows, 1);
  EXPECT_EQ(read("clock: 1 Hz\nrows: 256").rows, 256);
  EXPECT_THAT(faults_of("clock: 1 Hz\nrows: 0"),
              ElementsAre("a.yaml:2:7: rows: found '0'; allowed: 1 .. 256"));
  EXPECT_THAT(faults_of("clock: 0 Hz"),
              ElementsAre("a.yaml:1:8: clock: found '0 Hz'; allowed: 1 Hz .. 1000 GHz"));
}

struct Link {
  std::int64_t width = 0;
};

TEST(Schema, PowersOfTwoAreHeldToBothRules) {
  Schema<Link> schema{"link", "A link."};
  schema.integer("width", &Link::width, Unit::kBytes).range(2, 64).power_of_two().def(8);
  const auto faults_of_width = [&](const std::string& width) {
    Link link;
    Diagnostics faults;
    schema.read(parse_yaml_text("width: " + width, "a.yaml"), link, faults);
    return faults.messages();
  };
  for (const char* good : {"2 B", "4 B", "64 B"}) {
    EXPECT_THAT(faults_of_width(good), ElementsAre()) << good;
  }
  for (const std::string bad : {"0 B", "1 B", "3 B", "6 B", "63 B", "65 B", "128 B"}) {
    EXPECT_THAT(faults_of_width(bad), ElementsAre("a.yaml:1:8: width: found '" + bad +
                                                  "'; allowed: 2 B .. 64 B, a power of two"));
  }
  EXPECT_THROW(schema.integer("odd", &Link::width).def(6).range(1, 8).power_of_two(),
               InternalError);
}

TEST(Schema, ExpectsMapsWhereMapsBelong) {
  EXPECT_THAT(faults_of("[1, 2]"),
              ElementsAre("a.yaml:1:1: found a list; expected a map of `key: value` lines"));
  EXPECT_THAT(faults_of("clock:1 MHz"),
              ElementsAre("a.yaml:1:1: found 'clock:1 MHz'; expected a map of `key: value` lines"));
  EXPECT_THAT(faults_of("clock: 1 MHz\nbuffer: 3"),
              ElementsAre("a.yaml:2:9: buffer: found '3'; expected a map of `key: value` lines"));
  EXPECT_THAT(faults_of("clock: 1 MHz\nrows: [3]"),
              ElementsAre("a.yaml:2:7: rows: found a list; expected 1 .. 256"));
}

bool same(const Machine& a, const Machine& b) {
  return a.rows == b.rows && a.clock == b.clock && a.policy == b.policy && a.check == b.check &&
         a.label == b.label && a.read_energy == b.read_energy && a.lanes == b.lanes &&
         a.buffer.size == b.buffer.size && a.buffer.voltage == b.buffer.voltage;
}

TEST(Schema, DumpIsCompleteAndReadable) {
  EXPECT_EQ(write_yaml(machine_schema().dump(read("clock: 1500 MHz\nlanes: 2"))),
            "rows: 16\nclock: 1500 MHz\npolicy: fixed\ncheck: true\nlabel: \"none\"\n"
            "read_energy: 3100 fJ\nlanes: 2\nbuffer:\n  size: 24 KiB\n  voltage: 0.9 V\n");
}

TEST(Schema, EveryDumpReadsBackToTheSameConfiguration) {
  std::mt19937_64 random(4);
  const std::string letters = "a0 :#-\"'\\\n~{[&*!%\t";
  for (int i = 0; i < 2000; ++i) {
    Machine machine;
    machine.rows = 1 + static_cast<int>(random() % 256);
    machine.clock = 1 + static_cast<std::int64_t>(random() % 1'000'000'000'000);
    machine.policy = static_cast<Policy>(random() % 2);
    machine.check = random() % 2 == 0;
    machine.read_energy = static_cast<std::int64_t>(random() >> (1 + i % 63));
    if (random() % 2 == 0) {
      machine.lanes = static_cast<std::uint8_t>(1 + random() % 8);
    }
    machine.buffer.size = 64 + static_cast<std::int64_t>(random() % 1'000'000);
    machine.buffer.voltage = std::uniform_real_distribution<double>(0.5, 1.2)(random);
    for (std::uint64_t n = random() % 8; n > 0; --n) {
      machine.label += letters[random() % letters.size()];
    }
    const std::string text = write_yaml(machine_schema().dump(machine));
    ASSERT_TRUE(same(read(text), machine)) << text;
  }
}

TEST(Schema, DescribesWhatItReads) {
  const std::vector<ParameterRow> rows = machine_schema().describe();
  ASSERT_EQ(rows.size(), 10);
  EXPECT_EQ(rows[0].key, "kind");
  EXPECT_EQ(rows[1].key, "rows");
  EXPECT_EQ(rows[1].def, "16");
  EXPECT_EQ(rows[1].range, "1 .. 256");
  EXPECT_EQ(rows[1].doc, "PE rows.");
  EXPECT_EQ(rows[2].unit, "Hz");
  EXPECT_EQ(rows[2].def, "required");
  EXPECT_EQ(rows[3].range, "round_robin, fixed");
  EXPECT_EQ(rows[6].confidence, "assumed, 2 pJ .. 5 pJ");
  EXPECT_EQ(rows[6].source, "no document found");
  EXPECT_EQ(rows[7].def, "none");
  EXPECT_EQ(rows[8].key, "buffer.size");
  EXPECT_EQ(rows[8].def, "24 KiB");
}

TEST(Schema, MembersLimitTheRange) {
  struct Narrow {
    std::int8_t value = 0;
  };
  Schema<Narrow> s{"narrow", "One byte."};
  s.integer("value", &Narrow::value);
  EXPECT_EQ(s.read(parse_yaml_text("value: -128", "a.yaml")).value, -128);
  EXPECT_EQ(s.read(parse_yaml_text("value: 127", "a.yaml")).value, 127);
  EXPECT_THROW(s.read(parse_yaml_text("value: 128", "a.yaml")), UserError);
  EXPECT_THROW(s.read(parse_yaml_text("value: -129", "a.yaml")), UserError);
}

struct Layer {
  std::string name;
  std::vector<int> shape;
};

struct Network {
  std::vector<Layer> layers;
  std::vector<std::string> tags;
};

Schema<Network> network_schema() {
  Schema<Layer> layer{"layer", "A layer of this test."};
  layer.text("name", &Layer::name).doc("Name.");
  layer.integers("shape", &Layer::shape).range(1, 64).doc("Extents.");
  Schema<Network> s{"network", "Lists."};
  s.list("layers", &Network::layers, layer);
  s.texts("tags", &Network::tags).doc("Words.");
  return s;
}

TEST(Schema, ReadsAndDumpsLists) {
  const std::string text =
      "layers:\n  -\n    name: \"a\"\n    shape:\n      - 8\n      - 3\n"
      "  -\n    name: \"b\"\n    shape: []\ntags:\n  - \"x\"\n";
  const Network network = network_schema().read(parse_yaml_text(text, "a.yaml"));
  ASSERT_EQ(network.layers.size(), 2);
  EXPECT_THAT(network.layers[0].shape, ElementsAre(8, 3));
  EXPECT_THAT(network.layers[1].shape, ElementsAre());
  EXPECT_THAT(network.tags, ElementsAre("x"));
  EXPECT_EQ(write_yaml(network_schema().dump(network)), text);
  EXPECT_EQ(network_schema().describe()[1].key, "layers[].shape");
}

TEST(Schema, FaultsInListsNameTheItem) {
  Diagnostics faults;
  Network network;
  network_schema().read(
      parse_yaml_text("layers: [{name: a, shape: [65, x]}, {shap: 3}, 7]\ntags: x", "a.yaml"),
      network, faults);
  EXPECT_THAT(
      faults.messages(),
      ElementsAre(
          "a.yaml:1:28: layers[0].shape[0]: found '65'; allowed: 1 .. 64",
          "a.yaml:1:32: layers[0].shape[1]: found 'x'; expected a whole number",
          "a.yaml:1:38: layers[1].shap: unknown key; did you mean 'shape'? Allowed: name, "
          "shape",
          "a.yaml:1:37: layers[1]: the required key 'name' is missing. Name. Allowed: a text",
          "a.yaml:1:48: layers[2]: found '7'; expected a map of `key: value` lines",
          "a.yaml:2:7: tags: found 'x'; expected a list"));
}

TEST(Schema, DeclarationsThatCannotHoldAreBugs) {
  Schema<Machine> s{"machine", "Wrong on purpose."};
  EXPECT_THROW(s.real("late", &Machine::read_time).def(5.0).range(1.0, 4.0), InternalError);
  EXPECT_THROW(s.integer("rows", &Machine::rows).range(1, 4).def(5), InternalError);
  EXPECT_THROW(s.integer("rows", &Machine::rows), InternalError);  // declared twice
  EXPECT_THROW(
      s.choice("policy", &Machine::policy, {{"fixed", Policy::kFixed}}).def(Policy::kRoundRobin),
      InternalError);
  EXPECT_THROW(s.bytes("clock", &Machine::clock).confidence(Confidence::kAssumed), InternalError);
}

}  // namespace
}  // namespace milliwatt::base
