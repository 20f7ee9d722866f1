# SPDX-License-Identifier: Apache-2.0
"""From float to int8 by the conventions of TensorFlow Lite, and the network in integers.

Weights: symmetric, one scale per output channel in convolutions, one for all in a dense layer.
Activations: one scale and zero point per tensor, from the smallest and largest value over
calibration images. Biases: int32 in steps of input scale x weight scale. The integer network below
is written from the arithmetic in docs/networks.md and shares nothing with milliwatt's kernels: it
is a second opinion.
"""

import math

import numpy as np

import model


class Quantized:
    """One layer in integers, with the scale and zero point of its input and output."""

    def __init__(self, layer, scale_in, zero_in, scale_out, zero_out):
        self.layer, self.name, self.kind = layer, layer.name, layer.kind
        self.scale_in, self.zero_in = np.float32(scale_in), zero_in
        self.scale_out, self.zero_out = np.float32(scale_out), zero_out
        if isinstance(layer, model.Layer):
            self.quantize_weights()

    def quantize_weights(self):
        layer = self.layer
        others = tuple(i for i in range(layer.weights.ndim) if i != layer.channel_axis)
        largest = np.abs(layer.weights).max(axis=None if self.kind == "fully_connected" else others)
        self.scales = np.atleast_1d(np.maximum(largest, 1e-6) / 127.0).astype(np.float32)
        shape = [1] * layer.weights.ndim
        shape[layer.channel_axis] = -1
        real = self.scales.astype(np.float64)
        steps = np.rint(layer.weights / real.reshape(shape))
        self.weights = np.clip(steps, -127, 127).astype(np.int8)
        self.bias = np.rint(layer.bias / (real * np.float64(self.scale_in))).astype(np.int32)

    def multipliers(self):
        """(mantissa, exponent) per channel: a real number is mantissa * 2^(exponent - 31)."""
        scale_in, scale_out = float(self.scale_in), float(self.scale_out)
        if self.kind == "fully_connected":
            reals = [float(np.float32(self.scale_in * self.scales[0])) / scale_out]
        else:
            reals = [scale_in * float(scale) / scale_out for scale in self.scales]
        return [whole_multiplier(real) for real in reals * (len(self.bias) // len(reals))]

    def forward(self, x):
        """int8 to int8, as int64 arrays."""
        if self.kind == "average_pool2d":
            count = x.shape[1] * x.shape[2]
            return divided_rounding(x.sum(axis=(1, 2)), count)
        sums = self.accumulate(x - self.zero_in) + self.bias
        y = np.stack([requantized(sums[..., c], *multiplier)
                      for c, multiplier in enumerate(self.multipliers())], axis=-1) + self.zero_out
        return np.clip(y, self.zero_out if self.layer.relu else -128, 127)

    def accumulate(self, x):
        weights = self.weights.astype(np.int64)
        if self.kind == "fully_connected":
            return x @ weights.T
        taps = self.layer.window.taps(x)
        if self.kind == "depthwise_conv2d":
            return sum(tap * weight for tap, weight in zip(taps, weights.reshape(-1, x.shape[3])))
        filters = weights.reshape(len(weights), -1, x.shape[3])
        return sum(tap @ filters[:, i].T for i, tap in enumerate(taps))


def whole_multiplier(real):
    fraction, exponent = math.frexp(real)
    mantissa = math.floor(fraction * 2.0**31 + 0.5)
    return (mantissa // 2, exponent + 1) if mantissa == 2**31 else (mantissa, exponent)


def requantized(sums, mantissa, exponent):
    """x * mantissa * 2^(exponent - 31): rounded once in the high multiply (ties up), once in the
    shift behind it (ties away from zero)."""
    product = (sums << max(exponent, 0)) * mantissa
    high = (product + (1 << 30)) >> 31
    shift = max(-exponent, 0)
    if shift == 0:
        return high
    half = (1 << (shift - 1)) - (high < 0)
    return (high + half) >> shift


def divided_rounding(sums, count):
    """Quotients rounded to the nearest, ties away from zero."""
    return np.sign(sums) * ((np.abs(sums) + count // 2) // count)


def scale_and_zero(values):
    """Of an activation whose real values lie between the smallest and the largest, and 0."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    scale = np.float32((high - low) / 255.0)
    return scale, int(np.rint(-128 - low / float(scale)))


def quantize(layers, images):
    """The network in integers; `images` (uint8) calibrate the activations."""
    scale, zero, x, whole = np.float32(1 / 128), 0, model.real_images(images), []
    for layer in layers:
        x = layer.forward(x)
        out = scale_and_zero(x) if isinstance(layer, model.Layer) else (scale, zero)
        whole.append(Quantized(layer, scale, zero, *out))
        scale, zero = out
    return whole


def stored_images(images):
    """uint8 N x 16 x 16 to the int8 N x 16 x 16 x 1 that the network takes."""
    return (images.astype(np.int16) - 128).astype(np.int8)[..., None]


def forward(whole, stored):
    x = stored.astype(np.int64)
    for layer in whole:
        x = layer.forward(x)
    return x


def forward_all(whole, stored, chunk=100):
    starts = range(0, len(stored), chunk)
    return np.concatenate([forward(whole, stored[i:i + chunk]) for i in starts])
