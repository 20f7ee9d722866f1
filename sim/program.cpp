// SPDX-License-Identifier: Apache-2.0
#include "sim/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "dataflows/conv_geometry.h"
#include "dataflows/host_task.h"
#include "workloads/packing.h"
#include "workloads/reference.h"

namespace milliwatt::sim {
namespace {

using dataflows::PlannedOperator;
using dataflows::Runner;
using workloads::Graph;
using workloads::Operator;
using workloads::OperatorKind;
using workloads::TensorId;
using workloads::TensorRole;

constexpr std::uint64_t kStructureAlignment = 8;

/// The image as it grows.
class Image {
 public:
  /// Appends bytes at the next multiple of `alignment`; returns their offset.
  std::uint32_t append(const void* data, std::size_t size, std::uint64_t alignment) {
    const std::uint32_t offset = reserve(size, alignment);
    if (size > 0) {
      std::memcpy(bytes_.data() + offset, data, size);
    }
    return offset;
  }
  std::uint32_t append(const std::vector<std::uint8_t>& data, std::uint64_t alignment) {
    return append(data.data(), data.size(), alignment);
  }
  std::uint32_t reserve(std::size_t size, std::uint64_t alignment) {
    const std::size_t offset = (bytes_.size() + alignment - 1) / alignment * alignment;
    if (offset + size > UINT32_MAX) {
      throw base::UserError("the program image exceeds 4 GiB");
    }
    bytes_.resize(offset + size);
    return static_cast<std::uint32_t>(offset);
  }
  template <typename T>
  void put(std::uint32_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

mw_command command(mw_opcode opcode, mw_ref place = {}, std::uint32_t value = 0,
                   std::uint16_t engine = 0) {
  return {static_cast<std::uint16_t>(opcode), engine, place, value};
}

class Builder {
 public:
  Builder(const Graph& graph, const dataflows::Plan& plan, bool has_flash, std::uint32_t engines,
          OffChip off_chip)
      : graph_{graph}, plan_{plan}, has_flash_{has_flash}, engines_{engines}, off_chip_{off_chip} {}

  Program build();

 private:
  void place_tensors();
  void set_states();
  void emit(std::size_t index);
  mw_ref place(TensorId id) const { return program_.tensor_places[static_cast<std::size_t>(id)]; }
  std::vector<mw_ref> places_of(const std::vector<TensorId>& ids) const;
  bool off_chip(TensorId id) const;
  std::uint32_t append_commands(const std::vector<mw_command>& commands);
  void finish(std::uint32_t head_offset);
  Compulsory compulsory(const Operator& op, const PlannedOperator& planned) const;

  const Graph& graph_;
  const dataflows::Plan& plan_;
  bool has_flash_;
  std::uint32_t engines_;
  OffChip off_chip_;
  Program program_;
  Image image_;
  std::vector<mw_command> setup_;
  std::vector<mw_command> invoke_;
};

Program Builder::build() {
  const std::uint32_t head = image_.reserve(sizeof(mw_program_head), kStructureAlignment);
  place_tensors();
  set_states();
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    emit(i);
  }
  setup_.push_back(command(MW_END));
  invoke_.push_back(command(MW_END));
  finish(head);
  return std::move(program_);
}

/// Constants that are data to an operator stay as they are in the network.
void Builder::place_tensors() {
  for (const dataflows::PlannedTensor& tensor : plan_.tensors) {
    program_.tensor_places.push_back(tensor.place);
  }
  for (const Operator& op : graph_.operators) {
    for (const TensorId id : dataflows::data_inputs(op)) {
      const workloads::Tensor& tensor = graph_.tensor(id);
      if (tensor.role == TensorRole::kConstant && place(id).offset == 0) {
        program_.tensor_places[static_cast<std::size_t>(id)] = {
            MW_REGION_PROGRAM, image_.append(tensor.data, dataflows::kTensorAlignment)};
      }
    }
  }
}

/// Set-up copies every state's zero points to its home.
void Builder::set_states() {
  const workloads::States states(graph_);
  for (std::size_t id = 0; id < graph_.tensors.size(); ++id) {
    if (graph_.tensors[id].role != TensorRole::kState) {
      continue;
    }
    const workloads::Bytes& zeros = states.bytes(static_cast<TensorId>(id));
    mw_copy_args copy{};
    copy.source = {MW_REGION_PROGRAM, image_.append(zeros, dataflows::kTensorAlignment)};
    copy.destination = program_.tensor_places[id];
    copy.bytes = static_cast<std::uint32_t>(zeros.size());
    copy.layer = UINT32_MAX;  // no layer's
    const std::uint32_t args = image_.append(&copy, sizeof copy, kStructureAlignment);
    setup_.push_back(command(MW_COPY, {MW_REGION_PROGRAM, args}));
  }
}

std::vector<mw_ref> Builder::places_of(const std::vector<TensorId>& ids) const {
  std::vector<mw_ref> places;
  for (const TensorId id : ids) {
    places.push_back(place(id));
  }
  return places;
}

void Builder::emit(std::size_t index) {
  const Operator& op = graph_.operators[index];
  const PlannedOperator& planned = plan_.operators[index];
  program_.compulsory.push_back(compulsory(op, planned));
  invoke_.push_back(command(MW_MARK, {}, static_cast<std::uint32_t>(index)));
  if (planned.runner == Runner::kAlias) {
    return;
  }
  dataflows::TaskPlaces places;
  places.inputs = places_of(dataflows::data_inputs(op));
  places.outputs = places_of(op.outputs);
  places.states = places_of(op.states);
  for (const dataflows::PackedConstant& constant : planned.task->constants()) {
    places.constants.push_back(
        {MW_REGION_PROGRAM, image_.append(constant.bytes, dataflows::kTensorAlignment)});
  }
  const std::vector<std::uint8_t> descriptor =
      planned.task->descriptor(places, static_cast<std::uint16_t>(index));
  const mw_ref where{MW_REGION_PROGRAM, image_.append(descriptor, kStructureAlignment)};
  const auto bytes = static_cast<std::uint32_t>(descriptor.size());
  if (planned.runner == Runner::kHost) {
    invoke_.push_back(command(MW_CALL, where, bytes));
    return;
  }
  const auto engine = static_cast<std::uint16_t>(planned.engine);
  invoke_.push_back(command(MW_START, where, bytes, engine));
  invoke_.push_back(command(MW_WAIT, {}, 0, engine));
}

std::uint32_t Builder::append_commands(const std::vector<mw_command>& commands) {
  return image_.append(commands.data(), commands.size() * sizeof(mw_command),
                       dataflows::kTensorAlignment);
}

void Builder::finish(std::uint32_t head_offset) {
  mw_program_head head{};
  head.magic = MW_PROGRAM_MAGIC;
  head.version = MW_PROGRAM_VERSION;
  head.engines = engines_;
  head.engine_base = program_.map.engines;
  head.engine_stride = program_.map.engine_stride;
  head.setup_offset = append_commands(setup_);
  head.setup_commands = static_cast<std::uint32_t>(setup_.size());
  head.invoke_offset = append_commands(invoke_);
  head.invoke_commands = static_cast<std::uint32_t>(invoke_.size());
  const std::uint32_t end = image_.reserve(0, dataflows::kTensorAlignment);
  head.region_base[MW_REGION_PROGRAM] = has_flash_ ? program_.map.flash : program_.map.external;
  head.region_base[MW_REGION_SRAM] = program_.map.sram;
  head.region_base[MW_REGION_EXTERNAL] = program_.map.external + (has_flash_ ? 0 : end);
  head.region_base[MW_REGION_WINDOW] = program_.map.engines + MW_WINDOW_OFFSET;
  image_.put(head_offset, head);
  program_.region_bases.assign(std::begin(head.region_base), std::end(head.region_base));
  program_.image = image_.take();
}

bool Builder::off_chip(TensorId id) const {
  const std::uint32_t region = place(id).region;
  return region == MW_REGION_PROGRAM ? off_chip_.program
                                     : region == MW_REGION_EXTERNAL && off_chip_.external;
}

/// Constants are read as often as once; a constant off chip is touched as a whole.
Compulsory Builder::compulsory(const Operator& op, const PlannedOperator& planned) const {
  Compulsory bytes;
  if (planned.runner == Runner::kAlias) {
    return bytes;
  }
  for (const dataflows::PackedConstant& constant : planned.task->constants()) {
    bytes.read += off_chip_.program ? static_cast<std::int64_t>(constant.bytes.size()) : 0;
  }
  std::vector<TensorId> counted;
  for (const TensorId id : dataflows::data_inputs(op)) {
    if (off_chip(id) && std::find(counted.begin(), counted.end(), id) == counted.end()) {
      bytes.read += touched_input_bytes(graph_, op, id);
      counted.push_back(id);
    }
  }
  for (const TensorId id : op.outputs) {
    bytes.written += off_chip(id) ? graph_.tensor(id).bytes() : 0;
  }
  for (const TensorId id : op.states) {
    const bool read = std::find(counted.begin(), counted.end(), id) == counted.end();
    bytes.read += off_chip(id) && read ? graph_.tensor(id).bytes() : 0;
    bytes.written += off_chip(id) ? graph_.tensor(id).bytes() : 0;
  }
  return bytes;
}

/// Positions of [0, size) that some window of `outputs` looks at.
std::int64_t touched_positions(std::int32_t outputs, std::int32_t stride, std::int32_t kernel,
                               std::int32_t dilation, std::int32_t pad, std::int32_t size) {
  std::vector<bool> touched(static_cast<std::size_t>(size), false);
  for (std::int32_t o = 0; o < outputs; ++o) {
    for (std::int32_t k = 0; k < kernel; ++k) {
      const std::int32_t position = o * stride - pad + k * dilation;
      if (position >= 0 && position < size) {
        touched[static_cast<std::size_t>(position)] = true;
      }
    }
  }
  return std::count(touched.begin(), touched.end(), true);
}

bool has_window(const Operator& op) {
  return op.kind == OperatorKind::kConv2d || op.kind == OperatorKind::kDepthwiseConv2d ||
         op.kind == OperatorKind::kAveragePool2d || op.kind == OperatorKind::kMaxPool2d;
}

}  // namespace

std::int64_t touched_input_bytes(const Graph& graph, const Operator& op, TensorId input) {
  const workloads::Tensor& tensor = graph.tensor(input);
  const int bits = workloads::element_bits(tensor.type);
  if (const auto* slice = std::get_if<workloads::Slice>(&op.attributes)) {
    std::int64_t elements = 1;
    for (const std::int32_t count : slice->count) {
      elements *= count;
    }
    return workloads::packed_bytes(elements, bits);
  }
  if (!has_window(op)) {
    return tensor.bytes();
  }
  const dataflows::ConvGeometry g = dataflows::conv_geometry(graph, op);
  const std::int64_t elements =
      touched_positions(g.output_h, g.stride_h, g.kernel_h, g.dilation_h, g.pad_top, g.input_h) *
      touched_positions(g.output_w, g.stride_w, g.kernel_w, g.dilation_w, g.pad_left, g.input_w) *
      g.input_c * g.batch;
  return workloads::packed_bytes(elements, bits);
}

Program build_program(const Graph& graph, const dataflows::Plan& plan, bool has_flash,
                      std::uint32_t engines, OffChip off_chip) {
  return Builder{graph, plan, has_flash, engines, off_chip}.build();
}

}  // namespace milliwatt::sim
