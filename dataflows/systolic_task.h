// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataflows/engine.h"
#include "dataflows/systolic_mapping.h"

namespace milliwatt::dataflows {

/// What the array sees of a convolution of any kind or a fully connected layer.
Convolution convolution_of(const workloads::Graph& graph, const workloads::Operator& op);

/// A convolution or fully connected layer with a given mapping. Constants: the weights packed by
/// filter tile and the requantization table, as abi/descriptor.h has them.
std::unique_ptr<EngineTask> systolic_task(const workloads::Graph& graph,
                                          const workloads::Operator& op, const SystolicShape& shape,
                                          const SystolicMapping& mapping);

/// Names the first filter whose sums might leave 32 bits, whatever the operands of b bits; none
/// when the array may sum them. The sums are those of the stored operands, without the zero point,
/// and the bias that makes up for it is added last: sum over k of |w[k]| * 2^(b-1) + |bias'| <
/// 2^31.
std::optional<std::string> sums_refused(const workloads::Graph& graph,
                                        const workloads::Operator& op);

}  // namespace milliwatt::dataflows
