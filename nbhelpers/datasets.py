"""The data of the series: four points for XOR, curves, clouds and spirals, and 70,000 digits.

Small sets are drawn on the spot, from the ``rng`` that you pass in, so the same seed gives the same
points. MNIST is read from four files whose SHA-256 is checked before a byte is used.
"""

import hashlib
import http.client
import os
import sys
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nbhelpers.files import replacing
from nbhelpers.validation import at_least, at_least_one, at_least_zero, checked_rng

# ------------------------------------------------------------------ points drawn on the spot


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
    y : int64 array (n · classes,)

    Notes
    -----
    Used in notebooks 06 and 12. With the three centres above no classifier can be right in more
    than 97.0 % of the cases, because the clouds overlap.
    """
    at_least_one(n=n)
    means = np.asarray(means, dtype=float)
    if means.ndim != 2 or means.shape[1] != 2:
        raise ValueError(f"means has shape {means.shape}; expected (classes, 2)")
    y = np.repeat(np.arange(len(means)), n)
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
    y : int64 array (2n,)
    """
    at_least_one(n=n)
    at_least_zero(noise=noise)
    checked_rng(rng)
    angle = np.linspace(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = [1, 0.5] - upper  # the upper moon turned by half a circle and moved
    X = np.concatenate([upper, lower]) + rng.normal(scale=noise, size=(2 * n, 2))
    return X.astype(dtype), np.repeat(np.arange(2), n)


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
    y : int64 array (n · n_classes,)
    """
    at_least(2, n_classes=n_classes)
    at_least_one(n=n)
    at_least_zero(noise=noise)
    checked_rng(rng)
    y = np.repeat(np.arange(n_classes), n)
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
    y : int64 array (1797,)

    Notes
    -----
    Used from notebook 07 on. E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten
    Digits", UCI Machine Learning Repository, 1998.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(dtype), y.astype(np.int64)


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


# ------------------------------------------------------------------ MNIST: four files, verified


class File(NamedTuple):
    """What an MNIST file holds once it is decompressed: its size in bytes and its SHA-256."""

    size: int
    sha256: str


FILES = {
    "train-images-idx3-ubyte.gz": File(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte.gz": File(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte.gz": File(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte.gz": File(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
CHECKOUT_DATA = Path(__file__).resolve().parents[1] / "data"
LARGEST = max(file.size for file in FILES.values())


def mnist():
    """The MNIST database of handwritten digits, whole, in the split that everybody uses.

    Returns
    -------
    (X_train, y_train), (X_test, y_test)
        X: float32 arrays (60000, 784) and (10000, 784) in [0, 1], 0 is paper and 1 is ink, one
        28 × 28 image a row; ``X[i].reshape(28, 28)`` is the picture. y: int64 labels from 0 to 9.

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
            arrays.append(np.frombuffer(data, np.uint8, offset=8).astype(np.int64))
    X_train, y_train, X_test, y_test = arrays
    return (X_train, y_train), (X_test, y_test)


def data_folder():
    """The folder with the four files: what ``NBHELPERS_DATA`` names, else the checkout's data/."""
    named = os.environ.get("NBHELPERS_DATA")
    if not named:
        return CHECKOUT_DATA
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"NBHELPERS_DATA names {named!r}, which is not a folder")
    return folder


def cache_folder():
    """Where downloads go: nbhelpers/ in your system's folder for caches (it may not exist yet)."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nbhelpers"


def find(name):
    """The path of one of the `FILES` on this machine, or None where it is missing."""
    paths = (data_folder() / name, cache_folder() / name)
    return next((path for path in paths if path.exists()), None)


def read_verified(path, name):
    """Read a file; return its decompressed bytes if they are those that `name` stands for.

    The checksum covers the decompressed bytes, as the published ones do, so it does not matter who
    compressed the file.

    Raises
    ------
    ValueError
        Names the file and says what it looks like.
    """
    try:
        return _unpack(Path(path).read_bytes(), name)
    except ValueError as error:
        raise ValueError(
            f"{path} {error}. Delete it and call mnist() again to download it, or put the right "
            f"file in its place: {name}, which holds {FILES[name].size:,} bytes with SHA-256 "
            f"{FILES[name].sha256} when decompressed."
        ) from None


def _unpack(packed, name):
    """Decompress and verify the bytes of a file; no more than the largest file is unpacked."""
    unzip = zlib.decompressobj(wbits=31)  # 31: gzip format, with its own check of the content
    try:
        data = unzip.decompress(packed, LARGEST + 1)
    except zlib.error as error:
        is_gzip = packed[:2] == b"\x1f\x8b"
        raise ValueError(f"is damaged ({error})" if is_gzip else _describe(packed)) from None
    if not packed:
        raise ValueError("is empty")
    if len(data) > LARGEST:
        raise ValueError(f"unpacks to more than {LARGEST:,} bytes: damaged, or not an MNIST file")
    if not unzip.eof:
        raise ValueError(f"is cut off: it ends after {len(packed):,} compressed bytes")
    if hashlib.sha256(data).hexdigest() != FILES[name].sha256:
        raise ValueError(_describe(data))
    return data


def _describe(data):
    """What wrong bytes look like, in words that follow the file's name."""
    digest = hashlib.sha256(data).hexdigest()
    for name, file in FILES.items():
        if digest == file.sha256:
            return f"holds what belongs into {name}"
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "holds a web page or a server's message, not data"
    magic, count = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    if magic in (2049, 2051) and len(data) >= 8:
        kind = "labels" if magic == 2049 else "images"
        return f"holds an IDX file of {count:,} {kind} that are not MNIST's"
    return f"holds {len(data):,} bytes that start with {data[:8]!r}, not an MNIST file"


def download(name):
    """Fetch one of the `FILES` into the cache folder; return its path.

    The bytes are verified, then written under a temporary name, then moved to their own, so that
    no interruption leaves half a file behind.

    Raises
    ------
    FileNotFoundError
        No mirror gave the right file, or it could not be stored: says which file to put where.
    """
    folder, failures = cache_folder(), []
    wanted = data_folder() if data_folder().is_dir() else folder
    for mirror in MIRRORS:
        try:
            packed = _fetch(mirror + name)
            _unpack(packed, name)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"  {mirror}{name} ({error})")
            continue
        try:
            return _store(packed, folder / name)
        except OSError as error:  # the disk is full, say: another mirror wouldn't help
            raise FileNotFoundError(
                f"{name} is missing. It has been downloaded, but couldn't be stored in {folder} "
                f"({error}).\nMake room there, or put the file here: {wanted / name}"
            ) from error
    raise FileNotFoundError(
        f"{name} is missing and could not be downloaded.\n"
        f"Put it here: {wanted / name}\n"
        f"It is in the data/ folder of the project, and at these addresses (in brackets: what went "
        f"wrong just now):\n" + "\n".join(failures)
    )


def _fetch(url):
    """The bytes behind a URL, with a progress bar."""
    from tqdm.auto import tqdm

    packed = bytearray()
    with urllib.request.urlopen(url, timeout=20) as response:
        total = int(response.headers.get("Content-Length") or 0) or None
        with tqdm(total=total, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1]) as bar:
            while chunk := response.read(1 << 16):
                packed += chunk
                bar.update(len(chunk))
                if len(packed) > LARGEST:
                    raise ValueError("sends more bytes than the largest MNIST file has")
    return bytes(packed)


def _store(packed, path):
    """Write a file under a temporary name, then move it to its own in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(packed)
    return path
