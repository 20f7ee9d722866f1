// SPDX-License-Identifier: Apache-2.0
#include "shell/command_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.h"
#include "shell/local_memory.h"

namespace milliwatt::shell {
namespace {

using dataflows::Command;
using dataflows::EngineShape;
using dataflows::Step;
using dataflows::StepKind;
using dataflows::UnitKind;
using ::testing::HasSubstr;

EngineShape shape() {
  EngineShape shape;
  shape.units = {{"load", UnitKind::kDma},
                 {"array", UnitKind::kMachine},
                 {"output_stage", UnitKind::kOutputStage},
                 {"vector_unit", UnitKind::kVector}};
  shape.buffers = {{"buffer", 64, 1, 64}};
  return shape;
}

/// A step of every kind: load slot 0, compute 0 -> 1, output 1 -> 2, add 2 -> 3, store slot 3.
Command command() {
  Command c;
  c.schedule.slots = {{0, 0, 16}, {0, 16, 16}, {0, 32, 16}, {0, 48, 16}};
  dataflows::Transfer transfer;
  transfer.row_bytes = 16;
  c.schedule.transfers = {transfer, transfer};
  dataflows::OutputJob output;
  output.sums = output.parameters = 1;
  output.output = 2;
  c.output_jobs = {output};
  dataflows::AddJob add;
  add.a = add.b = 2;
  add.output = 3;
  c.vector_jobs = {add};
  c.schedule.steps.resize(5);
  c.schedule.steps[0] = {StepKind::kLoad, 0, 0, {}, {0}, 0, 0, 0};
  c.schedule.steps[1] = {StepKind::kCompute, 1, 0, {0}, {1}, 0, 0, 0};
  c.schedule.steps[2] = {StepKind::kCompute, 2, 0, {1}, {2}, 0, 0, 0};
  c.schedule.steps[3] = {StepKind::kCompute, 3, 0, {2}, {3}, 0, 0, 0};
  c.schedule.steps[4] = {StepKind::kStore, 0, 0, {3}, {}, 1, 0, 0};
  return c;
}

std::string fault(const std::function<void(Command&)>& change) {
  Command c = command();
  change(c);
  try {
    check_command(c, shape());
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "";
}

TEST(CommandCheck, NamesTheStepAtFault) {
  EXPECT_EQ(fault([](Command&) {}), "");
  const auto steps = [](Command& c) -> std::vector<Step>& { return c.schedule.steps; };
  EXPECT_EQ(fault([&](Command& c) { steps(c)[1].unit = 4; }),
            "step 1 of the command names a unit that does not exist");
  EXPECT_THAT(fault([&](Command& c) { steps(c)[1].op = 1; }), HasSubstr("outside the command"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[1].reads = {4}; }), HasSubstr("slot that does not"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[1].writes = {4}; }),
              HasSubstr("slot that does not"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[1].unit = 0; }), HasSubstr("wrong kind"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[0].unit = 1; }), HasSubstr("wrong kind"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[0].job = 2; }), HasSubstr("step 0"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[2].job = 1; }), HasSubstr("output job"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[3].job = 1; }), HasSubstr("vector job"));
  EXPECT_THAT(fault([&](Command& c) { steps(c)[4].reads = {}; }), HasSubstr("moves nothing"));
}

TEST(CommandCheck, TransfersStayInTheirSlots) {
  EXPECT_EQ(fault([](Command& c) { c.schedule.transfers[0].row_bytes = 8; }), "");
  EXPECT_THAT(fault([](Command& c) { c.schedule.transfers[0].row_bytes = 17; }),
              HasSubstr("step 0 of the command moves more bytes"));
  EXPECT_THAT(fault([](Command& c) { c.schedule.transfers[1].planes = 2; }),
              HasSubstr("step 4 of the command moves more bytes"));
}

TEST(CommandCheck, StepsNameTheSlotsOfTheirJobs) {
  EXPECT_THAT(fault([](Command& c) { c.output_jobs[0].sums = 0; }), HasSubstr("step 2"));
  EXPECT_THAT(fault([](Command& c) { c.output_jobs[0].parameters = 0; }), HasSubstr("step 2"));
  EXPECT_THAT(fault([](Command& c) { c.output_jobs[0].output = 0; }), HasSubstr("step 2"));
  EXPECT_THAT(fault([](Command& c) { std::get<0>(c.vector_jobs[0]).b = 0; }), HasSubstr("step 3"));
  dataflows::PoolJob pool;
  pool.input = 2;
  pool.output = 3;
  EXPECT_EQ(fault([&](Command& c) { c.vector_jobs[0] = pool; }), "");
  pool.output = 1;
  EXPECT_THAT(fault([&](Command& c) { c.vector_jobs[0] = pool; }), HasSubstr("step 3"));
}

TEST(CommandCheck, ATransferMovesTheFirstSlotThatIsNoToken) {
  dataflows::Schedule schedule;
  schedule.slots = {{0, 0, 0}, {0, 0, 8}, {0, 8, 8}};
  EXPECT_EQ(data_slot(schedule, dataflows::SlotList<3>{0, 2, 1}), 2);
  EXPECT_EQ(data_slot(schedule, dataflows::SlotList<3>{0}), 0);
}

TEST(LocalMemory, SlotsLieInTheirBuffers) {
  LocalMemory memory(shape());
  EXPECT_NO_THROW(memory.bind({{0, 60, 4}, {0, 64, 0}}));
  EXPECT_THROW(memory.bind({{0, 60, 5}}), base::SimulationError);
  EXPECT_THROW(memory.bind({{1, 0, 1}}), base::SimulationError);
}

TEST(LocalMemory, ContentsStayAndLengthsDoNot) {
  LocalMemory memory(shape());
  memory.bind({{0, 8, 4}});
  memory.slot(0)[1] = 77;
  memory.set_length(0, 2);
  EXPECT_EQ(memory.length(0), 2u);
  EXPECT_THROW(memory.set_length(0, 5), base::SimulationError);
  memory.bind({{0, 9, 3}});
  EXPECT_EQ(memory.slot(0)[0], 77);
  EXPECT_EQ(memory.length(0), 3u);
  EXPECT_EQ(memory.buffer(0)[9], 77);
}

}  // namespace
}  // namespace milliwatt::shell
