"""What notebook 04 claims about activations: its program over seeds, dead units, the two bugs."""

import warnings

import numpy as np
import pytest
from lesson import ran

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.gradient_check import numerical_gradient, relative_error

X = np.linspace(0, 2 * np.pi, 32)[:, None]
Y = np.sin(X)
HIDDEN = ["sigmoid", "tanh", "relu", "leaky_relu", "elu"]


def test_the_program_learns_the_sine_from_ten_starts():
    errors = [ran("04", seed)["error"] for seed in range(10)]
    assert np.median(errors) < 0.03
    assert max(errors) < 0.15
    assert len({round(e, 9) for e in errors}) == 10, "the seed changed nothing"


def delta_left(name, seed, layers=10, units=50):
    """Length of the delta at the first layer, the last layer's being 1."""
    f, derivative = ACTIVATIONS[name].f, ACTIVATIONS[name].derivative
    rng = np.random.default_rng(seed)
    W = [rng.standard_normal((units, units)) / np.sqrt(units) for _ in range(layers)]
    A = [rng.standard_normal((100, units))]
    for w in W:
        A.append(f(A[-1] @ w))
    delta = rng.standard_normal((100, units)) * derivative(A[-1])
    first = np.linalg.norm(delta)
    for layer in reversed(range(1, layers)):
        delta = delta @ W[layer].T * derivative(A[layer])
    return np.linalg.norm(delta) / first


def test_a_millionth_of_the_delta_is_left_after_ten_sigmoid_layers():
    left = {name: np.median([delta_left(name, s) for s in range(5)]) for name in HIDDEN}
    assert 1e-6 < left["sigmoid"] < 4e-6
    assert 0.02 < left["relu"] < 0.1
    assert left["tanh"] > 0.15 < left["elu"]


def gradients(p, X, relu, slope):
    Z1 = X @ p["W1"] + p["b1"]
    A1 = relu(Z1)
    delta2 = (A1 @ p["W2"] + p["b2"] - Y) / len(X)
    delta1 = delta2 @ p["W2"].T * slope(Z1)
    return {
        "W1": X.T @ delta1,
        "b1": delta1.sum(axis=0),
        "W2": A1.T @ delta2,
        "b2": delta2.sum(axis=0),
    }


def weights(seed, bias):
    rng = np.random.default_rng(seed)
    p = {"W1": rng.standard_normal((1, 5)), "b1": bias * rng.standard_normal(5)}
    return p | {"W2": rng.standard_normal((5, 1)), "b2": rng.standard_normal(1)}


def measured(p, X, name):
    """Finite differences of the loss, computed without either bug."""

    def loss():
        A2 = np.maximum(X @ p["W1"] + p["b1"], 0) @ p["W2"] + p["b2"]
        return 0.5 * np.sum((A2 - Y) ** 2) / len(X)

    return numerical_gradient(loss, p[name], 1e-6)


def plain(Z):
    return np.maximum(Z, 0)


def thrifty(Z):
    with warnings.catch_warnings():  # newer versions of NumPy warn about the third argument
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.maximum(Z, 0, Z)


@pytest.mark.parametrize(
    ("relu", "slope", "wrong"),
    [
        (plain, lambda Z: Z > 0, False),
        (thrifty, lambda Z: Z > 0, False),
        (plain, lambda Z: Z * (Z <= 0), True),
        (thrifty, lambda Z: Z >= 0, True),
        (thrifty, lambda Z: Z * (Z <= 0), True),
    ],
    ids=["right", "overwritten, but harmless", "story 2", "story 3", "both"],
)
def test_finite_differences_see_the_bugs_in_the_hidden_layer_alone(relu, slope, wrong):
    p, X_mid = weights(0, bias=1.0), X - X.mean()
    found = gradients(p, X_mid, relu, slope)
    for name, d in found.items():
        error = relative_error(d, measured(p, X_mid, name))
        assert error > 0.1 if wrong and name in ("W1", "b1") else error < 1e-6, (name, error)
    if relu is thrifty and wrong and slope(np.array([2.0])) == 0:
        assert not found["W1"].any(), "both bugs together: no gradient at all"


def test_half_the_units_are_dead_before_training_and_get_no_gradient():
    dead = []
    for seed in range(10):
        p = weights(seed, bias=0.0)
        off = (X @ p["W1"] + p["b1"] <= 0).all(axis=0)
        d = gradients(p, X, plain, lambda Z: Z > 0)
        assert not d["W1"][:, off].any()
        assert not d["b1"][off].any()
        assert d["W1"][:, ~off].all()
        assert not ((X - X.mean()) @ p["W1"] <= 0).all(axis=0).any()
        dead.append(off.sum())
    assert 2 < np.mean(dead) < 3.5
