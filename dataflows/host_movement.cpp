// SPDX-License-Identifier: Apache-2.0
// Operators that move elements about as software kernels.
#include "dataflows/host_kernels.h"

namespace milliwatt::dataflows {

HostCall copy_call(const Graph& graph, const Operator& op) {
  HostCallBuilder builder(graph, op, MW_KERNEL_COPY);
  builder.add_data_inputs();
  builder.add_outputs();
  builder.add_section(mw_copy_section{static_cast<std::uint32_t>(builder.output().bytes()), 0});
  return builder.take();
}

}  // namespace milliwatt::dataflows
