"""From strokes to pixels: a drawing becomes 28 x 28 pixels, centred and scaled as MNIST's are."""

import numpy as np

from nbhelpers.warps import sample

SIDE = 280  # the pad is 280 x 280 units, ten for each of the network's 28 x 28 pixels
PEN = 0.13  # width of the line as a share of the digit's longer side; MNIST's median is 2.6 of 20


def as_strokes(strokes):
    """Check strokes and return them as a list of float arrays of shape (n_points, 2).

    Parameters
    ----------
    strokes : list of strokes, each a sequence of (x, y) points
        x to the right and y downwards, both from 0 to 280. A flat list x0, y0, x1, y1, ... is a
        stroke too.

    Raises
    ------
    ValueError
        A stroke that is not a list of pairs, or that holds NaN or infinity.
    """
    checked = []
    for i, stroke in enumerate(strokes):
        try:
            points = np.asarray(stroke, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(f"stroke {i} is not a list of (x, y) points: {error}") from None
        if points.ndim == 1 and points.size % 2 == 0:
            points = points.reshape(-1, 2)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"stroke {i} has shape {points.shape}; expected (n_points, 2): "
                "one (x, y) pair a point"
            )
        if not np.isfinite(points).all():
            raise ValueError(f"stroke {i} holds NaN or infinity; expected numbers from 0 to {SIDE}")
        if len(points):
            checked.append(points)
    return checked


def rasterise(strokes, pen=None):
    """Draw strokes as round, anti-aliased lines.

    Each pixel is inked by how far it lies inside the line: clip(pen/2 + 1/2 - distance, 0, 1).

    Parameters
    ----------
    strokes : list of strokes
        As for `as_strokes`.
    pen : float, optional
        Width of the line in pixels. Without it the width is 0.13 of the drawing's longer side
        (not below 8, not above 36), as in MNIST, so that a small digit does not become a blot.

    Returns
    -------
    ndarray (280, 280), float32
        0 is paper, 1 is ink.
    """
    strokes = as_strokes(strokes)
    picture = np.zeros((SIDE, SIDE), np.float32)
    if not strokes:
        return picture
    if pen is None:
        spread = np.ptp(np.concatenate(strokes), axis=0).max()
        pen = np.clip(PEN / (1 - PEN) * spread, 8, 36)  # the pen itself adds to the height
    reach = pen / 2 + 0.5
    for points in strokes:
        starts, ends = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
        for a, b in zip(starts, ends, strict=True):
            left, top = np.clip(np.floor(np.minimum(a, b) - reach), 0, SIDE).astype(int)
            right, bottom = np.clip(np.ceil(np.maximum(a, b) + reach), 0, SIDE).astype(int)
            x = np.arange(left, right) + 0.5 - a[0]  # centres of the pixels, seen from a
            y = np.arange(top, bottom)[:, None] + 0.5 - a[1]
            dx, dy = b - a
            share = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            distance = np.hypot(x - share * dx, y - share * dy)
            window = picture[top:bottom, left:right]
            np.maximum(window, np.clip(reach - distance, 0, 1), out=window)
    return picture


def _overlaps(n_out, start, stop, n_in):
    """(n_out, n_in): which share of input pixel j falls into output pixel i of [start, stop)."""
    edges = np.linspace(start, stop, n_out + 1)
    j = np.arange(n_in)
    high = np.minimum(edges[1:, None], j + 1)
    low = np.maximum(edges[:-1, None], j)
    return np.clip(high - low, 0, None) / (edges[1] - edges[0])


def as_picture(image, name="image"):
    """Check a picture, or several, and return it as floats from 0 (paper) to 1 (ink).

    Parameters
    ----------
    image : array (height, width) or (n, pixels)
        From 0 to 1, or bytes (uint8) from 0 to 255. A little less or more (0.1), such as an
        enlargement along curves gives, is cut off.
    name : str
        For the message.

    Raises
    ------
    ValueError
        Another shape, NaN or infinity, numbers on another scale.
    """
    image = np.asarray(image)
    if image.ndim != 2 or not image.size:
        raise ValueError(f"{name} has shape {image.shape}; expected (height, width), one picture")
    image = image / 255.0 if image.dtype == np.uint8 else image.astype(float)
    if not np.isfinite(image).all():
        raise ValueError(
            f"{name} holds NaN or infinity; expected numbers from 0 (paper) to 1 (ink)"
        )
    low, high = image.min(), image.max()
    if low < -0.1 or high > 1.1:
        raise ValueError(
            f"{name} holds numbers from {low:g} to {high:g}; expected 0 (paper) to 1 (ink), or "
            "bytes of dtype uint8"
        )
    return np.clip(image, 0, 1)


def shrink(image):
    """Average a picture down to (28, 28), as it lies: neither centred nor scaled.

    `image` and errors as in `as_picture`.
    """
    image = as_picture(image)
    rows = _overlaps(28, 0, image.shape[0], image.shape[0])
    cols = _overlaps(28, 0, image.shape[1], image.shape[1])
    return (rows @ image @ cols.T).astype(np.float32)


def center(image):
    """Bring a drawn digit into MNIST's form: a 20 x 20 box, its centre of mass in the middle.

    The box around the ink is scaled so that its longer side is 20 pixels (each new pixel is the
    mean of the area that it covers, which gives the grey edges); then the digit is moved by whole
    pixels until its centre of mass lies at pixel (14, 14) of 28 x 28.

    Parameters
    ----------
    image : array (height, width)
        As in `as_picture`, with its errors.

    Returns
    -------
    ndarray (28, 28), float32, from 0 to 1
        All zeros for an empty picture.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
    """
    image = as_picture(image)
    result = np.zeros((28, 28), np.float32)
    inked = image > 0.1 * image.max()
    if not inked.any():
        return result
    rows_with_ink = np.flatnonzero(inked.any(axis=1))
    cols_with_ink = np.flatnonzero(inked.any(axis=0))
    top, bottom = rows_with_ink[0], rows_with_ink[-1] + 1
    left, right = cols_with_ink[0], cols_with_ink[-1] + 1
    height, width = bottom - top, right - left
    scale = 20 / max(height, width)
    rows, cols = max(1, round(height * scale)), max(1, round(width * scale))
    small = _overlaps(rows, top, bottom, image.shape[0]) @ image
    small = small @ _overlaps(cols, left, right, image.shape[1]).T  # (rows, cols)
    total = small.sum()
    row = round(14 - (small.sum(axis=1) @ np.arange(rows)) / total)
    col = round(14 - (small.sum(axis=0) @ np.arange(cols)) / total)
    row, col = np.clip(row, 0, 28 - rows), np.clip(col, 0, 28 - cols)
    result[row : row + rows, col : col + cols] = small
    return result


def transform(digit, right=0, down=0, turn=0, size=1.0, thicken=0):
    """A 28 x 28 digit on the 280 x 280 pad, shifted, turned, scaled, and thicker or thinner.

    Parameters
    ----------
    digit : array (28, 28) or (784,)
        Numbers and errors as in `as_picture`.
    right, down : float
        Shift in pad units (10 are one pixel of MNIST).
    turn : float
        Degrees, clockwise.
    size : float
        1 leaves the size as it is.
    thicken : int
        Units added to each edge of the line; a negative number makes it thinner.

    Returns
    -------
    ndarray (280, 280), float32
    """
    digit = as_picture(np.reshape(digit, (28, 28)), "digit")
    u = np.arange(SIDE) + 0.5 - SIDE / 2
    x, y = u[None, :] - right, u[:, None] - down
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    column = (c * x + s * y) / (10 * size) + 13.5  # where each pad pixel comes from
    row = (-s * x + c * y) / (10 * size) + 13.5
    picture = sample(digit.reshape(1, -1), row.ravel(), column.ravel()).reshape(SIDE, SIDE)
    best = np.maximum if thicken > 0 else np.minimum
    for k in range(abs(int(thicken))):  # cross and square in turn: nearly a circle
        edged = np.pad(picture, 1)
        wide = best(best(edged[:, :-2], edged[:, 1:-1]), edged[:, 2:])
        if k % 2:
            picture = best(best(wide[:-2], wide[1:-1]), wide[2:])
        else:
            picture = best(best(edged[:-2, 1:-1], edged[2:, 1:-1]), wide[1:-1])
    return picture.astype(np.float32)
