// SPDX-License-Identifier: Apache-2.0
// The layer traces of workloads/networks: their sizes, and what their seeded values look like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include "workloads/load.h"
#include "workloads/reference.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(MILLIWATT_SOURCE_DIR) / "workloads" / "networks";

/// What is published about a network of MLPerf Tiny; the README of the folder shows the same.
struct Published {
  const char* name;
  std::size_t operators;
  std::int64_t macs;
  std::int64_t parameters;
  std::int64_t peak_live_bytes;
};

constexpr std::array<Published, 5> kPublished = {{
    {"resnet8", 16, 12'501'632, 77'706, 49'152},
    {"dscnn", 13, 2'656'768, 22'604, 16'000},
    {"mobilenetv1_025_96", 31, 7'489'664, 210'850, 55'296},
    {"autoencoder", 10, 264'192, 265'864, 768},
    {"dscnn1d", 11, 826'368, 46'883, 6'656},
}};

void PrintTo(const Published& network, std::ostream* out) { *out << network.name; }

TEST(BundledNetworks, AreAllTested) {
  // Our own are in dataset_test.cpp.
  std::set<std::string> expected = {"glyphs", "glyphs_mixed", "glyphs_pruned"};
  for (const Published& network : kPublished) {
    expected.insert(network.name);
  }
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") {
      found.insert(entry.path().stem().string());
    }
  }
  EXPECT_EQ(found, expected);
}

class BundledNetwork : public testing::TestWithParam<Published> {
 protected:
  Graph graph_ = load_network((kFolder / (std::string(GetParam().name) + ".yaml")).string());
};

TEST_P(BundledNetwork, HasThePublishedSize) {
  const NetworkSummary summary = summarize(graph_);
  EXPECT_EQ(summary.name, GetParam().name);
  EXPECT_EQ(summary.operators.size(), GetParam().operators);
  EXPECT_EQ(summary.macs, GetParam().macs);
  EXPECT_EQ(summary.parameters, GetParam().parameters);
  EXPECT_EQ(summary.peak_live_bytes, GetParam().peak_live_bytes);
}

bool rectifies(const Operator& op) { return fused_activation(op) == Activation::kRelu; }

double share(const Bytes& bytes, std::int8_t value) {
  const auto count = std::count(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(value));
  return static_cast<double>(count) / static_cast<double>(bytes.size());
}

double largest_share(const Bytes& bytes) {
  std::array<std::size_t, 256> counts{};
  for (const std::uint8_t byte : bytes) {
    ++counts[byte];
  }
  return static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
         static_cast<double>(bytes.size());
}

// Sums of seeded values are spread around 0, so a ReLU stops about half of them, as in the trained
// networks (26 % to 97 % there). Anything else that piles up is a bad scale. Layers with fewer than
// 100 outputs are too small for shares.
TEST_P(BundledNetwork, SeededValuesFillTheirRangeWithoutSaturation) {
  const TensorValues values = run_reference(graph_, seeded_input(graph_, 1));
  int seen = 0;
  for (const Operator& op : graph_.operators) {
    const Bytes& bytes = values[static_cast<std::size_t>(op.outputs[0])];
    if (bytes.size() < 100) {
      continue;
    }
    EXPECT_LT(share(bytes, 127), 0.01) << op.name;
    EXPECT_LT(share(bytes, -128), rectifies(op) ? 0.65 : 0.35) << op.name;
    EXPECT_LT(largest_share(bytes), rectifies(op) ? 0.65 : 0.35) << op.name;
    const std::set<std::uint8_t> levels(bytes.begin(), bytes.end());
    EXPECT_GE(levels.size(), std::min<std::size_t>(bytes.size() / 8, 50)) << op.name;
    ++seen;
  }
  EXPECT_GE(seen, 7);
}

TEST_P(BundledNetwork, ClassesDiffer) {
  const Operator& last = graph_.operators.back();
  if (last.kind != OperatorKind::kSoftmax) {
    EXPECT_STREQ(GetParam().name, "autoencoder");
    return;
  }
  const TensorValues values = run_reference(graph_, seeded_input(graph_, 1));
  const Bytes& classes = values[static_cast<std::size_t>(last.outputs[0])];
  const std::set<std::uint8_t> levels(classes.begin(), classes.end());
  EXPECT_GT(levels.size(), classes.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(All, BundledNetwork, testing::ValuesIn(kPublished),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace milliwatt::workloads
