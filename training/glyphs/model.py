# SPDX-License-Identifier: Apache-2.0
"""The network in float64: forwards, backwards, and a training loop.

Images are N x height x width x channels. Weights have the shapes of docs/layer-trace.md: filters x
height x width x channels, 1 x height x width x channels for a depthwise convolution, units x depth.
"""

import math

import numpy as np

import exact


class Window:
    """Where a 3 x 3 (or 1 x 1) window with padding `same` reads."""

    def __init__(self, kernel, stride):
        self.kernel, self.stride = kernel, stride

    def pads(self, size):
        out = -(-size // self.stride)
        pad = max((out - 1) * self.stride + self.kernel - size, 0)
        return out, pad // 2, pad - pad // 2

    def taps(self, x, fill=0):
        """The input under each tap, in the order of the filter: views of one padded copy."""
        out, before, behind = self.pads(x.shape[1])
        edges = (before, behind)
        padded = np.pad(x, ((0, 0), edges, edges, (0, 0)), constant_values=fill)
        return [padded[(slice(None),) + place] for place in self.places(out)]

    def places(self, out):
        reach = self.stride * (out - 1) + 1
        return [(slice(dy, dy + reach, self.stride), slice(dx, dx + reach, self.stride))
                for dy in range(self.kernel) for dx in range(self.kernel)]

    def scatter(self, shape, pieces):
        """The sum of what every tap sends back to an input of this shape."""
        out, before, behind = self.pads(shape[1])
        size = shape[1] + before + behind
        padded = np.zeros((shape[0], size, size, shape[3]))
        for place, piece in zip(self.places(out), pieces):
            padded[(slice(None),) + place] += piece
        return padded[:, before:before + shape[1], before:before + shape[1], :]


class Layer:
    """Weights and bias; `forward` keeps what `backward` needs, which sets `slopes`."""

    def __init__(self, name, kind, shape, channel_axis, relu=True):
        self.name, self.kind, self.relu, self.channel_axis = name, kind, relu, channel_axis
        self.weights = np.zeros(shape)
        self.bias = np.zeros(shape[channel_axis])

    def start(self, draws):
        taps = self.weights.size // len(self.bias)
        reach = math.sqrt(6.0 / taps)
        self.weights = draws.uniform(-reach, reach, *self.weights.shape)

    def forward(self, x):
        y = self.multiply(x) + self.bias
        if self.relu:
            y = np.maximum(y, 0.0)
        self.output = y
        return y

    def backward(self, dy):
        if self.relu:
            dy = dy * (self.output > 0)
        bias = exact.total(dy, tuple(range(dy.ndim - 1)))
        weights, dx = self.divide(dy)
        self.slopes = [weights, bias]
        return dx


class Conv(Layer):
    def __init__(self, name, filters, channels, kernel, stride=1):
        super().__init__(name, "conv2d", (filters, kernel, kernel, channels), 0)
        self.window = Window(kernel, stride)

    def matrix(self):
        return self.weights.reshape(len(self.weights), -1).T

    def multiply(self, x):
        self.x = x
        taps = np.stack(self.window.taps(x), axis=3)
        self.columns = taps.reshape(-1, taps.shape[3] * taps.shape[4])
        return exact.product(self.columns, self.matrix()).reshape(taps.shape[:3] + (-1,))

    def divide(self, dy):
        rows = dy.reshape(-1, dy.shape[-1])
        weights = exact.product(self.columns.T, rows).T.reshape(self.weights.shape)
        if self.window.kernel > 1:
            return weights, None  # only the first layer has a wide kernel; nothing lies before it
        return weights, exact.product(rows, self.matrix().T).reshape(self.x.shape)


class Depthwise(Layer):
    def __init__(self, name, channels, kernel, stride=1):
        super().__init__(name, "depthwise_conv2d", (1, kernel, kernel, channels), 3)
        self.window = Window(kernel, stride)

    def multiply(self, x):
        self.shape, self.taps = x.shape, self.window.taps(x)
        y = 0.0
        for tap, weight in zip(self.taps, self.weights.reshape(-1, self.weights.shape[3])):
            y = y + tap * weight
        return y

    def divide(self, dy):
        weights = np.stack([exact.total(tap * dy, (0, 1, 2)) for tap in self.taps])
        flat = self.weights.reshape(weights.shape)
        dx = self.window.scatter(self.shape, [dy * weight for weight in flat])
        return weights.reshape(self.weights.shape), dx


class Pool:
    """The mean over the whole image."""
    name, kind = "pool", "average_pool2d"

    def forward(self, x):
        self.shape = x.shape
        return exact.total(x, (1, 2)) / (x.shape[1] * x.shape[2])

    def backward(self, dy):
        area = self.shape[1] * self.shape[2]
        return np.broadcast_to(dy[:, None, None, :] / area, self.shape)


class Dense(Layer):
    def __init__(self, name, units, depth):
        super().__init__(name, "fully_connected", (units, depth), 0, relu=False)

    def multiply(self, x):
        self.x = x
        return exact.product(x, self.weights.T)

    def divide(self, dy):
        return exact.product(dy.T, self.x), exact.product(dy, self.weights)


def network(classes):
    return [Conv("stem", 8, 1, 3, stride=1),
            Depthwise("depth1", 8, 3, stride=2), Conv("point1", 24, 8, 1),
            Depthwise("depth2", 24, 3, stride=2), Conv("point2", 48, 24, 1),
            Depthwise("depth3", 48, 3, stride=1), Conv("point3", 64, 48, 1),
            Pool(), Dense("logits", classes, 64)]


def trained(layers):
    return [layer for layer in layers if isinstance(layer, Layer)]


def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def forward_all(layers, x, chunk=100):
    """The same in pieces that fit a cache."""
    return np.concatenate([forward(layers, x[i:i + chunk]) for i in range(0, len(x), chunk)])


def real_images(images):
    """uint8 N x 16 x 16 to real numbers in [-1, 1) with one channel."""
    return (images[..., None] - 128.0) / 128.0


class Adam:
    """Adam, with a decay of the weights; b1 = 0.9, b2 = 0.999."""

    def __init__(self, layers):
        self.layers = trained(layers)
        self.means = [[0.0, 0.0] for _ in self.layers]
        self.squares = [[0.0, 0.0] for _ in self.layers]
        self.fade = [1.0, 1.0]

    def step(self, rate, decay):
        self.fade = [self.fade[0] * 0.9, self.fade[1] * 0.999]
        for i, layer in enumerate(self.layers):
            layer.weights = layer.weights - rate * (self.move(i, 0) + decay * layer.weights)
            layer.bias = layer.bias - rate * self.move(i, 1)

    def move(self, i, which):
        slope = self.layers[i].slopes[which]
        mean = self.means[i][which] = 0.9 * self.means[i][which] + 0.1 * slope
        square = self.squares[i][which] = (0.999 * self.squares[i][which]
                                           + 0.001 * (slope * slope))
        return (mean / (1 - self.fade[0])) / (np.sqrt(square / (1 - self.fade[1])) + 1e-8)


def shares(logits):
    """Softmax."""
    e = exact.exponential(logits - logits.max(axis=1, keepdims=True))
    return e / exact.total(e, 1)[:, None]


def train(layers, images_of, seed, epochs, batch, rate, decay, tell):
    """Minimizes the cross entropy; the rate falls linearly to zero. `images_of` gives the images
    (uint8) and labels of an epoch, always as many; when they are new each time, nothing can be
    learnt by heart."""
    draws = exact.Draws(seed, "training")
    for layer in trained(layers):
        layer.start(draws)
    adam, done = Adam(layers), 0
    for epoch in range(epochs):
        images, labels = images_of(epoch)
        x, wanted = real_images(images), np.eye(int(labels.max()) + 1)[labels]
        order, right, steps = draws.permutation(len(x)), 0, epochs * (len(x) // batch)
        for at in range(0, len(x) - batch + 1, batch):
            mine = order[at:at + batch]
            guess = shares(forward(layers, x[mine]))
            right += int((guess.argmax(axis=1) == labels[mine]).sum())
            slope = (guess - wanted[mine]) / batch
            for layer in reversed(layers):
                slope = layer.backward(slope)
            adam.step(rate * (1 - done / steps), decay)
            done += 1
        tell(f"epoch {epoch + 1}: {100 * right / len(x):.1f} % of the images right")
