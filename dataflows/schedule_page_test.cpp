// SPDX-License-Identifier: Apache-2.0
// Holds the worked example of docs/schedule.md to the code. When it differs, the failure prints the
// tables as they should be.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "base/integer_math.h"
#include "dataflows/recurrence.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::dataflows {
namespace {

/// The page's example: 3 filters of 2 x 2 over 4 x 4 x 1 on a 2 x 2 array.
SystolicCommand example_command() {
  SystolicCommand command;
  command.geometry = {1, 4, 4, 1, 3, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0};
  command.mapping = {3, 3, false, false};
  command.ifmap = 0x100;
  command.weights = 0x200;
  command.parameters = 0x300;
  command.ofmap = 0x400;
  return command;
}

SystolicShape example_shape() {
  SystolicShape shape;
  shape.rows = shape.columns = 2;
  shape.input_buffer_bytes = 32;
  shape.weight_buffer_bytes = 64;
  shape.accumulator_buffer_bytes = 160;
  shape.output_buffer_bytes = 40;
  return shape;
}

/// "i0", "p1": the buffer's letter and the slot's number among the equal ones.
std::vector<std::string> slot_names(const Schedule& schedule) {
  std::vector<std::string> names;
  int number = 0;
  for (std::size_t i = 0; i < schedule.slots.size(); ++i) {
    const Slot& slot = schedule.slots[i];
    const bool first = i == 0 || schedule.slots[i - 1].buffer != slot.buffer ||
                       schedule.slots[i - 1].bytes != slot.bytes;
    number = first ? 0 : number + 1;
    const bool table = slot.buffer == kWeightBuffer && slot.bytes % 12 == 0;
    names.push_back(std::string(1, table ? 'p' : "iwso"[slot.buffer]) + std::to_string(number));
  }
  return names;
}

template <typename Slots>
std::string join(const Slots& slots, const std::vector<std::string>& names) {
  std::string all;
  for (const SlotId slot : slots) {
    all += (all.empty() ? "" : " ") + names[slot];
  }
  return all;
}

std::string slot_table(const Schedule& schedule) {
  const std::vector<std::string> names = slot_names(schedule);
  const EngineShape shape = systolic_engine_shape(example_shape());
  std::string table = "| slot | buffer | offset | bytes |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Slot& slot = schedule.slots[i];
    table += fmt::format("| {} | {} | {} | {} |\n", names[i], shape.buffers[slot.buffer].name,
                         slot.offset, slot.bytes);
  }
  return table;
}

std::string moved(const Transfer& t) {
  return fmt::format("{} of {} bytes at {:#x}{}", t.rows * t.planes > 1 ? "rows" : "run",
                     t.row_bytes, t.address,
                     t.rows * t.planes > 1 ? fmt::format(", {} of them", t.rows * t.planes) : "");
}

std::string work(const SystolicProgram& program, const Step& step) {
  if (step.kind == StepKind::kLoad) {
    return "load " + moved(program.command.schedule.transfers[step.job]);
  }
  if (step.kind == StepKind::kStore) {
    return "store " + moved(program.command.schedule.transfers[step.job]);
  }
  if (step.unit == kArrayUnit) {
    const Fold& fold = program.folds[step.job];
    return fmt::format("fold: taps {}..{} of filters {}..{}, {} pixels{}", fold.k_begin,
                       fold.k_begin + fold.taps - 1, fold.filter_begin,
                       fold.filter_begin + fold.filters - 1, fold.pixels,
                       fold.accumulate ? ", added" : "");
  }
  const OutputJob& job = program.command.output_jobs[step.job];
  return fmt::format("requantize {} sums", job.pixels * job.channels);
}

/// A cycle per 8 bytes begun and 2 per transfer, as the page says.
std::int64_t cycles(const Schedule& schedule, const Step& step) {
  if (step.unit != kLoadUnit) {
    return step.cycles_low;
  }
  return 2 + static_cast<std::int64_t>(
                 base::divide_up(schedule.transfers[step.job].bytes(), std::uint64_t{8}));
}

std::string step_table(const SystolicProgram& program) {
  const Schedule& schedule = program.command.schedule;
  const std::vector<std::string> names = slot_names(schedule);
  const EngineShape shape = systolic_engine_shape(example_shape());
  const base::Clock clock{"cycles", 1'000'000'000'000};
  std::string table =
      "| step | unit | work | reads | writes | start | end |\n|---|---|---|---|---|---|---|\n";
  int number = 0;
  Recurrence{schedule, clock, shape.units.size(), Overlap::kFull}.run(
      0, [&](const Step& step, base::Picoseconds begin) { return begin + cycles(schedule, step); },
      [&](const Step& step, base::Picoseconds begin, base::Picoseconds end) {
        table += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", number++,
                             shape.units[step.unit].name, work(program, step),
                             join(step.reads, names), join(step.writes, names), begin, end);
      });
  return table;
}

TEST(SchedulePage, ShowsTheScheduleOfItsExample) {
  const std::string page = base::read_file(std::string(MILLIWATT_SOURCE_DIR) + "/docs/schedule.md");
  const SystolicProgram program = expand(example_command(), example_shape());
  for (const std::string& table : {slot_table(program.command.schedule), step_table(program)}) {
    EXPECT_NE(page.find(table), std::string::npos) << "docs/schedule.md should have this table:\n"
                                                   << table;
  }
}

}  // namespace
}  // namespace milliwatt::dataflows
