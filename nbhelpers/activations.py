"""Activation functions: what a unit does with its weighted sum, and how steep it is there.

Each function works element by element on an array of any shape and keeps its dtype (whole
numbers, such as raw pixels, become float64 where a fraction can come out). With
``out=`` it writes its result into an existing array, which may be the input itself, just as
NumPy's own functions do. Each derivative is written in terms of the *output* `A`, because that
is the array which backpropagation still has at hand. A number too small for its dtype becomes 0;
that is no error here, whatever `np.seterr` says.

Built in notebooks 01 (sigmoid), 03 (linear) and 04 (the others).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nbhelpers.validation import underflow_allowed

LEAK = 0.01  # slope of leaky ReLU to the left of its kink


def floats(Z):
    """Return `Z` as an array of floats: of its own dtype, or float64 if it holds whole numbers."""
    Z = np.asarray(Z)
    return Z if Z.dtype.kind == "f" else Z.astype(np.float64)


def linear(Z, out=None):
    """Return `Z` itself: f(z) = z, an output layer for any real number.

    Parameters
    ----------
    Z : ndarray, any shape
        Pre-activations.
    out : ndarray of Z's shape, optional
        Where to put the result.

    Returns
    -------
    ndarray of Z's shape and dtype
    """
    return np.positive(Z, out=out)


@underflow_allowed
def sigmoid(Z, out=None):
    """Squash any number into (0, 1): f(z) = 1 / (1 + exp(-z)).

    Only ever takes exp of a number that is not positive, so that z = ±1e4 neither overflows nor
    warns: exp(min(z, 0)) / (1 + exp(-|z|)), which for negative z is the equal form
    exp(z) / (1 + exp(z)).

    Parameters
    ----------
    Z : ndarray, any shape
        Pre-activations.
    out : ndarray of Z's shape, optional
        Where to put the result.

    Returns
    -------
    ndarray of Z's shape and dtype (float64 for whole numbers)

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning (2006), section 4.2.
    Built in notebook 01.
    """
    Z = floats(Z)
    above = np.exp(np.minimum(Z, 0))
    return np.divide(above, 1 + np.exp(-np.abs(Z)), out=out)


@underflow_allowed
def tanh(Z, out=None):
    """Squash any number into (-1, 1): f(z) = tanh(z), a sigmoid centred on zero.

    Parameters and result as in `sigmoid`.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.4.
    Built in notebook 04.
    """
    return np.tanh(floats(Z), out=out)


def relu(Z, out=None):
    """Keep what is positive, drop the rest: f(z) = max(z, 0).

    Parameters and result as in `sigmoid`.

    References
    ----------
    Glorot, Bordes and Bengio, "Deep sparse rectifier neural networks" (2011).
    Built in notebook 04.
    """
    return np.maximum(Z, 0, out=out)


@underflow_allowed
def leaky_relu(Z, out=None):
    """ReLU that lets one per cent through: f(z) = max(z, 0.01 z).

    Parameters and result as in `sigmoid`.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).
    Built in notebook 04.
    """
    Z = floats(Z)
    return np.maximum(Z, LEAK * Z, out=out)


@underflow_allowed
def elu(Z, out=None):
    """ReLU with a smooth floor at -1: f(z) = z for z > 0, exp(z) - 1 otherwise.

    Parameters and result as in `sigmoid`.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)" (2016).
    Built in notebook 04.
    """
    Z = floats(Z)
    floor = np.expm1(np.minimum(Z, 0))
    return np.add(np.maximum(Z, 0), floor, out=out)


def linear_derivative(A):
    """Return f'(z) = 1 for every output in `A` (any shape, dtype kept)."""
    return np.ones_like(A)


def sigmoid_derivative(A):
    """Return f'(z) = a (1 - a), for the outputs a = f(z) in `A` (any shape, dtype kept)."""
    return A * (1 - A)


@underflow_allowed
def tanh_derivative(A):
    """Return f'(z) = 1 - a², for the outputs a = f(z) in `A` (any shape, dtype kept)."""
    return 1 - A * A


def relu_derivative(A):
    """Return f'(z) = 1 where a > 0, else 0, for the outputs in `A` (any shape, dtype kept).

    At the kink, z = 0, the slope is not defined; 0 is the usual choice.
    """
    return (A > 0).astype(A.dtype)


def leaky_relu_derivative(A):
    """Return f'(z) = 1 where a > 0, else 0.01, for the outputs in `A` (any shape, dtype kept)."""
    return np.where(A > 0, A.dtype.type(1), A.dtype.type(LEAK))


def elu_derivative(A):
    """Return f'(z) = 1 where a > 0, else a + 1, for the outputs in `A` (any shape, dtype kept)."""
    return np.minimum(A, 0) + 1


@dataclass(frozen=True)
class Activation:
    """An activation function with all that a network needs to know of it.

    Attributes
    ----------
    name : str
        Its name in `ACTIVATIONS`.
    f : callable
        f(Z, out=None) -> A.
    derivative : callable
        derivative(A) -> f'(Z), in terms of the output.
    range : tuple of two floats
        The outputs lie between these; either may be infinite.
    gain : float
        Factor on initial weights of standard deviation 1/√fan_in. For linear, ReLU and its kin
        it is 1 over the root mean square of f(z) for a standard normal z, and so keeps a signal
        as large as it is from layer to layer. For tanh it is PyTorch's 5/3 (that rule gives
        1.59), for sigmoid PyTorch's 1, which keeps nothing: its outputs lie around 0.5.
        Explained in notebook 05.
    initializer : str
        The initial weights that suit it, a name in `INITIALIZERS`.
    """

    name: str
    f: Callable
    derivative: Callable
    range: tuple[float, float]
    gain: float
    initializer: str = "xavier_normal"


INF = float("inf")
# The mean of elu(z)² for a standard normal z: ½ comes from z > 0, the rest is the integral of
# (eᶻ - 1)² below 0, 1 + e² Φ(-2) - 2 √e Φ(-1) in all, with Φ(-x) = ½ erfc(x / √2).
ELU_POWER = 1 + math.e**2 * math.erfc(2**0.5) / 2 - math.e**0.5 * math.erfc(0.5**0.5)
ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("linear", linear, linear_derivative, (-INF, INF), 1.0),
        Activation("sigmoid", sigmoid, sigmoid_derivative, (0.0, 1.0), 1.0),
        Activation("tanh", tanh, tanh_derivative, (-1.0, 1.0), 5 / 3),
        Activation("relu", relu, relu_derivative, (0.0, INF), 2**0.5, "he_normal"),
        Activation(
            "leaky_relu",
            leaky_relu,
            leaky_relu_derivative,
            (-INF, INF),
            (2 / (1 + LEAK**2)) ** 0.5,
            "he_normal",
        ),
        Activation("elu", elu, elu_derivative, (-1.0, INF), ELU_POWER**-0.5, "he_normal"),
    )
}
