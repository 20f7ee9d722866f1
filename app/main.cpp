// SPDX-License-Identifier: Apache-2.0
#include "app/program.h"

int main(int argc, char** argv) {
  return milliwatt::app::run_program({argv + (argc > 0 ? 1 : 0), argv + argc});
}
