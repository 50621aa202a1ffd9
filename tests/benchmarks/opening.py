"""How long until one can begin: imports, the setup cell, the images, the first trained network.

    python tests/benchmarks/opening.py

Every line is a fresh Python, the median of 7; files lie in the system's cache after the first. The
time of an empty Python (but for the last line) and, where it says so, of NumPy's own import is
taken off. Bars: package 50 ms, setup cell 1.5 s, images 1 s.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bars import at_most
from training import versions

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from notebook_tools import ROOT, cells, notebooks, read

FIRST = """
from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import fit
import numpy as np
(X, y), test = datasets.mnist()
rng = np.random.default_rng(0)
fit(MLP([784, 128, 10], rng=rng), X, y, optimizer=Adam(), epochs=1, batch_size=128, rng=rng)
"""


def seconds(program, rounds=7):
    """Return the median seconds of a program in a fresh Python."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.py"
        file.write_text(program, encoding="utf-8")
        for _ in range(rounds + 1):
            start = time.perf_counter()
            subprocess.run([sys.executable, file], cwd=ROOT, check=True, capture_output=True)
            taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])  # the first one fills the caches


def main():
    """Print a line for each."""
    (setup,) = cells(read(notebooks()[0]), tag="setup")
    empty, numpy = seconds(""), seconds("import numpy")
    kernels = "from nbhelpers import activations, losses, network, optimizers, training"
    images = "from nbhelpers import datasets\n"
    reading = seconds(images + "datasets.mnist()") - seconds(images)
    print(versions())
    package = 1000 * (seconds("import numpy, nbhelpers") - numpy)
    print(f"import nbhelpers: {package:.0f} ms beyond NumPy ({at_most(package, 50)})")
    print(f"all kernels: {1000 * (seconds(kernels) - numpy):.0f} ms beyond NumPy")
    cell = seconds(setup.source) - empty
    print(f"setup cell: {cell:.2f} s with NumPy and matplotlib ({at_most(cell, 1.5)})")
    print(f"datasets.mnist(): {reading:.2f} s ({at_most(reading, 1)})")
    print(f"from nothing to a network trained for an epoch: {seconds(FIRST):.2f} s")


if __name__ == "__main__":
    main()
