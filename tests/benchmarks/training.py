"""Seconds an epoch: this package, scikit-learn, eager PyTorch, and the bare matrix products.

    python tests/benchmarks/training.py [--rounds 3] [--epochs 2] [--examples 60000]

Trains 784-{32; 100; 256-128}-10 on MNIST, ReLU and softmax, batches of 32, 128 and 512, SGD with
momentum and Adam, float32, everything in one process and in turn: A B C D, A B C D, ... The table
(Markdown) shows the median over the rounds, of the seconds of a training of two epochs, halved:
checks and set-up are in it. PyTorch joins where it is installed.

"Products" are the matrix products of the same epoch and nothing else, once with all threads and
once with one thread: what no NumPy program with so many threads can go below. scikit-learn and
PyTorch, too, train with all threads and with one, and the better median counts; this package takes
one for small products (see `nbhelpers.threads.suited`).

Bars (geometric means): scikit-learn and PyTorch take at least 2.5 times as long, and 1.3 times in
every setting; this package takes at most 2.0 times as long as the products with all threads for
batches of 128, and 1.4 times for 512.
"""

import argparse
import itertools
import os
import platform
import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from bars import at_least, at_most
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.threads import SMALL
from nbhelpers.training import fit

try:
    import torch
except ImportError:
    torch = None

HIDDEN = [(32,), (100,), (256, 128)]
BATCHES = [32, 128, 512]
OPTIMIZERS = ["momentum", "adam"]
BARS = {("products", 128): 2.0, ("products", 512): 1.4}  # times as long, at most


def ours(X, y, hidden, batch_size, optimizer, epochs):
    """Return the seconds that this package takes."""
    net = MLP([784, *hidden, 10], rng=np.random.default_rng(0))
    chosen = Adam(1e-3) if optimizer == "adam" else SGD(0.05, momentum=0.9)
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    fit(net, X, y, optimizer=chosen, epochs=epochs, batch_size=batch_size, rng=rng)
    return time.perf_counter() - start


def scikit_learn(X, y, hidden, batch_size, optimizer, epochs):
    """Return the seconds that scikit-learn's MLPClassifier takes, without a penalty."""
    net = MLPClassifier(
        hidden,
        solver="adam" if optimizer == "adam" else "sgd",
        learning_rate_init=1e-3 if optimizer == "adam" else 0.05,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=batch_size,
        max_iter=epochs,
        random_state=0,
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # few epochs are what we want
        net.fit(X, y)
    return time.perf_counter() - start


def pytorch(X, y, hidden, batch_size, optimizer, epochs):
    """Return the seconds that the usual eager PyTorch loop takes on the CPU."""
    torch.manual_seed(0)
    sizes = [784, *hidden]
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 10))
    if optimizer == "adam":
        chosen = torch.optim.Adam(net.parameters(), lr=1e-3)
    else:
        chosen = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    loss_function = torch.nn.CrossEntropyLoss()
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    X[:1000].T @ X[:1000]  # its threads start here, not on the clock
    start = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(X))
        for first in range(0, len(X), batch_size):
            rows = order[first : first + batch_size]
            chosen.zero_grad()
            loss = loss_function(net(X[rows]), y[rows])
            loss.backward()
            chosen.step()
            loss.item()  # the others keep the loss curve too
    return time.perf_counter() - start


def products(X, y, hidden, batch_size, optimizer, epochs):
    """Return the seconds of the matrix products alone, written into existing arrays.

    The first layer reads the images themselves, in the order in which they lie in memory.
    """
    sizes = [784, *hidden, 10]
    rng = np.random.default_rng(0)
    pairs = list(itertools.pairwise(sizes))
    W = [rng.random(pair, dtype=np.float32) for pair in pairs]
    dW = [np.empty_like(w) for w in W]
    A = [rng.random((batch_size, size), dtype=np.float32) for size in sizes]
    D = [np.empty_like(a) for a in A]
    start = time.perf_counter()
    for first in epochs * list(range(0, len(X) - batch_size + 1, batch_size)):
        A[0] = X[first : first + batch_size]
        for layer in range(len(W)):
            np.matmul(A[layer], W[layer], out=D[layer + 1])
        for layer in reversed(range(len(W))):
            np.matmul(A[layer].T, D[layer + 1], out=dW[layer])
            if layer:
                np.matmul(D[layer + 1], W[layer].T, out=D[layer])
    return time.perf_counter() - start


def in_one_thread(run):
    """Return the same runner, with one thread."""

    def limited(*setting):
        if torch is not None:
            torch.set_num_threads(1)
        try:
            with threadpool_limits(1):
                return run(*setting)
        finally:
            if torch is not None:
                torch.set_num_threads(os.cpu_count())

    return limited


def takes_one_thread(hidden, batch_size):
    """Whether this package gives the products of 784-hidden-10 one thread (`threads.suited`)."""
    return batch_size * 784 * hidden[0] < SMALL  # the first layer is the largest


def versions():
    """Say on what this runs, in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = named[0] if named else platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} x {processor}, {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}, "
        f"PyTorch {torch.__version__ if torch else 'not installed'}"
    )


def main():
    """Run all settings and print the table with its geometric means."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--epochs", type=int, default=2)
    ask.add_argument("--examples", type=int, default=60_000)
    asked = ask.parse_args()
    (X, y), _ = datasets.mnist()
    X, y = X[: asked.examples], y[: asked.examples]
    others = {"scikit-learn": scikit_learn}
    if torch is not None:
        others["PyTorch"] = pytorch
    others["products"] = products
    runners = {"nbhelpers": ours}
    for name, run in others.items():
        runners |= {name: run, f"{name}, one thread": in_one_thread(run)}
    print(f"{versions()}; {len(X):,} images, median of {asked.rounds} rounds, seconds an epoch\n")
    print("| network | batch | optimizer |", " | ".join(runners), "|")
    print("|---" * 3 + "|---:" * len(runners) + "|")
    found = []
    for hidden, batch_size, optimizer in itertools.product(HIDDEN, BATCHES, OPTIMIZERS):
        times = {name: [] for name in runners}
        for _ in range(asked.rounds):
            for name, run in runners.items():
                taken = run(X, y, hidden, batch_size, optimizer, asked.epochs)
                times[name].append(taken / asked.epochs)
        median = {name: statistics.median(t) for name, t in times.items()}
        alike = "products, one thread" if takes_one_thread(hidden, batch_size) else "products"
        median["products, as many threads"] = median[alike]
        found.append((batch_size, median))
        network = "-".join(map(str, [784, *hidden, 10]))
        numbers = " | ".join(f"{median[name]:.3f}" for name in runners)
        print(f"| {network} | {batch_size} | {optimizer} | {numbers} |", flush=True)
    print()
    for name in others.keys() - {"products"}:
        better = [min(median[name], median[f"{name}, one thread"]) for _, median in found]
        r = [other / median["nbhelpers"] for other, (_, median) in zip(better, found, strict=True)]
        mean = statistics.geometric_mean(r)
        print(
            f"{name} takes {mean:.2f} times as long as nbhelpers (geometric mean of {len(r)}, "
            f"{at_least(mean, 2.5)}; lowest {min(r):.2f}, {at_least(min(r), 1.3)}; "
            f"highest {max(r):.2f})"
        )
    for name, batch_size in itertools.product(("products", "products, as many threads"), BATCHES):
        r = [median["nbhelpers"] / median[name] for size, median in found if size == batch_size]
        mean, bar = statistics.geometric_mean(r), BARS.get((name, batch_size))
        print(
            f"nbhelpers takes {mean:.2f} times as long as the {name}, batches of {batch_size} "
            f"(geometric mean of {len(r)}{', ' + at_most(mean, bar) if bar else ''}; "
            f"highest {max(r):.2f})"
        )


if __name__ == "__main__":
    main()
