"""Seconds an epoch: this package, scikit-learn, eager PyTorch, and the bare matrix products.

    python tests/benchmarks/training.py [--rounds 3] [--examples 60000]

Trains 784-{32; 100; 256-128}-10 on MNIST, ReLU and softmax, batch 32 and 128, SGD with momentum
and Adam, float32, everything in one process and in turn: A B C D, A B C D, ... The table shows
the median over the rounds. PyTorch joins where it is installed. "products" are the matrix
products of the same epoch and nothing else: what no NumPy program can go below.
"""

import argparse
import itertools
import platform
import statistics
import time
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.training import fit

try:
    import torch
except ImportError:
    torch = None

HIDDEN = [(32,), (100,), (256, 128)]
BATCHES = [32, 128, 512]
OPTIMIZERS = ["momentum", "adam"]


def ours(X, y, hidden, batch_size, optimizer):
    """Return the seconds of one epoch of this package."""
    net = MLP([784, *hidden, 10], rng=np.random.default_rng(0))
    chosen = Adam(1e-3) if optimizer == "adam" else SGD(0.05, momentum=0.9)
    start = time.perf_counter()
    fit(net, X, y, optimizer=chosen, epochs=1, batch_size=batch_size, rng=np.random.default_rng(0))
    return time.perf_counter() - start


def scikit_learn(X, y, hidden, batch_size, optimizer):
    """Return the seconds of one epoch of scikit-learn's MLPClassifier, without a penalty."""
    net = MLPClassifier(
        hidden,
        solver="adam" if optimizer == "adam" else "sgd",
        learning_rate_init=1e-3 if optimizer == "adam" else 0.05,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=batch_size,
        max_iter=1,
        random_state=0,
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is what we want
        net.fit(X, y)
    return time.perf_counter() - start


def pytorch(X, y, hidden, batch_size, optimizer):
    """Return the seconds of one epoch of the usual eager PyTorch loop on the CPU."""
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
    start = time.perf_counter()
    order = torch.randperm(len(X))
    for first in range(0, len(X), batch_size):
        rows = order[first : first + batch_size]
        chosen.zero_grad()
        loss = loss_function(net(X[rows]), y[rows])
        loss.backward()
        chosen.step()
        loss.item()  # the others keep the loss curve too
    return time.perf_counter() - start


def products(X, y, hidden, batch_size, optimizer):
    """Return the seconds of the matrix products of one epoch, written into existing arrays.

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
    for first in range(0, len(X) - batch_size + 1, batch_size):
        A[0] = X[first : first + batch_size]
        for layer in range(len(W)):
            np.matmul(A[layer], W[layer], out=D[layer + 1])
        for layer in reversed(range(len(W))):
            np.matmul(A[layer].T, D[layer + 1], out=dW[layer])
            if layer:
                np.matmul(D[layer + 1], W[layer].T, out=D[layer])
    return time.perf_counter() - start


def main():
    """Run all settings and print the table with its geometric means."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--examples", type=int, default=60_000)
    asked = ask.parse_args()
    (X, y), _ = datasets.mnist()
    X, y = X[: asked.examples], y[: asked.examples]
    runners = {"nbhelpers": ours, "scikit-learn": scikit_learn, "products": products}
    if torch is not None:
        runners["PyTorch"] = pytorch
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, scikit-learn {sklearn.__version__}, "
        f"PyTorch {torch.__version__ if torch else 'not installed'}; "
        f"{len(X):,} images, median of {asked.rounds} rounds, seconds an epoch"
    )
    print(f"{'network':>14} {'batch':>5} {'optimizer':>9}", *(f"{name:>12}" for name in runners))
    ratios = {name: [] for name in runners if name != "nbhelpers"}
    at_128 = []
    for hidden in HIDDEN:
        for batch_size in BATCHES:
            for optimizer in OPTIMIZERS:
                times = {name: [] for name in runners}
                for _ in range(asked.rounds):
                    for name, run in runners.items():
                        times[name].append(run(X, y, hidden, batch_size, optimizer))
                median = {name: statistics.median(t) for name, t in times.items()}
                for name, r in ratios.items():
                    r.append(median[name] / median["nbhelpers"])
                if batch_size == 128:
                    at_128.append(median["nbhelpers"] / median["products"])
                network = "-".join(map(str, [784, *hidden, 10]))
                print(
                    f"{network:>14} {batch_size:5} {optimizer:>9}",
                    *(f"{seconds:12.3f}" for seconds in median.values()),
                    flush=True,
                )
    for name in ratios.keys() - {"products"}:
        r = ratios[name]
        print(
            f"{name} takes {statistics.geometric_mean(r):.2f} times as long as nbhelpers "
            f"(geometric mean over {len(r)}; lowest {min(r):.2f}, highest {max(r):.2f})"
        )
    print(
        f"nbhelpers takes {statistics.geometric_mean(at_128):.2f} times as long as the bare matrix "
        f"products at batch 128 (geometric mean over {len(at_128)}; highest {max(at_128):.2f})"
    )


if __name__ == "__main__":
    main()
