#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes cases.yaml from the operator cases of the reference data.

    generate.py REFERENCE/mlperf-tiny/ops > cases.yaml

The outputs are those of TFLite Micro's reference kernels (see README.md beside this file).
"""
import json
import pathlib
import sys

CASES = [
    "conv_mult_2m8_ties", "conv_batch3", "conv_3x3_dil2x3_valid", "conv_groups2", "conv_i4w_1x1",
    "conv_relu_n1_1", "dw_mult3_s2", "dw_kernel_gt_input", "fc_mult_2m9_ties", "fc_relu6", "fc_i4w",
    "fc_i16x8_batch3_nobias", "avg_3x3_s2_same", "max_3x2_s1x2_relu", "add_bcast_scalar",
    "add_relu",
    "softmax_10", "softmax_i8_i16", "sub_bcast_relu6", "mul_bcast_se", "maximum", "relu_req",
    "leaky_relu", "hardswish", "logistic_a", "logistic_i16_scale", "tanh_a", "mean_hw", "sum_hw",
    "pad_c", "concat_c", "strided_slice", "transpose_2d", "resize_nn_2x", "resize_bilinear",
    "requant_i8", "dequantize_i8", "tconv_2x2_s2", "bmm_i8_adjy", "lstm_i8_stateful3",
]


def block(data):
    """Bytes as the lines of a folded YAML scalar."""
    text = data.hex()
    return "".join("\n          " + text[i:i + 80] for i in range(0, len(text), 80))


def tensor(folder, case, entry, inputs, outputs):
    yield f"      - name: {entry['name']}"
    yield f"        type: {entry['type'].lower()}"
    yield f"        shape: [{', '.join(map(str, entry['shape']))}]"
    # Scales as the bits of float32, because decimal digits could round differently.
    scales = ", ".join(f"'{bits}'" for bits in entry.get("scale_f32_hex") or [])
    yield f"        scale_bits: [{scales}]"
    yield f"        zero_point: {entry.get('zero_point', [0])[0]}"
    yield f"        dimension: {entry.get('quantized_dimension', 0)}"
    index = entry["index"]
    # Tensors of a stream of invocations hold those of each, one behind the other.
    if entry["constant"]:
        role, names = "constant", [entry["data_file"]]
    elif index in inputs:
        role, names = "input", case["inputs"][inputs.index(index)::len(inputs)]
    elif index in outputs:
        role, names = "output", case["outputs"][outputs.index(index)::len(outputs)]
    else:
        role, names = "state", []
    yield f"        role: {role}"
    yield "        data: >" + block(b"".join((folder / name).read_bytes() for name in names))


def main():
    folder = pathlib.Path(sys.argv[1])
    cases = {c["name"]: c for c in json.loads((folder / "manifest.json").read_text())["cases"]}
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# Written by generate.py; see README.md.")
    print("cases:")
    for name in CASES:
        case = cases[name]
        options = case["options"]
        print(f"  - name: {name}")
        print(f"    operator: {case['op']}")
        for key in ("padding", "strideH", "strideW", "dilationHFactor", "dilationWFactor",
                    "filterHeight", "filterWidth", "fusedActivationFunction", "beta", "alpha",
                    "axis", "adjY", "cellClip"):
            if key in options:
                print(f"    {key}: {int(options[key]) if key == 'adjY' else options[key]}")
        print(f"    operands: [{', '.join(map(str, case['op_inputs']))}]")
        if case["invocations"] > 1:
            print(f"    invocations: {case['invocations']}")
        print("    tensors:")
        constant = {t["index"] for t in case["tensors"] if t["constant"]}
        state = {t["index"] for t in case["tensors"] if t.get("is_variable")}
        inputs = [i for i in case["op_inputs"] if i not in constant | state and i >= 0]
        for entry in case["tensors"]:
            for line in tensor(folder, case, entry, inputs, case["op_outputs"]):
                print(line)


if __name__ == "__main__":
    main()
