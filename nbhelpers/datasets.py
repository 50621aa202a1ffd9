"""The data of the series: four points for XOR, curves, clouds and spirals, and 70,000 digits.

Small sets are drawn on the spot, from the ``rng`` that you pass in, so the same seed gives the same
points. MNIST is read from four files whose SHA-256 is checked first (`mnist_files`). Classes are
integers of the type that NumPy counts and indexes with, `np.intp`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nbhelpers.mnist_files import FILES, download, find, read_verified
from nbhelpers.validation import at_least, at_least_one, at_least_zero, checked_rng


def xor(dtype=np.float32):
    """The truth table of *exclusive or*: 1 where exactly one of the two inputs is 1.

    Returns
    -------
    X : array (4, 2)
        The inputs, in counting order: 00, 01, 10, 11.
    Y : array (4, 1)
        The targets 0, 1, 1, 0.

    Notes
    -----
    Built in notebook 01.
    """
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype)
    Y = np.array([[0], [1], [1], [0]], dtype=dtype)
    return X, Y


class Curve(NamedTuple):
    """A function of one number: ``f``, the (low, high) it is drawn on, its formula as text."""

    f: Callable
    domain: tuple[float, float]
    formula: str


CURVES = {
    "sine": Curve(np.sin, (0.0, 2 * np.pi), "sin(x)"),
    "two waves": Curve(
        lambda x: np.sin(x) + 0.5 * np.sin(3 * x), (0.0, 2 * np.pi), "sin(x) + sin(3x) / 2"
    ),
    "damped wave": Curve(
        lambda x: np.exp(-x / 4) * np.cos(2 * x), (0.0, 3 * np.pi), "exp(−x / 4) · cos(2x)"
    ),
    "bump": Curve(lambda x: np.exp(-(x**2)), (-3.0, 3.0), "exp(−x²)"),
    "parabola": Curve(lambda x: x**2, (-1.0, 1.0), "x²"),
    "corner": Curve(np.abs, (-1.0, 1.0), "|x|"),
    "step": Curve(lambda x: np.where(x < 0, -1.0, 1.0), (-1.0, 1.0), "−1 below 0, else 1"),
}


def curve(name="sine", n=32, rng=None, noise=0.0, domain=None, shift=0.0, dtype=np.float32):
    """Evenly spaced points on one of the functions in `CURVES`, with noise if you ask for it.

    Parameters
    ----------
    name : str
        A key of `CURVES`.
    n : int
        Number of points, 2 or more; the first and the last lie on the ends of the domain.
    rng : numpy.random.Generator, optional
        Needed for noise, and for nothing else.
    noise : float
        Standard deviation of the normal noise that is added to the targets.
    domain : (low, high), optional
        Where to draw the points; the curve's own domain if you leave it out.
    shift : float
        From 0 to below 1: moves every point to the right by this part of a step. What would leave
        the domain is dropped, so ``shift=0.5`` gives the n − 1 points halfway between the n points
        of ``shift=0``: new ones to test on.
    dtype : numpy dtype
        Of both arrays.

    Returns
    -------
    X, Y : arrays (n, 1), or (n - 1, 1) where shift is above 0

    Raises
    ------
    ValueError
        For a name that is not in `CURVES`, an impossible value, or noise without a generator.

    Notes
    -----
    Used from notebook 03 on.
    """
    if name not in CURVES:
        raise ValueError(f"curve {name!r} is unknown; the names are {', '.join(CURVES)}")
    at_least(2, n=n)
    at_least_zero(noise=noise)
    low, high = CURVES[name].domain if domain is None else domain
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"domain is {domain!r}; expected two numbers, the lower one first")
    if not 0 <= shift < 1:
        raise ValueError(f"shift is {shift!r}; expected a part of a step, 0 or more and below 1")
    x = np.linspace(low, high, n)
    if shift:
        x = x[:-1] + shift * (high - low) / (n - 1)
    with np.errstate(under="ignore"):  # what is too small for the format is 0
        y = CURVES[name].f(x)
        if noise:
            y = y + checked_rng(rng).normal(scale=noise, size=x.shape)
        return x[:, None].astype(dtype), y[:, None].astype(dtype)


def sine(n=32, rng=None, noise=0.0, domain=None, shift=0.0, dtype=np.float32):
    """Points on one period of the sine: `curve` with the name filled in."""
    return curve("sine", n, rng, noise, domain, shift, dtype)


def clouds(n=500, *, rng, means=((0, -2), (2, 2), (-2, 2)), dtype=np.float32):
    """Normal clouds of unit variance, one a class.

    Parameters
    ----------
    n : int
        Points in each cloud.
    rng : numpy.random.Generator
        Draws the points.
    means : sequence of (x, y)
        The centre of each cloud.

    Returns
    -------
    X : array (n · classes, 2)
        Class after class; `fit` shuffles.
    y : int array (n · classes,)

    Notes
    -----
    Used in notebooks 06 and 12. With the three centres above no classifier can be right in more
    than 97.0 % of the cases, because the clouds overlap.
    """
    at_least_one(n=n)
    means = np.asarray(means, dtype=float)
    if means.ndim != 2 or means.shape[1] != 2:
        raise ValueError(f"means has shape {means.shape}; expected (classes, 2)")
    y = np.repeat(np.arange(len(means), dtype=np.intp), n)
    X = means[y] + checked_rng(rng).normal(size=(len(y), 2))
    return X.astype(dtype), y


def moons(n=200, *, rng, noise=0.1, dtype=np.float32):
    """Two half circles, each reaching into the other.

    Parameters
    ----------
    n : int
        Points on each moon.
    rng : numpy.random.Generator
        Draws the noise.
    noise : float
        Standard deviation of the normal noise that is added to both coordinates.

    Returns
    -------
    X : array (2n, 2)
        All of class 0 (the upper moon), then all of class 1.
    y : int array (2n,)
    """
    at_least_one(n=n)
    at_least_zero(noise=noise)
    checked_rng(rng)
    angle = np.linspace(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = [1, 0.5] - upper  # the upper moon turned by half a circle and moved
    X = np.concatenate([upper, lower]) + rng.normal(scale=noise, size=(2 * n, 2))
    return X.astype(dtype), np.repeat(np.arange(2, dtype=np.intp), n)


def spirals(n_classes=3, n=100, *, rng, noise=0.15, turns=0.75, dtype=np.float32):
    """Arms that wind around the origin inside the unit circle, one a class.

    Parameters
    ----------
    n_classes : int
        Number of arms, 2 or more.
    n : int
        Points on each arm.
    rng : numpy.random.Generator
        Draws the noise.
    noise : float
        Standard deviation of the normal noise that is added to the angle, in radians.
    turns : float
        How many times an arm goes around.

    Returns
    -------
    X : array (n · n_classes, 2)
        Class after class.
    y : int array (n · n_classes,)
    """
    at_least(2, n_classes=n_classes)
    at_least_one(n=n)
    at_least_zero(noise=noise)
    checked_rng(rng)
    y = np.repeat(np.arange(n_classes, dtype=np.intp), n)
    radius = np.tile(np.linspace(0.05, 1, n), n_classes)
    angle = 2 * np.pi * (y / n_classes + turns * radius) + rng.normal(scale=noise, size=y.shape)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X.astype(dtype), y


def digits(dtype=np.float32):
    """The 1,797 digits of 8 × 8 pixels that come with scikit-learn, scaled to [0, 1].

    Returns
    -------
    X : array (1797, 64)
        In the file's order; 0 is paper and 1 is ink.
    y : int array (1797,)

    Notes
    -----
    Used from notebook 07 on. E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten
    Digits", UCI Machine Learning Repository, 1998.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(dtype), y.astype(np.intp)


def split(X, y, size, *, rng):
    """Shuffle, then set some examples apart: for validation, for a test.

    Parameters
    ----------
    X : array (n, ...)
    y : array (n, ...)
        One row an example, as in `X`.
    size : int or float
        How many examples to set apart: a number from 1 to n − 1, or a part between 0.0 and 1.0.
    rng : numpy.random.Generator
        Shuffles.

    Returns
    -------
    (X_rest, y_rest), (X_apart, y_apart)
        Copies, in the order in which `mnist` returns its two sets.
    """
    n = len(X)
    if len(y) != n:
        raise ValueError(f"X has {n} rows and y has {len(y)}; expected as many")
    apart = round(size * n) if isinstance(size, (float, np.floating)) else size
    if not 1 <= apart < n:
        raise ValueError(
            f"size is {size!r}, which sets {apart} of {n} examples apart; "
            f"expected a whole number from 1 to {n - 1} or a part between 0.0 and 1.0"
        )
    order = checked_rng(rng).permutation(n)
    return (X[order[apart:]], y[order[apart:]]), (X[order[:apart]], y[order[:apart]])


def mnist():
    """The MNIST database of handwritten digits, whole, in the split that everybody uses.

    Returns
    -------
    (X_train, y_train), (X_test, y_test)
        X: float32 arrays (60000, 784) and (10000, 784) in [0, 1], 0 is paper and 1 is ink, one
        28 × 28 image a row; ``X[i].reshape(28, 28)`` is the picture. y: integer labels from 0 to 9.

    Raises
    ------
    FileNotFoundError
        A file is missing and could not be downloaded: says which file to put where.
    ValueError
        A file is truncated, damaged or another one than its name says: says which and what it
        looks like.

    Notes
    -----
    Each file is looked for in the folder that the environment variable ``NBHELPERS_DATA`` names,
    or without it in ``data/`` beside the package, then in your cache folder (`cache_folder`). A
    file found nowhere is downloaded into the cache folder. Nothing else is ever stored.

    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11), 1998. ``data/README.md`` has source and licence.
    """
    arrays = []
    for name in FILES:
        data = read_verified(find(name) or download(name), name)
        if "images" in name:  # header: magic number, images, rows, columns; then a byte a pixel
            pixels = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28 * 28)
            arrays.append(np.divide(pixels, 255, dtype=np.float32))
        else:  # header: magic number, labels; then a byte a label
            arrays.append(np.frombuffer(data, np.uint8, offset=8).astype(np.intp))
    X_train, y_train, X_test, y_test = arrays
    return (X_train, y_train), (X_test, y_test)
