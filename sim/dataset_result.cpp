// SPDX-License-Identifier: Apache-2.0
#include "sim/dataset_result.h"

#include <algorithm>
#include <numeric>

namespace milliwatt::sim {
namespace {

bool fewer_cycles(const ImageResult& a, const ImageResult& b) { return a.cycles < b.cycles; }

}  // namespace

std::int64_t DatasetResult::correct() const {
  return std::count_if(images.begin(), images.end(),
                       [](const ImageResult& image) { return image.predicted == image.label; });
}

std::int64_t DatasetResult::reference_correct() const {
  return std::count_if(images.begin(), images.end(),
                       [](const ImageResult& image) { return image.reference == image.label; });
}

double DatasetResult::top1() const {
  return static_cast<double>(correct()) / static_cast<double>(images.size());
}

std::vector<ClassResult> DatasetResult::by_class() const {
  std::vector<ClassResult> results(static_cast<std::size_t>(classes));
  for (const ImageResult& image : images) {
    ClassResult& result = results.at(static_cast<std::size_t>(image.label));
    ++result.images;
    result.correct += image.predicted == image.label ? 1 : 0;
  }
  return results;
}

std::int64_t DatasetResult::least_cycles() const {
  return std::min_element(images.begin(), images.end(), fewer_cycles)->cycles;
}

std::int64_t DatasetResult::most_cycles() const {
  return std::max_element(images.begin(), images.end(), fewer_cycles)->cycles;
}

double DatasetResult::mean_cycles() const {
  const auto add = [](std::int64_t sum, const ImageResult& image) { return sum + image.cycles; };
  return static_cast<double>(std::accumulate(images.begin(), images.end(), std::int64_t{0}, add)) /
         static_cast<double>(images.size());
}

}  // namespace milliwatt::sim
