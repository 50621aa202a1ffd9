"""Classes of points in the plane: clouds, moons and spirals, as arrays and as code.

All of them fill about the same part of the plane, so that a picture keeps its axes. For the
clouds it is known how good a classifier can be.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np

from nbhelpers.plots import grid_points

CENTRES = np.array([[0, -2], [2, 2], [-2, 2], [3, -1], [-3, -1]])  # of the clouds


@lru_cache
def best_possible(k):
    """The share of fresh points that the best of all classifiers gets right, for k clouds.

    That one names the cloud that is densest at a point (Bayes). The integral of the largest of
    the k densities, each weighted by its share 1/k, is taken on a grid.
    """
    x = np.linspace(-9, 9, 241)
    square = ((grid_points((-9, 9), (-9, 9), 241)[:, np.newaxis] - CENTRES[:k]) ** 2).sum(axis=2)
    densest = np.exp(-square.min(axis=1) / 2) / (2 * np.pi * k)
    return float(densest.sum() * (x[1] - x[0]) ** 2)


@lru_cache
def bayes_border(k):
    """The border of the best classifier for k clouds: line segments (m, 2, 2).

    Equal clouds: the border is where the two nearest centres are equally far.
    """
    segments = []
    for i, j in combinations(range(k), 2):
        a, b = CENTRES[[i, j]].astype(float)
        middle, along = (a + b) / 2, np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))
        low, high = -20.0, 20.0  # the part of the line middle + t * along that is border
        for c in np.delete(CENTRES[:k], [i, j], axis=0):
            # |p - a|² <= |p - c|² for p = middle + t * along: slope * t <= room
            slope, room = 2 * along @ (c - a), c @ c - a @ a - 2 * middle @ (c - a)
            if slope > 0:
                high = min(high, room / slope)
            elif slope < 0:
                low = max(low, room / slope)
            elif room < 0:
                high = low
        if low < high:
            segments.append([middle + low * along, middle + high * along])
    return np.array(segments)


DATA_CODE = {
    "clouds": """\
centres = np.array({centres})
y = np.repeat(np.arange({k}), 500)
X = centres[y] + rng.standard_normal((len(y), 2))
y_test = rng.integers({k}, size=100_000)
X_test = centres[y_test] + rng.standard_normal((100_000, 2))
""",
    "moons": """\

def moons(n):
    angle = np.linspace(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.concatenate([upper, [1, 0.5] - upper]) + rng.normal(scale=0.15, size=(2 * n, 2))
    return 2.8 * (X - [0.5, 0.25]), np.repeat(np.arange(2), n)


X, y = moons(200)
X_test, y_test = moons(50_000)
""",
    "spirals": """\

def spirals(n):
    y = np.repeat(np.arange({k}), n)
    radius = np.tile(np.linspace(0.05, 1, n), {k})
    angle = 2 * np.pi * (y / {k} + 0.75 * radius) + rng.normal(scale=0.15, size=y.shape)
    return 5 * (radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])), y


X, y = spirals(200)
X_test, y_test = spirals(100_000 // {k})
""",
    "own points": """\
X, y = np.zeros((0, 2)), np.zeros(0, int)
""",
}


@lru_cache(maxsize=4)
def plane_data(name, k, seed):
    """Training and test points, drawn once: X, y, X_test, y_test, and the generator's state.

    "own points" has none of both.
    """
    rng = np.random.default_rng(seed)
    names = {"np": np, "rng": rng, "X_test": np.zeros((0, 2)), "y_test": np.zeros(0, int)}
    exec(data_code(name, k), names)
    arrays = [names[array] for array in ("X", "y", "X_test", "y_test")]
    return *arrays, rng.bit_generator.state


def data_code(name, k):
    """Plain NumPy code that draws X, y, X_test and y_test from `rng`, for *Show code* as well."""
    return DATA_CODE[name].format(k=k, centres=CENTRES[:k].tolist())
