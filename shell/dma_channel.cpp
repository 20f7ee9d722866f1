// SPDX-License-Identifier: Apache-2.0
#include "shell/dma_channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace milliwatt::shell {
namespace {

using dataflows::kCountBytes;

void put_count(std::uint8_t* bytes, std::uint32_t count) {
  for (std::uint32_t i = 0; i < kCountBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(count >> (8 * i));
  }
}

std::uint32_t get_count(const std::uint8_t* bytes) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < kCountBytes; ++i) {
    count |= std::uint32_t{bytes[i]} << (8 * i);
  }
  return count;
}

}  // namespace

void DmaChannel::begin(const dataflows::Transfer& transfer, bool write, std::int16_t layer) {
  request_.burst.write = write;
  request_.burst.tag = {layer, transfer.tensor_class};
  address_ = transfer.address;
  payload_ = static_cast<std::uint32_t>(transfer.bytes());
  walk_ = BurstWalk(transfer, burst_bytes_);
  slot_ = nullptr;
}

void DmaChannel::walk(std::uint64_t address, std::uint32_t bytes) {
  dataflows::Transfer run;
  run.address = address;
  run.row_bytes = bytes;
  walk_ = BurstWalk(run, burst_bytes_);
}

void DmaChannel::begin_load(const dataflows::Transfer& transfer, std::uint8_t* data,
                            std::uint32_t capacity, std::int16_t layer) {
  begin(transfer, false, layer);
  cursor_ = data;
  if (transfer.length == dataflows::Length::kCounted) {
    capacity_ = std::min(capacity, payload_);
    slot_ = data;
    staging_.resize(kCountBytes);
    cursor_ = staging_.data();
    walk(address_, kCountBytes);
  }
}

void DmaChannel::begin_store(const dataflows::Transfer& transfer, std::uint8_t* data,
                             std::uint32_t length, std::int16_t layer) {
  begin(transfer, true, layer);
  cursor_ = data;
  if (transfer.length == dataflows::Length::kCounted) {
    payload_ = length;
    staging_.resize(kCountBytes + length);
    put_count(staging_.data(), length);
    std::copy_n(data, length, staging_.data() + kCountBytes);
    cursor_ = staging_.data();
    walk(address_, kCountBytes + length);
  }
}

/// Goes on from a count to its payload; false when there is none.
bool DmaChannel::read_count() {
  payload_ = get_count(staging_.data());
  if (payload_ > capacity_) {
    throw base::SimulationError(fmt::format("the transfer at {:#x} has a count of {} bytes, {} fit",
                                            address_, payload_, capacity_));
  }
  cursor_ = slot_;
  slot_ = nullptr;
  walk(address_ + kCountBytes, payload_);
  return payload_ > 0;
}

bool DmaChannel::next() {
  BurstWalk::Piece piece;
  if (!walk_.next(piece)) {
    if (slot_ == nullptr || !read_count() || !walk_.next(piece)) {
      return false;
    }
  }
  request_.burst.address = piece.address;
  request_.burst.bytes = piece.bytes;
  request_.data = cursor_;
  cursor_ += piece.bytes;
  return true;
}

}  // namespace milliwatt::shell
