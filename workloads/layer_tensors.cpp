// SPDX-License-Identifier: Apache-2.0
#include "workloads/layer_tensors.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/nearest.h"
#include "workloads/check.h"

namespace milliwatt::workloads {

void TraceTensors::take_bytes(std::int64_t bytes) {
  if (bytes > most_bytes_ - bytes_) {
    full_ = true;
    throw base::UserError(
        fmt::format("the tensors up to here take more than {} bytes together", most_bytes_));
  }
  bytes_ += bytes;
}

void TraceTensors::reserve(const Tensor& tensor) {
  Tensor measure = tensor;
  measure.role = TensorRole::kActivation;
  if (auto found = workloads::faults(measure); !found.empty()) {
    throw base::UserError(std::move(found));
  }
  take_bytes(measure.bytes());
}

TensorId TraceTensors::add(Tensor tensor, Spread spread) {
  written_.push_back(tensor.role != TensorRole::kActivation);
  graph_.tensors.push_back(std::move(tensor));
  spreads_.push_back(spread);
  return static_cast<TensorId>(graph_.tensors.size() - 1);
}

void TraceTensors::declare(const std::string& name, TensorId id, const base::Place& place) {
  const bool fresh = names_.emplace(name, id).second;
  if (!fresh && !name.empty()) {
    faults_.add(place, fmt::format("the name '{}' is used twice", name));
  }
}

TensorId TraceTensors::named(const NameSpec& name) {
  const auto found = names_.find(name.text);
  if (found != names_.end()) {
    const bool empty = found->second >= 0 && tensor(found->second).elements() == 0;
    if (empty) {
      faults_.add(name.place, fmt::format("'{}' has no elements", name.text));
    }
    return empty ? kBroken : found->second;
  }
  std::vector<std::string> known;
  for (const auto& [text, id] : names_) {
    known.push_back(text);
  }
  faults_.add(name.place, fmt::format("'{}' is neither an input nor an earlier layer{}", name.text,
                                      base::did_you_mean(name.text, known)));
  return kBroken;
}

TensorId TraceTensors::find(const NameSpec& name) {
  const TensorId id = named(name);
  if (id >= 0 && !written_[static_cast<std::size_t>(id)]) {
    faults_.add(name.place, fmt::format("'{}' is read before a layer writes it", name.text));
    return kBroken;
  }
  return id;
}

TensorId TraceTensors::find_output(const NameSpec& name) {
  const TensorId id = named(name);
  if (id < 0) {
    return kBroken;
  }
  if (tensor(id).role != TensorRole::kActivation) {
    faults_.add(
        name.place,
        fmt::format("'{}' has another role than activation, so no layer writes it", name.text));
    return kBroken;
  }
  if (written_[static_cast<std::size_t>(id)]) {
    faults_.add(name.place, fmt::format("'{}' is written twice", name.text));
    return kBroken;
  }
  return id;
}

}  // namespace milliwatt::workloads
