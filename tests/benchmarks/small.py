"""Steps a second of small networks, where Python's own work counts and not the arithmetic.

    python tests/benchmarks/small.py

XOR (2-3-1, four examples) and a plane (2-8-8-1, 200 examples in one batch, tanh and sigmoid), SGD:
as a loop of plain NumPy in the manner of notebook 01, with this package (`train_step`), with eager
PyTorch (where it is installed) and with scikit-learn's `fit`, in turn; medians of 7. "Operations
alone" are about the same NumPy calls with nothing around them, into arrays that are there. A call
of scikit-learn makes 200 steps, so that checking its input and setting up hardly count.
"""

import statistics
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from training import torch, versions

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.training import train_step

STEPS = 200  # of one call
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float64)
PLANE = np.random.default_rng(0).uniform(-1, 1, (200, 2))
PROBLEMS = {
    "XOR, 2-3-1": (XOR, XOR[:, :1] != XOR[:, 1:], [3], "sigmoid"),
    "plane, 2-8-8-1": (PLANE, PLANE[:, :1] * PLANE[:, 1:] > 0, [8, 8], "tanh"),
}


def network(X, hidden, activation):
    """Return a network with sigmoid output and cross-entropy."""
    rng = np.random.default_rng(0)
    return MLP([2, *hidden, 1], activation, "sigmoid", rng=rng, dtype=np.float64)


def repeated(step):
    """Return a function that makes STEPS steps."""

    def steps():
        for _ in range(STEPS):
            step()

    return steps


def plain(X, Y, hidden, activation):
    """Return a function that makes STEPS steps, each written as in notebook 01."""
    net = network(X, hidden, activation)
    W, b = [w.copy() for w in net.W], [v.copy() for v in net.b]
    f = {"tanh": np.tanh, "sigmoid": lambda Z: 1 / (1 + np.exp(-Z))}
    slope = {"tanh": lambda A: 1 - A * A, "sigmoid": lambda A: A * (1 - A)}
    names = [*len(hidden) * [activation], "sigmoid"]

    def step():
        A = [X]
        for w, v, name in zip(W, b, names, strict=True):
            A.append(f[name](A[-1] @ w + v))
        loss = -np.mean(np.log(np.where(Y == 1, A[-1], 1 - A[-1])))
        delta = (A[-1] - Y) / len(X)
        for layer in reversed(range(len(W))):
            dW, db = A[layer].T @ delta, delta.sum(axis=0)
            if layer:
                delta = delta @ W[layer].T * slope[activation](A[layer])
            W[layer] -= 0.5 * dW
            b[layer] -= 0.5 * db
        return loss

    return repeated(step)


def ours(X, Y, hidden, activation):
    """The same with this package."""
    net, optimizer = network(X, hidden, activation), SGD(0.5)
    return repeated(lambda: train_step(net, X, Y, optimizer))


def pytorch(X, Y, hidden, activation):
    """The same with eager PyTorch."""
    f = {"tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[activation]
    layers, n_in = [], 2
    for units in hidden:
        layers += [torch.nn.Linear(n_in, units), f()]
        n_in = units
    net = torch.nn.Sequential(*layers, torch.nn.Linear(n_in, 1)).double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    X, Y = torch.from_numpy(X), torch.from_numpy(Y)
    loss_function = torch.nn.BCEWithLogitsLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_function(net(X), Y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return repeated(step)


def scikit_learn(X, Y, hidden, activation):
    """The same with scikit-learn, in one call."""
    net = MLPClassifier(
        hidden,
        activation={"tanh": "tanh", "sigmoid": "logistic"}[activation],
        solver="sgd",
        alpha=0.0,
        batch_size=len(X),
        learning_rate_init=0.5,
        max_iter=STEPS,
        n_iter_no_change=STEPS,
        shuffle=False,
        momentum=0.0,
    )
    y = Y[:, 0].astype(int)

    def steps():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(X, y)
        assert net.n_iter_ == STEPS

    return steps


def operations(X, Y, hidden, activation):
    """The same with the NumPy calls of a step and nothing else."""
    net = network(X, hidden, activation)
    A, f = net.forward(X), ACTIVATIONS[activation]
    D, out, buffers = [a.copy() for a in A], ACTIVATIONS["sigmoid"], [a.copy() for a in A]

    def step():
        for layer, (w, v) in enumerate(zip(net.W, net.b, strict=True)):
            Z = np.matmul(A[layer], w, out=buffers[layer + 1])
            Z += v
            (f if layer < len(hidden) else out).f(Z, out=Z)
        np.log(A[-1]).sum()
        np.subtract(A[-1], Y, out=D[-1])
        for layer in reversed(range(len(net.W))):
            np.matmul(A[layer].T, D[layer + 1], out=net.dW[layer])
            D[layer + 1].sum(axis=0, out=net.db[layer])
            if layer:
                np.matmul(D[layer + 1], net.W[layer].T, out=D[layer])
                D[layer] *= f.derivative(A[layer])
        net.params -= 1e-9 * net.grads

    return repeated(step)


def main():
    """Print a table of steps a second."""
    runners = {"this package": ours, "plain loop": plain, "scikit-learn": scikit_learn}
    if torch is not None:
        runners["PyTorch"] = pytorch
        torch.set_num_threads(1)
    runners["operations alone"] = operations
    print(versions(), "(one thread)\n")
    print("| steps a second |", " | ".join(runners), "|\n|---" + "|---:" * len(runners) + "|")
    for problem, (X, right, hidden, activation) in PROBLEMS.items():
        steps_of = {
            name: run(X, right.astype(float), hidden, activation) for name, run in runners.items()
        }
        rates = {name: [] for name in runners}
        for _ in range(7):
            for name, steps in steps_of.items():
                start, made = time.perf_counter(), 0
                while time.perf_counter() < start + 0.3:
                    steps()
                    made += STEPS
                rates[name].append(made / (time.perf_counter() - start))
        numbers = " | ".join(f"{statistics.median(r):,.0f}" for r in rates.values())
        print(f"| {problem} | {numbers} |", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
