"""Matrix products in one thread and in all: seconds an epoch, on a quiet and on a busy machine.

    python tests/benchmarks/threads.py

Trains 784-{32; 100; 256-128}-10 for one epoch of MNIST, batches of 32, 128 and 512, SGD with
momentum; one thread and all threads in turn, medians of 3; then once more beside a program that
keeps one processor busy. The last column is what `nbhelpers.threads.suited` chooses, by the
sizes alone.
"""

import itertools
import statistics
import subprocess
import sys
import time
from unittest import mock

import numpy as np
from threadpoolctl import threadpool_limits
from training import BATCHES, HIDDEN, takes_one_thread, versions

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.training import fit


def epoch(X, y, hidden, batch_size, threads):
    """Return the seconds of an epoch with so many threads (None: all)."""
    net, rng = MLP([784, *hidden, 10], rng=np.random.default_rng(0)), np.random.default_rng(0)
    limits = threadpool_limits(threads, user_api="blas")
    with mock.patch("nbhelpers.threads.suited", return_value=limits):
        start = time.perf_counter()
        fit(net, X, y, optimizer=SGD(0.05, momentum=0.9), epochs=1, batch_size=batch_size, rng=rng)
        return time.perf_counter() - start


def ratio(*setting):
    """Return how many times as long all threads take as one: medians of 3, in turn."""
    taken = {1: [], None: []}
    for _ in range(3):
        for threads, seconds in taken.items():
            seconds.append(epoch(*setting, threads))
    return statistics.median(taken[None]) / statistics.median(taken[1])


def main():
    """Print a table of ratios."""
    (X, y), _ = datasets.mnist()
    print(versions(), "\n\nall threads take so many times as long as one:\n")
    print("| network | batch | quiet | beside a busy program | chosen |")
    print("|---|---:|---:|---:|---|")
    for hidden, batch_size in itertools.product(HIDDEN, BATCHES):
        quiet = ratio(X, y, hidden, batch_size)
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
            beside = ratio(X, y, hidden, batch_size)
            busy.kill()
        network = "-".join(map(str, [784, *hidden, 10]))
        chosen = "one" if takes_one_thread(hidden, batch_size) else "all"
        print(f"| {network} | {batch_size} | {quiet:.2f} | {beside:.2f} | {chosen} |", flush=True)


if __name__ == "__main__":
    main()
