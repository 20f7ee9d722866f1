# SPDX-License-Identifier: Apache-2.0
"""Draws the data set: twelve kinds of glyphs as strokes, distorted, noisy, 16 x 16 grey values."""

import numpy as np

import exact

SIZE = 16
CHUNK = 500

# The strokes of each class, between -1 and 1; x to the right, y down.
STROKES = {
    "plus": [[(-1, 0), (1, 0)], [(0, -1), (0, 1)]],
    "saltire": [[(-1, -1), (1, 1)], [(-1, 1), (1, -1)]],
    "tee": [[(-1, -1), (1, -1)], [(0, -1), (0, 1)]],
    "ell": [[(-0.8, -1), (-0.8, 1), (0.8, 1)]],
    "cup": [[(-0.8, -1), (-0.8, 1), (0.8, 1), (0.8, -1)]],
    "box": [[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9), (-0.9, -0.9)]],
    "ring": [[(0, -1), (0.7, -0.7), (1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7),
              (0, -1)]],
    "triangle": [[(0, -1), (1, 0.9), (-1, 0.9), (0, -1)]],
    "zed": [[(-0.9, -1), (0.9, -1), (-0.9, 1), (0.9, 1)]],
    "arrow": [[(0, 1), (0, -1)], [(-0.8, -0.2), (0, -1), (0.8, -0.2)]],
    "fork": [[(-0.9, -1), (0, 0), (0.9, -1)], [(0, 0), (0, 1)]],
    "hourglass": [[(-0.9, -1), (0.9, -1), (-0.9, 1), (0.9, 1), (-0.9, -1)]],
}
NAMES = list(STROKES)


def segments(name):
    """Both ends of every segment of a glyph: segments x 2 x (x, y)."""
    return np.array([(a, b) for line in STROKES[name] for a, b in zip(line, line[1:])], float)


def distort(points, draws, count):
    """`count` copies of the points (... x 2) in pixels, each turned, sheared, scaled and moved."""
    extra = (1,) * (points.ndim - 1)
    turn, shear = draws.uniform(-0.3, 0.3, count, *extra), draws.uniform(-0.2, 0.2, count, *extra)
    wide, high = draws.uniform(3.2, 6.0, count, *extra), draws.uniform(3.2, 6.0, count, *extra)
    shake = draws.bell(0.09, count, *points.shape)
    middle = draws.uniform(6.0, 9.0, count, *extra, 2)
    x, y = points[..., 0] + shake[..., 0], points[..., 1] + shake[..., 1]
    return np.stack([wide * (x + (shear - turn) * y), high * (y + turn * x)], axis=-1) + middle


def distances(ends):
    """From the middle of every pixel to the nearest segment: images x SIZE x SIZE."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    nearest = np.full((len(ends), SIZE, SIZE), np.inf)
    for k in range(ends.shape[1]):
        (ax, ay), (bx, by) = (ends[:, k, end, :].T[:, :, None, None] for end in (0, 1))
        dx, dy = bx - ax, by - ay
        along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-9)
        along = np.clip(along, 0.0, 1.0)
        ox, oy = x - (ax + along * dx), y - (ay + along * dy)
        nearest = np.minimum(nearest, np.sqrt(ox * ox + oy * oy))
    return nearest


def ink(ends, draws):
    """Strokes of a random width with soft edges: 0 to 1."""
    half_width = draws.uniform(0.3, 0.9, len(ends), 1, 1)
    return np.clip(half_width + 0.5 - distances(ends), 0.0, 1.0)


def glyphs(name, draws, count):
    """`count` images of one class as uint8."""
    image = ink(distort(segments(name), draws, count), draws)
    image = image * draws.uniform(0.45, 1.0, count, 1, 1)
    scratch = draws.uniform(0.0, SIZE - 1.0, count, 1, 2, 2)
    image = np.maximum(image, ink(scratch, draws) * draws.uniform(0.0, 0.4, count, 1, 1))
    slope = draws.uniform(-0.012, 0.012, count, 2, 1, 1)
    y, x = np.mgrid[0:SIZE, 0:SIZE] - (SIZE - 1) / 2
    ground = draws.uniform(0.1, 0.3, count, 1, 1) + slope[:, 0] * x + slope[:, 1] * y
    noise = draws.bell(1.0, count, SIZE, SIZE) * draws.uniform(0.05, 0.155, count, 1, 1)
    return np.clip(np.rint(255.0 * (ground + 0.7 * image + noise)), 0, 255).astype(np.uint8)


def data_set(seed, part, count):
    """`count` images (count x 16 x 16, uint8) and labels (uint8), classes in turn."""
    images = np.empty((count, SIZE, SIZE), np.uint8)
    labels = (np.arange(count) % len(NAMES)).astype(np.uint8)
    for label, name in enumerate(NAMES):
        mine = np.flatnonzero(labels == label)
        for chunk in range(0, len(mine), CHUNK):
            places = mine[chunk:chunk + CHUNK]
            draws = exact.Draws(seed, f"{part}/{name}/{chunk}")
            images[places] = glyphs(name, draws, len(places))
    return images, labels
