// SPDX-License-Identifier: Apache-2.0
#include "base/traffic.h"

namespace milliwatt::base {

const char* tensor_class_name(TensorClass tensor_class) {
  switch (tensor_class) {
    case TensorClass::kIfmap:
      return "ifmap";
    case TensorClass::kWeights:
      return "weights";
    case TensorClass::kParameters:
      return "parameters";
    case TensorClass::kOfmap:
      return "ofmap";
    case TensorClass::kState:
      return "state";
    case TensorClass::kProgram:
      return "program";
    case TensorClass::kControl:
      return "control";
  }
  return "";
}

}  // namespace milliwatt::base
