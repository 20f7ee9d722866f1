#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes workloads/networks/glyphs.yaml and the files beside it. Equal bytes on every machine.

    make.py train [ROOT]       draws the images, trains (a minute or two) and quantizes
    make.py quantize [ROOT]    the same from the stored float parameters, without training
    make.py check [ROOT]       does what `quantize` does and compares with the files that are there
    make.py show               prints images of every class

docs/glyphs.md explains it. Needs Debian's python3-numpy.
"""

import io
import os
import sys

try:
    import numpy as np
except ModuleNotFoundError:
    print("skipped: NumPy is not installed (Debian's python3-numpy)")
    sys.exit(77)

import draw
import model
import quantize

SEED = 1
TRAINING, CALIBRATION, TEST = 8400, 240, 600
EPOCHS, BATCH, RATE, DECAY = 20, 60, 0.005, 1e-4
FOLDER = "workloads/networks/glyphs"


def tell(text):
    print(text, file=sys.stderr, flush=True)


def npy(array):
    """The bytes of an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def pack(layers):
    """All float parameters in one array: weights and bias of each layer in turn."""
    return np.concatenate([part.ravel() for layer in model.trained(layers)
                           for part in (layer.weights, layer.bias)]).astype(np.float32)


def unpack(layers, parameters):
    at = 0
    for layer in model.trained(layers):
        for name in ("weights", "bias"):
            part = getattr(layer, name)
            piece = parameters[at:at + part.size].astype(np.float64)
            setattr(layer, name, piece.reshape(part.shape))
            at += part.size
    assert at == parameters.size


def trained_parameters():
    layers = model.network(len(draw.NAMES))
    model.train(layers, lambda epoch: draw.data_set(SEED, f"training {epoch}", TRAINING),
                SEED, EPOCHS, BATCH, RATE, DECAY, tell)
    return pack(layers)


def number(value):
    """The shortest digits that give the same float32."""
    return np.format_float_positional(np.float32(value), unique=True, trim="0")


def numbers(values):
    if len(values) == 1:
        return number(values[0])
    return "[" + ", ".join(number(value) for value in values) + "]"


def layer_lines(layer):
    """One layer of the trace."""
    if layer.kind == "average_pool2d":
        yield f"  - {{kind: {layer.kind}, name: {layer.name}, kernel: {layer.layer.shape[1]}}}"
        return
    filters = {"conv2d": "filters", "fully_connected": "units"}.get(layer.kind)
    keys = [f"kind: {layer.kind}", f"name: {layer.name}"]
    keys += [f"{filters}: {len(layer.bias)}"] if filters else []
    if layer.kind != "fully_connected":
        window = layer.layer.window
        keys += [f"kernel: {window.kernel}", f"stride: {window.stride}"]
    keys += ["activation: relu"] if layer.layer.relu else []
    yield "  - " + "\n    ".join(
        keys
        + [f"output_scale: {number(layer.scale_out)}", f"output_zero_point: {layer.zero_out}",
           f"weights_file: glyphs/{layer.name}_weights.npy",
           f"bias_file: glyphs/{layer.name}_bias.npy",
           f"weights_scale: {numbers(layer.scales)}"])


def trace(whole):
    head = ["# Twelve kinds of glyphs, 16 x 16: a classifier trained on images of our own drawing.",
            "# Written by training/glyphs/make.py; docs/glyphs.md tells how.",
            "layer_trace: 1", "name: glyphs", "", "inputs:",
            "  - {name: image, shape: [1, 16, 16, 1], scale: 0.0078125, zero_point: 0}", "",
            "layers:"]
    return "\n".join(head + [line for layer in whole for line in layer_lines(layer)]) + "\n"


def classes(outputs):
    return outputs.argmax(axis=1).astype(np.uint8)


def accuracy(answers, labels):
    """A table with one row per arithmetic."""
    lines = []
    for name, found in answers.items():
        correct = int(np.count_nonzero(found == labels))
        lines.append(f"{name},{len(labels)},{correct},{correct / len(labels):.4f}")
    return "\n".join(["arithmetic,images,correct,top1"] + lines) + "\n"


def made_files(parameters):
    """Every file as bytes, by its path."""
    layers = model.network(len(draw.NAMES))
    unpack(layers, parameters)
    calibration, _ = draw.data_set(SEED, "calibration", CALIBRATION)
    images, labels = draw.data_set(SEED, "test", TEST)
    whole = quantize.quantize(layers, calibration)
    answers = {"float": classes(model.forward_all(layers, model.real_images(images))),
               "int8": classes(quantize.forward_all(whole, quantize.stored_images(images)))}
    files = {f"{FOLDER}.yaml": trace(whole).encode(),
             f"{FOLDER}/float_parameters.npy": npy(parameters),
             f"{FOLDER}/test_images.npy": npy(quantize.stored_images(images)),
             f"{FOLDER}/test_labels.npy": npy(labels),
             f"{FOLDER}/test_answers.npy": npy(answers["int8"]),
             f"{FOLDER}/accuracy.csv": accuracy(answers, labels).encode()}
    for layer in whole:
        if layer.kind != "average_pool2d":
            files[f"{FOLDER}/{layer.name}_weights.npy"] = npy(layer.weights)
            files[f"{FOLDER}/{layer.name}_bias.npy"] = npy(layer.bias)
    return files


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_all(root, files):
    os.makedirs(os.path.join(root, FOLDER), exist_ok=True)
    for path, content in files.items():
        with open(os.path.join(root, path), "wb") as file:
            file.write(content)
    tell(files[f"{FOLDER}/accuracy.csv"].decode())


def faults(root, files):
    """What is there and differs, is missing, or that nothing makes."""
    for path, content in sorted(files.items()):
        place = os.path.join(root, path)
        if not os.path.exists(place):
            yield f"{path}: missing"
        elif read(place) != content:
            yield f"{path}: another content than the script gives"
    for name in sorted(os.listdir(os.path.join(root, FOLDER))):
        if f"{FOLDER}/{name}" not in files:
            yield f"{FOLDER}/{name}: the script does not make it"


def show():
    images, labels = draw.data_set(SEED, "test", 6 * len(draw.NAMES))
    shades = " .:-=+*#%@"
    for label, name in enumerate(draw.NAMES):
        print(f"{label} {name}")
        rows = images[labels == label].transpose(1, 0, 2)
        for row in rows:
            print("  ".join("".join(shades[v * 10 // 256] for v in line) for line in row).rstrip())


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    root = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(__file__), "../..")
    if what == "show":
        show()
    elif what == "train":
        write_all(root, made_files(trained_parameters()))
    elif what in ("quantize", "check"):
        stored = os.path.join(root, FOLDER, "float_parameters.npy")
        files = made_files(np.load(stored, allow_pickle=False))
        if what == "quantize":
            write_all(root, files)
            return
        found = list(faults(root, files))
        print("\n".join(found + [f"glyphs: {len(files)} files made again, {len(found)} at fault"]))
        sys.exit(1 if found else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
