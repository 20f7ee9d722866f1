// SPDX-License-Identifier: Apache-2.0
#include "sim/write_json.h"

#include <nlohmann/json.hpp>

#include "sim/write_breakdown.h"

namespace milliwatt::sim {
namespace {

using Json = nlohmann::ordered_json;

Json bounds(const energy::Bounds& value) {
  return {{"nominal", value.nominal}, {"low", value.low}, {"high", value.high}};
}

Json cycles_by_cause(const LayerResult& part) {
  Json json;
  for (int i = 0; i < kCauses; ++i) {
    json[cause_name(static_cast<Cause>(i))] = part.cycles_by_cause[static_cast<std::size_t>(i)];
  }
  return json;
}

Json bytes_by_class(const std::array<std::int64_t, base::kTensorClasses>& bytes) {
  Json json;
  for (int i = 0; i < base::kTensorClasses; ++i) {
    json[base::tensor_class_name(static_cast<base::TensorClass>(i))] =
        bytes[static_cast<std::size_t>(i)];
  }
  return json;
}

Json traffic(const LayerResult& part) {
  Json json = Json::array();
  for (const MemoryTraffic& memory : part.traffic) {
    json.push_back({{"memory", memory.memory},
                    {"off_chip", memory.off_chip},
                    {"read_bytes", bytes_by_class(memory.read)},
                    {"written_bytes", bytes_by_class(memory.written)}});
  }
  return json;
}

/// What layers, system and totals have in common.
Json accounts(const LayerResult& part) {
  return {{"cycles", part.cycles.low},
          {"cycles_low", part.cycles.low},
          {"cycles_high", part.cycles.high},
          {"cycles_by_cause", cycles_by_cause(part)},
          {"bound_by", part.cycles.low > 0 ? cause_name(part.bound_by()) : ""},
          {"macs", part.macs},
          {"peak_macs_per_cycle", part.peak_macs_per_cycle},
          {"utilisation", part.utilisation()},
          {"traffic", traffic(part)},
          {"offchip_bytes", part.offchip_bytes()},
          {"compulsory_offchip_bytes", part.compulsory_offchip_bytes},
          {"arithmetic_intensity_macs_per_byte", part.arithmetic_intensity()},
          {"dynamic_energy_aJ", bounds(part.dynamic_energy)},
          {"static_energy_aJ", bounds(part.static_energy)}};
}

Json zeros(const workloads::ZeroCount& count) {
  return {{"zeros", count.zeros}, {"elements", count.elements}, {"fraction", count.fraction()}};
}

Json layer(const RunResult& result, const LayerResult& part) {
  Json json = {{"layer", part.index},
               {"name", part.name},
               {"kind", part.kind},
               {"runner", part.runner},
               {"mapping", part.mapping},
               {"reason", part.reason},
               {"output_shape", part.output_shape},
               {"start_cycle", part.start_cycle},
               {"end_cycle", part.end_cycle},
               {"span_start_cycle", part.span_start_cycle},
               {"span_end_cycle", part.span_end_cycle}};
  json.update(accounts(part));
  const Metrics metrics = metrics_of(result, part);
  json["latency_ms"] = metrics.latency_ms;
  json["average_power_mW"] = metrics.average_power_mw;
  json["TOPS_per_W"] = metrics.tops_per_watt;
  json["weight_zeros"] = zeros(part.zeros.weights);
  json["input_zeros"] = zeros(part.zeros.inputs);
  json["output_zeros"] = zeros(part.zeros.outputs);
  return json;
}

Json layers(const RunResult& result) {
  Json json = Json::array();
  for (const LayerResult& part : result.layers) {
    json.push_back(layer(result, part));
  }
  return json;
}

Json totals(const RunResult& result) {
  Json json = accounts(total_of(result));
  json["setup_cycles"] = result.setup_cycles;
  json["latency_ms"] = result.latency_ms();
  json["latency_high_ms"] = high_latency_ms(result);
  json["inferences_per_s"] = result.inferences_per_s();
  json["energy_uJ"] = result.energy_uj();
  json["average_power_mW"] = result.average_power_mw();
  json["TOPS_per_W"] = result.tops_per_watt();
  json["EDP_uJ_ms"] = result.edp_uj_ms();
  return json;
}

Json units(const RunResult& result) {
  Json json = Json::array();
  for (const UnitResult& unit : result.units) {
    Json stalls = Json::object();
    for (const auto& [cause, cycles] : unit.stalls) {
      stalls[cause] = cycles;
    }
    json.push_back({{"unit", unit.unit},
                    {"busy_cycles", unit.busy},
                    {"stall_cycles", stalls},
                    {"idle_cycles", unit.idle},
                    {"total_cycles", unit.total}});
  }
  return json;
}

Json action_counts(const base::Counters& counters, int action, int layers) {
  Json by_layer = Json::array();
  for (int i = 0; i < layers; ++i) {
    by_layer.push_back(counters.value(action, i));
  }
  const base::Action& declared =
      counters.component_class().actions[static_cast<std::size_t>(action)];
  return {{"action", declared.name},
          {"one_count_is", declared.unit},
          {"count", counters.total(action)},
          {"count_by_layer", by_layer},
          {"count_system", counters.value(action, base::kNoLayer)}};
}

Json counters(const RunResult& result) {
  Json json = Json::array();
  for (const base::Counters& component : result.counts.components) {
    Json actions = Json::array();
    for (int action = 0; action < component.actions(); ++action) {
      actions.push_back(action_counts(component, action, static_cast<int>(result.layers.size())));
    }
    json.push_back({{"component", component.instance()},
                    {"class", component.component_class().name},
                    {"actions", actions}});
  }
  return json;
}

Json by_confidence(const std::array<energy::Bounds, energy::kConfidences>& parts) {
  Json json;
  for (const base::Confidence confidence : energy::kAllConfidences) {
    json[std::string(base::confidence_name(confidence))] =
        bounds(parts[static_cast<std::size_t>(confidence)]);
  }
  return json;
}

Json energy_rows(const energy::EnergyReport& report) {
  Json json = Json::array();
  for (const energy::EnergyRow& row : report.rows) {
    json.push_back({{"kind", row.kind == energy::EnergyKind::kDynamic ? "dynamic" : "static"},
                    {"component", row.component},
                    {"action", row.action},
                    {"layer", row.layer},
                    {"count", row.count},
                    {"energy_aJ", bounds(row.energy)},
                    {"confidence", base::confidence_name(row.confidence)}});
  }
  return json;
}

Json energy_report(const energy::EnergyReport& report) {
  Json components = Json::array();
  for (const energy::NamedEnergy& part : report.by_component) {
    components.push_back({{"component", part.name},
                          {"dynamic_energy_aJ", bounds(part.dynamic_energy)},
                          {"static_energy_aJ", bounds(part.static_energy)}});
  }
  Json parts = Json::array();
  for (const energy::LayerEnergy& part : report.by_layer) {
    parts.push_back({{"layer", part.layer},
                     {"dynamic_energy_aJ", bounds(part.dynamic_energy)},
                     {"static_energy_aJ", bounds(part.static_energy)}});
  }
  return {{"time_ps", report.time},
          {"total_aJ", bounds(report.total)},
          {"dynamic_aJ", bounds(report.dynamic_total)},
          {"static_aJ", bounds(report.static_total)},
          {"by_confidence_aJ", by_confidence(report.by_confidence)},
          {"by_component", components},
          {"by_layer", parts},
          {"rows", energy_rows(report)}};
}

Json area_report(const energy::AreaReport& report) {
  Json components = Json::array();
  for (const energy::AreaRow& row : report.rows) {
    Json json = {{"component", row.component}, {"priced_as", row.priced_as}};
    json["area_nm2"] = row.area.unknown ? Json(nullptr) : bounds(row.area.bounds);
    json["confidence"] = base::confidence_name(row.area.confidence);
    json["source"] = row.area.source;
    components.push_back(json);
  }
  return {{"total_nm2", bounds(report.total)},
          {"by_confidence_nm2", by_confidence(report.by_confidence)},
          {"unknown", report.unknown},
          {"components", components}};
}

Json tensors(const std::vector<TensorResult>& all) {
  Json json = Json::array();
  for (const TensorResult& tensor : all) {
    json.push_back({{"tensor", tensor.id},
                    {"name", tensor.name},
                    {"type", tensor.type},
                    {"shape", tensor.shape},
                    {"scale", tensor.scale},
                    {"zero_point", tensor.zero_point},
                    {"bytes", tensor.bytes.size()},
                    {"digest_xxh3", tensor.digest},
                    {"output", tensor.output}});
  }
  return json;
}

Json counts_of(const InvocationResult& invocation) {
  Json json = Json::object();
  for (const energy::CountRow& row : invocation.counts) {
    json[row.component][row.action] = row.count;
  }
  return json;
}

/// Its outputs alone: of a dump, the index has the other tensors.
Json invocation(const InvocationResult& one, std::size_t index) {
  Json outputs = Json::array();
  for (const TensorResult& tensor : one.values.tensors) {
    if (tensor.output) {
      outputs.push_back({{"tensor", tensor.id}, {"digest_xxh3", tensor.digest}});
    }
  }
  return {{"invocation", index},
          {"start_cycle", one.start_cycle.low},
          {"end_cycle", one.end_cycle.low},
          {"end_cycle_high", one.end_cycle.high},
          {"cycles", one.cycles.low},
          {"cycles_high", one.cycles.high},
          {"time_ps", one.time},
          {"energy_aJ", bounds(one.energy)},
          {"offchip_bytes", one.offchip_bytes},
          {"outputs", outputs},
          {"counts", counts_of(one)}};
}

Json sequence(const SequenceResult& all, std::int64_t clock_hz) {
  Json invocations = Json::array();
  for (const InvocationResult& one : all.invocations) {
    invocations.push_back(invocation(one, invocations.size()));
  }
  return {{"inputs", all.inputs},
          {"cycles", all.cycles().low},
          {"cycles_high", all.cycles().high},
          {"energy_aJ", bounds(all.energy())},
          {"offchip_bytes", all.offchip_bytes()},
          {"steady_inferences_per_s", all.steady_inferences_per_s(clock_hz)},
          {"invocations", invocations}};
}

Json dataset(const DatasetResult& set) {
  Json classes = Json::array();
  for (const ClassResult& result : set.by_class()) {
    classes.push_back(
        {{"class", classes.size()}, {"images", result.images}, {"correct", result.correct}});
  }
  Json json = {{"images", set.images.size()},
               {"correct", set.correct()},
               {"top1", set.top1()},
               {"checked", set.checked},
               {"checked_bytes", set.bytes},
               {"cycles_least", set.least_cycles()},
               {"cycles_mean", set.mean_cycles()},
               {"cycles_most", set.most_cycles()},
               {"classes", classes}};
  if (set.checked) {
    json["correct_by_reference"] = set.reference_correct();
  }
  return json;
}

}  // namespace

std::string results_json(const RunResult& result) {
  Json everything = {{"schema", kResultsSchema},
                     {"version", kResultsVersion},
                     {"milliwatt_version", result.version},
                     {"platform", result.platform},
                     {"network", result.network},
                     {"level", level_name(result.level)},
                     {"weights", weights_name(result)},
                     {"technology", result.technology},
                     {"clock_Hz", result.system_clock_hz},
                     {"totals", totals(result)},
                     {"layers", layers(result)},
                     {"system", layer(result, result.system)},
                     {"units", units(result)},
                     {"counters", counters(result)},
                     {"energy", energy_report(result.energy)},
                     {"area", area_report(result.area)},
                     {"tensors", tensors(result.tensors)},
                     {"check",
                      {{"done", result.check.done},
                       {"tensors", result.check.tensors},
                       {"bytes", result.check.bytes}}},
                     {"plan", result.plan},
                     {"configuration", result.effective_configuration}};
  if (result.dataset) {
    everything["dataset"] = dataset(*result.dataset);
  }
  if (result.sequence) {
    everything["sequence"] = sequence(*result.sequence, result.system_clock_hz);
  }
  // Names come from files: bytes that are no UTF-8 are replaced, never thrown at.
  return everything.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace milliwatt::sim
