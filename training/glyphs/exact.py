# SPDX-License-Identifier: Apache-2.0
"""Arithmetic that gives the same bits on every machine.

IEEE 754 fixes the results of + - * / and sqrt, not the order in which a library adds many numbers.
So every long sum here is exact: its terms are first rounded to integers so small that no partial
sum needs more than the 53 bits of a float64. Then order, threads, fused multiply-add and the BLAS
do not matter. Functions whose last bit depends on the library (exp, sin, log) are not used at all.
"""

import math

import numpy as np

MANTISSA_BITS = 53


def on_grid(x, bits):
    """Integers n of at most `bits` bits (as float64) and a power of two u: x is about n * u."""
    largest = float(np.max(np.abs(x), initial=0.0))
    exponent = math.frexp(largest)[1]
    return np.rint(x * math.ldexp(1.0, bits - exponent)), math.ldexp(1.0, exponent - bits)


def product(a, b):
    """The matrix product a @ b of operands rounded to a grid; the products and sums are exact."""
    headroom = MANTISSA_BITS - math.ceil(math.log2(a.shape[1]))
    left, left_unit = on_grid(a, headroom // 2)
    right, right_unit = on_grid(b, headroom // 2)
    return (left @ right) * (left_unit * right_unit)


def total(x, axis):
    """The sum of x, rounded to a grid, along `axis`: exact."""
    terms = np.prod([x.shape[i] for i in np.atleast_1d(axis)])
    integers, unit = on_grid(x, MANTISSA_BITS - math.ceil(math.log2(terms)) - 1)
    return integers.sum(axis=axis) * unit


def exponential(x):
    """About exp(x) for -256 < x <= 0: (1 + x / 1024)^1024 by ten squarings."""
    y = 1.0 + np.maximum(x, -256.0) / 1024.0
    for _ in range(10):
        y = y * y
    return y


class Draws:
    """A stream of uniform numbers of its own for every seed and name (SplitMix64 of a counter)."""

    def __init__(self, seed, name):
        self.state = np.uint64(seed)
        for letter in name.encode():
            self.state = self._mix(np.array([self.state ^ np.uint64(letter)]))[0]
        self.count = 0

    @staticmethod
    def _mix(x):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))

    def uniform(self, low, high, *shape):
        """Evenly spread over [low, high), in steps of 2^-53 of the range."""
        size = int(np.prod(shape))
        counter = np.arange(self.count + 1, self.count + size + 1, dtype=np.uint64)
        self.count += size
        bits = self._mix(self.state + counter * np.uint64(0x9E3779B97F4A7C15))
        share = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return (low + share * (high - low)).reshape(shape)

    def bell(self, deviation, *shape):
        """Nearly normal with mean 0: the sum of four uniform numbers."""
        reach = deviation * math.sqrt(3.0) / 2.0
        a, b, c, d = (self.uniform(-reach, reach, *shape) for _ in range(4))
        return (a + b) + (c + d)

    def permutation(self, size):
        return np.argsort(self.uniform(0, 1, size), kind="stable")
