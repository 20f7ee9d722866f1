// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataflows/engine.h"
#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// Why the vector unit cannot run the operator; none for int8 additions of equal shapes and int8
/// pools whose rows fit the buffers.
std::optional<std::string> vector_refuses(const workloads::Graph& graph,
                                          const workloads::Operator& op, const EngineShape& shape);

/// An addition or pool on the vector unit of any engine.
std::unique_ptr<EngineTask> vector_task(const workloads::Graph& graph,
                                        const workloads::Operator& op, const EngineShape& shape);

}  // namespace milliwatt::dataflows
