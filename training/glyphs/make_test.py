#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing that the script makes depends on the machine, its BLAS or its NumPy."""

import hashlib
import os
import re
import sys
import unittest
from fractions import Fraction

try:
    import numpy as np
except ModuleNotFoundError:
    print("skipped: NumPy is not installed (python3-numpy)")
    sys.exit(77)

import draw
import exact
import model
import quantize

FOLDER = os.path.dirname(os.path.abspath(__file__))


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


class ExactTest(unittest.TestCase):
    draws = exact.Draws(7, "test")

    def test_a_product_is_the_sum_of_its_rounded_terms_without_any_further_rounding(self):
        a, b = self.draws.bell(3.0, 20, 300), self.draws.bell(1e-5, 300, 4)
        left, left_unit = exact.on_grid(a, 22)  # (53 - 9) / 2: 300 terms take 9 bits
        right, right_unit = exact.on_grid(b, 22)
        for i, row in enumerate(left):
            for j, column in enumerate(right.T):
                terms = (int(x) * int(y) for x, y in zip(row, column))
                true = sum(terms) * Fraction(left_unit) * Fraction(right_unit)
                self.assertEqual(Fraction(exact.product(a, b)[i, j]), true)

    def test_the_order_of_the_terms_does_not_matter(self):
        a, b = self.draws.bell(3.0, 5, 4000), self.draws.bell(2.0, 4000, 5)
        order = self.draws.permutation(4000)
        self.assertTrue(np.array_equal(exact.product(a, b), exact.product(a[:, order], b[order])))
        self.assertTrue(np.array_equal(exact.total(b, 0), exact.total(b[order], 0)))

    def test_a_product_is_close_to_the_real_one(self):
        a, b = self.draws.bell(3.0, 20, 300), self.draws.bell(2.0, 300, 4)
        self.assertLess(np.abs(exact.product(a, b) - a @ b).max(), 1e-3)

    def test_the_exponential_is_near_the_true_one(self):
        x = np.linspace(-20, 0, 1000)
        self.assertLess(np.abs(exact.exponential(x) - np.exp(x)).max(), 3e-4)  # x^2 e^x / 2048

    def test_streams_are_apart_and_evenly_spread(self):
        a = exact.Draws(1, "a").uniform(0, 1, 20000)
        b = exact.Draws(1, "b").uniform(0, 1, 20000)
        self.assertLess(abs(a.mean() - 0.5), 0.01)  # deviation 0.29 / sqrt(20000) = 0.002
        self.assertLess(abs(np.corrcoef(a, b)[0, 1]), 0.03)
        self.assertTrue(np.array_equal(a[:7], exact.Draws(1, "a").uniform(0, 1, 7)))

    def test_only_exact_arithmetic_adds_up(self):
        """Sums of floats, products of matrices and transcendental functions stay in exact.py."""
        loose = re.compile(r"np\.(exp|log|sin|cos|tanh|power|dot|matmul|einsum|mean|sum|random)\b")
        for name in ("draw.py", "model.py", "quantize.py", "make.py"):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                self.assertEqual(loose.findall(file.read()), [], name)


class ModelTest(unittest.TestCase):

    def test_slopes_are_those_of_the_loss(self):
        layers, draws = model.network(3), exact.Draws(3, "slopes")
        for layer in model.trained(layers):
            layer.start(draws)
        x, wanted = draws.bell(0.5, 6, 16, 16, 1), np.eye(3)[[0, 1, 2, 0, 1, 2]]

        def loss():
            return -np.log(model.shares(model.forward(layers, x))[wanted > 0]).mean()

        slope = (model.shares(model.forward(layers, x)) - wanted) / len(x)
        for layer in reversed(layers):
            slope = layer.backward(slope)
        for layer in model.trained(layers):
            place = np.unravel_index(np.abs(layer.slopes[0]).argmax(), layer.weights.shape)
            found, step = layer.slopes[0][place], 1e-3
            layer.weights[place] += step
            above = loss()
            layer.weights[place] -= 2 * step
            below = loss()
            layer.weights[place] += step
            self.assertAlmostEqual(found / ((above - below) / (2 * step)), 1.0, delta=0.02)


class QuantizeTest(unittest.TestCase):

    def test_requantization_rounds_twice(self):
        half = (1 << 30, 0)  # 1/2
        quarter = (1 << 30, -1)
        sums = np.array([1, -1, 3, -3, 2, -2, 6, -6])
        # Ties up, in the high multiply: 0.5 is 1, -0.5 is 0.
        self.assertEqual(quantize.requantized(sums, *half).tolist(), [1, 0, 2, -1, 1, -1, 3, -3])
        # And then away from zero, in the shift: 2 / 4 is 1 / 2 is 1, -2 / 4 is -1; 3 / 4 is 2 / 2.
        self.assertEqual(quantize.requantized(sums, *quarter).tolist(), [1, 0, 1, -1, 1, -1, 2, -2])

    def test_means_round_away_from_zero(self):
        sums = np.array([8, -8, 7, -7, 24, -24])
        self.assertEqual(quantize.divided_rounding(sums, 16).tolist(), [1, -1, 0, 0, 2, -2])


class BytesTest(unittest.TestCase):
    """The digests are those that every machine has to give."""

    def test_images(self):
        images, labels = draw.data_set(1, "test", 120)
        self.assertEqual((digest(images), digest(labels)), IMAGES)

    def test_training(self):
        layers = model.network(len(draw.NAMES))
        model.train(layers, lambda epoch: draw.data_set(1, f"short {epoch}", 120), 1, 2, 40, 0.004,
                    1e-4, lambda text: None)
        found = digest(np.concatenate([layer.weights.ravel() for layer in model.trained(layers)]))
        self.assertEqual(found, TRAINED)


IMAGES = ("953dfe505fce65c0", "0e3bc374886afae1")
TRAINED = "9a6e1cc11aefb3ce"

if __name__ == "__main__":
    unittest.main()
