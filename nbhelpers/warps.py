"""Warps: the same digits, a little moved, turned and slanted, so that there are more of them.

A warp asks, for every pixel of the new image, from where in the old one its ink comes. All images
of a batch share one such sampling grid; a fresh grid for each batch is variety enough and makes
the warp four gathers, however many images there are.

Used in notebook 11.
"""

import numpy as np

from nbhelpers.arguments import at_least, at_least_zero, checked_rng, is_whole


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
    if not (is_whole(down) and is_whole(right)):
        raise ValueError(f"pixels must be whole; got down={down!r} and right={right!r}")
    images = as_images(X, shape)
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
    down, right = checked_rng(rng).integers(-pixels, pixels + 1, 2)
    return shift(X, int(down), int(right), shape)


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
    as_images(X, shape)
    if not np.issubdtype(X.dtype, np.floating):
        raise ValueError(f"X holds {X.dtype}; expected floats, as X / np.float32(255) makes them")
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

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis" (2003).
    """
    checked_rng(rng)
    at_least_zero(degrees=degrees, scale=scale, shear=shear, pixels=pixels)
    turn = np.deg2rad(rng.uniform(-degrees, degrees))
    stretch = np.diag(1 + rng.uniform(-scale, scale, 2))
    slant = np.array([[1.0, 0.0], [rng.uniform(-shear, shear), 1.0]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    rows, columns = affine_grid(rotation @ slant @ stretch, rng.uniform(-pixels, pixels, 2), shape)
    return sample(X, rows, columns, shape)


def as_images(X, shape):
    """Return `X` (n, height * width) as images (n, height, width), or raise a ValueError."""
    if X.ndim != 2 or X.shape[1] != shape[0] * shape[1]:
        raise ValueError(
            f"X has shape {X.shape}; expected (n, {shape[0] * shape[1]}): one image of "
            f"{shape[0]} x {shape[1]} pixels a row"
        )
    return X.reshape(len(X), *shape)
