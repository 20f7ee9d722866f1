// SPDX-License-Identifier: Apache-2.0
#include "shell/step_counts.h"

#include <variant>

namespace milliwatt::shell {

void StepCounts::access(dataflows::SlotId slot, int action, std::int64_t elements, int bits,
                        std::int16_t layer) {
  const dataflows::BufferId buffer = slots_[slot].buffer;
  counters_.buffers[buffer].add(action, layer,
                                buffer_accesses(shape_.buffers[buffer], elements, bits));
}

void StepCounts::output(const dataflows::OutputJob& job, std::int16_t layer) {
  const std::int64_t sums = std::int64_t{job.pixels} * job.channels;
  const auto sum_bytes = static_cast<std::int64_t>(sizeof(std::int32_t));
  const auto row_bytes = static_cast<std::int64_t>(sizeof(dataflows::ChannelParameters));
  counters_.output_stage.add(kRequantize, layer, sums);
  access(job.sums, kBufferRead, sums * sum_bytes, 8, layer);
  access(job.parameters, kBufferRead, job.channels * row_bytes, 8, layer);
  access(job.output, kBufferWrite, sums, job.bits, layer);
}

void StepCounts::vector(const dataflows::VectorJob& job, std::int16_t layer) {
  if (const auto* add = std::get_if<dataflows::AddJob>(&job)) {
    counters_.vector_unit.add(kAddElement, layer, add->elements);
    access(add->a, kBufferRead, add->elements, add->bits_a, layer);
    access(add->b, kBufferRead, add->elements, add->bits_b, layer);
    access(add->output, kBufferWrite, add->elements, add->bits_output, layer);
    return;
  }
  const auto& pool = std::get<dataflows::PoolJob>(job);
  const std::int64_t taps = dataflows::pool_taps(pool);
  counters_.vector_unit.add(kPoolTap, layer, taps);
  access(pool.input, kBufferRead, taps, pool.bits_input, layer);
  access(pool.output, kBufferWrite, std::int64_t{pool.output_rows} * pool.output_w * pool.channels,
         pool.bits_output, layer);
}

void StepCounts::burst(const memory::Burst& burst, std::uint32_t bus_bytes) {
  const std::uint64_t first = burst.address / bus_bytes;
  const std::uint64_t last = (burst.address + burst.bytes - 1) / bus_bytes;
  counters_.dma.add(kDmaBurst, burst.tag.layer);
  counters_.dma.add(kDmaBeat, burst.tag.layer, static_cast<std::int64_t>(last - first + 1));
}

void StepCounts::descriptor(const memory::Burst& burst, std::uint32_t bus_bytes) {
  this->burst(burst, bus_bytes);
  counters_.control.add(kDescriptorByte, burst.tag.layer, burst.bytes);
}

}  // namespace milliwatt::shell
