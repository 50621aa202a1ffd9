"""Notebook 02's experiments: small networks that learn a curve, with and without biases.

The network is 1-h-1: sigmoid hidden units, a linear output, half the mean of the squared errors as
its loss, all examples in every step. NumPy multiplies stacks of matrices: with `W1` of shape
(count, 1, hidden), `X @ W1 + b1` are `count` networks in one go.
"""

import numpy as np

from nbhelpers.activations import sigmoid

X = np.linspace(0, 2 * np.pi, 32)[:, None]  # inputs (32, 1)
Y = np.sin(X)  # targets (32, 1)


def first_weights(count=10, hidden=5):
    """Normal weights of the seeds 0, 1, ...: W1 (count, 1, hidden), W2 (count, hidden, 1)."""
    starts = [np.random.default_rng(seed) for seed in range(count)]
    W1 = np.stack([rng.standard_normal((1, hidden)) for rng in starts])
    return W1, np.stack([rng.standard_normal((hidden, 1)) for rng in starts])


def train(hidden_bias=True, output_bias=True, X=X, Y=Y, hidden=5, count=10, steps=20_000, lr=0.3):
    """Train `count` networks, of the seeds 0 to count - 1; biases start at 0.

    Parameters
    ----------
    hidden_bias, output_bias : bool
        Whether the biases of that layer move; else they stay 0.
    X, Y : arrays of shape (n, 1)
    hidden, count, steps : int
    lr : float
        Learning rate.

    Returns
    -------
    W1 (count, 1, hidden), b1 (count, hidden), W2 (count, hidden, 1), b2 (count, 1)
    """
    W1, W2 = first_weights(count, hidden)
    b1, b2 = np.zeros((count, 1, hidden)), np.zeros((count, 1, 1))
    lr = lr / len(X)
    for _ in range(steps):
        A1 = sigmoid(X @ W1 + b1)  # (count, n, hidden)
        delta2 = A1 @ W2 + b2 - Y  # (count, n, 1)
        delta1 = delta2 @ W2.swapaxes(1, 2) * A1 * (1 - A1)
        W2 = W2 - lr * A1.swapaxes(1, 2) @ delta2
        b2 = b2 - lr * output_bias * delta2.sum(axis=1, keepdims=True)
        W1 = W1 - lr * X.T @ delta1
        b1 = b1 - lr * hidden_bias * delta1.sum(axis=1, keepdims=True)
    return W1, b1[:, 0], W2, b2[:, 0]


def answers(X, W1, b1, W2, b2):
    """What the networks say, (count, n, 1)."""
    return sigmoid(X @ W1 + b1[:, None]) @ W2 + b2[:, None]


def typical_error(X, Y, *networks):
    """The root of the mean of the squared errors of each network, (count,)."""
    return np.sqrt(np.mean((answers(X, *networks) - Y) ** 2, axis=(1, 2)))
