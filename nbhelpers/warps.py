"""Warps: the same digits, a little moved, turned and slanted, so that there are more of them.

A warp asks, for every pixel of the new image, from where in the old one its ink comes. All images
of a batch share one such sampling grid; a fresh grid for each batch is variety enough and makes
the warp four gathers, however many images there are.

Used in notebook 11.
"""

from functools import lru_cache

import numpy as np

from nbhelpers.validation import (
    above_zero,
    at_least,
    at_least_zero,
    check_float_images,
    check_images,
    checked_rng,
    underflow_allowed,
    whole_pixels,
)


def shift(X, down, right, shape=(28, 28)):
    """Move images by whole pixels; what leaves the frame is lost, what comes in is 0.

    Parameters
    ----------
    X : ndarray of shape (n, height * width)
        Images, one a row.
    down, right : int
        Pixels to move; negative numbers move up and left.
    shape : (height, width)

    Returns
    -------
    ndarray of X's shape and dtype

    Raises
    ------
    ValueError
        X doesn't have height * width columns, or the pixels are not whole.
    """
    down, right = whole_pixels(down, right)
    check_images(X, shape)
    images = X.reshape(len(X), *shape)
    moved = np.zeros_like(images)
    height, width = shape
    to_rows = slice(max(down, 0), height + min(down, 0))
    to_columns = slice(max(right, 0), width + min(right, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-right, 0), width + min(-right, 0))
    if abs(down) < height and abs(right) < width:
        moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved.reshape(X.shape)


def random_shift(X, rng, pixels=1, shape=(28, 28)):
    """Move the whole batch by up to `pixels` in each direction, drawn from `rng`.

    Parameters and errors otherwise as in `shift`.
    """
    at_least(0, pixels=pixels)
    down, right = checked_rng(rng).integers(-int(pixels), int(pixels) + 1, 2)
    return shift(X, down, right, shape)


def affine_grid(matrix, offset=(0.0, 0.0), shape=(28, 28)):
    """Return, for every pixel, where an affine warp takes its ink from.

    source = matrix @ (pixel - centre) + centre + offset, in (row, column) coordinates.

    Parameters
    ----------
    matrix : array of shape (2, 2)
        The identity leaves the image as it is.
    offset : pair of floats
        Rows and columns, in pixels.
    shape : (height, width)

    Returns
    -------
    rows, columns : two ndarrays of shape (height * width,), float64
    """
    centre = (np.array(shape) - 1) / 2
    pixels = np.stack(np.indices(shape).reshape(2, -1), axis=1)  # (height * width, 2)
    source = (pixels - centre) @ np.asarray(matrix).T + centre + offset
    return source[:, 0], source[:, 1]


@underflow_allowed
def sample(X, rows, columns, shape=(28, 28)):
    """Read images at the points of a grid, by bilinear interpolation; 0 outside of the frame.

    Parameters
    ----------
    X : float ndarray of shape (n, height * width)
        Images, one a row.
    rows, columns : ndarrays of shape (m,)
        Where to read, in pixels.
    shape : (height, width)

    Returns
    -------
    ndarray of shape (n, m), of X's dtype

    Raises
    ------
    ValueError
        X doesn't have height * width columns, or holds whole numbers, which a share of a pixel
        would be rounded to.
    """
    check_float_images(X, shape)
    height, width = shape
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    result = np.zeros((len(X), len(rows)), X.dtype)
    for r, row_share in ((top, top + 1 - rows), (top + 1, rows - top)):
        for c, column_share in ((left, left + 1 - columns), (left + 1, columns - left)):
            inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            weight = (row_share * column_share * inside).astype(X.dtype)
            result += weight * X.take(r * width + c, axis=1, mode="clip")
    return result


def random_affine(X, rng, degrees=15.0, scale=0.15, shear=0.15, pixels=2.0, shape=(28, 28)):
    """Turn, stretch, slant and move the whole batch by one random affine warp.

    Parameters
    ----------
    X : float ndarray of shape (n, height * width)
        Images, one a row.
    rng : numpy.random.Generator
        Source of the warp.
    degrees, scale, shear, pixels : float
        The largest turn, the largest share by which rows and columns are stretched, the largest
        slant, the largest move; each warp draws uniformly between minus and plus that.
    shape : (height, width)

    Returns
    -------
    ndarray of X's shape and dtype

    Raises
    ------
    ValueError
        As in `sample`; a negative number, an `rng` that is not a numpy Generator.

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis" (2003).
    """
    return sample(X, *random_grid(rng, degrees, scale, shear, pixels, shape), shape)


def random_grid(rng, degrees, scale, shear, pixels, shape=(28, 28)):
    """Return the grid of one random affine warp; parameters and errors as in `random_affine`.

    Drawn in this order: the turn, the stretch of rows and of columns, the slant, the move down and
    right. The matrix is turn @ slant @ stretch.

    Returns
    -------
    rows, columns : two ndarrays of shape (height * width,), float64
    """
    checked_rng(rng)
    at_least_zero(degrees=degrees, scale=scale, shear=shear, pixels=pixels)
    turn = np.deg2rad(rng.uniform(-degrees, degrees))
    stretch = np.diag(1 + rng.uniform(-scale, scale, 2))
    slant = np.array([[1.0, 0.0], [rng.uniform(-shear, shear), 1.0]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return affine_grid(rotation @ slant @ stretch, rng.uniform(-pixels, pixels, 2), shape)


@underflow_allowed
def random_bend(rng, pixels=1.0, smooth=4.0, shape=(28, 28)):
    """Return how far a sheet of rubber moves at every pixel: smooth random fields.

    Random numbers for every pixel, averaged over their neighbours with normal weights, and scaled.
    The border, where fewer neighbours are averaged, moves up to twice as far as the middle.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the fields.
    pixels : float
        Standard deviation of all numbers in both fields together, in pixels.
    smooth : float
        Standard deviation of the normal weights, in pixels; far below the size of the image, or
        the whole sheet moves as one, and any distance.
    shape : (height, width)

    Returns
    -------
    down, right : two ndarrays of shape (height * width,), float64
        To be added to the rows and columns of a grid.

    Raises
    ------
    ValueError
        A negative `pixels`, a `smooth` that is not above 0, an `rng` that is no numpy Generator.
    """
    checked_rng(rng)
    at_least_zero(pixels=pixels)
    above_zero(smooth=smooth)
    down, across = (smoothing_matrix(size, smooth) for size in shape)
    fields = down @ rng.standard_normal((2, *shape)) @ across.T
    return (pixels * fields / fields.std()).reshape(2, -1)


@lru_cache
@underflow_allowed
def smoothing_matrix(size, smooth):
    """How much pixel j counts in the mean around pixel i: a matrix (size, size), rows sum to 1."""
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    weights = np.exp(-0.5 * (distance / smooth) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)


def random_elastic(
    X,
    rng,
    degrees=10.0,
    scale=0.1,
    shear=0.1,
    pixels=1.5,
    bend=1.0,
    smooth=4.0,
    shape=(28, 28),
):
    """Warp the whole batch as `random_affine` does, and bend it like a sheet of rubber as well.

    Parameters
    ----------
    X, rng, degrees, scale, shear, pixels, shape
        As in `random_affine`; a little less of each, as the bending adds to it.
    bend, smooth : float
        How far the sheet moves, and over how many pixels the movement is smoothed: `pixels` and
        `smooth` of `random_bend`. Small numbers for `smooth` crumple the sheet.

    Returns
    -------
    ndarray of X's shape and dtype

    Raises
    ------
    ValueError
        As in `sample` and `random_bend`; a negative `degrees`, `scale`, `shear` or `pixels`.

    References
    ----------
    Simard, Steinkraus and Platt (2003, see `random_affine`), section 2, "elastic distortions":
    `smooth` is their σ.
    """
    rows, columns = random_grid(rng, degrees, scale, shear, pixels, shape)
    down, right = random_bend(rng, bend, smooth, shape)
    return sample(X, rows + down, columns + right, shape)
