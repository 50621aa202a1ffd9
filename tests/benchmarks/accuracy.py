"""Seconds of training until 98 % of MNIST's test set is read: this package and its peers.

    python tests/benchmarks/accuracy.py [--seeds 5] [--hidden 256 128]

One network, 784-256-128-10 with ReLU, Adam, float32, for this package, scikit-learn and (where it
is installed) eager PyTorch. Each chooses its learning rate and its batch size from the same grid,
the peers also between one thread and all (this package has a rule for that): the setting that reads
98 % of 5,000 validation images first, by the clock, one training each. With its own choice, each
then trains on the other 55,000 images for several seeds, in turn with the others, and after every
epoch the test set is read, with the clock stopped. Bars: at most half the time of the better peer,
and at most 5 s.
"""

import argparse
import itertools
import os
import statistics
import time

import numpy as np
from bars import at_most
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from training import torch, versions

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import fit

GRID = list(itertools.product((0.001, 0.002, 0.004), (32, 128, 512)))
THREADS = (os.cpu_count(), 1)
GOAL = 0.98
EPOCHS = 25  # at most


def ours(X, y, hidden, lr, batch_size, seed):
    """Train an epoch at a time; yield after each of them what predicts."""
    rng = np.random.default_rng(seed)
    net, optimizer = MLP([784, *hidden, 10], rng=rng), Adam(lr)
    while True:
        fit(net, X, y, optimizer=optimizer, epochs=1, batch_size=batch_size, rng=rng)
        yield net.predict


def scikit_learn(X, y, hidden, lr, batch_size, seed):
    """The same."""
    net = MLPClassifier(
        hidden, learning_rate_init=lr, batch_size=batch_size, alpha=0.0, random_state=seed
    )
    while True:
        net.partial_fit(X, y, classes=np.arange(10))
        yield net.predict


def pytorch(X, y, hidden, lr, batch_size, seed):
    """The same."""
    torch.manual_seed(seed)
    layers = []
    for n_in, n_out in itertools.pairwise([784, *hidden]):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(hidden[-1], 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def predict(images):
        with torch.no_grad():
            return net(torch.from_numpy(images)).argmax(dim=1).numpy()

    while True:
        order = torch.randperm(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            loss.item()  # the others keep the loss curve too
        yield predict


def seconds_to_goal(training, threads, X, y, patience=np.inf):
    """Return the seconds and the epochs until GOAL of X is read; infinite if it never is.

    It gives up after so many seconds of `patience`.
    """
    if torch is not None:
        torch.set_num_threads(threads)
    with threadpool_limits(threads):
        spent, start = 0.0, time.perf_counter()
        for epoch, predict in enumerate(itertools.islice(training, EPOCHS), start=1):
            spent += time.perf_counter() - start
            if np.mean(predict(X) == y) >= GOAL:
                return spent, epoch
            if spent > patience:
                break
            start = time.perf_counter()
    return np.inf, epoch


def main():
    """Let each choose its setting, then race."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--seeds", type=int, default=5)
    ask.add_argument("--hidden", type=int, nargs="+", default=[256, 128])
    asked = ask.parse_args()
    (X, y), test = datasets.mnist()
    X, y, validation = X[:55_000], y[:55_000], (X[55_000:], y[55_000:])
    runners = {"nbhelpers": ours, "scikit-learn": scikit_learn}
    if torch is not None:
        runners["PyTorch"] = pytorch
    print(f"{versions()}; 784-{'-'.join(map(str, asked.hidden))}-10, 55,000 images")
    chosen = {}
    for name, run in runners.items():
        best = np.inf
        for threads, (lr, batch_size) in itertools.product(THREADS, GRID):
            if run is ours and threads == 1:
                continue
            training = run(X, y, asked.hidden, lr, batch_size, seed=100)
            seconds, epochs = seconds_to_goal(training, threads, *validation, patience=best)
            if seconds < best:
                best, chosen[name] = seconds, (lr, batch_size, threads)
        if name not in chosen:
            print(f"{name} never gets there in {EPOCHS} epochs")
            continue
        lr, batch_size, threads = chosen[name]
        print(f"{name} chooses lr {lr}, batch {batch_size}, threads {threads}: {best:.2f} s")
    found = {name: [] for name in chosen}
    for seed in range(asked.seeds):
        for name in found:
            lr, batch_size, threads = chosen[name]
            training = runners[name](X, y, asked.hidden, lr, batch_size, seed=seed)
            found[name].append(seconds_to_goal(training, threads, *test))
    print(
        f"\n| | lr | batch | threads | epochs | seconds to {GOAL:.0%} of the test set: median "
        "| range | never |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    median = {}
    for name, runs in found.items():
        seconds, epochs = zip(*runs, strict=True)
        median[name] = statistics.median(seconds)
        settings = " | ".join(map(str, chosen[name]))
        there = [s for s in seconds if s < np.inf]
        print(
            f"| {name} | {settings} | {min(epochs)} to {max(epochs)} | {median[name]:.2f} "
            f"| {min(there, default=np.inf):.2f} to {max(there, default=np.inf):.2f} "
            f"| {len(seconds) - len(there)} |"
        )
    better = min(seconds for name, seconds in median.items() if name != "nbhelpers")
    share = median["nbhelpers"] / better
    print(
        f"\nnbhelpers takes {share:.2f} of the better peer's time ({at_most(share, 0.5)}) "
        f"and {median['nbhelpers']:.1f} s ({at_most(median['nbhelpers'], 5)})"
    )


if __name__ == "__main__":
    main()
