"""Notebook 01's experiments: its program from many starts at once, and with other hidden layers.

The program is that of "A Neural Network in Python, Part 1: sigmoid function, gradient descent &
backpropagation" (2017): a 2-3-1 network without biases, weights uniform on [0, 1), learning rate 1,
60,000 steps with all four examples; in a second form its output is linear, with rate 0.1 and 20,000
steps.

NumPy multiplies stacks of matrices: with `W1` of shape (count, 2, hidden), `X @ W1` is `count`
products in one go.
"""

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.plots import PALETTE, new_axes, styled

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


def steps_to_learn(errors):
    """The step from which on all four answers stay right, a float for each network (inf: none)."""
    wrong = ~(errors < 0.5).all(axis=2)  # (steps, count)
    last = len(wrong) - wrong[::-1].argmax(axis=0)  # one after the last that isn't all right
    last = np.where(wrong.any(axis=0), last, 0)
    return np.where(last < len(wrong), last, np.inf)


@styled
def draw_losses(errors, ax=None):
    """Draw the losses of a training of many networks, one curve each; returns the axes."""
    ax = new_axes(ax, figsize=(8, 3.4))
    losses = 0.5 * np.sum(errors**2, axis=2)  # (steps, count)
    steps = np.arange(1, len(errors) + 1)
    ax.loglog(steps, losses, color=PALETTE["blue"], linewidth=1, alpha=0.8)
    ax.set(xlabel="step", ylabel="loss", title=f"{errors.shape[1]} starts")
    return ax


@styled
def draw_sizes(lr=1.0, weights="uniform", count=50, steps=5_000, ax=None):
    """Train `count` networks of each size from 1 to 8 hidden units; draw when each has learned.

    Learned is what stays right to the end. Above each size stands how many have; returns the axes.
    """
    ax = new_axes(ax, figsize=(8, 3.6))
    aside = np.random.default_rng(0).uniform(-0.25, 0.25, count)
    for hidden in range(1, 9):
        needed = steps_to_learn(train(count, hidden, steps, lr, weights))
        learned = np.isfinite(needed)
        ax.plot(hidden + aside, np.where(learned, needed, steps), "o", ms=4, alpha=0.6,
                color=PALETTE["blue"])  # fmt: skip
        ax.text(hidden, 1.25 * steps, f"{learned.sum()}", ha="center", va="bottom")
    ax.axhline(steps, color=PALETTE["grey"], linestyle="--", linewidth=1)
    ax.text(8.55, 0.94 * steps, "not learned", ha="right", va="top", color="#595959")
    ax.set(xlabel="hidden units", ylabel="steps until all four stay right", yscale="log")
    ax.set(xlim=(0.4, 8.6), ylim=(10, 2.6 * steps), xticks=range(1, 9))
    ax.set_yticks([10, 100, 1000], ["10", "100", "1,000"], minor=False)
    ax.minorticks_off()
    ax.set_title(f"learning rate {lr:g}, {weights} weights: how many of {count} learn, and when")
    return ax
