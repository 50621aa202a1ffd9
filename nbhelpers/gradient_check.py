"""Gradient check: does backpropagation give the slope that the loss really has?

The loss is evaluated a little to either side of every parameter; the difference, divided by the
distance, must agree with the gradient. Use float64 and weights that are not all alike.

A float64 loss L is only known up to its rounding, about 2e-16 (1 + |L|): the 1 is for outputs of
size 1, which are rounded before they go into L. Divided by ε = 1e-5 that is 2e-11 (1 + |L|), the
*noise* of a central difference. Gradients that differ by less count as equal: the difference can't
tell them apart, as where a unit is so saturated that its gradients are all but 0.

Built in notebook 07.
"""

from dataclasses import dataclass

import numpy as np

from nbhelpers.network import views
from nbhelpers.validation import (
    above_zero,
    checkable,
    checked_rng,
    float64_array,
    underflow_allowed,
)


def numerical_gradient(f, x, eps=1e-5):
    """Return the gradient of `f` at `x` by central differences, (f(x + ε) - f(x - ε)) / 2ε.

    Parameters
    ----------
    f : callable
        Function of no argument that reads `x` as it is now and returns a float.
    x : float64 ndarray of any shape
        The point; every number is moved in place and put back.
    eps : float
        How far to move.

    Returns
    -------
    ndarray of x's shape

    Raises
    ------
    ValueError
        `x` is not a float64 array: anything else is too coarse, or a copy would be moved.
    """
    float64_array(x)
    above_zero(eps=eps)
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        try:
            x[i] = before + eps
            above = f()
            x[i] = before - eps
            below = f()
        finally:  # whatever happens: an interrupt, an error in f
            x[i] = before
        gradient[i] = (above - below) / (2 * eps)
    return gradient


@underflow_allowed
def relative_error(a, b, noise=0.0):
    """Return ‖a - b‖ / (‖a‖ + ‖b‖): 0 for equal arrays (two arrays of zeros too), 1 at worst.

    Arrays are equal too where the root mean square of a - b is at most `noise`.
    """
    difference = np.linalg.norm(np.subtract(a, b))
    if difference <= noise * np.size(a) ** 0.5:
        return 0.0
    return float(difference / (np.linalg.norm(a) + np.linalg.norm(b)))


def rounding_noise(loss, eps):
    """Return what rounding the loss does to a central difference (see the top of this module)."""
    return float(np.finfo(np.float64).eps * (1 + abs(loss)) / eps)


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found.

    Attributes
    ----------
    errors : dict
        Relative error of each array, by name: "W1", "b1", ... from the first layer to the last;
        0 where the difference is no more than noise.
    tolerance : float
        What counts as equal.
    """

    errors: dict
    tolerance: float

    @property
    def passed(self):
        """True where all arrays agree."""
        return all(error <= self.tolerance for error in self.errors.values())

    @property
    def guilty(self):
        """Name of the wrong array nearest to the output, or None.

        Mistakes travel backwards through the layers, so the one nearest to the output is where
        to look first.
        """
        wrong = [name for name, error in self.errors.items() if not error <= self.tolerance]
        return max(wrong, key=lambda name: (int(name[1:]), name[0]), default=None)

    def __str__(self):
        lines = [
            f"{name:>4}  {error:8.1e}  {'ok' if error <= self.tolerance else 'WRONG'}"
            for name, error in self.errors.items()
        ]
        verdict = f"look at {self.guilty} first" if self.guilty else "all gradients agree"
        return "\n".join(["      rel. error", *lines, verdict])

    __repr__ = __str__


def check_gradients(net, X, y, eps=1e-5, tolerance=1e-7):
    """Compare every gradient of `net` on the examples with central differences.

    Parameters
    ----------
    net : MLP of dtype float64
        Its parameters are moved and put back, its `grads` are filled anew.
    X, y : arrays
        Examples and targets, as for `MLP.forward` and `MLP.backward`; a handful is enough.
    eps : float, 1e-8 or more
        How far to move each parameter.
    tolerance : float
        Largest relative error that counts as equal.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError
        The network is not float64; an `eps` so small that rounding would hide any mistake; a
        `tolerance` that is not above 0.
    """
    checkable(net, eps)
    above_zero(tolerance=tolerance)
    A = net.forward(X)
    net.backward(A, y)
    noise = rounding_noise(net.loss(A, y), eps)
    numerical = numerical_gradient(lambda: net.loss(net.forward(X), y), net.params, eps)
    shapes, has_bias = [W.shape for W in net.W], [b is not None for b in net.b]
    W, b = views(numerical, shapes, has_bias)
    errors = {}
    for layer in range(net.n_layers):
        errors[f"W{layer + 1}"] = relative_error(net.dW[layer], W[layer], noise)
        if has_bias[layer]:
            errors[f"b{layer + 1}"] = relative_error(net.db[layer], b[layer], noise)
    return GradientReport(errors, float(tolerance))


@underflow_allowed
def direction_check(net, X, y, rng, eps=1e-5):
    """Check all parameters at once with two evaluations: the slope along one random direction.

    Compares grads · d with (L(params + ε d) - L(params - ε d)) / 2ε for a random unit vector d.

    Parameters
    ----------
    net : MLP of dtype float64
    X, y : arrays
        Examples and targets.
    rng : numpy.random.Generator
        Source of the direction.
    eps : float, 1e-8 or more
        How far to go.

    Returns
    -------
    float
        Relative error of the slope; 0 where the difference is no more than noise.

    Raises
    ------
    ValueError
        As in `check_gradients`; an `rng` that is not a numpy Generator.
    """
    checkable(net, eps)
    checked_rng(rng)
    net.backward(net.forward(X), y)
    direction = rng.standard_normal(len(net.params))
    direction /= np.linalg.norm(direction)
    before = net.params.copy()
    try:
        net.params[...] = before + eps * direction
        above = net.loss(net.forward(X), y)
        net.params[...] = before - eps * direction
        below = net.loss(net.forward(X), y)
    finally:
        net.params[...] = before
    noise = rounding_noise(above, eps)
    return relative_error(net.grads @ direction, (above - below) / (2 * eps), noise)
