"""How time and memory of a training grow: with hidden units, examples and layers.

    python tests/benchmarks/growth.py [--picture growth.png]

One epoch on MNIST, batches of 128, Adam, float32. One thing grows at a time: the units of one
hidden layer (32 to 2,048), the images (1,000 to 60,000), the hidden layers of 100 units (1 to 8).
Beside the seconds (median of 3) stand the multiplications of the epoch's matrix products, and the
largest memory that `fit` and the network have had at once, without the images (tracemalloc).

The last lines give slopes in the log-log picture, from the first to the last row: how many times
longer for ten times the multiplications, as a power of ten. 1 is what the arithmetic demands; less
means that what doesn't grow (Python's own work, say) still counts.
"""

import argparse
import itertools
import statistics
import time
import tracemalloc

import numpy as np
from matplotlib.figure import Figure
from training import versions

from nbhelpers import datasets, plots
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import fit

BATCH = 128
HIDDEN = [32, 64, 128, 256, 512, 1024, 2048]
EXAMPLES = [1000, 2000, 5000, 10_000, 20_000, 60_000]
DEPTH = [1, 2, 3, 4, 6, 8]
GROWTH = {  # what grows: its values, the images and the hidden layers for each
    "hidden units": (HIDDEN, lambda units: (20_000, [units])),
    "images": (EXAMPLES, lambda images: (images, [100])),
    "hidden layers of 100": (DEPTH, lambda layers: (20_000, layers * [100])),
}


def train(X, y, hidden):
    """Train a new network for one epoch; return it."""
    net = MLP([784, *hidden, 10], rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)
    fit(net, X, y, optimizer=Adam(), epochs=1, batch_size=BATCH, rng=rng)
    return net


def measure(X, y, hidden, rounds=3):
    """Return the seconds of one epoch and the bytes that it has needed at most."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        train(X, y, hidden)
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    train(X, y, hidden)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return statistics.median(seconds), peak


def multiplications(n, hidden):
    """Return how many there are in the matrix products of n images: three products a layer,
    but for the first, whose inputs need no gradient."""
    pairs = list(itertools.pairwise([784, *hidden, 10]))
    return n * (3 * sum(a * b for a, b in pairs) - pairs[0][0] * pairs[0][1])


def slope(x, y):
    """Return the slope from the first to the last point in a log-log picture."""
    return np.log(y[-1] / y[0]) / np.log(x[-1] / x[0])


def steepest(x, y):
    """Return the largest slope between neighbouring points."""
    pairs = itertools.pairwise(zip(x, y, strict=True))
    return max(slope(*zip(*pair, strict=True)) for pair in pairs)


def main():
    """Print a table for each thing that grows, the slopes, and draw the picture if asked for."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--picture", help="a file for the picture, such as growth.png")
    asked = ask.parse_args()
    (X, y), _ = datasets.mnist()
    print(versions())
    plots.use_style()
    figure = Figure(figsize=(10.4, 3.6), layout="constrained")
    for ax, (name, (values, setting)) in zip(figure.subplots(1, 3), GROWTH.items(), strict=True):
        print(
            f"\n| {name} | multiplications | seconds an epoch | memory, MB |\n|---:|---:|---:|---:|"
        )
        rows = []
        for value in values:
            n, hidden = setting(value)
            seconds, peak = measure(X[:n], y[:n], hidden)
            rows.append((value, multiplications(n, hidden), seconds, peak))
            print(
                f"| {value:,} | {rows[-1][1]:.2g} | {seconds:.3f} | {peak / 1e6:.2f} |", flush=True
            )
        x, count, seconds, peak = np.array(rows, dtype=float).T
        print(
            f"slope of the seconds against the multiplications {slope(count, seconds):.2f}, "
            f"the steepest from row to row {steepest(count, seconds):.2f}; "
            f"against {name}: seconds {slope(x, seconds):.2f}, memory {slope(x, peak):.2f}, "
            f"multiplications {slope(x, count):.2f}"
        )
        ax.loglog(x, seconds, "o-", label="measured")
        ax.loglog(x, seconds[-1] * count / count[-1], "--", label="as the multiplications")
        ax.set(xlabel=name, title="seconds an epoch")
        ax.set_xticks(x[:: len(x) // 3], [f"{value:,.0f}" for value in x[:: len(x) // 3]])
        ax.minorticks_off()
        ax.legend()
    if asked.picture:
        figure.savefig(asked.picture, dpi=100)


if __name__ == "__main__":
    main()
