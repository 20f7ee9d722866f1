// SPDX-License-Identifier: Apache-2.0
// The action sequence and the cycles of every command.
#include "mcu/native_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "abi/descriptor.h"
#include "base/files.h"
#include "mcu/host_testing.h"

namespace milliwatt::mcu {
namespace {

using testing::command;
using ::testing::ElementsAre;
using testing::FlatSystem;
using ::testing::HasSubstr;
using testing::Image;
using testing::kMemoryBytes;
using testing::kProgramBase;
using testing::kSramBase;

/// Round numbers, so that sums can be read.
NativeHostConfig round_costs() {
  NativeHostConfig config;
  config.burst_bytes = 64;
  config.command_cycles = 20;
  config.register_cycles = 4;
  config.interrupt_cycles = 40;
  config.call_cycles = 100;
  config.cycles_per_mac = 2;
  config.cycles_per_output = 30;
  config.cycles_per_tap = 5;
  config.cycles_per_addition = 80;
  config.cycles_per_exponential = 150;
  config.cycles_per_softmax_row = 200;
  config.cycles_per_copied_byte = 0.5;
  return config;
}

std::string error_of(const Image& image) {
  FlatSystem system(image.bytes(), round_costs());
  try {
    system.run(NativeHost::Section::kSetup);
    system.run(NativeHost::Section::kInvoke);
  } catch (const base::SimulationError& error) {
    return error.what();
  }
  return "no error";
}

/// The log of the invoke section, without the fetch of its first commands.
std::vector<std::string> invoke_log(FlatSystem& system) {
  system.run(NativeHost::Section::kSetup);
  system.log.clear();
  system.run(NativeHost::Section::kInvoke);
  const auto is_work = [](const std::string& line) { return line == "work 20"; };
  return {std::find_if(system.log.begin(), system.log.end(), is_work), system.log.end()};
}

TEST(NativeHost, SetUpReadsTheHeadAndWritesTheRegionBasesOfEveryEngine) {
  FlatSystem system(Image(2).bytes(), round_costs());
  system.run(NativeHost::Section::kSetup);
  // The head: 56 bytes at 0x1000 = 4096; registers of engine 0 at 0xe000 = 57344, bases at + 32.
  EXPECT_THAT(system.log,
              ElementsAre("read 4096+56 program -1",                           //
                          "work 4", "write 57376+4 control -1",                //
                          "work 4", "write 57380+4 control -1",                //
                          "work 4", "write 57384+4 control -1",                //
                          "work 4", "write 57388+4 control -1",                //
                          "work 4", "write 57632+4 control -1",                //
                          "work 4", "write 57636+4 control -1",                //
                          "work 4", "write 57640+4 control -1",                //
                          "work 4", "write 57644+4 control -1",                //
                          "read 4152+8 program -1", "read 4160+8 program -1",  // END at 56
                          "work 20", "done"));
  std::uint32_t base = 0;
  std::memcpy(&base, &system.memory[57636], 4);
  EXPECT_EQ(base, kSramBase);
  // 11 bursts of 10, 8 register writes of 4, one command of 20.
  EXPECT_EQ(system.now, 11 * 10 + 8 * 4 + 20);
}

TEST(NativeHost, CommandsAreFetchedAheadByWholeBursts) {
  Image image;
  image.set_invoke({command(MW_FENCE), command(MW_FENCE), command(MW_FENCE), command(MW_FENCE),
                    command(MW_FENCE), command(MW_END)});
  FlatSystem system(image.bytes(), round_costs());
  system.run(NativeHost::Section::kSetup);
  system.log.clear();
  const base::Cycles begin = system.now;
  system.run(NativeHost::Section::kInvoke);
  // Head 56 + two ENDs of 16: the list lies at 88 (4184) and ends at 4280; bursts end at multiples
  // of 64 (4224). Four commands are fetched, then the remaining two.
  EXPECT_THAT(system.log, ElementsAre("read 4184+40 program -1", "read 4224+24 program -1",
                                      "work 20", "work 20", "work 20", "work 20",
                                      "read 4248+32 program -1", "work 20", "work 20", "done"));
  EXPECT_EQ(system.now - begin, 3 * 10 + 6 * 20);
}

TEST(NativeHost, StartWritesTheDescriptorRegistersThenControl) {
  Image image(2);
  image.set_invoke({command(MW_START, 1, {MW_REGION_SRAM, 0x40}, 160), command(MW_END)});
  FlatSystem system(image.bytes(), round_costs());
  EXPECT_THAT(invoke_log(system),
              ElementsAre("work 20", "work 4", "write 57616+4 control -1", "work 4",
                          "write 57620+4 control -1", "work 4", "write 57624+4 control -1",
                          "work 4", "write 57608+4 control -1", "work 20", "done"));
  std::uint32_t written[6] = {};
  std::memcpy(written, &system.memory[57608], sizeof written);
  EXPECT_EQ(written[0], 1U);              // CONTROL
  EXPECT_EQ(written[2], MW_REGION_SRAM);  // DESCRIPTOR_REGION
  EXPECT_EQ(written[3], 0x40U);
  EXPECT_EQ(written[4], 160U);
}

TEST(NativeHost, WaitSleepsPaysTheInterruptAndAcknowledges) {
  Image image;
  image.set_invoke({command(MW_MARK, 0, {0, 0}, 3), command(MW_WAIT, 0), command(MW_END)});
  FlatSystem system(image.bytes(), round_costs());
  EXPECT_THAT(invoke_log(system),
              ElementsAre("work 20", "mark 3", "work 20", "wait 0", "work 40", "work 4",
                          "write 57356+4 control 3", "work 20", "done"));
  // Idle: the sleep alone. Active in layer 3: WAIT 20 + interrupt 40 + register 4 + burst 10 + END
  // 20; the MARK itself still belongs to nobody.
  EXPECT_EQ(system.host.counters().value(1, 3), FlatSystem::kEngineCycles);
  EXPECT_EQ(system.host.counters().value(0, 3), 20 + 40 + 4 + 10 + 20);
  EXPECT_EQ(system.host.counters().total(0) + system.host.counters().total(1), system.now);
}

TEST(NativeHost, TheTimelineHoldsEveryCycleOnce) {
  Image image;
  image.set_invoke({command(MW_MARK, 0, {0, 0}, 3), command(MW_WAIT, 0), command(MW_END)});
  FlatSystem system(image.bytes(), round_costs());
  invoke_log(system);
  base::Cycles end = 0;
  base::Cycles idle = 0;
  for (const HostInterval& interval : system.host.timeline()) {
    EXPECT_EQ(interval.begin, end);
    EXPECT_GT(interval.end, interval.begin);
    end = interval.end;
    idle += interval.activity == HostActivity::kIdle ? interval.end - interval.begin : 0;
  }
  EXPECT_EQ(end, system.now);
  EXPECT_EQ(idle, FlatSystem::kEngineCycles);
}

testing::Record<mw_pool_section> max_pool() {
  testing::Record<mw_pool_section> record;
  record.kernel = MW_KERNEL_MAX_POOL;
  record.layer = 7;
  record.operands = {testing::input({MW_REGION_SRAM, 60}, 12),
                     testing::output({MW_REGION_SRAM, 100}, 3)};
  // 2x2x3 to 1x1x3
  record.section = {{1, 2, 2, 3, 1, 1, 3, 2, 2, 2, 2, 1, 1, 0, 0}, -128, 127, 0};
  return record;
}

Image call_image(const std::vector<std::uint8_t>& record) {
  Image image;
  const mw_ref place = image.add(record.data(), record.size());
  const auto bytes = static_cast<std::uint32_t>(record.size());
  image.set_invoke({command(MW_CALL, 0, place, bytes), command(MW_END)});
  return image;
}

TEST(NativeHost, CallReadsRecordAndOperandsComputesAndWritesTheResult) {
  FlatSystem system(call_image(max_pool().bytes()).bytes(), round_costs());
  const std::int8_t input[12] = {1, 2, 3, 4, -5, 6, 7, 8, -9, 10, -11, 12};
  std::memcpy(&system.memory[kSramBase + 60], input, sizeof input);
  // The record of 16 + 2 * 16 + 72 = 120 bytes at 56 + 2 * 16 = 88: 4184 .. 4304 in bursts that end
  // at 4224, 4288, 4304.
  // The input, 0x8000 + 60 = 32828 .. 32840, crosses 32832. Pool: 3 outputs * 4 taps * 5 = 60.
  EXPECT_THAT(invoke_log(system),
              ElementsAre("work 20", "read 4184+40 program -1", "read 4224+64 program -1",
                          "read 4288+16 program -1", "read 32828+4 ifmap 7", "read 32832+8 ifmap 7",
                          "work 100", "work 60", "write 32868+3 ofmap 7", "work 20", "done"));
  EXPECT_EQ(system.memory[kSramBase + 100], 10);  // channel 0: 1, 4, 7, 10
  EXPECT_EQ(system.memory[kSramBase + 101], 8);
  EXPECT_EQ(system.memory[kSramBase + 102], 12);
  // Operands, work and result of the call, in its own layer.
  EXPECT_EQ(system.host.counters().value(0, 7), 2 * 10 + 100 + 60 + 10);
}

TEST(NativeHost, OperandsHaveTheClassOfTheirRecordOnTheBus) {
  testing::Record<mw_copy_section> copy;
  copy.operands = {testing::operand({MW_REGION_PROGRAM, 0}, 3, MW_USE_READ, 8, MW_TENSOR_WEIGHTS),
                   testing::output({MW_REGION_SRAM, 0}, 3)};
  copy.section.bytes = 3;
  FlatSystem system(call_image(copy.bytes()).bytes(), round_costs());
  // 3 bytes at half a cycle: 1.5, rounded up.
  EXPECT_THAT(invoke_log(system), ::testing::IsSupersetOf({"read 4096+3 weights 0", "work 2",
                                                           "write 32768+3 ofmap 0"}));
}

TEST(NativeHost, WithoutValuesActionsAndCyclesStayTheSame) {
  const std::vector<std::uint8_t> image = call_image(max_pool().bytes()).bytes();
  FlatSystem with(image, round_costs());
  FlatSystem without(image, round_costs(), NativeHost::Values::kSkipped);
  with.memory[kSramBase + 60] = without.memory[kSramBase + 60] = 99;
  invoke_log(with);
  invoke_log(without);
  EXPECT_EQ(with.log, without.log);
  EXPECT_EQ(with.now, without.now);
  EXPECT_EQ(with.host.counters(), without.host.counters());
  EXPECT_EQ(with.memory[kSramBase + 100], 99);
  EXPECT_EQ(without.memory[kSramBase + 100], 0);
}

TEST(NativeHost, CopyMovesPieceByPiece) {
  Image image;
  const mw_copy_args copy = {{MW_REGION_SRAM, 32}, {MW_REGION_SRAM, 0x200 + 16}, 80, 2};
  const mw_ref place = image.add(copy);
  image.set_invoke({command(MW_COPY, 0, place), command(MW_END)});
  FlatSystem system(image.bytes(), round_costs());
  for (std::uint32_t i = 0; i < 80; ++i) {
    system.memory[kSramBase + 32 + i] = static_cast<std::uint8_t>(i + 1);
  }
  // Source 32800 .. 32880: pieces of 32 and 48 bytes. The second piece goes to 33328 .. 33376 and
  // crosses 33344.
  EXPECT_THAT(invoke_log(system),
              ElementsAre("work 20", "read 4184+24 program -1", "read 32800+32 ifmap 2", "work 16",
                          "write 33296+32 ofmap 2", "read 32832+48 ifmap 2", "work 24",
                          "write 33328+16 ofmap 2", "write 33344+32 ofmap 2", "work 20", "done"));
  EXPECT_TRUE(std::equal(&system.memory[kSramBase + 32], &system.memory[kSramBase + 112],
                         &system.memory[kSramBase + 0x210]));
}

TEST(NativeHost, InvocationsRepeat) {
  FlatSystem system(call_image(max_pool().bytes()).bytes(), round_costs());
  invoke_log(system);
  const std::vector<std::string> first = system.log;
  system.log.clear();
  system.run(NativeHost::Section::kInvoke);
  EXPECT_EQ(system.log, first);
}

TEST(NativeHost, SectionsOutOfOrderAreABug) {
  FlatSystem system(Image().bytes(), round_costs());
  EXPECT_THROW(system.host.begin(NativeHost::Section::kInvoke, 0), base::InternalError);
  EXPECT_THROW(system.host.next(0), base::InternalError);
  system.run(NativeHost::Section::kSetup);
  EXPECT_THROW(system.host.begin(NativeHost::Section::kSetup, 0), base::InternalError);
  EXPECT_THROW(system.host.next(system.now), base::InternalError);
}

TEST(NativeHost, ABurstMustBeAPowerOfTwo) {
  NativeHostConfig config = round_costs();
  config.burst_bytes = 48;
  EXPECT_THROW(NativeHost(config, {0, 64}, NativeHost::Values::kComputed), base::UserError);
}

TEST(NativeHostConfig, DefaultsComeFromTheSchema) {
  const NativeHostConfig config = default_native_host();
  EXPECT_EQ(config.burst_bytes, 64U);
  EXPECT_EQ(config.cycles_per_mac, 8.0);
  for (const base::ParameterRow& row : native_host_schema().describe()) {
    const bool is_cost = row.unit == "cycles";
    EXPECT_EQ(is_cost, row.confidence.rfind("assumed, ", 0) == 0) << row.key;
    EXPECT_EQ(is_cost, !row.source.empty()) << row.key;
  }
}

TEST(NativeHostConfig, ThePageHasEveryParameterWithItsDefault) {
  const std::string page = base::read_file(MILLIWATT_SOURCE_DIR "/docs/models/native-host.md");
  for (const base::ParameterRow& row : native_host_schema().describe()) {
    if (row.key != "kind") {
      const std::string cells = "| `" + row.key + "` | " + row.def + " |";
      EXPECT_NE(page.find(cells), std::string::npos) << cells;
    }
  }
}

TEST(NativeHostConfig, KernelCyclesAreRoundedUpOnce) {
  NativeHostConfig config;
  config.cycles_per_mac = 0.333;
  config.cycles_per_output = 1.5;
  KernelWork work;
  work.macs = 10;
  work.outputs = 1;
  EXPECT_EQ(kernel_cycles(config, work), 5);  // 3.330 + 1.500 = 4.830
}

TEST(BadProgram, TheHeadIsChecked) {
  const auto with = [](const std::function<void(mw_program_head&)>& change) {
    Image image;
    change(image.head());
    return error_of(image);
  };
  EXPECT_EQ(with([](auto&) {}), "no error");
  EXPECT_EQ(with([](auto& h) { h.magic = 1; }),
            "host: setup, head of the program: the magic is 0x1 instead of 0x3150574d");
  EXPECT_THAT(with([](auto& h) { h.version = 1; }), HasSubstr("the version is 1, known is 2"));
  EXPECT_THAT(with([](auto& h) { h.region_base[0] = 0; }), HasSubstr("lies at 0x0"));
  EXPECT_THAT(with([](auto& h) { h.invoke_offset = 76; }), HasSubstr("leaves the image"));
  EXPECT_EQ(with([](auto& h) { h.invoke_offset = 72; }), "no error");
  EXPECT_THAT(with([](auto& h) { h.setup_offset = 58; }), HasSubstr("leaves the image"));
  EXPECT_THAT(with([](auto& h) { h.invoke_commands = 0; }),
              HasSubstr("invoke command 0 (fetch): the section has no END"));
  EXPECT_THAT(with([](auto& h) { h.engines = 65537; }), HasSubstr("make no sense"));
}

TEST(BadProgram, TheCommandIsNamed) {
  const auto with = [](const mw_command& bad) {
    Image image;
    image.set_invoke({command(MW_FENCE), bad, command(MW_END)});
    return error_of(image);
  };
  EXPECT_EQ(with(command(MW_BRANCH)), "host: invoke command 1 (BRANCH): BRANCH is reserved");
  EXPECT_EQ(with(mw_command{9, 0, {0, 0}, 0}),
            "host: invoke command 1 (unknown): opcode 9 does not exist");
  EXPECT_EQ(with(command(MW_WAIT, 1)),
            "host: invoke command 1 (WAIT): engine 1 does not exist, the program has 1");
  EXPECT_THAT(with(command(MW_START, 0, {0, 0}, 15)), HasSubstr("15 bytes has no head"));
  EXPECT_THAT(with(command(MW_START, 0, {4, 0}, 16)), HasSubstr("region 4 does not exist"));
  // The image has 56 + 2 * 16 + 3 * 16 = 136 bytes.
  EXPECT_THAT(with(command(MW_START, 0, {0, 121}, 16)), HasSubstr("leave the image of 136 bytes"));
  EXPECT_EQ(with(command(MW_START, 0, {0, 120}, 16)), "no error");
  EXPECT_THAT(with(command(MW_CALL, 0, {0, 4}, 136)), HasSubstr("leave the image"));
  EXPECT_THAT(with(command(MW_CALL, 0, {0, 0}, 15)), HasSubstr("a record of 15 bytes is none"));
  EXPECT_THAT(with(command(MW_CALL, 0, {0, 0}, 65537)),
              HasSubstr("a record of 65537 bytes is none"));
  EXPECT_THAT(with(command(MW_COPY, 0, {0, 120})), HasSubstr("leave the image"));
  EXPECT_THAT(with(command(MW_MARK, 0, {0, 0}, 32768)), HasSubstr("layer 32768 is larger"));
  EXPECT_EQ(with(command(MW_MARK, 0, {0, 0}, UINT32_MAX)), "no error");
}

TEST(BadProgram, TheKernelAndTheCopyAreChecked) {
  auto record = max_pool();
  record.kernel = MW_KERNELS;
  EXPECT_EQ(error_of(call_image(record.bytes())),
            "host: invoke command 0 (CALL): kernel 29 does not exist");
  record = max_pool();
  record.operands[1].place = {MW_REGION_SRAM, UINT32_MAX - 1};
  EXPECT_THAT(error_of(call_image(record.bytes())), HasSubstr("leave the address space"));
  record = max_pool();
  record.layer = 0x8000;
  EXPECT_THAT(error_of(call_image(record.bytes())), HasSubstr("the layer is 32768"));
  Image image;
  const mw_copy_args copy = {{MW_REGION_SRAM, 0}, {MW_REGION_SRAM, 9}, 10, 0};
  const mw_ref place = image.add(copy);
  image.set_invoke({command(MW_COPY, 0, place), command(MW_END)});
  EXPECT_EQ(error_of(image), "host: invoke command 0 (COPY): source and destination overlap");
}

}  // namespace
}  // namespace milliwatt::mcu
