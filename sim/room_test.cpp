// SPDX-License-Identifier: Apache-2.0
// Whatever does not fit says which size would do: with that size it runs, with a step less it does
// not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "base/error.h"
#include "sim/prepare.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

using ::testing::HasSubstr;

/// Sizes of the memories, in bytes.
struct Sizes {
  std::int64_t sram = 0;
  std::int64_t external = 0;
  std::optional<std::int64_t> flash;
  std::string kind = "qspi_psram";

  std::string yaml() const {
    const std::string flash_map =
        flash ? ", flash: {size: " + std::to_string(*flash) + " B}" : std::string();
    return "memory: {sram: {size: " + std::to_string(sram) +
           " B, width: 8 B, banks: 4}, external: " + "{kind: " + kind +
           ", size: " + std::to_string(external) + " B}" + flash_map + "}\n";
  }
};

/// What a host with these memories says of the network; empty when it fits.
std::string refusal(const workloads::Graph& graph, const Sizes& sizes) {
  const Platform platform = parse_platform(sizes.yaml(), "host");
  try {
    program_for(platform, graph, plan_for(platform, graph));
  } catch (const base::UserError& error) {
    return error.what();
  }
  return "";
}

/// The number of bytes that a message wants more of `key`, if it speaks of it.
std::optional<std::int64_t> more_of(const std::string& message, const std::string& key) {
  const std::size_t at = message.find(key + ": ");
  return at == std::string::npos
             ? std::nullopt
             : std::optional{std::stoll(message.substr(message.find('(', at) + 1))};
}

/// Takes the advice about `key`, if there is any, and then a step less. Returns whether there was.
bool takes_advice(const workloads::Graph& graph, const Sizes& sizes, const std::string& key,
                  std::int64_t step, const std::function<std::int64_t&(Sizes&)>& size) {
  const std::string message = refusal(graph, sizes);
  const std::optional<std::int64_t> more = more_of(message, key);
  if (!more) {
    return false;
  }
  Sizes larger = sizes;
  size(larger) += *more;
  EXPECT_EQ(refusal(graph, larger), "") << message;
  size(larger) -= step;
  EXPECT_NE(refusal(graph, larger), "") << message;
  return true;
}

workloads::Graph network(std::uint32_t seed) {
  std::mt19937 random{seed};
  return testing::random_graph(random);
}

/// SRAM has 4 banks of 8 bytes: its sizes go in steps of 32.
constexpr std::int64_t kSramStep = 32;

TEST(Room, AdviceIsEnoughAndNotTooMuch) {
  int sram = 0;
  int external = 0;
  int flash = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const workloads::Graph graph = network(seed);
    const std::int64_t odd = 64 + kSramStep * (seed % 20);
    const Sizes alone{odd, 1024, std::nullopt};
    const Sizes beside{odd, 1024, 1 << 20};
    const Sizes full{odd, 1 << 20, 1024 + 512 * (seed % 3)};
    for (const Sizes& sizes : {alone, beside, full}) {
      const auto takes = [&](const char* key, std::int64_t step, auto size) {
        return takes_advice(graph, sizes, key, step, size) ? 1 : 0;
      };
      sram +=
          takes("memory.sram.size", kSramStep, [](Sizes& s) -> std::int64_t& { return s.sram; });
      external +=
          takes("memory.external.size", 1, [](Sizes& s) -> std::int64_t& { return s.external; });
      flash += takes("memory.flash.size", 1, [](Sizes& s) -> std::int64_t& { return *s.flash; });
    }
  }
  EXPECT_GT(sram, 20);
  EXPECT_GT(external, 20);
  EXPECT_GT(flash, 20);
}

TEST(Room, InAReadOnlyMemoryThereIsNoneForTensors) {
  const workloads::Graph graph = network(3);
  Sizes sizes{64, 1 << 20, std::nullopt, "qspi_nor"};
  const std::string message = refusal(graph, sizes);
  EXPECT_THAT(message, HasSubstr("memory.external is of kind qspi_nor, which cannot be written"));
  EXPECT_EQ(more_of(message, "memory.external.size"), std::nullopt);
  EXPECT_TRUE(takes_advice(graph, sizes, "memory.sram.size", kSramStep,
                           [](Sizes& s) -> std::int64_t& { return s.sram; }));
  sizes.kind = "qspi_psram";
  EXPECT_EQ(refusal(graph, sizes), "");
}

TEST(Room, OfTwoMemoriesThatAreTooSmallBothAreTold) {
  int both = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const std::string message = refusal(network(seed), {448, 1024, 1024});
    const bool flash = more_of(message, "memory.flash.size").has_value();
    both += flash && more_of(message, "memory.external.size") ? 1 : 0;
  }
  EXPECT_GT(both, 0);
}

TEST(Room, OfTheProgramIsToldFromThatOfTensors) {
  int told = 0;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const std::string message = refusal(network(seed), {1 << 20, 1024, std::nullopt});
    if (!message.empty()) {
      ++told;
      EXPECT_THAT(message, HasSubstr("the program with the network's constants takes "));
      EXPECT_THAT(message, HasSubstr("memory.external.size: 1 KiB -> at least "));
    }
  }
  EXPECT_GT(told, 25);
}

}  // namespace
}  // namespace milliwatt::sim
