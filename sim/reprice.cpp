// SPDX-License-Identifier: Apache-2.0
#include "sim/reprice.h"

#include <filesystem>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "energy/pricing.h"
#include "sim/bundled.h"
#include "sim/platform.h"
#include "sim/read_results.h"
#include "sim/result_builder.h"
#include "sim/sequence_builder.h"

namespace milliwatt::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlatformFile = "platform.yaml";

/// A path as a platform file in `folder` would write it; names stay names.
std::string seen_from(const std::string& folder, const std::string& technology) {
  return is_bare_name(technology)
             ? technology
             : fs::proximate(fs::absolute(technology), fs::absolute(folder)).generic_string();
}

/// The platform of a result with another technology.
Platform platform_of(const std::string& folder, const std::string& technology,
                     const RunResult& result) {
  const std::string path = folder + "/" + kPlatformFile;
  if (base::read_file(path) != result.effective_configuration) {
    throw base::UserError(path + ": not the configuration of the result beside it");
  }
  Platform platform =
      load_platform(path, {"technology.file='" + seen_from(folder, technology) + "'"});
  if (!is_bare_name(platform.technology_config.file)) {
    platform.technology_config.file = technology;
  }
  return platform;
}

LayerResult& layer_of(RunResult& result, std::int32_t layer) {
  return layer == base::kNoLayer ? result.system
                                 : result.layers.at(static_cast<std::size_t>(layer));
}

void price(StoredRun& stored, const Platform& platform) {
  RunResult& result = stored.result;
  const energy::PriceList prices =
      energy::resolve(*platform.technology, platform_components(platform, result.counts));
  result.energy = energy::price(prices, energy::count_rows(result.counts),
                                energy::always_on(prices, stored.layer_times));
  energy::check_identities(prices, result.energy);
  for (const energy::LayerEnergy& energy : result.energy.by_layer) {
    LayerResult& layer = layer_of(result, energy.layer);
    layer.dynamic_energy = energy.dynamic_energy;
    layer.static_energy = energy.static_energy;
  }
  if (result.sequence) {
    for (InvocationResult& invocation : result.sequence->invocations) {
      invocation.energy = price_again(prices, invocation);
    }
  }
  result.area = energy::area_report(prices);
  result.technology = prices.technology;
  result.notes = prices.notes;
  result.effective_configuration = platform.effective_yaml();
  check_result(result);
}

/// Files that hold no price, tensors above all, stay as they are.
void keep_others(const std::string& folder, Files& files) {
  std::istringstream names(base::read_file(folder + "/files.txt"));
  for (std::string name; std::getline(names, name);) {
    const bool of_tensors = name.find('/') != std::string::npos;
    if (name != "files.txt" && (of_tensors || files.count(name) == 0)) {
      files[name] = base::read_file(folder + "/" + name);
    }
  }
}

}  // namespace

Files reprice(const std::string& folder, const std::string& technology) {
  const std::string path = folder + "/results.json";
  StoredRun stored = read_results(base::read_file(path), path);
  if (!stored.exact) {
    throw base::UserError(path +
                          ": an estimate that is an interval cannot be priced again, for the "
                          "counts of its upper end are not stored; run it with the technology");
  }
  price(stored, platform_of(folder, technology, stored.result));
  Files files = result_files(stored.result);
  keep_others(folder, files);
  return files;
}

}  // namespace milliwatt::sim
