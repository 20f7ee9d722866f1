// SPDX-License-Identifier: Apache-2.0
// A host that moves data while the accelerator works: two initiators on one bus, of which the
// estimate can only give an interval. Planned programs do not do it yet.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "sim/estimate.h"
#include "sim/prepare.h"
#include "sim/simulation.h"
#include "sim/testing/random_system.h"

namespace milliwatt::sim {
namespace {

constexpr std::uint32_t kCopied = 256;

template <typename T>
T read_from(const std::vector<std::uint8_t>& image, std::size_t offset) {
  T value;
  std::memcpy(&value, image.data() + offset, sizeof value);
  return value;
}

/// Appends bytes to an image at a multiple of 64; returns their offset.
std::uint32_t append(std::vector<std::uint8_t>& image, const void* data, std::size_t size) {
  image.resize((image.size() + 63) / 64 * 64);
  const auto* first = static_cast<const std::uint8_t*>(data);
  image.insert(image.end(), first, first + size);
  return static_cast<std::uint32_t>(image.size() - size);
}

/// The program with a copy behind every START, from the image to the end of SRAM. Tensors in
/// external memory move behind the longer image.
Program with_copies(const Program& program, std::uint32_t sram_bytes) {
  Program longer = program;
  std::vector<std::uint8_t>& image = longer.image;
  auto head = read_from<mw_program_head>(image, 0);
  mw_copy_args copy{};
  copy.source = {MW_REGION_PROGRAM, 0};
  copy.destination = {MW_REGION_SRAM, sram_bytes - kCopied};
  copy.bytes = kCopied;
  copy.layer = UINT32_MAX;
  const mw_ref args{MW_REGION_PROGRAM, append(image, &copy, sizeof copy)};
  std::vector<mw_command> commands;
  for (std::uint32_t i = 0; i < head.invoke_commands; ++i) {
    commands.push_back(read_from<mw_command>(image, head.invoke_offset + i * sizeof(mw_command)));
    if (commands.back().opcode == MW_START) {
      commands.push_back({MW_COPY, 0, args, 0});
    }
  }
  head.invoke_commands = static_cast<std::uint32_t>(commands.size());
  head.invoke_offset = append(image, commands.data(), commands.size() * sizeof(mw_command));
  head.region_base[MW_REGION_EXTERNAL] = program.map.external + append(image, nullptr, 0);
  std::memcpy(image.data(), &head, sizeof head);
  longer.region_bases.assign(std::begin(head.region_base), std::end(head.region_base));
  return longer;
}

struct Tally {
  int cases = 0;
  int disturbed = 0;  ///< the truth is above the lower end
};

void check_case(std::uint32_t seed, Tally& tally) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const testing::RandomSystem s = testing::random_system(seed);
  const dataflows::Plan plan = plan_for(s.platform, s.graph);
  const auto sram = static_cast<std::uint32_t>(s.platform.sram.size);
  const bool engine_works =
      std::any_of(plan.operators.begin(), plan.operators.end(),
                  [](const auto& planned) { return planned.runner == dataflows::Runner::kEngine; });
  if (!engine_works || plan.region_bytes[MW_REGION_SRAM] + kCopied > sram) {
    return;
  }
  const Program program = with_copies(program_for(s.platform, s.graph, plan), sram);
  const Simulated values = simulate(s.platform, s.graph, plan, program, s.inputs);
  SimulationOptions options;
  options.detail = shell::Detail::kExact;
  const Simulated exact = simulate(s.platform, s.graph, plan, program, s.inputs, options);
  EXPECT_EQ(values.tensors, exact.tensors);
  EXPECT_EQ(values.measurement.end, exact.measurement.end);
  EXPECT_EQ(values.measurement.traffic, exact.measurement.traffic);
  const workloads::TensorValues reference = workloads::run_reference(s.graph, s.inputs);
  for (const workloads::TensorId id : s.graph.outputs) {
    EXPECT_EQ(values.tensors.at(static_cast<std::size_t>(id)),
              reference.at(static_cast<std::size_t>(id)));
  }

  const Estimate e = estimate(s.platform, plan, program);
  const auto length = [](const Measurement& m) { return m.end - m.begin; };
  EXPECT_FALSE(e.exact);
  EXPECT_LE(length(e.low), length(values.measurement));
  EXPECT_GE(length(e.high), length(values.measurement));
  EXPECT_LT(length(e.low), length(e.high));
  ++tally.cases;
  tally.disturbed += length(values.measurement) > length(e.low) ? 1 : 0;
}

TEST(Contention, OfTheHostWithTheEngineLiesInTheEstimatesInterval) {
  Tally tally;
  for (std::uint32_t seed = 5000; seed < 5250 && !HasFailure(); ++seed) {
    check_case(seed, tally);
  }
  EXPECT_GT(tally.cases, 100);
  EXPECT_GT(tally.disturbed, tally.cases / 4) << "the two must meet on the bus";
  RecordProperty("cases", tally.cases);
  RecordProperty("disturbed", tally.disturbed);
}

}  // namespace
}  // namespace milliwatt::sim
