// SPDX-License-Identifier: Apache-2.0
// Programs written by hand, for what no mapping emits yet.
#pragma once

#include <cstring>
#include <vector>

#include "abi/command_list.h"
#include "sim/program.h"

namespace milliwatt::sim::testing {

/// Collects data and commands and lays them out as an image. Tensors in external memory, if any,
/// lie behind it.
class ProgramWriter {
 public:
  ProgramWriter() : image_(sizeof(mw_program_head)) {}

  /// Appends bytes to the image at a multiple of 64.
  mw_ref put(const void* data, std::size_t bytes) {
    image_.resize((image_.size() + 63) / 64 * 64);
    const mw_ref place{MW_REGION_PROGRAM, static_cast<std::uint32_t>(image_.size())};
    const auto* first = static_cast<const std::uint8_t*>(data);
    image_.insert(image_.end(), first, first + bytes);
    return place;
  }
  mw_ref put(const std::vector<std::uint8_t>& bytes) { return put(bytes.data(), bytes.size()); }

  std::vector<mw_command> setup;
  std::vector<mw_command> invoke;

  /// START and WAIT of engine 0 with a descriptor.
  template <typename Descriptor>
  static void run(std::vector<mw_command>& section, ProgramWriter& writer,
                  const Descriptor& descriptor) {
    section.push_back({MW_START, 0, writer.put(&descriptor, sizeof descriptor), sizeof descriptor});
    section.push_back({MW_WAIT, 0, {}, 0});
  }
  static mw_command mark(std::uint32_t layer) { return {MW_MARK, 0, {}, layer}; }

  /// Ends both sections. Places of tensors and compulsory traffic are left to the test.
  Program finish() {
    Program program;
    mw_program_head head{};
    head.magic = MW_PROGRAM_MAGIC;
    head.version = MW_PROGRAM_VERSION;
    head.engines = 1;
    head.engine_base = program.map.engines;
    head.engine_stride = program.map.engine_stride;
    setup.push_back({MW_END, 0, {}, 0});
    invoke.push_back({MW_END, 0, {}, 0});
    head.setup_offset = put(setup.data(), setup.size() * sizeof(mw_command)).offset;
    head.setup_commands = static_cast<std::uint32_t>(setup.size());
    head.invoke_offset = put(invoke.data(), invoke.size() * sizeof(mw_command)).offset;
    head.invoke_commands = static_cast<std::uint32_t>(invoke.size());
    const std::uint32_t end = put(nullptr, 0).offset;
    head.region_base[MW_REGION_PROGRAM] = program.map.external;
    head.region_base[MW_REGION_SRAM] = program.map.sram;
    head.region_base[MW_REGION_EXTERNAL] = program.map.external + end;
    head.region_base[MW_REGION_WINDOW] = program.map.engines + MW_WINDOW_OFFSET;
    std::memcpy(image_.data(), &head, sizeof head);
    program.region_bases.assign(std::begin(head.region_base), std::end(head.region_base));
    program.image = std::move(image_);
    return program;
  }

 private:
  std::vector<std::uint8_t> image_;
};

}  // namespace milliwatt::sim::testing
