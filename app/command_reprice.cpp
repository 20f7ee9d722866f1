// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.h"
#include "base/error.h"
#include "base/output.h"
#include "sim/reprice.h"

namespace milliwatt::app {
namespace {

int run(const Arguments& arguments) {
  if (!arguments.has("technology")) {
    throw base::UserError("option '--technology' is missing: a name or a file");
  }
  std::optional<base::OutputDirectory> out;
  if (arguments.has("out")) {
    out.emplace(arguments.value("out"));
  }
  sim::Files files = sim::reprice(arguments.positionals()[0], arguments.value("technology"));
  const std::string table = files.at("table.txt");
  if (out) {
    for (auto& [name, bytes] : files) {
      out->add(name, std::move(bytes));
    }
    out->commit();
  }
  if (!arguments.has("quiet")) {
    std::cout << table;
  }
  return kGood;
}

}  // namespace

Command reprice_command() {
  return {
      "reprice",
      "RESULT",
      "Prices a stored result with another technology, without running it again.",
      "RESULT is a folder of `milliwatt run --out`. What comes out is what a run with\n"
      "`--set technology.file=NAME` would have given, byte for byte.\n"
      "\n"
      "  milliwatt reprice out/resnet8 --technology 45nm --out out/resnet8_again\n",
      CommandLine({{"technology", "NAME", "A technology of configs/technologies, or a file."},
                   {"out", "DIR",
                    "Writes all results to this folder, as `run --out` does. It may be RESULT."},
                   {"quiet", "", "Prints no table."}},
                  {"RESULT"}, 1, 1),
      run};
}

}  // namespace milliwatt::app
