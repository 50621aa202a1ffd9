"""Losses: one number for how wrong the network is, and which way is less wrong.

Every loss here is a *mean over the examples*; the 1/n that this takes lives in this module and
nowhere else. `value(A, Y)` is the number, `delta(A, Y)` starts the way back:

- a plain loss returns ∂L/∂A, the slope at the network's outputs;
- a loss that is *fused* with an output activation (`fused_with`) returns ∂L/∂Z, the slope at
  the pre-activations of the last layer, where the two derivatives cancel to (A - Y) / n.

Rows are examples. `Y` has the shape of `A`, except for softmax with cross-entropy, which also
takes the classes as integers of shape (n,): faster, and nobody has to write one-hot rows.

A target for each output, no less and no more: shapes that differ are a ValueError here, where NumPy
would stretch one to the other and return a number that means nothing.

Built in notebooks 01 (half the squared error, on average over the examples from 03 on) and 06
(cross-entropy).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nbhelpers.activations import floats
from nbhelpers.validation import same_shape, underflow_allowed


@underflow_allowed
def mean_squared_error(A, Y):
    """Return L = mean of (a - y)² over all n · m numbers.

    Parameters
    ----------
    A : ndarray of shape (n, m)
        Outputs of the network.
    Y : ndarray of shape (n, m)
        Targets.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        `A` and `Y` differ in shape.
    """
    same_shape(A, Y)
    return float(np.mean((A - Y) ** 2))


@underflow_allowed
def mean_squared_error_delta(A, Y):
    """Return ∂L/∂A = 2 (A - Y) / (n m), of A's shape and dtype. Parameters as in the value."""
    same_shape(A, Y)
    return (A - Y) * (2 / A.size)


@underflow_allowed
def half_squared_error(A, Y):
    """Return L = 1/n · ½ Σ (a - y)²: the ½ is there to cancel the 2 of the derivative.

    Summed over the outputs, averaged over the examples. Parameters as in `mean_squared_error`.
    scikit-learn's MLPRegressor follows the same gradient.

    References
    ----------
    Nielsen, Neural Networks and Deep Learning (2015), equation 6.
    """
    same_shape(A, Y)
    return float(0.5 * np.sum((A - Y) ** 2) / len(A))


@underflow_allowed
def half_squared_error_delta(A, Y):
    """Return ∂L/∂A = (A - Y) / n, of A's shape and dtype."""
    same_shape(A, Y)
    return (A - Y) / len(A)


@underflow_allowed
def binary_cross_entropy(A, Y):
    """Return L = -1/n Σ [y log a + (1 - y) log(1 - a)], for sigmoid outputs.

    Summed over the outputs, averaged over the examples. The loss saturates: outputs nearer to 0
    or 1 than 6e-8 (float32) or 1.1e-16 (float64), which is half the gap between 1 and the next
    number, count as just so near. A wrong answer costs 16.6 or 36.7 at most, for either class.

    Parameters
    ----------
    A : ndarray of shape (n, m)
        Outputs of the sigmoid, in [0, 1].
    Y : ndarray of shape (n, m)
        Targets in [0, 1], usually 0 or 1.

    Returns
    -------
    float

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning (2006), equation 4.90.
    """
    same_shape(A, Y)
    gap = np.finfo(A.dtype).epsneg  # 1 - gap is the number before 1
    p = np.minimum(np.maximum(A, gap), 1 - gap)  # np.clip, in less time
    return float(-(Y * np.log(p) + (1 - Y) * np.log1p(-p)).sum() / len(A))


@underflow_allowed
def binary_cross_entropy_delta(A, Y):
    """Return ∂L/∂Z = (A - Y) / n: the slope of the sigmoid cancels. Of A's shape and dtype."""
    same_shape(A, Y)
    return (A - Y) / len(A)


@underflow_allowed
def softmax(Z, out=None):
    """Turn each row of numbers into probabilities: f(z)_k = exp(z_k) / Σ_j exp(z_j).

    The maximum of every row is subtracted first. That changes nothing in exact arithmetic and
    keeps exp from overflowing, even at z = ±1e4.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Pre-activations ("logits") of k classes.
    out : ndarray of shape (n, k), optional
        Where to put the result; may be `Z` itself.

    Returns
    -------
    ndarray of shape (n, k)
        Rows of positive numbers that add up to 1.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), sections 4.1 and 6.2.2.3.
    Built in notebook 06.
    """
    Z = floats(Z)
    highest = np.ascontiguousarray(Z.T).max(axis=0)  # in each row; Z.max(axis=1) is slow
    A = np.subtract(Z, highest[:, np.newaxis], out=out)
    A = np.exp(A, out=out)
    A /= A.sum(axis=1, keepdims=True)
    return A


@underflow_allowed
def softmax_cross_entropy(A, y):
    """Return L = -1/n Σ log(probability given to the true class).

    The loss saturates: a probability below the smallest normal number of its dtype, 1e-38 or
    2e-308, counts as that number, so an example costs 87 (float32) or 708 (float64) at most.

    Parameters
    ----------
    A : ndarray of shape (n, k)
        Outputs of softmax.
    y : integer ndarray of shape (n,), or ndarray of shape (n, k)
        Classes 0 to k - 1, or target probabilities (one-hot rows, for instance).

    Returns
    -------
    float

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.
    """
    same_shape(A[:, 0] if y.ndim == 1 else A, y)
    tiny = np.finfo(A.dtype).tiny
    if y.ndim == 1:
        p = A[np.arange(len(A)), y]
        return float(0 - np.log(np.maximum(p, tiny)).sum() / len(A))  # 0 -: never -0.0
    return float(0 - np.sum(y * np.log(np.maximum(A, tiny))) / len(A))


@underflow_allowed
def softmax_cross_entropy_delta(A, y):
    """Return ∂L/∂Z = (A - Y) / n, of A's shape and dtype; `y` as in the value."""
    same_shape(A[:, 0] if y.ndim == 1 else A, y)
    if y.ndim == 1:
        delta = A.copy()
        delta[np.arange(len(A)), y] -= 1
    else:
        delta = A - y
    delta /= len(A)
    return delta


@dataclass(frozen=True)
class Loss:
    """A loss with the start of its way back.

    Attributes
    ----------
    name : str
        Its name in `LOSSES`.
    value : callable
        value(A, Y) -> float, a mean over the examples.
    delta : callable
        delta(A, Y) -> ∂L/∂A, or ∂L/∂Z for a fused loss.
    fused_with : str or None
        The output activation that the loss is fused with.
    """

    name: str
    value: Callable
    delta: Callable
    fused_with: str | None = None


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("mean_squared_error", mean_squared_error, mean_squared_error_delta),
        Loss("half_squared_error", half_squared_error, half_squared_error_delta),
        Loss("binary_cross_entropy", binary_cross_entropy, binary_cross_entropy_delta, "sigmoid"),
        Loss(
            "softmax_cross_entropy", softmax_cross_entropy, softmax_cross_entropy_delta, "softmax"
        ),
    )
}
