// SPDX-License-Identifier: Apache-2.0
// Labelled inputs of a classifier.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"
#include "workloads/reference.h"

namespace milliwatt::workloads {

/// Stored inputs of a network, one behind the other, and the class that each belongs to.
struct Dataset {
  std::vector<Bytes> images;
  std::vector<std::int32_t> labels;  ///< as many as images; each below `classes`
  std::int32_t classes = 0;          ///< elements of the network's output
};

/// Reads images from an .npy file of the shape of the network's input, with any number of images
/// in place of the batch of 1, and labels from an .npy file of as many integers. The network must
/// have one input of batch 1 and one output. Throws UserError.
Dataset load_dataset(const std::string& images_path, const std::string& labels_path,
                     const Graph& graph);

/// The class that an output names: the position of its largest element, the first one of equals.
std::int32_t predicted_class(const Tensor& output, const Bytes& bytes);

}  // namespace milliwatt::workloads
