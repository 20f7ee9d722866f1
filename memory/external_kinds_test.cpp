// SPDX-License-Identifier: Apache-2.0
#include "memory/external_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/yaml.h"
#include "memory/hyperram.h"
#include "memory/octal_psram.h"
#include "memory/qspi_nor.h"
#include "memory/qspi_psram.h"

namespace milliwatt::memory {
namespace {

using ::testing::HasSubstr;

TEST(ExternalKinds, EachReadsItsOwnKeysAndDumpsThemAll) {
  for (const ExternalKind& kind : external_kinds()) {
    base::Diagnostics faults;
    const auto config = read_external(
        base::parse_yaml_text("kind: " + kind.name + "\nprices: " + kind.name + "\n", "test"),
        faults);
    ASSERT_TRUE(config && faults.empty()) << kind.name;
    const std::string dump = base::write_yaml(config->dump());
    const auto again = read_external(base::parse_yaml_text(dump, "dump"), faults);
    ASSERT_TRUE(again && faults.empty()) << dump;
    EXPECT_EQ(base::write_yaml(again->dump()), dump);
    EXPECT_EQ(config->prices(), kind.name);
    const auto core = config->build("external", {"external", 100 * 1'000'000});
    EXPECT_EQ(core->size(), static_cast<std::uint64_t>(config->size()));
    EXPECT_EQ(core->writable(), config->writable()) << kind.name;
    for (const base::ParameterRow& row : kind.describe()) EXPECT_FALSE(row.doc.empty()) << row.key;
  }
}

TEST(ExternalKinds, AreTheirOwnPricesUnlessTheySayOtherwise) {
  base::Diagnostics faults;
  EXPECT_EQ(read_external(base::parse_yaml_text("kind: hyperram\n", "t"), faults)->prices(),
            "hyperram");
  EXPECT_TRUE(faults.empty());
  read_external(base::parse_yaml_text("kind: generic\n", "t"), faults);
  ASSERT_EQ(faults.messages().size(), 1);
  EXPECT_THAT(faults.messages()[0], HasSubstr("t:1:1: kind generic needs the key 'prices'"));
}

TEST(ExternalKinds, PricesMayBeThoseOfAnother) {
  base::Diagnostics faults;
  const auto config =
      read_external(base::parse_yaml_text("kind: generic\nprices: lpddr4\n", "test"), faults);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->kind(), "generic");
  EXPECT_EQ(config->prices(), "lpddr4");
  EXPECT_THAT(base::write_yaml(config->dump()), HasSubstr("prices: lpddr4"));
}

std::string faults_of(const std::string& text) {
  base::Diagnostics faults;
  read_external(base::parse_yaml_text(text, "test"), faults);
  try {
    faults.throw_if_any();
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ExternalKinds, FaultsTeach) {
  EXPECT_THAT(faults_of("kind: qspi_psrm\n"), HasSubstr("'qspi_psrm' is no kind of memory"));
  EXPECT_THAT(faults_of("kind: qspi_psrm\n"), HasSubstr("qspi_psram"));
  EXPECT_THAT(faults_of("kind: hyperram\npage: 64 B\n"), HasSubstr("page"));
  EXPECT_EQ(faults_of("kind: octal_psram\npage: 64 B\n"), "");
  EXPECT_THAT(faults_of("kind: qspi_psram\nread: 03h\n"), HasSubstr("0Bh"));
}

template <typename Config>
void expect_defaults_of(const base::Schema<Config>& schema) {
  const std::string read = base::write_yaml(schema.dump(schema.read(base::YamlNode::map())));
  EXPECT_EQ(read, base::write_yaml(schema.dump(Config{}))) << schema.name();
}

TEST(ExternalKinds, DefaultsAreThoseOfTheStructs) {
  expect_defaults_of(qspi_nor_schema());
  expect_defaults_of(qspi_psram_schema());
  expect_defaults_of(octal_psram_schema());
  expect_defaults_of(hyperram_schema());
}

}  // namespace
}  // namespace milliwatt::memory
