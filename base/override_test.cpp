// SPDX-License-Identifier: Apache-2.0
#include "base/override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/schema.h"

namespace milliwatt::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Buffer {
  std::int64_t size = 0;
  double voltage = 0.0;
};

struct Machine {
  int rows = 0;
  std::string label;
  Buffer buffer;
};

Schema<Machine> machine_schema() {
  Schema<Buffer> buffer{"buffer", "A buffer."};
  buffer.bytes("size", &Buffer::size).def(0).doc("Capacity.");
  buffer.real("voltage", &Buffer::voltage, Unit::kVolts).def(0.9).doc("Supply.");
  Schema<Machine> s{"machine", "A machine of this test."};
  s.elsewhere("clock", "Read elsewhere.");
  s.integer("rows", &Machine::rows).range(1, 256).def(16).doc("PE rows.");
  s.text("label", &Machine::label).def("none").doc("Free text.");
  s.nested("buffer", &Machine::buffer, buffer);
  return s;
}

TEST(Override, ReplacesAndCreatesKeys) {
  YamlNode root = parse_yaml_text("clock: 1 MHz\nrows: 4\n", "a.yaml");
  Diagnostics faults;
  apply_overrides(root, {"rows=8", "buffer.size=2 KiB", "label=a=b"}, faults);
  EXPECT_THAT(faults.messages(), IsEmpty());
  const Machine machine = machine_schema().read(root);
  EXPECT_EQ(machine.rows, 8);
  EXPECT_EQ(machine.buffer.size, 2048);
  EXPECT_EQ(machine.label, "a=b");
}

TEST(Override, ReachesIntoLists) {
  YamlNode root = parse_yaml_text("layers:\n  - {k: 1}\n  - {k: 2}\n", "a.yaml");
  Diagnostics faults;
  apply_override(root, "layers[1].k=5", faults);
  apply_override(root, "layers[2].k=5", faults);
  EXPECT_EQ(root.find("layers")->items[1].find("k")->text, "5");
  EXPECT_THAT(faults.messages(),
              ElementsAre("--set layers[2].k=5: layers[2].k: item 2 does not exist; 'layers' holds "
                          "a list of 2 items"));
}

TEST(Override, LaterFaultsNameTheOption) {
  YamlNode root = parse_yaml_text("clock: 1 MHz\n", "a.yaml");
  Diagnostics faults;
  apply_overrides(root, {"rows=010", "buffer.sise=1 KiB"}, faults);
  EXPECT_THAT(faults.messages(), IsEmpty());
  Machine machine;
  machine_schema().read(root, machine, faults);
  EXPECT_THAT(faults.messages(),
              ElementsAre("--set rows=010: rows: found '010'; numbers are decimal and written "
                          "without leading zeros",
                          "--set buffer.sise=1 KiB: buffer.sise: unknown key; did you mean "
                          "'size'? Allowed: size, voltage"));
}

TEST(Override, RejectsWhatIsNotAnAssignment) {
  const std::string before = "clock: 1 MHz\n";
  for (const char* bad : {"rows", "=3", ".rows=3", "rows.=3", "a..b=3", "a[=3", "a[x]=3", "a[1]b=3",
                          "rows=", "rows={", "rows=&a 3", "clock.x=3", "clock[0]=3", ""}) {
    YamlNode root = parse_yaml_text(before, "a.yaml");
    Diagnostics faults;
    apply_override(root, bad, faults);
    ASSERT_EQ(faults.messages().size(), 1) << bad;
    EXPECT_EQ(faults.messages()[0].find(std::string("--set ") + bad), 0) << faults.messages()[0];
    EXPECT_EQ(write_yaml(root), before) << bad;
  }
}

TEST(Override, SamePathTwiceIsAFault) {
  YamlNode root = parse_yaml_text("clock: 1 MHz\n", "a.yaml");
  Diagnostics faults;
  apply_overrides(root, {"rows=1", "rows=2"}, faults);
  EXPECT_THAT(faults.messages(), ElementsAre("--set rows=2: rows: set twice"));
}

}  // namespace
}  // namespace milliwatt::base
