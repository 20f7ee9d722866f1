// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/schema.h"
#include "dataflows/engine.h"
#include "dataflows/schedule.h"

namespace milliwatt::dataflows {

/// Why the vector unit cannot run the operator; none for additions of equal shapes and pools whose
/// rows fit the buffers, of 2 to 8 bits.
std::optional<std::string> vector_refuses(const workloads::Graph& graph,
                                          const workloads::Operator& op, const EngineShape& shape);

/// The mapping parameters of an addition or pool; what is absent is chosen.
struct VectorParameters {
  std::optional<std::int32_t> tile;
};
base::Schema<VectorParameters> vector_parameter_schema();

/// An addition or pool on the vector unit of any engine. `forced` as in EngineModel::map.
std::unique_ptr<EngineTask> vector_task(const workloads::Graph& graph,
                                        const workloads::Operator& op, const EngineShape& shape,
                                        const base::YamlNode& forced = {});

}  // namespace milliwatt::dataflows
