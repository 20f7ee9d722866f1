// SPDX-License-Identifier: Apache-2.0
#include "sim/read_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/write_json.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
T get(const Json& json, const char* key) {
  return json.at(key).get<T>();
}

std::int64_t integer(const Json& json, const char* key) { return get<std::int64_t>(json, key); }
std::string text(const Json& json, const char* key) { return get<std::string>(json, key); }

energy::Bounds bounds(const Json& json) {
  return {integer(json, "low"), integer(json, "nominal"), integer(json, "high")};
}

Level level(const std::string& name) {
  for (const Level level : {Level::kEstimate, Level::kValues, Level::kExact}) {
    if (name == level_name(level)) {
      return level;
    }
  }
  throw base::UserError("no level '" + name + "'");
}

std::array<std::int64_t, base::kTensorClasses> by_class(const Json& json) {
  std::array<std::int64_t, base::kTensorClasses> bytes{};
  for (int i = 0; i < base::kTensorClasses; ++i) {
    bytes[static_cast<std::size_t>(i)] =
        integer(json, base::tensor_class_name(static_cast<base::TensorClass>(i)));
  }
  return bytes;
}

std::vector<MemoryTraffic> traffic(const Json& json) {
  std::vector<MemoryTraffic> memories;
  for (const Json& memory : json) {
    memories.push_back({text(memory, "memory"), get<bool>(memory, "off_chip"),
                        by_class(memory.at("read_bytes")), by_class(memory.at("written_bytes"))});
  }
  return memories;
}

/// Absent in files of earlier versions.
workloads::ZeroCount zeros(const Json& json, const char* key) {
  if (!json.contains(key)) {
    return {};
  }
  const Json& count = json.at(key);
  return {integer(count, "zeros"), integer(count, "elements")};
}

LayerResult layer(const Json& json) {
  LayerResult layer;
  layer.index = get<int>(json, "layer");
  layer.name = text(json, "name");
  layer.kind = text(json, "kind");
  layer.runner = text(json, "runner");
  layer.mapping = text(json, "mapping");
  layer.reason = json.value("reason", "");
  layer.output_shape = text(json, "output_shape");
  layer.start_cycle = integer(json, "start_cycle");
  layer.end_cycle = integer(json, "end_cycle");
  layer.span_start_cycle = integer(json, "span_start_cycle");
  layer.span_end_cycle = integer(json, "span_end_cycle");
  layer.cycles = {integer(json, "cycles_low"), integer(json, "cycles_high")};
  for (int i = 0; i < kCauses; ++i) {
    layer.cycles_by_cause[static_cast<std::size_t>(i)] =
        integer(json.at("cycles_by_cause"), cause_name(static_cast<Cause>(i)));
  }
  layer.macs = integer(json, "macs");
  layer.peak_macs_per_cycle = integer(json, "peak_macs_per_cycle");
  layer.traffic = traffic(json.at("traffic"));
  layer.compulsory_offchip_bytes = integer(json, "compulsory_offchip_bytes");
  layer.zeros = {zeros(json, "weight_zeros"), zeros(json, "input_zeros"),
                 zeros(json, "output_zeros")};
  return layer;
}

UnitResult unit(const Json& json) {
  UnitResult unit{text(json, "unit"),
                  integer(json, "busy_cycles"),
                  {},
                  integer(json, "idle_cycles"),
                  integer(json, "total_cycles")};
  for (const auto& [cause, cycles] : json.at("stall_cycles").items()) {
    unit.stalls.emplace_back(cause, cycles.get<std::int64_t>());
  }
  return unit;
}

TensorResult tensor(const Json& json) {
  TensorResult tensor;
  tensor.id = get<int>(json, "tensor");
  tensor.name = text(json, "name");
  tensor.type = text(json, "type");
  tensor.shape = get<std::vector<std::int32_t>>(json, "shape");
  tensor.digest = text(json, "digest_xxh3");
  tensor.bytes.resize(get<std::size_t>(json, "bytes"));
  tensor.output = get<bool>(json, "output");
  tensor.scale = json.value("scale", 0.0F);
  tensor.zero_point = json.value("zero_point", 0);
  return tensor;
}

std::vector<energy::CountRow> invocation_counts(const Json& json) {
  std::vector<energy::CountRow> rows;
  for (const auto& [component, actions] : json.items()) {
    for (const auto& [action, count] : actions.items()) {
      rows.push_back({component, action, base::kNoLayer, count.get<std::int64_t>()});
    }
  }
  return rows;
}

/// `tensors`: of the run's last invocation, which say what the outputs of the others are.
InvocationResult invocation(const Json& json, const std::vector<TensorResult>& tensors,
                            std::int64_t start_high) {
  InvocationResult one;
  one.start_cycle = {integer(json, "start_cycle"), start_high};
  one.end_cycle = {integer(json, "end_cycle"), integer(json, "end_cycle_high")};
  one.cycles = {integer(json, "cycles"), integer(json, "cycles_high")};
  one.time = integer(json, "time_ps");
  one.energy = bounds(json.at("energy_aJ"));
  one.offchip_bytes = integer(json, "offchip_bytes");
  one.counts = invocation_counts(json.at("counts"));
  for (const Json& output : json.at("outputs")) {
    const int id = get<int>(output, "tensor");
    const auto known = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const TensorResult& tensor) { return tensor.id == id; });
    if (known == tensors.end()) {
      throw base::UserError(fmt::format("output {} is no tensor", id));
    }
    one.values.tensors.push_back(*known);
    one.values.tensors.back().digest = text(output, "digest_xxh3");
  }
  return one;
}

SequenceResult sequence(const Json& json, const std::vector<TensorResult>& tensors) {
  SequenceResult sequence;
  sequence.inputs = text(json, "inputs");
  std::int64_t start_high = 0;
  for (const Json& one : json.at("invocations")) {
    sequence.invocations.push_back(invocation(one, tensors, start_high));
    start_high = sequence.invocations.back().end_cycle.high;
  }
  if (sequence.invocations.empty()) {
    throw base::UserError("a sequence of no invocations");
  }
  return sequence;
}

base::Counters counters(const Json& json) {
  base::ComponentClass kind{text(json, "class"), {}};
  for (const Json& action : json.at("actions")) {
    kind.actions.push_back({text(action, "action"), text(action, "one_count_is")});
  }
  base::Counters counters{text(json, "component"), kind};
  for (int i = 0; i < counters.actions(); ++i) {
    const Json& action = json.at("actions")[static_cast<std::size_t>(i)];
    const Json& layers = action.at("count_by_layer");
    counters.add(i, base::kNoLayer, integer(action, "count_system"));
    for (std::size_t at = 0; at < layers.size(); ++at) {
      counters.add(i, static_cast<int>(at), layers[at].get<std::int64_t>());
    }
  }
  return counters;
}

void read_head(const Json& json, RunResult& result) {
  result.platform = text(json, "platform");
  result.network = text(json, "network");
  result.version = text(json, "milliwatt_version");
  result.level = level(text(json, "level"));
  result.weights = text(json, "weights") == "file" ? workloads::WeightsOrigin::kFile
                                                   : workloads::WeightsOrigin::kSeeded;
  result.system_clock_hz = integer(json, "clock_Hz");
  const Json& totals = json.at("totals");
  result.cycles = {integer(totals, "cycles_low"), integer(totals, "cycles_high")};
  result.setup_cycles = integer(totals, "setup_cycles");
  const Json& check = json.at("check");
  result.check = {get<bool>(check, "done"), integer(check, "tensors"), integer(check, "bytes")};
  result.plan = text(json, "plan");
  result.effective_configuration = text(json, "configuration");
}

void read_parts(const Json& json, RunResult& result) {
  for (const Json& part : json.at("layers")) {
    result.layers.push_back(layer(part));
  }
  result.system = layer(json.at("system"));
  for (const Json& part : json.at("units")) {
    result.units.push_back(unit(part));
  }
  for (const Json& part : json.at("tensors")) {
    result.tensors.push_back(tensor(part));
  }
  for (const Json& part : json.at("counters")) {
    result.counts.components.push_back(counters(part));
  }
  if (json.contains("sequence")) {
    result.sequence = sequence(json.at("sequence"), result.tensors);
  }
}

/// Every component was on as long as every other: the first row of a layer tells.
std::vector<energy::LayerTime> layer_times(const Json& energy) {
  std::map<std::int32_t, std::int64_t> times;
  for (const Json& row : energy.at("rows")) {
    if (text(row, "kind") == "static") {
      times.emplace(get<std::int32_t>(row, "layer"), integer(row, "count"));
    }
  }
  std::vector<energy::LayerTime> all;
  for (const auto& [layer, duration] : times) {
    all.push_back({layer, duration});
  }
  return all;
}

StoredRun read(const Json& json) {
  StoredRun stored;
  read_head(json, stored.result);
  read_parts(json, stored.result);
  const Json& energy = json.at("energy");
  stored.layer_times = layer_times(energy);
  stored.exact =
      stored.result.cycles.exact() &&
      bounds(energy.at("total_aJ")) ==
          energy::checked_add(bounds(energy.at("dynamic_aJ")), bounds(energy.at("static_aJ")));
  return stored;
}

}  // namespace

StoredRun read_results(const std::string& text, const std::string& name) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("schema", "") != kResultsSchema ||
      json.value("version", 0) != kResultsVersion) {
    throw base::UserError(fmt::format("{}: not a result of milliwatt, version {} of the format",
                                      name, kResultsVersion));
  }
  try {
    return read(json);
  } catch (const std::exception& error) {
    throw base::UserError(fmt::format("{}: a damaged result: {}", name, error.what()));
  }
}

}  // namespace milliwatt::sim
