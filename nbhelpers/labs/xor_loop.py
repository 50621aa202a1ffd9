"""Notebook 01's experiments: its program from many starts at once.

The program is that of Monty, "A Neural Network in Python, Part 1: sigmoid function, gradient
descent & backpropagation" (2017): a 2-3-1 network without biases, weights uniform on [0, 1),
learning rate 1, 60,000 steps with all four examples; in a second form its output is linear, with
rate 0.1 and 20,000 steps.

NumPy multiplies stacks of matrices: with `W1` of shape (count, 2, hidden), `X @ W1` is `count`
products in one go.
"""

import numpy as np

from nbhelpers.activations import sigmoid

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # inputs (4, 2)
Y = np.array([[0], [1], [1], [0]])  # targets (4, 1)


def first_weights(count, hidden, weights="uniform"):
    """The first weights of the seeds 0, 1, ...: W1 (count, 2, hidden), W2 (count, hidden, 1).

    They are "uniform" on [0, 1), or "normal": of both signs, with standard deviation 1.
    """
    if weights not in ("uniform", "normal"):
        raise ValueError(f"weights must be 'uniform' or 'normal', got {weights!r:.60}")
    starts = [np.random.default_rng(seed) for seed in range(count)]
    draw = [rng.random if weights == "uniform" else rng.standard_normal for rng in starts]
    W1 = np.stack([numbers((2, hidden)) for numbers in draw])
    return W1, np.stack([numbers((hidden, 1)) for numbers in draw])


def train(count=10, hidden=3, steps=60_000, lr=1.0, weights="uniform",
          output="sigmoid", wrong_order=False):  # fmt: skip
    """Train `count` networks, of the seeds 0 to count - 1.

    Parameters
    ----------
    count, hidden, steps : int
    lr : float
        Learning rate.
    weights : {"uniform", "normal"}
        The first ones, see `first_weights`.
    output : {"sigmoid", "linear"}
    wrong_order : bool
        Whether W2 is updated before the blame goes back through it.

    Returns
    -------
    ndarray of shape (steps, count, 4)
        How far each answer is from its target before each step.
    """
    if output not in ("sigmoid", "linear"):
        raise ValueError(f"output must be 'sigmoid' or 'linear', got {output!r:.60}")
    W1, W2 = first_weights(count, hidden, weights)
    errors = np.empty((steps, count, len(X)))
    for step in range(steps):
        A1 = sigmoid(X @ W1)  # (count, 4, hidden)
        Z2 = A1 @ W2  # (count, 4, 1)
        A2 = sigmoid(Z2) if output == "sigmoid" else Z2
        errors[step] = np.abs(A2 - Y)[:, :, 0]
        delta2 = (A2 - Y) * A2 * (1 - A2) if output == "sigmoid" else A2 - Y
        before, W2 = W2, W2 - lr * A1.swapaxes(1, 2) @ delta2
        back = W2 if wrong_order else before
        delta1 = delta2 @ back.swapaxes(1, 2) * A1 * (1 - A1)
        W1 = W1 - lr * X.T @ delta1
    return errors
