// SPDX-License-Identifier: Apache-2.0
#include "workloads/pruning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "workloads/channels.h"
#include "workloads/constant_users.h"
#include "workloads/packing.h"
#include "workloads/seeded.h"

namespace milliwatt::workloads {

namespace {

bool has_channels(OperatorKind kind) {
  return kind == OperatorKind::kConv2d || kind == OperatorKind::kDepthwiseConv2d ||
         kind == OperatorKind::kFullyConnected || kind == OperatorKind::kTransposeConv2d;
}

/// Output channels lie along the first dimension of a filter, or the last of a depthwise one.
Channels output_channels(const Tensor& filter, OperatorKind kind) {
  return {filter, kind == OperatorKind::kDepthwiseConv2d ? filter.shape.size() - 1 : 0};
}

/// Which unit of a pattern each weight belongs to.
class Units {
 public:
  Units(const Tensor& weights, OperatorKind kind, const PruneRule& rule)
      : of_(static_cast<std::size_t>(weights.elements())) {
    const auto row = static_cast<std::size_t>(weights.shape.empty() ? 1 : weights.shape.back());
    const auto group = static_cast<std::size_t>(rule.group);
    const std::size_t groups = (row + group - 1) / group;
    for (std::size_t i = 0; i < of_.size(); ++i) {
      switch (rule.pattern) {
        case PrunePattern::kUnstructured:
          of_[i] = i;
          break;
        case PrunePattern::kChannel:
          of_[i] = output_channels(weights, kind).of(i);
          break;
        case PrunePattern::kSimdGroup:
          of_[i] = i / row * groups + i % row / group;
          break;
      }
      count_ = std::max(count_, of_[i] + 1);
    }
  }

  std::size_t count() const { return count_; }
  std::size_t of(std::size_t weight) const { return of_[weight]; }

 private:
  std::vector<std::size_t> of_;
  std::size_t count_ = 0;
};

/// Mean of |w| * scale over the weights of each unit.
std::vector<double> mean_magnitudes(const Tensor& weights, const Units& units) {
  std::vector<double> sums(units.count(), 0.0);
  std::vector<double> counts(units.count(), 0.0);
  const Channels channels = Channels::of_scales(weights);
  const std::vector<float>& scales = weights.quantization.scales;
  const int bits = element_bits(weights.type);
  for (std::size_t i = 0; i < static_cast<std::size_t>(weights.elements()); ++i) {
    const int w = load_element(weights.data.data(), static_cast<std::int64_t>(i), bits);
    sums[units.of(i)] += std::abs(w) * static_cast<double>(scales[channels.of(i)]);
    counts[units.of(i)] += 1.0;
  }
  for (std::size_t unit = 0; unit < sums.size(); ++unit) {
    sums[unit] /= counts[unit];
  }
  return sums;
}

std::vector<double> draws(std::size_t count, Xorshift32& generator) {
  std::vector<double> values(count);
  std::generate(values.begin(), values.end(), [&] { return double{1} * generator.next(); });
  return values;
}

/// Which units go: those with the smallest scores, of equals the first.
std::vector<bool> smallest(const std::vector<double>& scores, std::size_t count) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  std::vector<bool> chosen(scores.size(), false);
  for (std::size_t i = 0; i < count; ++i) {
    chosen[order[i]] = true;
  }
  return chosen;
}

/// Prunes one operator of a graph.
class OperatorPruning {
 public:
  OperatorPruning(Graph& graph, Operator& op, ConstantUsers& constants, const PruneRule& rule,
                  Xorshift32& generator)
      : graph_{graph}, op_{op}, constants_{constants}, rule_{rule}, generator_{generator} {}

  void run() {
    for (const std::size_t place : weight_operands(op_.kind)) {
      prune(place);
    }
  }

 private:
  void prune(std::size_t place) {
    Tensor weights = graph_.tensor(op_.inputs[place]);
    const Units units(weights, op_.kind, rule_);
    const std::vector<double> scores = rule_.criterion == PruneCriterion::kRandom
                                           ? draws(units.count(), generator_)
                                           : mean_magnitudes(weights, units);
    const auto count = static_cast<std::size_t>(
        units_of_fraction(rule_.fraction, static_cast<std::int64_t>(units.count())));
    const std::vector<bool> chosen = smallest(scores, count);
    const int bits = element_bits(weights.type);
    for (std::size_t i = 0; i < static_cast<std::size_t>(weights.elements()); ++i) {
      if (chosen[units.of(i)]) {
        store_element(weights.data.data(), static_cast<std::int64_t>(i), bits, 0);
      }
    }
    constants_.replace(graph_, op_, place, std::move(weights));
    if (rule_.pattern == PrunePattern::kChannel) {
      clear_biases(chosen);
    }
  }

  void clear_biases(const std::vector<bool>& chosen) {
    const std::size_t place = bias_operands(op_.kind).front();
    if (place >= op_.inputs.size() || op_.inputs[place] == kNoTensor) {
      return;
    }
    Tensor bias = graph_.tensor(op_.inputs[place]);
    const auto width = static_cast<std::ptrdiff_t>(element_bits(bias.type) / 8);
    for (std::size_t channel = 0; channel < chosen.size(); ++channel) {
      if (chosen[channel]) {
        std::fill_n(bias.data.begin() + static_cast<std::ptrdiff_t>(channel) * width, width,
                    std::uint8_t{0});
      }
    }
    constants_.replace(graph_, op_, place, std::move(bias));
  }

  Graph& graph_;
  Operator& op_;
  ConstantUsers& constants_;
  const PruneRule& rule_;
  Xorshift32& generator_;
};

/// Why a rule cannot be applied; empty where it can.
std::string refusal(const Operator& op, const PruneRule& rule) {
  if (weight_operands(op.kind).empty()) {
    return fmt::format("{} '{}' has no weights", operator_name(op.kind), op.name);
  }
  if (rule.pattern == PrunePattern::kChannel && !has_channels(op.kind)) {
    return fmt::format(
        "the filters of {0} '{1}' are no independent output channels; {0} can be "
        "pruned by the patterns unstructured and simd_group",
        operator_name(op.kind), op.name);
  }
  return "";
}

}  // namespace

std::int64_t units_of_fraction(double fraction, std::int64_t count) {
  return static_cast<std::int64_t>(std::floor(fraction * static_cast<double>(count) + 1e-9));
}

Graph pruned(const Graph& graph, const std::vector<std::optional<PruneRule>>& rules,
             std::uint32_t seed, base::Diagnostics& faults) {
  Graph after = graph;
  ConstantUsers constants(graph);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i]) {
      continue;
    }
    const std::string reason = refusal(graph.operators[i], *rules[i]);
    if (reason.empty()) {
      Xorshift32 generator = generator_for(seed, graph.operators[i].name);
      OperatorPruning(after, after.operators[i], constants, *rules[i], generator).run();
    } else if (rules[i]->named) {
      faults.add(rules[i]->place, reason);
    }
  }
  return after;
}

}  // namespace milliwatt::workloads
