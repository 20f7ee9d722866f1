// SPDX-License-Identifier: Apache-2.0
#include "sim/write_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/csv.h"
#include "sim/write_grid.h"
#include "sim/write_numbers.h"

namespace milliwatt::sim {
namespace {

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0
             ? ""
             : fmt::format("{:.2f}", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

/// 0 for a class without images.
double share(const ClassResult& result) {
  return result.images == 0
             ? 0.0
             : static_cast<double>(result.correct) / static_cast<double>(result.images);
}

std::string accuracy_text(const DatasetResult& set) {
  const auto images = static_cast<std::int64_t>(set.images.size());
  return fmt::format("{} images, {} right: top-1 {} %", images, set.correct(),
                     percent(set.correct(), images));
}

std::string reference_text(const DatasetResult& set) {
  return set.checked ? fmt::format("{} right; {} bytes of tensors compared, all equal",
                                   set.reference_correct(), set.bytes)
                     : "not checked: --no-check";
}

std::string cycles_text(const DatasetResult& set) {
  if (set.least_cycles() == set.most_cycles()) {
    return fmt::format("{}, the same for every image", set.least_cycles());
  }
  return fmt::format("{} to {}, mean {:.1f}", set.least_cycles(), set.most_cycles(),
                     set.mean_cycles());
}

/// "3 as 5, 1 as 7": what the wrong answers of a class were, the most frequent first.
std::string mistakes(const DatasetResult& set, std::int32_t label) {
  constexpr std::size_t kShown = 3;
  std::map<std::int32_t, std::int64_t> counts;
  for (const ImageResult& image : set.images) {
    counts[image.predicted] += image.label == label && image.predicted != label ? 1 : 0;
  }
  std::vector<std::pair<std::int64_t, std::int32_t>> order;
  for (const auto& [predicted, count] : counts) {
    if (count > 0) {
      order.emplace_back(-count, predicted);
    }
  }
  std::sort(order.begin(), order.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    text += fmt::format("{}{} as {}", i == 0 ? "" : ", ", -order[i].first, order[i].second);
  }
  return text + (order.size() > kShown ? ", ..." : "");
}

}  // namespace

std::string dataset_table(const DatasetResult& set) {
  Grid grid({{"class", ""}, {"images", ""}, {"right", ""}, {"top-1", "%"}, {"mistaken", "", true}});
  const std::vector<ClassResult> classes = set.by_class();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto label = static_cast<std::int32_t>(i);
    grid.add({std::to_string(i), std::to_string(classes[i].images),
              std::to_string(classes[i].correct), percent(classes[i].correct, classes[i].images),
              mistakes(set, label)});
  }
  std::string text;
  for (const auto& [name, value] : {std::pair{"data set", accuracy_text(set)},
                                    {"  by reference", reference_text(set)},
                                    {"cycles per image", cycles_text(set)}}) {
    text += fmt::format("{:<16}  {}\n", name, value);
  }
  return text + "\n" + grid.text();
}

std::string classes_csv(const DatasetResult& set) {
  base::CsvWriter csv({"class", "images", "correct", "top1"});
  const std::vector<ClassResult> classes = set.by_class();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    csv.add_row({std::to_string(i), std::to_string(classes[i].images),
                 std::to_string(classes[i].correct), shortest(share(classes[i]))});
  }
  return csv.text();
}

std::string predictions_csv(const DatasetResult& set) {
  base::CsvWriter csv({"image", "label", "predicted", "correct", "cycles"});
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    const ImageResult& image = set.images[i];
    csv.add_row({std::to_string(i), std::to_string(image.label), std::to_string(image.predicted),
                 image.predicted == image.label ? "1" : "0", std::to_string(image.cycles)});
  }
  return csv.text();
}

}  // namespace milliwatt::sim
